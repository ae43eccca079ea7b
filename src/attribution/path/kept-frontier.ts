/**
 * The frontier of a path at both of its ends, kept in the backend as the model's predictions are computed: the affine part of the model is
 * evaluated once per end, not once for the prediction and once for the path. Loaded on demand.
 *
 * Explanations of one explainer share the room. Each writes its name there, and one that finds another's computes its ends itself. A baseline
 * that is the one before it is not evaluated again.
 */
import { grad } from '../../graph/grad.ts';
import { PlanCache } from '../../graph/plan-cache.ts';
import { compileWithState, State, type StatePlan } from '../../graph/state.ts';
import { substitute } from '../../graph/substitute.ts';
import { ancestors } from '../../graph/traverse.ts';
import { allocate, bytesPerElement, type TypedArray } from '../../tensor/dtype.ts';
import { placeholder, type Tensor } from '../../tensor/tensor.ts';
import type { Runner } from '../frame/endpoints.ts';
import type { End, KeptEnds, KeptTensors } from '../frame/kept-ends.ts';
import { type Frontier, frontierIn } from './frontier.ts';

/** A wider frontier is computed twice: it would take more memory than it saves time. */
const mostBytes = 2 ** 23;

/** The room of one explainer for so many samples. */
interface Rooms {
  readonly tensors: KeptTensors;
  readonly state: State;
  readonly plans: PlanCache<StatePlan>;
  /** Whose values lie there. */
  readonly owners: Record<End, KeptEnds | null>;
  /** The baseline whose values lie there, and what the model gave for it. */
  baseline: { readonly feeds: readonly TypedArray[]; readonly results: TypedArray[] } | null;
  dispose(): void;
}

/** What `KeptEnds` of these samples share, made when it is first used; null where the frontier cannot be kept. */
type Shared = Rooms | { readonly tensors: null; dispose(): void };

export function keepFrontier(runner: Runner, frontier: Frontier): KeptEnds {
  const { graphs, plans, samples } = runner;
  const rowsOf: Record<End, number> = { input: samples, baseline: 1 };
  const key = `kept frontier ${samples} ${graphs.key}`;
  const make = (): Shared => makeRooms(runner, frontier);
  const kept: KeptEnds = {
    evaluate: async (end, rows, feeds) => {
      return plans.use(key, make, async (rooms: Shared) => {
        if (!rooms.tensors) return null;
        // What lies there of another baseline of this explanation is not this one's.
        if (rows !== rowsOf[end]) {
          if (rooms.owners[end] === kept) rooms.owners[end] = null;
          return null;
        }
        const { owners, tensors, state, baseline } = rooms;
        if (end === 'baseline' && baseline?.feeds.every((feed, i) => isSame(feed, feeds[i]!))) {
          owners.baseline = kept;
          return baseline.results;
        }
        owners[end] = null;
        if (end === 'baseline') rooms.baseline = null;
        const build = (): StatePlan => compileEnd(runner, frontier, rows, tensors[end], state);
        const results = await rooms.plans.use(end, build, (plan) => plan.run(feeds));
        owners[end] = kept;
        if (end === 'baseline') rooms.baseline = { feeds: feeds.map((feed) => feed.slice()), results };
        return results;
      });
    },
    run: (name, build, feeds) =>
      plans.use(key, make, async (rooms: Shared) => {
        if (!rooms.tensors || rooms.owners.input !== kept || rooms.owners.baseline !== kept) return null;
        const { tensors, state } = rooms;
        const compile = (): StatePlan => {
          const { outputs, inputs } = build(tensors);
          return compileWithState(outputs, inputs, { state });
        };
        return rooms.plans.use(name, compile, (plan) => plan.run(feeds));
      }),
  };
  return kept;
}

function isSame(a: TypedArray, b: TypedArray): boolean {
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

function makeRooms({ graphs, plans, samples }: Runner, frontier: Frontier): Shared {
  const none = { tensors: null, dispose: () => undefined };
  const [one, all] = [1, samples].map((rows) => graphs.path(rows));
  // A graph of one row may look different.
  const [baseline, input] = [frontierIn(frontier, one!), frontierIn(frontier, all!)];
  if (!baseline || !input) return none;
  // Nor may the way back read the variables, which are then not fed.
  const back = input.flatMap((node) => grad(node, all!.variables, placeholder(node.shape, node.dtype)));
  const read = new Set(ancestors(back));
  if ([...all!.variables, ...all!.held].some((variable) => read.has(variable))) return none;
  const bytes = input.reduce((sum, { size, dtype }) => sum + size * bytesPerElement(dtype), 0);
  if (bytes > mostBytes) return none;
  const like = (node: Tensor): Tensor => placeholder(node.shape, node.dtype);
  const tensors = { input: input.map(like), baseline: baseline.map(like) };
  const cells = [...tensors.input, ...tensors.baseline].map((tensor) => {
    return { tensor, value: allocate(tensor.dtype, tensor.size) };
  });
  const state = new State(cells, plans.backendFor(cells.map(({ tensor }) => tensor)));
  const own = new PlanCache<StatePlan>({}, 8);
  const dispose = (): void => {
    own.dispose();
    state.dispose();
  };
  return { tensors, state, plans: own, owners: { input: null, baseline: null }, baseline: null, dispose };
}

/** The model on `rows` rows, which leaves its frontier in `cells`. */
function compileEnd(
  { graphs }: Runner,
  frontier: Frontier,
  rows: number,
  cells: readonly Tensor[],
  state: State,
): StatePlan {
  const { inputs, output, captured } = graphs.model(rows);
  const path = graphs.path(rows);
  const variables = graphs.options.choice ? captured : graphs.moving.map((i) => inputs[i]!);
  const values = substitute(
    frontierIn(frontier, path)!,
    new Map(path.variables.map((variable, i) => [variable, variables[i]!])),
  );
  const carry = new Map(cells.map((cell, i) => [cell, values[i]!]));
  return compileWithState([output, ...captured], inputs, { state, carry });
}
