/** One explanation: the settings of the page handed to the method, and the result as the page shows it. */
import type { ExplainerOptions } from '../../../attribution/frame/settings.ts';
import { IntegratedGradients, predictedClass } from '../../../attribution/index.ts';
import type { MethodRow } from '../../../attribution/methods/index.ts';
import { usual } from '../../../attribution/methods/usual.ts';
import type { Model } from '../../../model/model.ts';
import { FocusedTransformer } from '../../../open/focus.ts';
import { type AnyModel, embeddingsOf, fixShapes, isTransformer, rowsWithin } from '../../../open/model.ts';
import { readPieces, type ShownPieces } from '../../../open/pieces.ts';
import { judgesPlaces, placesOf, usualPlaces } from '../../../open/places.ts';
import { similarityOf } from '../../../open/similarity.ts';
import { softmax } from '../../../ops/softmax.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { RequestOf, Settings } from '../../protocol/index.ts';
import { backendOf } from '../backends.ts';
import { modelIn } from '../model/model.ts';
import { embeddingOf } from '../sample/layout.ts';
import { sampleOf } from '../sample/sample.ts';
import type { Sample, Shown, State } from '../state.ts';
import { viewOf } from '../view/view.ts';
import { baselineOf } from './baseline.ts';
import { infoOf, methodOf } from './method.ts';

export interface Control {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { done: number; total: number }) => void;
}

/** Rows per call of the model. Where rows are slow few go at a time, so that a cancelled explanation ends soon. */
const rowsAtATime = { wasm: 100, reference: 4, gpu: 100 } as const;

/** Multiplications per call of a transformer, about: half a second on two cores, so that a cancelled explanation ends soon. */
const workAtATime = 2e10;

export async function explain(
  state: State,
  { input, settings }: RequestOf<'explain'>,
  control: Control,
): Promise<Shown> {
  const model = modelIn(state);
  const sample = await sampleOf(state, input);
  await fixShapes(model, sample.inputs);
  const started = performance.now();
  const place = await placeIn(model, sample, settings);
  const classes = classesOf(state, model, sample, settings.output);
  const target = settings.target ?? (classes > 1 ? await predictedIn(model, sample, settings) : null);
  const ran = await explainAt(state, sample, sample.inputs, { ...settings, place }, target, control);
  const { explanation, row, baseline, backend } = ran;
  return viewOf(explanation, {
    sample,
    settings: { ...settings, place },
    explainer: infoOf(row),
    classes,
    backend,
    milliseconds: performance.now() - started,
    model,
    file: state.info!.file,
    baselineName: baseline?.name ?? '',
    neuronsOf: row.layer === true ? settings.layer : null,
    pairs: row.pairs === true,
  });
}

/**
 * What the method says of these rows.
 * @param sample one of them, which all others are like
 * @param target a class, the predicted one of each, or null for a single score
 */
export async function explainAt(
  state: State,
  sample: Sample,
  rows: readonly Tensor[],
  settings: Settings,
  target: number | typeof predictedClass | null,
  { signal, onProgress }: Control,
) {
  const model = modelIn(state);
  const row = await methodOf(settings.explainer);
  const ids = needsVectors(sample, settings, row) ? await vectorsOf(model as Model, rows) : null;
  const X = ids?.rows ?? rows;
  const { method, backend } = await explainerFor(state, ids?.model ?? model, sample, X, settings, row);
  const baseline = row.baselines ? await baselineOf(settings.baseline, state, sample) : null;
  const forwardKwargs = { ...sample.kwargs, ...ids?.kwargs, ...(await otherText(model, sample)) };
  const compared = baseline && { baselines: baseline.baselines };
  const explanation = await method.explain(X, { ...compared, target, signal, onProgress, forwardKwargs });
  return { explanation, row, baseline, backend };
}

/** Ids of categories have no gradient: vectors move in their place, unless the method needs values alone. */
const needsVectors = ({ kind, inputs }: Sample, { layer }: Settings, row: MethodRow): boolean =>
  (kind === 'numbers' || kind === 'fields') &&
  !(row.layer ? layer : null) &&
  !row.values &&
  !row.layer &&
  inputs.some(({ dtype }) => dtype === 'int32');

async function vectorsOf(model: Model, rows: readonly Tensor[]) {
  const made = await (await import('../tables.ts')).embedded(model, rows);
  // It is asked as a model is; what a transformer has beside that is not asked of it.
  return made && { ...made, model: made.model as unknown as Model };
}

/** The class of highest score; of an answer the place that `predict` of the command line names, which is no special token. */
async function predictedIn(model: AnyModel, { encoded, kwargs = {} }: Sample, { output }: Settings) {
  if (!isTransformer(model) || model.task !== 'question-answering' || !encoded) return predictedClass;
  const { bestAnswers } = await import('../../../transformers/index.ts');
  const outputs = await model.predictAll({ input_ids: encoded.input_ids, ...kwargs });
  const [answer] = bestAnswers(encoded, outputs);
  return model.outputs[output]?.name === 'end' ? answer!.end : answer!.start;
}

/** The vector of the text that is compared with. */
async function otherText(model: AnyModel, { other }: Sample): Promise<Record<string, Tensor>> {
  if (other === undefined || !isTransformer(model)) return {};
  const { ids, kwargs } = readPieces(model, [other]);
  const [vector] = await model.predictAll({ input_ids: ids, ...kwargs });
  return { other: vector! };
}

/** The model that gives what is explained: a score of one position, how alike two texts are, or what it gives itself. */
async function askedOf(model: AnyModel, { other }: Sample, place: number | null): Promise<AnyModel> {
  if (!isTransformer(model)) return model;
  if (other !== undefined) return similarityOf(model);
  return place === null ? model : new FocusedTransformer(model, place);
}

/** The position that is judged, of a transformer that judges words. */
async function placeIn(model: AnyModel, sample: Sample, { place }: Settings): Promise<number | null> {
  if (!isTransformer(model) || !judgesPlaces(model)) return null;
  const texts = [sample.text as ShownPieces];
  const known = place !== null && placesOf(texts[0]!).includes(place);
  if (known) return place;
  const [usual] = await usualPlaces(model, {
    ids: sample.inputs[0]!,
    kwargs: sample.kwargs ?? {},
    texts,
    notices: [],
  });
  return usual!;
}

/** A Keras file that states no input shape has an output shape only after its first input. */
function classesOf({ info }: State, model: AnyModel, sample: Sample, output: number): number {
  if (isTransformer(model)) {
    if (model.task === 'masked-lm') return model.config.vocabulary;
    return info?.outputs[output]?.classes ?? sample.inputs[0]!.shape[1]!;
  }
  return model.outputs[output]?.shape?.[1] ?? 1;
}

async function explainerFor(
  state: State,
  model: AnyModel,
  sample: Sample,
  rows: readonly Tensor[],
  settings: Settings,
  row: MethodRow,
) {
  const { method, steps, output, softmax: withSoftmax, place } = settings;
  const embedding = embeddedAt(model, sample);
  const layer = row.layer ? settings.layer : row.values ? null : embedding;
  // Plans are compiled per shape: an explainer of another shape would keep both.
  const key = JSON.stringify([
    row.name,
    method,
    steps,
    settings.backend,
    output,
    withSoftmax,
    layer,
    place,
    rows.map(({ shape }) => shape),
  ]);
  if (state.explainer?.key === key) return state.explainer;
  state.explainer?.method.dispose(); // before its backend may go
  state.explainer = null;
  const backend = await backendOf(state, settings.backend);
  const family = settings.backend.startsWith('gpu') ? 'gpu' : (settings.backend as 'wasm' | 'reference');
  const most = rowsAtATime[family];
  const atATime =
    isTransformer(model) && family === 'wasm'
      ? Math.min(rowsWithin(workAtATime, model, rows[0]!.shape[1]!), most)
      : most;
  const options: ExplainerOptions<AnyModel> = {
    layer,
    // What moves, where a layer behind it is looked at.
    ...((row.layer === true || row.layer === 'looked-at') && { inputLayer: embedding }),
    ...(row.pictures && sample.image && { grey: true }),
    // Of texts the entries of a word's vector are summed over; numbers are features of their own.
    ...(row.pairs && !sample.text && { pairs: 'features' }),
    internalBatchSize: atATime,
    backend,
    output: (...ys) => (withSoftmax ? softmax(ys[output]!) : ys[output]!),
  };
  const asked = await askedOf(model, sample, place);
  const rule = { method: steps === 'auto' ? 'gausslegendre' : method, nSteps: steps } as const;
  const made =
    row === usual ? new IntegratedGradients<AnyModel>(asked, { ...options, ...rule }) : row.make(asked, options);
  state.explainer = { key, method: made, backend: backend.name };
  return state.explainer;
}

/** Token ids have no gradient, so texts are explained at the embedding. */
function embeddedAt(model: AnyModel, { text }: Sample): NonNullable<ExplainerOptions<AnyModel>['layer']> | null {
  if (isTransformer(model)) return embeddingsOf(model);
  return text ? embeddingOf(model)!.path : null;
}
