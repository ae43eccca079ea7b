/**
 * Plans with state: some inputs, the cells, keep what they hold from run to run in the backend, and a run puts results into them.
 * Plans that share a `State` share its cells. Invariant: a step writes to a cell only after the last step that reads what it held
 * before, or at the same elements as it reads them; so a plan's results are those of its graph, with all cells read before any is written.
 */
import type { Backend, Executable } from '../backends/backend.ts';
import { defaultBackend } from '../backends/default.ts';
import { mul } from '../ops/binary.ts';
import type { TypedArray } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import { sameShape, sizeOf } from '../tensor/shape.ts';
import type { Tensor, TensorSpec } from '../tensor/tensor.ts';
import { elementwise } from './batch-rules.ts';
import { checkFeeds, type PlanStats } from './compile.ts';
import { joinNodes } from './join.ts';
import { buildProgram, type InPlace, type Layout, type Program, type Step } from './program.ts';
import { simplify } from './simplify.ts';
import { ancestors } from './traverse.ts';

/** A tensor at which graphs are cut, a constant or a placeholder, and what it holds at first. */
export interface Cell {
  readonly tensor: Tensor;
  readonly value: TypedArray;
}

/** Arrays that stay in a backend, by the tensors that stand for them in graphs. */
export class State {
  readonly backend: Backend;
  readonly tensors: readonly Tensor[];
  /** What names a cell to the backend: the storage itself where that is a JS array. */
  readonly arrays: readonly TypedArray[];
  readonly #index: ReadonlyMap<Tensor, number>;
  /** Holds the cells while no plan does; null where the backend keeps none, and `arrays` are fed and replaced. */
  readonly #holder: Executable | null;
  #saved: readonly TypedArray[] | null = null;

  /** @param backend by default as for `compile` */
  constructor(cells: readonly Cell[], backend?: Backend) {
    this.tensors = cells.map(({ tensor }) => tensor);
    this.#index = new Map(this.tensors.map((tensor, i) => [tensor, i]));
    if (this.#index.size < cells.length) throw failure('State', 'a tensor is given twice');
    this.backend = backend ?? defaultBackend(this.tensors);
    this.arrays = cells.map(({ value }) => value.slice());
    checkFeeds(this.tensors, this.arrays);
    const inputs = this.tensors.map(({ shape, dtype }) => ({ shape, dtype }));
    const nothing = { values: [], steps: [], outputs: [], arenaBytes: 0, flops: 0 };
    this.#holder = this.backend.cells ? this.backend.prepare({ ...nothing, inputs, cells: this.arrays }) : null;
  }

  has(tensor: Tensor): boolean {
    return this.#index.has(tensor);
  }

  indexOf(tensor: Tensor): number {
    const index = this.#index.get(tensor);
    if (index === undefined) throw failure('State', 'holds nothing for this tensor', { tensor: String(tensor) });
    return index;
  }

  /** A copy of what a cell holds. */
  read(tensor: Tensor): TypedArray {
    const view = this.#view(this.indexOf(tensor));
    return new (view.constructor as Float32ArrayConstructor)(view as Float32Array);
  }

  /** @param data of the cell's type and size */
  write(tensor: Tensor, data: TypedArray): void {
    checkFeeds([tensor], [data]);
    this.#view(this.indexOf(tensor)).set(data);
  }

  /** Remembers what all cells hold, for `restore`. */
  save(): void {
    // A backend with a memory of its own leaves the arrays that name its cells free for this.
    this.#saved ??= this.arrays.map((array, i) => (this.#view(i) === array ? array.slice() : array));
    for (const [i, array] of this.#saved.entries()) array.set(this.#view(i));
  }

  /** A copy of what `save` remembered of a cell. */
  readSaved(tensor: Tensor): TypedArray {
    const saved = this.#saved?.[this.indexOf(tensor)];
    if (!saved) throw failure('State', 'nothing has been saved');
    return saved.slice();
  }

  /** Puts back what `save` remembered. */
  restore(): void {
    for (const [i, array] of this.#saved?.entries() ?? []) this.#view(i).set(array);
  }

  /** Frees the cells, when no plan holds them either. */
  dispose(): void {
    this.#holder?.dispose();
  }

  #view(index: number): TypedArray {
    return this.#holder ? this.#holder.cell!(index) : this.arrays[index]!;
  }
}

export interface StateOptions {
  readonly state: State;
  /** What cells hold after a run; those not named keep what they hold. */
  readonly carry?: ReadonlyMap<Tensor, Tensor>;
}

/** A plan whose runs read and change the cells of a `State`. */
export interface StatePlan {
  readonly backend: string;
  readonly outputs: readonly TensorSpec[];
  readonly stats: Pick<PlanStats, 'steps' | 'bytes' | 'flops'>;
  /** @param inputs an array each, in the order given; read, never kept */
  run(inputs: readonly TypedArray[]): Promise<TypedArray[]>;
  dispose(): void;
}

/**
 * As `compile`, with the graph cut at the cells of a `State`, too. What is carried is not among the results: it stays in the backend.
 * One run at a time of all plans that share a state.
 */
export function compileWithState(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  { state, carry = new Map() }: StateOptions,
): StatePlan {
  const { backend } = state;
  const changing = [...carry].filter(([cell, next]) => cell !== next);
  for (const [cell, next] of changing) {
    state.indexOf(cell);
    if (sameShape(cell.shape, next.shape) && cell.dtype === next.dtype && cell.dtype !== 'bool') continue;
    throw failure('State', 'what is carried is not of its cell', { cell: String(cell), next: String(next) });
  }
  const cut = [...inputs, ...state.tensors];
  const simple = simplify([...outputs, ...changing.map(([, next]) => next)], cut, backend.folds).outputs;
  const joined = joinNodes(backend, simple, cut);
  const reached = new Set(ancestors(joined, new Set(cut)));
  for (const [cell] of changing) reached.add(cell);
  const cells = state.tensors.filter((tensor) => reached.has(tensor));
  const fed = [...inputs, ...cells];
  const targets = changing.map(([cell]) => fed.indexOf(cell));
  // A result that is what a cell held before the run is copied before that changes.
  const kept = new Set(state.tensors);
  const results = joined.map((y, i) => (i < outputs.length && isUnder(y, kept) ? mul(y, 1) : y));
  const program = backend.cells
    ? withCells(results, fed, targets, backend, [
        ...inputs.map(() => undefined),
        ...cells.map((tensor) => state.arrays[state.indexOf(tensor)]!),
      ])
    : buildProgram(results, fed, backend);
  const executable = backend.prepare(program);
  const specs = program.inputs.slice(0, inputs.length);
  let disposed = false;
  return {
    backend: backend.name,
    outputs: outputs.map(({ shape, dtype }) => ({ shape, dtype })),
    stats: { steps: program.steps.length, bytes: program.arenaBytes, flops: program.flops },
    async run(arrays) {
      if (disposed) throw failure('Plan', 'it has been disposed of', { backend: backend.name });
      checkFeeds(specs, arrays);
      if (backend.cells) return executable.run(arrays);
      const held = cells.map((tensor) => state.arrays[state.indexOf(tensor)]!);
      const results = await executable.run([...arrays, ...held]);
      changing.forEach(([cell], i) => {
        state.arrays[state.indexOf(cell)]!.set(results[outputs.length + i]!);
      });
      return results.slice(0, outputs.length);
    },
    dispose() {
      if (!disposed) executable.dispose();
      disposed = true;
    },
  };
}

/** Whether `y` is one of `cells`, perhaps under another shape. */
function isUnder(y: Tensor, cells: ReadonlySet<Tensor>): boolean {
  let node = y;
  while (!cells.has(node) && node.op?.alias) node = node.inputs[0]!;
  return cells.has(node);
}

/**
 * The program with what is carried computed right into its cells; where that cannot be, a copy at the end brings it there.
 * @param targets the inputs that the last outputs go to
 */
function withCells(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  targets: readonly number[],
  backend: Backend,
  cells: Program['cells'],
): Program {
  const plain = outputs.length - targets.length;
  const wanted = [...outputs];
  for (;;) {
    let missing: readonly number[] = [];
    const inPlace: InPlace = (layout) => {
      const found = placeCarried(layout, targets, plain);
      missing = found.missing;
      return found.placed;
    };
    const program = buildProgram(wanted, inputs, backend, inPlace);
    if (missing.length === 0) return { ...program, outputs: program.outputs.slice(0, plain), ...(cells && { cells }) };
    // Newest nodes come last: what is copied here is written when all else is done. Two that change places take two rounds.
    for (const i of missing) wanted[plain + i] = mul(wanted[plain + i]!, 1);
  }
}

function placeCarried(
  { steps, specs, owner, outputs, inputOf }: Layout,
  targets: readonly number[],
  plain: number,
): { readonly placed: ReadonlyMap<number, number>; readonly missing: readonly number[] } {
  const madeAt = new Map(steps.map((step, at) => [step.output, at]));
  const lastRead = new Map<number, number>();
  steps.forEach((step, at) => {
    for (const value of step.inputs) {
      const input = inputOf(owner[value]!);
      if (input !== undefined) lastRead.set(input, at);
    }
  });
  const fits = (root: number, target: number): boolean => {
    const at = madeAt.get(root);
    const read = lastRead.get(target) ?? -1;
    if (at === undefined || placed.has(root) || read > at) return false;
    return read < at || sameElements(steps[at]!, target);
  };
  const sameElements = ({ op, inputs, output, epilogue }: Step, target: number): boolean => {
    const out = specs[output]!;
    const reads = inputs.filter((value) => inputOf(owner[value]!) === target).map((value) => specs[value]!);
    const alike = reads.every(({ shape, dtype }) => sameShape(shape, out.shape) && dtype === out.dtype);
    return op.batch === elementwise && !epilogue && alike;
  };
  const placed = new Map<number, number>();
  const missing: number[] = [];
  targets.forEach((target, i) => {
    const root = owner[outputs[plain + i]!]!;
    if (sizeOf(specs[root]!.shape) > 0 && fits(root, target)) placed.set(root, target);
    else if (sizeOf(specs[root]!.shape) > 0) missing.push(i);
  });
  return { placed, missing };
}
