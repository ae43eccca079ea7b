/** `pathgrad train`: labelled rows, what they are trained for, epochs, and the model that comes of it. */
import { drawSeed, randomUniform, shuffle, upTo } from '../../graph/random.ts';
import { type AnyModel, fixShapes, isTransformer, noticesOf } from '../../open/model.ts';
import { placeOf } from '../../open/place.ts';
import { failure, PathgradError } from '../../tensor/errors.ts';
import { visible } from '../../tensor/visible.ts';
import {
  earlyStopping,
  type FitProgress,
  type Freeze,
  type SaveFormat,
  type ToTrain,
  Trainer,
  type TrainerOptions,
  type Truths,
} from '../../training/index.ts';
import type { TransformerModel } from '../../transformers/index.ts';
import { exists, readBytes, readText, writeFolder, writeWhole } from '../files.ts';
import { type Arguments, number, usage } from '../flags/flags.ts';
import { notify, openModel } from '../open.ts';
import { ProgressBar } from '../print/progress.ts';
import { Interrupted, type Terminal } from '../print/terminal.ts';
import { rowsFrom } from '../samples/batch.ts';
import { feedOf, type Labelled, readLabelled } from './data.ts';
import { frozenModel, frozenPaths } from './freeze.ts';
import { forOutput, type Goal, goalOf } from './goal.ts';
import { type Files, filesOf, keepers, savedFolder, savedModel } from './keep.ts';
import { type Rule, ruleOf } from './rule.ts';

interface Settings {
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly split: number;
  readonly patience: number | null;
}

/** What is trained, and how it is written. */
interface Subject {
  /** As it was opened: it reads the inputs. */
  readonly model: AnyModel;
  readonly toTrain: ToTrain;
  readonly freeze: Freeze | null;
  write(trainer: Trainer): Promise<void>;
}

export async function runTrain(args: Arguments, path: string, terminal: Terminal): Promise<void> {
  const settings = settingsOf(args);
  const model = args.has('new-head') ? await withNewHead(args, path) : await openModel(args, path);
  const transformer = isTransformer(model);
  const files = filesOf(args, path, transformer);
  const data = await readLabelled(args, model);
  notify([...noticesOf(model), ...data.notices], args, terminal);
  await fixShapes(model, rowsFrom(data.batch, 0, 1).X);
  const goal = goalOf(args, model, data);
  const { training, validation } = divided(args, settings, data);
  const weights = classWeights(args, goal, training);
  const { toTrain, freeze, write } = await subjectOf(args, model, files);
  const { epochs, batchSize, patience } = settings;
  const rule = ruleOf(args, epochs * Math.ceil(training.length / batchSize), transformer);
  const options = {
    loss: forOutput(model, goal.output, goal.loss),
    metrics: forOutput(model, goal.output, goal.metrics),
    optimizer: rule.optimizer,
    seed: settings.seed,
    ...(freeze && { freeze }),
  };
  const trainer = files.resume === null ? new Trainer(toTrain, options) : await resumed(toTrain, files.resume, options);
  if (!args.has('quiet')) tellPlan(terminal, path, trainer, goal, rule, { training, validation });
  const monitor = validation ? 'val_loss' : 'loss';
  const lines = new Lines(terminal, args.has('quiet'));
  const stopping = patience === null ? [] : [earlyStopping({ monitor, patience, restoreBestWeights: true })];
  const fed = (rows: Int32Array) =>
    [feedOf(model, data.batch, rows), forOutput(model, goal.output, goal.truth(rows)) as Truths] as const;
  const [x, y] = fed(training);
  const [valX, valY] = validation ? fed(validation) : [];
  try {
    await trainer.fit(x, y, {
      ...{ epochs, batchSize: Math.min(batchSize, training.length), signal: terminal.signal },
      ...(valX && valY && { validationData: { x: valX, y: valY } }),
      ...(weights && { classWeight: weights }),
      callbacks: [
        ...stopping,
        ...keepers(files),
        { last: true, onEpochEnd: (epoch, logs) => lines.epoch(epoch, epochs, logs) },
      ],
      onProgress: (progress) => lines.progress(progress),
    });
  } catch (error) {
    if (!(error instanceof Interrupted) || trainer.epoch === 0) throw error;
    await write(trainer);
    throw new Interrupted(error.message, `epoch ${trainer.epoch} was the last whole one; wrote ${visible(files.out)}`);
  } finally {
    lines.clear();
  }
  await write(trainer);
  if (!args.has('quiet')) terminal.err(`wrote ${visible(files.out)}\n`);
}

/** A transformer with a classifier of its own, not trained yet, for the classes of --labels. */
async function withNewHead(args: Arguments, path: string): Promise<AnyModel> {
  const { kind, path: place } = await placeOf(path);
  if (kind !== 'transformers') throw usage('--new-head', 'is for transformers', `'${path}' holds another model`);
  const given = args.text('labels');
  if (given === undefined) throw usage('--labels', 'is needed by --new-head', 'the classes: --labels bad,good');
  const labels = exists(given)
    ? readText(given)
        .replace(/\r?\n$/, '')
        .split(/\r?\n/)
    : given.split(',');
  const { loadTransformer } = await import('../../transformers/index.ts');
  return loadTransformer(place, { head: { labels: labels.map((label) => label.trim()) } });
}

/** Whatever cannot be saved is told before the work, not after it. */
async function subjectOf(args: Arguments, model: AnyModel, { out, format }: Files): Promise<Subject> {
  if (isTransformer(model)) {
    // As it was opened it is the library's.
    const own = model as unknown as TransformerModel;
    await savedFolder(own, null);
    return {
      ...{ model, toTrain: own, freeze: frozenPaths(args, model) },
      write: async (trainer) => writeFolder(out, await savedFolder(own, trainer)),
    };
  }
  const kind = format as SaveFormat;
  const toTrain = await frozenModel(args, model);
  await savedModel(model, null, kind);
  return {
    ...{ model, toTrain, freeze: null },
    write: async (trainer) => writeWhole(out, await savedModel(model, trainer, kind)),
  };
}

async function resumed(model: ToTrain, path: string, options: TrainerOptions): Promise<Trainer> {
  try {
    return await Trainer.resume(model, readBytes(path), options);
  } catch (error) {
    if (!(error instanceof PathgradError) || error.subject === path) throw error;
    const said = error.message.split('\nhint: ')[0]!.replace(/^checkpoint: /, '');
    // What is no file of arrays at all is told as what was asked for.
    const own = error.subject === 'checkpoint' && !said.startsWith('is no ');
    const hint = 'give the model, the flags and the file of the run that wrote it';
    throw failure(path, own ? said : `is no checkpoint: ${said}`, {}, hint, error);
  }
}

function settingsOf(args: Arguments): Settings {
  const count = (flag: string, otherwise: number, from: number): number => {
    const fits = (n: number): boolean => Number.isSafeInteger(n) && n >= from;
    return number(flag, args.text(flag) ?? String(otherwise), fits, `a whole number from ${from}`);
  };
  const seed = number(
    ...(['seed', args.text('seed') ?? '0', (n: number) => Number.isInteger(n) && Math.abs(n) < 2 ** 31] as const),
    'a whole number of 32 bits',
  );
  const share = (n: number): boolean => n >= 0 && n < 1;
  const split = number('validation-split', args.text('validation-split') ?? '0', share, 'a share from 0 to below 1');
  return {
    ...{ seed, split, epochs: count('epochs', 10, 1), batchSize: count('batch-size', 32, 1) },
    patience: args.has('early-stopping') ? count('early-stopping', 0, 1) : null,
  };
}

interface Division {
  readonly training: Int32Array;
  readonly validation: Int32Array | null;
}

/** Rows to judge by are drawn: files are often sorted by class. Both parts keep the order of the file. */
function divided(args: Arguments, { split, seed, batchSize }: Settings, { labels }: Labelled): Division {
  const count = labels.length;
  const kept = split === 0 ? count : count - Math.round(count * split);
  if (kept < 1 || (split > 0 && kept === count))
    throw usage('--validation-split', `leaves ${kept} of ${count} rows to train on`, 'choose another share');
  if (args.has('batch-size') && batchSize > kept)
    throw usage('--batch-size', `${batchSize} is more than the ${kept} rows to train on`, `at most ${kept}`);
  if (split === 0) return { training: upTo(count), validation: null };
  const drawn = shuffle(upTo(count), randomUniform(drawSeed(seed, -1)));
  return { training: drawn.slice(0, kept).sort(), validation: drawn.slice(kept).sort() };
}

/** --class-weight: `balanced`, where each class weighs the same, rows / (classes x rows of the class); or numbers by class, 1 for those left out. */
function classWeights(args: Arguments, { classes, values }: Goal, rows: Int32Array): Map<number, number> | null {
  const given = args.text('class-weight');
  if (given === undefined) return null;
  const flag = '--class-weight';
  if (!classes) throw usage(flag, 'is for classes, one a row', `${args.positionals[0]} is trained on numbers`);
  if (given !== 'balanced') {
    const hint = `balanced, or NAME=WEIGHT,…: ${classes[0]}=1,${classes[1]}=2.5`;
    const pairs = given.split(',').map((part) => {
      const at = part.lastIndexOf('=');
      const [name, weight] = [part.slice(0, at).trim(), Number(part.slice(at + 1))];
      const found = classes.includes(name) ? classes.indexOf(name) : /^\d+$/.test(name) ? Number(name) : -1;
      if (at < 1 || !(found >= 0 && found < classes.length) || !(weight >= 0 && Number.isFinite(weight)))
        throw usage(flag, `'${part}' is no class with its weight`, hint);
      return [found, weight] as const;
    });
    const twice = pairs.find(([found], i) => pairs.findIndex(([other]) => other === found) !== i);
    if (twice) throw usage(flag, `weighs '${classes[twice[0]]}' twice`, hint);
    return new Map(pairs);
  }
  const counts = new Array<number>(classes.length).fill(0);
  for (const row of rows) counts[values[row]!]!++;
  const present = counts.filter((count) => count > 0).length;
  return new Map(counts.map((count, i) => [i, count === 0 ? 0 : rows.length / (present * count)] as const));
}

function tellPlan(terminal: Terminal, path: string, trainer: Trainer, goal: Goal, rule: Rule, rows: Division): void {
  const { weights } = trainer.trainable;
  const count = (list: typeof weights): number => list.reduce((sum, weight) => sum + weight.tensor.size, 0);
  const [all, moved] = [count(weights), count(weights.filter((weight) => weight.trainable))];
  const judged = rows.validation ? `, judged by ${rows.validation.length}` : '';
  const { optimizer: used } = trainer;
  terminal.err(
    `${visible(path)}: ${moved === all ? all : `${moved} of ${all}`} weights, trained on ${rows.training.length} rows${judged}\n`,
  );
  terminal.err(`loss ${goal.said}, optimizer ${used.name.toLowerCase()} at ${rule.said}\n`);
  if (goal.classes && !goal.classes.every((name, i) => name === String(i)))
    terminal.err(`classes: ${visible(goal.classes.map((name, i) => `${i} ${name}`).join(', '))}\n`);
  if (trainer.epoch > 0) terminal.err(`goes on after epoch ${trainer.epoch}\n`);
}

/** A line per epoch, and on a terminal a bar while one runs. */
class Lines {
  readonly #terminal: Terminal;
  readonly #quiet: boolean;
  #bar: ProgressBar | null = null;

  constructor(terminal: Terminal, quiet: boolean) {
    this.#terminal = terminal;
    this.#quiet = quiet;
  }

  progress({ epoch, epochs, batch, batches }: FitProgress): void {
    this.#bar ??= new ProgressBar(this.#terminal, `epoch ${epoch + 1}/${epochs}`, this.#quiet);
    if (batches !== null) this.#bar.update(batch, batches);
  }

  epoch(epoch: number, epochs: number, logs: Readonly<Record<string, number>>): void {
    this.clear();
    this.#terminal.out(`epoch ${epoch + 1}/${epochs}  ${shownLogs(logs)}\n`);
  }

  clear(): void {
    this.#bar?.clear();
    this.#bar = null;
  }
}

export const shownLogs = (logs: Readonly<Record<string, number>>): string =>
  Object.entries(logs)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
    .join('  ');
