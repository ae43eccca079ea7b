/** One explanation: the settings of the page handed to `IntegratedGradients`, and the result as the page shows it. */
import { type Baselines, IntegratedGradients, predictedClass } from '../../attribution/index.ts';
import { softmax } from '../../ops/softmax.ts';
import { tensor } from '../../tensor/tensor.ts';
import type { BaselineName, RequestOf, Settings } from '../protocol.ts';
import { backendOf } from './backends.ts';
import { embeddingOf } from './layout.ts';
import { modelIn } from './model.ts';
import { embeddingsOf, rowsOf, tokenizerOf } from './pieces.ts';
import { sampleOf } from './sample.ts';
import { type AnyModel, isTransformer, type Sample, type Shown, type State } from './state.ts';
import { viewOf } from './view.ts';

export interface Control {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { done: number; total: number }) => void;
}

/** Rows per call of the model. Where rows are slow few go at a time, so that a cancelled explanation ends soon. */
const rowsAtATime = { wasm: 100, reference: 4, gpu: 100 } as const;

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
  const { ig, backend } = await explainerFor(state, model, sample, settings);
  const { baselines, name } = baselineOf(settings.baseline, state, sample);
  const classes = classesOf(state, model, settings.output);
  const target = settings.target ?? (classes > 1 ? predictedClass : null);
  const { kwargs = {} } = sample;
  const explanation = await ig.explain(X, { baselines, target, signal, onProgress, forwardKwargs: kwargs });
  const milliseconds = performance.now() - started;
  return viewOf(explanation, { sample, settings, classes, baselineName: name, backend, milliseconds, model });
}

/** A Keras file that states no input shape has an output shape only after its first input. */
function classesOf({ info }: State, model: AnyModel, output: number): number {
  if (isTransformer(model)) return info?.outputs[output]?.classes ?? 1;
  return model.outputs[output]?.shape?.[1] ?? 1;
}

async function explainerFor(state: State, model: AnyModel, sample: Sample, settings: Settings) {
  const { method, steps, output, softmax: withSoftmax } = settings;
  const layer = isTransformer(model) ? embeddingsOf(model) : sample.text ? embeddingOf(model)!.path : null;
  // Plans are compiled per shape: an explainer of another shape would keep both.
  const key = JSON.stringify([method, steps, settings.backend, output, withSoftmax, layer, sample.shape]);
  if (state.explainer?.key === key) return state.explainer;
  state.explainer?.ig.dispose(); // before its backend may go
  state.explainer = null;
  const backend = await backendOf(state, settings.backend);
  const family = settings.backend.startsWith('gpu') ? 'gpu' : (settings.backend as 'wasm' | 'reference');
  const most = rowsAtATime[family];
  const rows = isTransformer(model) && family === 'wasm' ? Math.min(rowsOf(model, sample.shape[1]!), most) : most;
  const ig = new IntegratedGradients<AnyModel>(model, {
    layer,
    method: steps === 'auto' ? 'gausslegendre' : method,
    nSteps: steps,
    internalBatchSize: rows,
    backend,
    output: (...ys) => (withSoftmax ? softmax(ys[output]!) : ys[output]!),
  });
  state.explainer = { key, ig, backend: backend.name };
  return state.explainer;
}

function baselineOf(name: BaselineName, state: State, sample: Sample): { baselines: Baselines; name: string } {
  const [black, white] = sample.image?.range ?? [0, 1];
  const fixed = (value: number, called: string) => ({ baselines: value, name: called });
  switch (name) {
    case 'pad':
      if (state.model && isTransformer(state.model)) {
        return { baselines: tokenizerOf(state.model).baseline(), name: '[CLS], [SEP] and padding' };
      }
      return fixed(state.words?.vocabulary.pad ?? 0, 'padding');
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
