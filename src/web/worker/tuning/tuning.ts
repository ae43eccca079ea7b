/**
 * Fine-tuning: the last layers of the model that is open, on the user's examples. A chunk of its own, fetched when the panel is opened. Invariant:
 * the model is replaced when a training has ended, and by nothing that did not end; what it was before is kept until another model comes.
 */
import { outputKind } from '../../../attribution/frame/output-kind.ts';
import { zipOf } from '../../../keras/save/archive.ts';
import { saveModel } from '../../../keras/save/save.ts';
import { allLayers } from '../../../model/lookup.ts';
import type { Model } from '../../../model/model.ts';
import { type AnyModel, isTransformer } from '../../../open/model.ts';
import { readPieces } from '../../../open/pieces.ts';
import { type UsualLoss, usualLoss } from '../../../open/usual-loss.ts';
import { failure } from '../../../tensor/errors.ts';
import { placeholder } from '../../../tensor/tensor.ts';
import { adam, Trainer } from '../../../training/index.ts';
import { saveTransformer, TransformerModel } from '../../../transformers/index.ts';
import type { ReplyOf, RequestOf, Tunable, TunableLayer, Tuned, TunePoint } from '../../protocol/index.ts';
import { modelIn } from '../model/model.ts';
import { stacked } from '../sample/fields.ts';
import { inputOf, predict } from '../sample/predict.ts';
import { sampleOf } from '../sample/sample.ts';
import type { Sample, State } from '../state.ts';

/** So many points are told one by one; then one in a while, so that the page has time for other things. */
const [EVERY_POINT, TELL_MS] = [100, 100];

/** The reason of an abort that keeps the last whole epoch. */
const STOP = 'stop';

/** What of the open model can be trained, or why nothing can. */
export function tunable(state: State): Tunable {
  const model = modelIn(state);
  const layers = layersWithWeights(model);
  const [output, ...others] = state.info!.outputs;
  const classes = output?.classes ?? 0;
  const no = (why: string): Tunable => ({ why, layers: [], answers: 'number', classes: 0 });
  if (others.length > 0 || classes === 0) return no('it does not give one answer for an input as a whole');
  if (isTransformer(model) && !(model instanceof TransformerModel && /classification/.test(model.task)))
    return no('of transformers, only those that sort texts into classes can be trained here');
  if (!isTransformer(model) && !model.trains) return no('its format does not say how its layers are trained');
  if (layers.length === 0) return no('it has no weights that training could change');
  const answers = classes > 1 ? 'classes' : output!.number || !endsInProbability(state) ? 'number' : 'yes-no';
  return { why: null, layers, answers, classes };
}

/** Whether the one score lies between 0 and 1 by how the model ends. */
function endsInProbability({ model, shown }: State): boolean {
  if (!model || isTransformer(model)) return false;
  const inputs =
    shown?.sample.inputs ??
    model.inputs.map(({ shape, dtype }) =>
      placeholder(
        shape.map((dim) => dim ?? 1),
        dtype,
      ),
    );
  return outputKind(model.apply(inputs.map(({ shape, dtype }) => placeholder(shape, dtype)))[0]!) === 'probabilities';
}

function layersWithWeights(model: AnyModel): TunableLayer[] {
  if (!isTransformer(model)) {
    return model.layers.flatMap((layer) => {
      const own = allLayers([layer]).flatMap(({ weights }) => weights.filter(({ trainable }) => trainable));
      const weights = own.reduce((sum, { tensor }) => sum + tensor.size, 0);
      return weights > 0 ? [{ path: layer.path, className: layer.className, weights }] : [];
    });
  }
  const sizes = new Map<string, number>();
  for (const { layer, tensor } of (model as unknown as TransformerModel).weights)
    sizes.set(layer, (sizes.get(layer) ?? 0) + tensor.size);
  return [...sizes].map(([path, weights]) => ({ path, className: '', weights }));
}

/** How the training goes on while it does. */
export interface TuneControl {
  readonly signal: AbortSignal;
  readonly onPoint: (share: { done: number; total: number }, point: TunePoint) => void;
}

/** @throws PathgradError for examples that cannot be read, each by its number, and for a loss that is no number; the model stays as it was then */
export async function tune(state: State, request: RequestOf<'tune'>, control: TuneControl): Promise<Tuned> {
  const model = modelIn(state);
  const { answers, classes, why } = tunable(state);
  if (why !== null) throw failure(state.info!.file, `cannot be fine-tuned: ${why}`);
  const { examples, epochs, batchSize } = request;
  if (examples.length === 0) throw failure('examples', 'there are none', {}, 'add the input above with its answer');
  const samples: Sample[] = [];
  for (const [i, { input }] of examples.entries()) {
    try {
      samples.push(await sampleOf(state, await inputOf(state, input)));
    } catch (error) {
      throw failure(`example ${i + 1}`, (error as Error).message.split('\n')[0]!, {}, 'remove it, or mend it', error);
    }
  }
  const x = inputsOf(model, samples);
  const truth =
    answers === 'classes'
      ? { data: Int32Array.from(examples, ({ answer }) => answer), shape: [examples.length] }
      : { data: Float64Array.from(examples, ({ answer }) => answer), shape: [examples.length, 1] };
  const asked = { inputs: examples.map(({ input }) => input), output: 0, softmax: false };
  const before = await predict(state, asked);
  const trainer = await trainerOf(state, request, { answers, classes });
  const done: { loss: number; accuracy: number | null }[] = [];
  let stopped = false;
  let [points, told] = [0, 0];
  try {
    await trainer.fit(x as never, truth, {
      ...{ epochs, batchSize: Math.min(batchSize, examples.length), signal: control.signal },
      onProgress: ({ epoch, batch, batches, logs }) => {
        const now = performance.now();
        if (points > EVERY_POINT && now - told < TELL_MS) return;
        [points, told] = [points + 1, now];
        const at = epoch + batch / (batches ?? batch);
        control.onPoint({ done: at, total: epochs }, { epoch: at, loss: logs['loss']! });
      },
      callbacks: [
        {
          onEpochEnd: (_, logs) => {
            done.push({ loss: logs['loss']!, accuracy: logs['accuracy'] ?? null });
          },
        },
      ],
    });
  } catch (error) {
    if (error !== STOP) {
      trainer.dispose();
      throw error;
    }
    stopped = true;
  }
  const tuned = await trainedOf(model, trainer);
  trainer.dispose();
  // What came in while the training ran has waited: the model is still the one that was asked for.
  put(state, tuned, state.original ?? model);
  return { epochs: done, before, after: await predict(state, asked), stopped };
}

function inputsOf(model: AnyModel, samples: readonly Sample[]): unknown {
  if (!isTransformer(model)) {
    const shape = (sample: Sample): string => sample.inputs.map((input) => input.shape.join('x')).join(', ');
    const odd = samples.findIndex((sample) => shape(sample) !== shape(samples[0]!));
    if (odd < 0) return stacked(samples.map(({ inputs }) => inputs));
    const sizes = { first: shape(samples[0]!), it: shape(samples[odd]!) };
    throw failure(`example ${odd + 1}`, 'is of another size than the first', sizes, 'examples are trained on together');
  }
  const { ids, kwargs } = readPieces(
    model,
    samples.map(({ title }) => title),
  );
  return { input_ids: ids, ...kwargs };
}

async function trainerOf(
  state: State,
  { last, learningRate }: RequestOf<'tune'>,
  { answers, classes }: Pick<Tunable, 'answers' | 'classes'>,
): Promise<Trainer> {
  const model = modelIn(state);
  const layers = layersWithWeights(model);
  const chosen = layers.slice(-Math.max(1, Math.min(layers.length, last))).map(({ path }) => path);
  const optimizer = adam({ learningRate });
  const metrics = answers === 'number' ? [] : ['accuracy'];
  if (isTransformer(model)) {
    const freeze = (path: string): boolean => !chosen.some((layer) => path.startsWith(`${layer}/`));
    const loss = classes > 1 ? 'sparse_categorical_crossentropy' : 'mean_squared_error';
    return new Trainer(model as unknown as TransformerModel, { loss, optimizer, metrics, freeze });
  }
  const loss = lossOf(model, state, answers);
  const frozen = (path: string): boolean =>
    !chosen.some((layer) => path === layer || path.startsWith(`${layer}/`) || layer.startsWith(`${path}/`));
  return new Trainer(await model.withWeights(() => null, frozen), { loss, optimizer, metrics });
}

function lossOf(model: Model, state: State, answers: Tunable['answers']): UsualLoss['loss'] {
  if (answers !== 'classes') return usualLoss(answers === 'yes-no' ? 'probabilities' : 'scores', true)!.loss;
  const inputs = state.shown?.sample.inputs ?? model.inputs;
  const rows = inputs.map(({ shape, dtype }) =>
    placeholder(
      shape.map((dim, axis) => (axis === 0 ? 1 : (dim ?? 1))),
      dtype,
    ),
  );
  // What ends otherwise gives probabilities of classes in some way of its own.
  const kind = outputKind(model.apply(rows)[0]!);
  return usualLoss(kind === 'scores' ? kind : 'distribution', false)!.loss;
}

/** A model with what was learnt; which layers were left alone is no part of it. */
async function trainedOf(model: AnyModel, trainer: Trainer): Promise<AnyModel> {
  if (!isTransformer(model)) return model.withWeights(trainer.change);
  const { tokenizer, tokenizerHint } = model;
  const tuned = await (model as unknown as TransformerModel).withWeights(trainer.change);
  return Object.assign(tuned, { tokenizer, tokenizerHint }) as unknown as AnyModel;
}

function put(state: State, model: AnyModel, original: AnyModel | null): void {
  state.explainer?.method.dispose();
  state.explainer = null;
  Object.assign(state, { model, original, shown: null, before: null });
}

/** The weights of the file again. */
export function untune(state: State): null {
  if (state.original) put(state, state.original, null);
  return null;
}

/** The tuned model as a file: `.keras`, or of a transformer its folder in a zip. @throws PathgradError for models that are not written */
export async function tunedFile(state: State): Promise<ReplyOf<'tunedFile'>> {
  const model = modelIn(state);
  const base = state.info!.file.replace(/\.[^.]+$/, '') || 'model';
  if (isTransformer(model)) {
    const files = await saveTransformer(model as unknown as TransformerModel);
    return { name: `${base}-tuned.zip`, file: new Blob([zipOf(files)], { type: 'application/zip' }) };
  }
  const bytes = await saveModel(model, { format: 'keras' });
  return { name: `${base}-tuned.keras`, file: new Blob([bytes], { type: 'application/zip' }) };
}
