/** Loading a model and describing it to the page; vocabularies and pictures from files. */
import {
  fitPicture,
  invertPicture,
  type Picture,
  parseVocabulary,
  readPng,
  type Vocabulary,
} from '../../inputs/index.ts';
import type { Model } from '../../model/model.ts';
import { type AnyModel, isTransformer } from '../../open/model.ts';
import { failure } from '../../tensor/errors.ts';
import type { ModelInfo, OutputInfo, PixelRange, ReplyOf, RequestOf } from '../protocol.ts';
import { freeGpu } from './backends.ts';
import { layersOf } from './layers.ts';
import { embeddingOf, kindsOf, pictureLayout } from './layout.ts';
import { openFiles } from './open.ts';
import { looksUpOneText } from './own-words.ts';
import { describeTransformer } from './pieces.ts';
import type { State } from './state.ts';

/** Pictures without a size of the model's own are brought to at most this side. */
const largestSide = 256;

export async function load(state: State, request: RequestOf<'load'>): Promise<ModelInfo> {
  const { name } = request;
  const model = await openFiles(request);
  const info = isTransformer(model) ? describeTransformer(model, name) : describe(model, name);
  state.explainer?.method.dispose();
  state.explainer = null;
  await freeGpu(state);
  Object.assign(state, { model, info, words: null, shown: null, before: null });
  return info;
}

/** @throws for models that the page cannot run */
function describe(model: Model, file: string): ModelInfo {
  if (model.inputs.length !== 1) {
    const inputs = model.inputs.map((input) => input.name);
    const hint = 'this page runs models with one input; the library runs them all';
    throw failure(file, `has ${inputs.length} inputs`, { inputs }, hint);
  }
  const layout = pictureLayout(model);
  const dims = model.inputs[0]!.shape.slice(1).map((dim) => dim ?? 'any');
  const { height = null, width = null, channels = null } = layout ?? {};
  return {
    name: model.name,
    file,
    summary: model.hasInputShape
      ? model.summary()
      : 'The layers are known after the first input: the file states no input shape.',
    layers: layersOf(model.layers),
    takes: dims.length === 0 ? 'an input of any shape' : `${embeddingOf(model) ? 'tokens: ' : ''}${dims.join(' × ')}`,
    tokens: looksUpOneText(model) ? 'own' : embeddingOf(model) ? 'words' : null,
    places: false,
    second: 'never',
    baselines: null,
    labels: [],
    kinds: looksUpOneText(model) ? ['text'] : kindsOf(model),
    outputs: model.outputs.map(({ name, shape }) => describeOutput(name, shape, file)),
    picture: { height, width, channels },
    range: pixelRange(model),
  };
}

function describeOutput(name: string, shape: readonly (number | null)[] | null, file: string): OutputInfo {
  if (shape !== null && shape.length > 2) {
    const hint = 'this page explains one row of scores per input; the library explains any output';
    throw failure(file, `has an output '${name}' of several axes`, { shape: shape.map((dim) => dim ?? 'any') }, hint);
  }
  return { name, classes: shape?.length === 2 ? (shape[1] ?? 1) : 1 };
}

/** 0 to 255 where the model scales its input itself, else 0 to 1. */
function pixelRange(model: Model): PixelRange {
  const scales = model.layers.some(({ className }) => className === 'Rescaling' || className === 'Normalization');
  return scales ? [0, 255] : [0, 1];
}

/** @throws where there is no model yet */
export function modelIn(state: State): AnyModel {
  if (!state.model)
    throw failure('model', 'none is loaded yet', {}, 'drop a Keras file on the page, or choose an example');
  return state.model;
}

export async function vocabulary(
  state: State,
  { file, name, truncating = 'pre' }: RequestOf<'vocabulary'>,
): Promise<ReplyOf<'vocabulary'>> {
  if (state.model && isTransformer(state.model)) {
    const hint = 'to change its tokenizer, drop all files of its folder at once';
    throw failure(name, 'is not needed: the model has a tokenizer of its own', {}, hint);
  }
  if (state.model && looksUpOneText(state.model)) {
    const hint = 'the model splits texts and looks words up itself: type a text';
    throw failure(name, 'is not needed: the model holds its vocabulary', {}, hint);
  }
  const read: Vocabulary = parseVocabulary(await file.text(), name);
  state.words = { vocabulary: read, truncating };
  return { name, size: read.size };
}

/** A picture file at the size and channels that the model takes. PNG is read exactly; other formats by the browser. */
export async function picture(state: State, { file, name, invert }: RequestOf<'picture'>): Promise<ReplyOf<'picture'>> {
  const model = modelIn(state);
  const layout = isTransformer(model) ? null : pictureLayout(model);
  if (!layout) throw failure(name, 'is a picture, and the model takes none', { takes: model.inputs[0]!.shape });
  const read = await decodePicture(file, name);
  const target = { ...layout, ...limited(layout, read) };
  const fitted = fitPicture(invert ? invertPicture(read) : read, target, name);
  const { height, width, channels, data, notices } = fitted;
  return { pixels: { height, width, channels, data }, notices };
}

function limited(layout: { height: number | null; width: number | null }, { height, width }: Picture) {
  const shrink = Math.min(1, largestSide / Math.max(height, width));
  return {
    height: layout.height ?? Math.max(1, Math.round(height * shrink)),
    width: layout.width ?? Math.max(1, Math.round(width * shrink)),
  };
}

async function decodePicture(file: Blob, name: string): Promise<Picture> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return readPng(bytes, name);
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch (error) {
    throw failure(name, 'is no picture that this browser can read', { bytes: bytes.length }, 'try PNG or JPEG', error);
  }
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d')!;
  context.fillStyle = 'white'; // what is transparent lies over white, as in readPng
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const rgba = context.getImageData(0, 0, width, height).data;
  const data = Float64Array.from(
    { length: width * height * 3 },
    (_, i) => rgba[4 * Math.floor(i / 3) + (i % 3)]! / 255,
  );
  return { height, width, channels: 3, data, notices: [] };
}
