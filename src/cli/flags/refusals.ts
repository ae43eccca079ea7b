/**
 * What a method makes of this model and these inputs before anything is computed: refusals of what could not be drawn or explained at the end, and
 * options that follow from what the inputs are. Invariant: only shapes are looked at, no values.
 */
import type { MethodRow } from '../../attribution/methods/index.ts';
import { embeddingOf } from '../../keras/model/embedding.ts';
import { type AnyModel, isTransformer, tokenizerOf } from '../../open/model.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { BaselineChoice } from '../baselines.ts';
import { type Batch, rowsFrom } from '../samples/batch.ts';
import { type Arguments, usage } from './flags.ts';
import { ownOptions } from './own-flags.ts';

/** What is attributed to: a layer, or the inputs. */
interface At {
  readonly layer: string | number | null;
}

/** @throws UsageError for a method of pictures where there are none, and for --png where what comes out is no picture */
export function refuse(args: Arguments, model: AnyModel, batch: Batch, row: MethodRow, at: At): void {
  const inputs = { text: 'texts', image: 'pictures', array: 'numbers' }[batch.kind];
  // Numbers may be the ids of tokens, which a layer looks up.
  const withoutWords = batch.kind === 'image' || (batch.kind === 'array' && at.layer === null);
  const wanted = row.pictures && batch.kind === 'text' ? 'pictures' : row.words && withoutWords ? 'texts' : null;
  if (wanted !== null) {
    const flag = args.has('explainers') ? '--explainers' : '--explainer';
    const hint = `pathgrad methods lists those for ${inputs}, such as IntegratedGradients`;
    throw usage(flag, `${row.name} is for ${wanted}, and these are ${inputs}`, hint);
  }
  if (args.has('png') && !isDrawn(args, model, batch, row, at))
    throw usage('--png', 'draws attributions of pixels, not of a layer', 'leave --layer out');
}

/** Whether there will be a number for each pixel, or for each value of it. */
function isDrawn(args: Arguments, model: AnyModel, batch: Batch, row: MethodRow, { layer }: At): boolean {
  if (batch.kind !== 'image' || layer === null) return batch.kind === 'image';
  // Grad-CAM stretches its maps to the picture.
  if (row.layer === 'chosen' || row.layer === 'looked-at') return true;
  const [height = 0, width = 0] = batch.samples[0]!.parts.find(({ image }) => image)!.image!.shape;
  const [shape] = shapesAt(args, model, batch, layer);
  const [, rows, columns] = shape!;
  // Regions have a number per place, pairs one per place and channel summed.
  const numbers = row.pictures || row.pairs ? height * width : sizeOf(shape!.slice(1));
  return rows === height && columns === width && numbers === height * width;
}

/** Shapes of what goes into the layer under --layer-inputs, else of what comes out, for one row. */
function shapesAt(args: Arguments, model: AnyModel, batch: Batch, layer: string | number): readonly Shape[] {
  const { path } = model.getLayer(layer);
  let found: readonly Shape[] = [];
  const look = (call: { readonly path: string }, tensors: readonly { readonly shape: Shape }[]): null => {
    if (call.path === path) found = tensors.map(({ shape }) => shape);
    return null;
  };
  const { X, kwargs } = rowsFrom(batch, 0, 1);
  model.apply(X, {
    ...(Object.keys(kwargs).length > 0 && { kwargs }),
    ...(args.has('layer-inputs')
      ? { onInputs: (call) => look(call.layer, call.inputs) }
      : { onOutputs: (call) => look(call.layer, call.outputs) }),
  });
  return found;
}

/** @throws UsageError for a token as the baseline that the model does not know */
export function checkBaseline(model: AnyModel, { kind }: Batch, baseline: BaselineChoice | null): void {
  if (kind !== 'text' || isTransformer(model) || typeof baseline?.value !== 'number') return;
  const { value } = baseline;
  const { size } = embeddingOf(model)!;
  if (Number.isInteger(value) && value >= 0 && value < size) return;
  throw usage('--baseline', `there is no token ${value}`, `the model knows the ids 0 to ${size - 1}`);
}

/** Options of the method's class that follow from the inputs, and those that flags say. */
export function optionsFor(
  args: Arguments,
  row: MethodRow,
  model: AnyModel,
  batch: Batch,
  { layer }: At,
): Readonly<Record<string, unknown>> {
  return {
    // Whoever gives pictures says with them that a model's `[N, H, W]` is one.
    ...(row.pictures && batch.kind === 'image' && { grey: true }),
    ...(row.pairs && { pairs: hasPlaces(args, model, batch, layer) ? 'words' : 'features' }),
    ...(row.words && isTransformer(model) && { specialTokens: [...tokenizerOf(model).specialIds] }),
    ...ownOptions(args, row),
  };
}

/** Whether what is attributed has an axis of places, whose vectors are summed. */
function hasPlaces(args: Arguments, model: AnyModel, batch: Batch, layer: string | number | null): boolean {
  const shapes = layer === null ? batch.inputs.map(({ shape }) => shape) : shapesAt(args, model, batch, layer);
  return shapes.some(({ length }) => length > 2);
}
