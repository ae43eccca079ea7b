/**
 * The graphs that an explanation runs, for any number of rows: the model itself (with a layer's tensors read on the way),
 * and the path graph, in which what is attributed is a placeholder of its own. Everything that the path does not move
 * is `held`: inputs that bypass the layer, integer inputs, forward kwargs.
 */
import { inFrontOf, isInFront, placeSamples } from '../../graph/batch.ts';
import { grad, isConnected } from '../../graph/grad.ts';
import type { BatchAxis } from '../../graph/op.ts';
import { buildProgram } from '../../graph/program.ts';
import { reached } from '../../graph/traverse.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { placeholder, type Tensor, type TensorSpec } from '../../tensor/tensor.ts';
import { checkSame } from './any-rows.ts';
import type { Forward, Hooks } from './forward.ts';
import { bothHooks, captureLayer, type LayerChoice, type LayerSide, substituteLayer } from './layer.ts';
import { type OutputKind, outputKind } from './output-kind.ts';

/** The explained score as a graph of the tensors that move, and its gradient. */
export interface PathGraph {
  /** What the path moves: a placeholder per attributed tensor, `[rows, ...]`. */
  readonly variables: readonly Tensor[];
  /** Placeholders of inputs that stay as they are, and of forward kwargs. */
  readonly held: readonly Tensor[];
  readonly output: Tensor;
  /** The tensors of the observed layer, on the way from the variables to the output. */
  readonly observed: readonly Tensor[];
  /** Where its tensors keep their samples; those that are the same for all are not listed, and of a single row none is. */
  readonly places: ReadonlyMap<Tensor, BatchAxis>;
}

/**
 * Where every tensor of a path graph of two or more rows keeps its samples.
 * @throws PathgradError naming the op that mixes samples
 */
function samplesIn({ variables, held, output }: Omit<PathGraph, 'places'>, rows: number): Map<Tensor, BatchAxis> {
  const places = placeSamples([output], sourcesOf([...variables, ...held], rows), rows);
  const place = places.get(output);
  if (!place || (isInFront(place) && place.inner === 1)) return places;
  const details = { output: output.shape, samples: rows };
  throw failure(
    'output',
    'its first axis is not that of the samples',
    details,
    'the first axis is the batch: keep it there',
  );
}

/** Placeholders with rows, their samples in front. */
const sourcesOf = (inputs: readonly Tensor[], rows: number): Map<Tensor, BatchAxis> =>
  new Map(inputs.filter(({ rank }) => rank > 0).map((input) => [input, inFrontOf(input, rows)]));

export interface ModelGraph {
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  /** The attributed layer's tensors; none without a layer. */
  readonly captured: readonly Tensor[];
}

export interface GraphOptions {
  readonly forward: Forward;
  readonly inputs: readonly Tensor[];
  readonly kwargs: Readonly<Record<string, Tensor>>;
  readonly choice: LayerChoice | null;
  readonly side: LayerSide;
  /** A layer whose tensors are looked at while the variables move: what some methods attribute to. */
  readonly observed: LayerChoice | null;
  readonly observedSide: LayerSide;
  /** Whether inputs of integers are variables too. */
  readonly integers: boolean;
  /** alibi puts one value in the place of every call of a shared layer. */
  readonly everyCall: boolean;
}

export class Graphs {
  readonly options: GraphOptions;
  /** Tells apart all graphs of one explainer. */
  readonly key: string;
  private calls = 0;
  /** The nodes of the first graph of two or more rows, which all others must be like. */
  private first: readonly Tensor[] | null = null;

  constructor(options: GraphOptions) {
    this.options = options;
    const describe = (t: Tensor): string => `${t.dtype}[${t.shape.slice(1).join()}]${t.rank === 0 ? 'scalar' : ''}`;
    const { choice, side, observed, observedSide, integers } = options;
    this.key = [
      options.inputs.map(describe).join(),
      Object.entries(options.kwargs).map(([name, t]) => `${name}:${describe(t)}`),
      choice
        ? `${choice.layer.path}#${choice.call} ${side} ${options.everyCall}`
        : `inputs${integers ? ' and integers' : ''}`,
      ...(observed ? [`${observed.layer.path}#${observed.call} ${observedSide}`] : []),
    ].join(' | ');
  }

  /** Indices of the inputs that the path moves when there is no layer. */
  get moving(): readonly number[] {
    return this.options.inputs.flatMap((t, i) => (isFloat(t.dtype) || this.options.integers ? [i] : []));
  }

  /** The model on `rows` rows. Forward kwargs come last among the inputs. */
  model(rows: number): ModelGraph {
    const { forward, choice, side } = this.options;
    const [inputs, kwargs] = this.placeholders(rows);
    if (!choice) {
      const output = forward.apply(inputs, rows, kwargs);
      return { inputs: [...inputs, ...Object.values(kwargs)], output, captured: [] };
    }
    const capture = captureLayer(choice, side);
    const output = forward.apply(inputs, rows, kwargs, capture.hooks);
    const { tensors, calls } = capture.result();
    this.calls = calls;
    const captured = tensors.filter((t) => isFloat(t.dtype));
    const fed = [...inputs, ...Object.values(kwargs)];
    checkCaptured(choice, side, tensors, captured, fed, rows);
    return { inputs: fed, output, captured };
  }

  /**
   * The path graph on `rows` rows. Held: the inputs that do not move, then the forward kwargs.
   * @param look sees the layers' calls
   * @throws PathgradError naming the op that mixes samples, or what is not the same for all numbers of rows
   */
  path(rows: number, look?: Hooks): PathGraph {
    const graph = this.build(rows, look);
    // A single row has nothing to mix with.
    if (rows === 1) return { ...graph, places: new Map() };
    const places = samplesIn(graph, rows);
    const nodes = [...reached([graph.output])];
    checkSame((this.first ??= nodes), nodes);
    return { ...graph, places };
  }

  private build(rows: number, look: Hooks = {}): Omit<PathGraph, 'places'> {
    const { forward, choice, side, everyCall } = this.options;
    const [inputs, kwargs] = this.placeholders(rows);
    const extra = Object.values(kwargs);
    const watch = this.watch();
    const looking = watch ? bothHooks(watch.hooks, look) : look;
    if (!choice) {
      const output = forward.apply(inputs, rows, kwargs, looking);
      const moving = new Set(this.moving);
      return {
        variables: inputs.filter((_, i) => moving.has(i)),
        held: [...inputs.filter((_, i) => !moving.has(i)), ...extra],
        output,
        observed: watch?.tensors(rows, [...inputs, ...extra]) ?? [],
      };
    }
    if (this.calls === 0) this.model(rows);
    const substitution = substituteLayer(choice, side, this.calls, everyCall);
    const output = forward.apply(inputs, rows, kwargs, bothHooks(substitution.hooks, looking));
    const variables = substitution.placeholders();
    return {
      variables,
      held: [...inputs, ...extra],
      output,
      observed: watch?.tensors(rows, [...inputs, ...extra, ...variables]) ?? [],
    };
  }

  /** Hooks that look at the observed layer, and its float tensors once the model is applied. */
  private watch(): { hooks: Hooks; tensors(rows: number, inputs: readonly Tensor[]): Tensor[] } | null {
    const { observed, observedSide } = this.options;
    if (!observed) return null;
    const { hooks, result } = captureLayer(observed, observedSide);
    return {
      hooks,
      tensors: (rows, inputs) => {
        const { tensors } = result();
        const floats = tensors.filter((t) => isFloat(t.dtype));
        checkCaptured(observed, observedSide, tensors, floats, inputs, rows);
        return floats;
      },
    };
  }

  private placeholders(rows: number): [Tensor[], Record<string, Tensor>] {
    const make = (t: Tensor): Tensor => placeholder(t.rank === 0 ? [] : [rows, ...t.shape.slice(1)], t.dtype);
    const kwargs = Object.entries(this.options.kwargs).map(([name, t]) => [name, make(t)] as const);
    return [this.options.inputs.map(make), Object.fromEntries(kwargs)];
  }
}

function checkCaptured(
  choice: LayerChoice,
  side: LayerSide,
  tensors: readonly Tensor[],
  floats: readonly Tensor[],
  inputs: readonly Tensor[],
  rows: number,
): void {
  const subject = `layer '${choice.layer.path}'`;
  if (floats.length === 0) {
    const hint =
      side === 'inputs' ? 'its inputs are integers: attribute to its outputs' : 'choose a layer that computes floats';
    throw failure(subject, `has no float ${side} to attribute to`, { got: tensors.map(String) }, hint);
  }
  // One row cannot mix with another, and says nothing of where rows lie; the graph of more rows is looked at before anything runs.
  const places = rows > 1 ? placeSamples(floats, sourcesOf(inputs, rows), rows) : null;
  const odd = floats.find((t) => t.rank === 0 || (places && !isInFront(places.get(t))));
  if (odd) throw failure(subject, `its ${side} do not have the batch as first axis`, { rows, got: odd.shape });
}

/** What can be told from the path graph without running it, for the number of rows that it was built with. */
export interface Structure {
  readonly output: TensorSpec;
  readonly kind: OutputKind;
  /** Each attributed tensor. */
  readonly variables: readonly TensorSpec[];
  /** Each tensor of the observed layer. */
  readonly observed: readonly TensorSpec[];
  /** Whether the output depends on each of them differentiably. */
  readonly connected: readonly boolean[];
  /** Whether the output also depends on held model inputs: part of it bypasses the layer. */
  readonly bypassed: boolean;
  /** Whether the observed layer depends on the variables, and the output on it. */
  readonly watched: 'both' | 'unmoved' | 'unread';
  /** Whether the output also depends on variables in ways that do not pass the observed layer. */
  readonly around: boolean;
  /** Intermediate values that one row of the path graph needs, forward and backward, in bytes. */
  readonly bytesPerRow: number;
}

export function examine(graphs: Graphs, rows: number): Structure {
  const { variables, held, output, observed } = graphs.path(rows);
  const { integers } = graphs.options;
  // One row does not tell where a layer keeps its rows.
  if (graphs.options.choice && rows === 1) graphs.model(2);
  // What follows runs with whatever numbers of rows: two of them are compared, and each further graph with the first.
  const [two] = [2, 3].map((count) => graphs.path(count));
  const before = reached([output], new Set(variables));
  const past = reached([output], new Set(observed));
  const inputs = graphs.options.choice ? held.slice(0, graphs.options.inputs.length) : [];
  const spec = ({ shape, dtype }: Tensor): TensorSpec => ({ shape, dtype });
  return {
    output: spec(output),
    // The model's own: the path graph of its last layer ends at once.
    kind: outputKind(graphs.options.choice ? graphs.model(rows).output : output),
    variables: variables.map(spec),
    observed: observed.map(spec),
    connected: variables.map((t) => before.has(t) && (integers || isConnected(output, t))),
    bypassed: inputs.some((t) => before.has(t)),
    watched: watchedOf(graphs.options.observed !== null, variables, observed, before),
    around: observed.length > 0 && variables.some((t) => past.has(t)),
    bytesPerRow: bytesOf(two!) / 2,
  };
}

function watchedOf(
  looks: boolean,
  variables: readonly Tensor[],
  observed: readonly Tensor[],
  before: ReadonlySet<Tensor>,
): Structure['watched'] {
  if (!looks) return 'both';
  const moving = reached(observed, new Set(variables));
  if (!variables.some((t) => moving.has(t))) return 'unmoved';
  return observed.some((t) => before.has(t)) ? 'both' : 'unread';
}

/** The arena of a plan for the gradient, before simplification: an upper bound. */
function bytesOf({ variables: all, held, output, observed }: PathGraph): number {
  const cotangent = placeholder(output.shape, output.dtype);
  const variables = all.filter(({ dtype }) => isFloat(dtype));
  const gradients = grad(output, [...variables, ...observed], cotangent);
  return buildProgram(gradients, [...all, ...held, cotangent]).arenaBytes;
}
