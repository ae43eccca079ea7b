/**
 * The computation of a chunk, which the runner of this machine and workers of a queue share. Invariant: what it gives follows from the job and the
 * chunk's number alone: rows run in the same batches whoever computes them, and rows that fail are found by the same halving.
 */
import { isTargetSet } from '../../attribution/frame/target-set.ts';
import type { Target } from '../../attribution/index.ts';
import { type Prepared, prepare, readSettings } from '../../cli/explain-batch.ts';
import { type AnyExplanation, findingsOf } from '../../cli/findings.ts';
import { type Arguments, UsageError } from '../../cli/flags/flags.ts';
import { ask, type Question } from '../../cli/question.ts';
import { rowsFrom } from '../../cli/samples/batch.ts';
import { chooseTargets } from '../../cli/targets.ts';
import { type AnyModel, fixShapes, isTransformer } from '../../open/model.ts';
import { PathgradError } from '../../tensor/errors.ts';
import type { ChunkIndex } from '../input/chunks.ts';
import type { JobInput } from '../input/input.ts';
import type { ChunkRows, FailedRow } from '../input/rows.ts';
import { keptColumns } from './arguments.ts';
import { type OutputRow, outputRow } from './row.ts';

/**
 * Rows that are explained at a time, so that memory does not grow with the chunk: the first of a chunk, and all of texts of any length, of which
 * those of similar length go together.
 */
const FEW = 32;
/** The others, where a group has no more attributions than this: more rows at a time save calls where rows are small, and only cost memory else. */
const MANY = 128;
const MOST_ENTRIES = 2 ** 18;

export interface ChunkResult {
  /** In the input's order; several targets of a row one after another. */
  readonly rows: readonly OutputRow[];
  readonly failed: readonly FailedRow[];
  /** Rows of the input, explained, failed or left out. */
  readonly seen: number;
  readonly explained: number;
  /** How many rows each code of a warning is about. */
  readonly warnings: Readonly<Record<string, number>>;
}

export class ChunkExplainer {
  readonly #args: Arguments;
  readonly #model: AnyModel;
  readonly #input: JobInput;
  #made: { readonly key: string; readonly model: AnyModel; readonly prepared: Prepared } | null = null;

  constructor(args: Arguments, model: AnyModel, input: JobInput) {
    this.#args = args;
    this.#model = model;
    this.#input = input;
  }

  /** @throws UsageError for flags that do not go with the model; what is wrong with a row is in `failed` */
  async run(index: ChunkIndex, chunk: number): Promise<ChunkResult> {
    const rows = await this.#input.read(index, chunk);
    const order = rows.numbers.map((_, i) => i);
    const anyLength = isTransformer(this.#model);
    if (anyLength) order.sort((a, b) => rows.length(a) - rows.length(b) || a - b);
    const found: OutputRow[][] = rows.numbers.map(() => []);
    const failed: FailedRow[] = [...rows.failed];
    for (let from = 0, each = FEW; from < order.length; ) {
      const entries = await this.#group(rows, order.slice(from, from + each), found, failed);
      from += each;
      if (!anyLength && entries > 0) each = entries * MANY <= MOST_ENTRIES ? MANY : FEW;
    }
    const warnings: Record<string, number> = {};
    for (const of of found)
      for (const code of new Set(of.flatMap((one) => one.warnings))) warnings[code] = (warnings[code] ?? 0) + 1;
    return {
      rows: found.flat(),
      failed: failed.sort((a, b) => a.row - b.row),
      seen: rows.seen,
      explained: found.filter(({ length }) => length > 0).length,
      warnings: Object.fromEntries(Object.entries(warnings).sort(([a], [b]) => (a < b ? -1 : 1))),
    };
  }

  /**
   * Explains rows together; where that fails by halves, down to the rows that are at fault.
   * @returns attributions of a row; 0 where none was explained
   */
  async #group(rows: ChunkRows, at: readonly number[], found: OutputRow[][], failed: FailedRow[]): Promise<number> {
    if (at.length === 0) return 0;
    try {
      return await this.#explain(rows, at, found);
    } catch (error) {
      // What is wrong with flags or with the program is no row's fault.
      if (!(error instanceof PathgradError) || error instanceof UsageError || error.subject.startsWith('--'))
        throw error;
      if (at.length === 1) {
        failed.push({ row: rows.numbers[at[0]!]!, error: error.message.split('\nhint: ')[0]! });
        return 0;
      }
      const readable = await this.#readable(rows, at, failed);
      if (readable.length < at.length) return this.#group(rows, readable, found, failed);
      const half = at.length >> 1;
      const first = await this.#group(rows, at.slice(0, half), found, failed);
      return Math.max(first, await this.#group(rows, at.slice(half), found, failed));
    }
  }

  /** The rows that can be read alone: cheap, and most failures are of reading. */
  async #readable(rows: ChunkRows, at: readonly number[], failed: FailedRow[]): Promise<number[]> {
    const readable: number[] = [];
    for (const one of at) {
      try {
        await rows.batch(this.#args, this.#model, [one]);
        readable.push(one);
      } catch (error) {
        if (!(error instanceof PathgradError) || error instanceof UsageError) throw error;
        failed.push({ row: rows.numbers[one]!, error: error.message.split('\nhint: ')[0]! });
      }
    }
    return readable;
  }

  async #explain(rows: ChunkRows, at: readonly number[], found: OutputRow[][]): Promise<number> {
    const batch = await rows.batch(this.#args, this.#model, at);
    await fixShapes(this.#model, rowsFrom(batch, 0, 1).X);
    const question = await ask(this.#args, this.#model, batch);
    const settings = readSettings(this.#args);
    const { explainer, baseline, batch: fed, atInput } = await this.#prepared(question);
    const target = question.target ?? chooseTargets(this.#args, question.output, at.length);
    const { X, kwargs } = rowsFrom(fed, 0, at.length);
    const common = {
      ...(baseline && { baselines: baseline.value }),
      attributeToLayerInputs: this.#args.has('layer-inputs'),
      forwardKwargs: kwargs,
    };
    const explanations: AnyExplanation[] = isTargetSet(target)
      ? [...(await explainer.explain(X, { ...common, target }))]
      : [await explainer.explain(X, { ...common, target: target as Target })];
    const context = { batch: fed, output: question.output, baseline, row: settings.row, atInput };
    const columns = keptColumns(this.#args);
    const findings = findingsOf(explanations, context);
    findings.forEach((finding, i) => {
      const place = at[finding.sample]!;
      const kept = rows.kept(place, columns).map((value, c) => [columns[c]!, value] as const);
      const explanation = explanations[i % explanations.length]!;
      found[place]!.push(outputRow(rows.numbers[place]!, kept, finding, explanation, this.#args.has('full')));
    });
    return explanations.flatMap((one) => one.attributions).reduce((sum, { size }) => sum + size, 0) / at.length;
  }

  /** The explainer of the batch before, with its plans, where nothing that it was made of differs. */
  async #prepared(question: Question): Promise<Prepared> {
    const { model, batch } = question;
    const shapes =
      isTransformer(model) && !this.#ownFlags() ? '' : batch.inputs.map(({ shape }) => shape.slice(1).join());
    const key = JSON.stringify([shapes, batch.kind]);
    if (this.#made?.model === model && this.#made.key === key) return { ...this.#made.prepared, batch };
    this.#made?.prepared.explainer.dispose();
    this.#made = null;
    const prepared = await prepare(this.#args, question, readSettings(this.#args));
    if (prepared.batch === batch) this.#made = { key, model, prepared };
    return prepared;
  }

  /** Flags of methods, whose meaning may hang on the batch's shape. */
  #ownFlags(): boolean {
    return this.#args.has('window') || this.#args.has('stride') || this.#args.has('features');
  }
}
