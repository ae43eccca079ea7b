/** One explanation: the settings of the page handed to the method, and the result as the page shows it. */
import type { ExplainerOptions } from '../../attribution/frame/settings.ts';
import { type Baselines, IntegratedGradients, predictedClass } from '../../attribution/index.ts';
import type { MethodRow } from '../../attribution/methods/index.ts';
import { usual } from '../../attribution/methods/usual.ts';
import { FocusedTransformer } from '../../open/focus.ts';
import {
  type AnyModel,
  embeddingsOf,
  isTransformer,
  rowsWithin,
  type Transformer,
  tokenizerOf,
} from '../../open/model.ts';
import { readPieces, type ShownPieces, tokenBaseline } from '../../open/pieces.ts';
import { judgesPlaces, placesOf, usualPlaces } from '../../open/places.ts';
import { similarityOf } from '../../open/similarity.ts';
import { softmax } from '../../ops/softmax.ts';
import { failure } from '../../tensor/errors.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { BaselineName, RequestOf, Settings } from '../protocol.ts';
import { backendOf } from './backends.ts';
import { embeddingOf } from './layout.ts';
import { infoOf, methodOf } from './method.ts';
import { modelIn } from './model.ts';
import { sampleOf } from './sample.ts';
import type { Sample, Shown, State } from './state.ts';
import { viewOf } from './view.ts';

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
  { signal, onProgress }: Control,
): Promise<Shown> {
  const model = modelIn(state);
  const sample = sampleOf(state, input);
  const X = tensor(sample.data, sample.shape);
  if (!isTransformer(model) && !model.hasInputShape) await model.predict(X); // the first input fixes the shapes
  const started = performance.now();
  const row = await methodOf(settings.explainer);
  const place = await placeIn(model, sample, settings);
  const { method, backend } = await explainerFor(state, model, sample, { ...settings, place }, row);
  const baseline = row.baselines ? baselineOf(settings.baseline, state, sample) : null;
  const classes = classesOf(state, model, sample, settings.output);
  const target = settings.target ?? (classes > 1 ? await predictedIn(model, sample, settings) : null);
  const kwargs = { ...sample.kwargs, ...(await otherText(model, sample)) };
  const compared = baseline && { baselines: baseline.baselines };
  const explanation = await method.explain(X, { ...compared, target, signal, onProgress, forwardKwargs: kwargs });
  const milliseconds = performance.now() - started;
  const facts = {
    sample,
    settings: { ...settings, place },
    explainer: infoOf(row),
    classes,
    backend,
    milliseconds,
    model,
    file: state.info!.file,
  };
  const neuronsOf = row.layer === true ? settings.layer : null;
  return viewOf(explanation, { ...facts, baselineName: baseline?.name ?? '', neuronsOf, pairs: row.pairs === true });
}

/** The class of highest score; of an answer the place that `predict` of the command line names, which is no special token. */
async function predictedIn(model: AnyModel, { encoded, kwargs = {} }: Sample, { output }: Settings) {
  if (!isTransformer(model) || model.task !== 'question-answering' || !encoded) return predictedClass;
  const { bestAnswers } = await import('../../transformers/index.ts');
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
    ids: tensor(sample.data, sample.shape),
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
    return info?.outputs[output]?.classes ?? sample.shape[1]!;
  }
  return model.outputs[output]?.shape?.[1] ?? 1;
}

async function explainerFor(state: State, model: AnyModel, sample: Sample, settings: Settings, row: MethodRow) {
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
    sample.shape,
  ]);
  if (state.explainer?.key === key) return state.explainer;
  state.explainer?.method.dispose(); // before its backend may go
  state.explainer = null;
  const backend = await backendOf(state, settings.backend);
  const family = settings.backend.startsWith('gpu') ? 'gpu' : (settings.backend as 'wasm' | 'reference');
  const most = rowsAtATime[family];
  const rows =
    isTransformer(model) && family === 'wasm' ? Math.min(rowsWithin(workAtATime, model, sample.shape[1]!), most) : most;
  const options: ExplainerOptions<AnyModel> = {
    layer,
    // What moves, where a layer behind it is looked at.
    ...((row.layer === true || row.layer === 'looked-at') && { inputLayer: embedding }),
    ...(row.pictures && sample.image && { grey: true }),
    internalBatchSize: rows,
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

function otherTokens(model: Transformer, id: number): { baselines: Baselines; name: string } {
  const { value, name } = tokenBaseline(model, id);
  return { baselines: value, name };
}

function baselineOf(name: BaselineName, state: State, sample: Sample): { baselines: Baselines; name: string } {
  const [black, white] = sample.image?.range ?? [0, 1];
  const fixed = (value: number, called: string) => ({ baselines: value, name: called });
  switch (name) {
    case 'pad':
      if (state.model && isTransformer(state.model)) {
        return otherTokens(state.model, tokenizerOf(state.model).padId);
      }
      return fixed(state.words?.vocabulary.pad ?? 0, 'padding');
    case 'mask': {
      const model = state.model && isTransformer(state.model) ? state.model : null;
      const id = model && tokenizerOf(model).maskId;
      if (!model || id === null) throw failure('baseline', 'the model knows no mask token', {}, 'choose padding');
      return otherTokens(model, id);
    }
    case 'zeros':
      return fixed(black, sample.image ? 'black' : 'zeros');
    case 'white':
      return fixed(white, 'white');
    case 'grey':
      return fixed((black + white) / 2, 'grey');
    case 'max':
      return { baselines: { kind: 'max', low: black, high: white }, name: 'the picture farthest away' };
    case 'noise':
      return { baselines: { kind: 'noise', low: black, high: white, count: 10 }, name: 'noise, mean of 10' };
    case 'layer':
      return { baselines: { space: 'layer', value: 0 }, name: 'zeros in place of word vectors' };
  }
}
