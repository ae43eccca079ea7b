/**
 * The explained score of many changed inputs, in batches: what every metric that runs the model asks. A caller writes one row at a time
 * into buffers that are used again, so that memory is a batch and one number per sample, whatever the number of rows.
 * Invariant: a row's score does not depend on which rows are beside it.
 */
import type { Backend } from '../../../backends/backend.ts';
import type { CallableModel } from '../../../graph/callable.ts';
import { PlanCache } from '../../../graph/plan-cache.ts';
import { buildProgram } from '../../../graph/program.ts';
import { allocate, type TypedArray } from '../../../tensor/dtype.ts';
import type { PlatformAbortSignal } from '../../../tensor/platform.ts';
import { sizeOf } from '../../../tensor/shape.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { rowSize } from '../../frame/arrays.ts';
import { type TensorFunction, toForward } from '../../frame/forward.ts';
import { Graphs } from '../../frame/graphs.ts';
import { type FormattedInputs, formatInputs, formatKwargs } from '../../frame/inputs.ts';
import type { OutputSelector } from '../../frame/output.ts';
import { type OutputKind, outputKind } from '../../frame/output-kind.ts';
import { Pace } from '../../frame/pace.ts';
import { checkWatching } from '../../frame/setup.ts';
import { type ResolvedTarget, resolveTarget } from '../../frame/target.ts';
import type { ForwardKwargs, ModelInput, Progress, TargetValue } from '../../frame/types.ts';
import { checkPositive } from './checks.ts';

/** What every metric that runs the model takes. */
export interface ScoreOptions {
  /** Which of several outputs, as for the explainer. */
  readonly output?: OutputSelector;
  /** Most rows in one call of the model; 100 by default. */
  readonly internalBatchSize?: number;
  /** Who runs the plans. */
  readonly backend?: Backend;
  /** Rows that went through the model, and how many will. */
  readonly onProgress?: (progress: Progress) => void;
  /** Aborting throws the signal's reason before the next batch. */
  readonly signal?: PlatformAbortSignal;
}

export const scoreOptionNames = { output: 1, internalBatchSize: 1, backend: 1, onProgress: 1, signal: 1 } as const;

/** Buffers of one batch, one per input of the model; row `slot` is the caller's to fill. */
export interface Slot {
  readonly inputs: readonly TypedArray[];
  readonly slot: number;
}

/** Intermediate values of one run take no more than this, whatever `internalBatchSize` allows. */
const roomForValues = 512 * 2 ** 20;

export class Scorer {
  readonly inputs: FormattedInputs;
  readonly samples: number;
  /** Of the model's output, batch axis first. */
  readonly outputWidth: number;
  readonly target: ResolvedTarget;
  readonly kind: OutputKind;
  private readonly graphs: Graphs;
  private readonly plans: PlanCache;
  private readonly batch: number;
  private readonly pace: Pace;
  private readonly kwargs: readonly Tensor[];
  private readonly checkInputs: (inputs: readonly Tensor[]) => Promise<void>;
  /** A label 0 of a probability explains `1 - p`: the score is -p, and 1 is put back. */
  private readonly offsets: Float64Array;

  /**
   * @throws PathgradError for inputs that do not fit the model, a model that mixes samples, a target that the output lacks
   */
  constructor(
    model: CallableModel | TensorFunction,
    X: ModelInput,
    given: { readonly kwargs: ForwardKwargs; readonly target: TargetValue | null },
    options: ScoreOptions,
  ) {
    const { internalBatchSize = 100, output, backend, onProgress, signal } = options;
    checkPositive('internalBatchSize', internalBatchSize, '100 is usual');
    checkWatching(options);
    const forward = toForward(model, output, 'float32');
    this.inputs = formatInputs(forward, X);
    const kwargs = formatKwargs(forward, given.kwargs, this.inputs);
    this.kwargs = Object.values(kwargs);
    const inputs = this.inputs.tensors;
    const sides = { side: 'outputs', observedSide: 'outputs' } as const;
    this.graphs = new Graphs({
      forward,
      inputs,
      kwargs,
      choice: null,
      observed: null,
      ...sides,
      integers: false,
      everyCall: false,
    });
    const [two] = [2, 3].map((rows) => this.graphs.path(rows));
    const bytes = buildProgram([two!.output], [...two!.variables, ...two!.held]).arenaBytes / 2;
    this.batch = Math.max(1, Math.min(internalBatchSize, Math.floor(roomForValues / Math.max(1, bytes))));
    this.samples = this.inputs.rows;
    this.outputWidth = sizeOf(two!.output.shape.slice(1));
    this.target = resolveTarget(given.target, [this.samples, ...two!.output.shape.slice(1)], this.samples, false);
    const { sign } = this.target;
    this.kind = outputKind(two!.output);
    const probabilities = sign !== null && this.kind === 'probabilities';
    this.offsets = Float64Array.from({ length: this.samples }, (_, i) => (probabilities && sign[i]! < 0 ? 1 : 0));
    this.plans = new PlanCache(backend ? { backend } : {});
    this.pace = new Pace(onProgress, signal);
    this.checkInputs = async (list) => forward.model?.checkInputs?.(list);
  }

  /** @throws PathgradError for values that the model cannot take: token ids that it lacks */
  async check(inputs: readonly Tensor[]): Promise<void> {
    await this.checkInputs(inputs);
  }

  /**
   * Runs `count` rows.
   * @param fill writes row `row` into its slot and says which sample it belongs to; its kwargs and target are that sample's
   * @param take gets the score of each row in order, and its outputs
   */
  async run(
    count: number,
    fill: (row: number, slot: Slot) => number,
    take: (row: number, score: number, outputs: TypedArray) => void,
  ): Promise<void> {
    const { batch, pace, outputWidth } = this;
    const tensors = [...this.inputs.tensors, ...this.kwargs];
    const buffers = tensors.map((t) => (t.rank === 0 ? t.data : allocate(t.dtype, batch * rowSize(t.shape))));
    const samples = new Int32Array(batch);
    pace.expect(count);
    for (let first = 0; first < count; first += batch) {
      await pace.turn();
      const rows = Math.min(batch, count - first);
      for (let slot = 0; slot < rows; slot++) {
        samples[slot] = fill(first + slot, { inputs: buffers, slot });
        this.kwargs.forEach((t, k) => {
          if (t.rank > 0) copyRow(t, samples[slot]!, buffers[this.inputs.tensors.length + k]!, slot);
        });
      }
      const feeds = tensors.map((t, i) => (t.rank === 0 ? t.data : buffers[i]!.subarray(0, rows * rowSize(t.shape))));
      const build = () => {
        const { inputs, output } = this.graphs.model(rows);
        return { inputs, outputs: [output] };
      };
      const [outputs] = await this.plans.run(`score ${rows}`, build, feeds);
      for (let slot = 0; slot < rows; slot++) {
        const own = outputs!.subarray(slot * outputWidth, (slot + 1) * outputWidth);
        take(first + slot, this.scoreOf(samples[slot]!, own), own);
      }
      pace.advance(rows);
    }
  }

  /** The scores of whole inputs, one row per sample. */
  async scores(inputs: readonly Tensor[]): Promise<Float64Array> {
    const scores = new Float64Array(this.samples);
    await this.run(
      this.samples,
      (row, { inputs: buffers, slot }) => {
        inputs.forEach((t, i) => {
          copyRow(t, row, buffers[i]!, slot);
        });
        return row;
      },
      (row, score) => {
        scores[row] = score;
      },
    );
    return scores;
  }

  private scoreOf(sample: number, outputs: TypedArray): number {
    const { weights } = this.target;
    let score = this.offsets[sample]!;
    for (let k = 0; k < outputs.length; k++) {
      const weight = weights[sample * outputs.length + k]!;
      // A zero weight must not turn an infinite entry that nobody asked for into NaN.
      if (weight !== 0) score += weight * outputs[k]!;
    }
    return score;
  }

  dispose(): void {
    this.plans.dispose();
  }
}

/** Row `row` of `from` into row `slot` of a buffer of rows like it. */
export function copyRow(from: Tensor, row: number, into: TypedArray, slot: number): void {
  const width = rowSize(from.shape);
  into.set(from.data.subarray(row * width, (row + 1) * width), slot * width);
}
