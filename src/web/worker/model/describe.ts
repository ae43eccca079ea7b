/** A model as the page is told of it: what it takes and how that can be given, what comes out. */
import { outputKind } from '../../../attribution/index.ts';
import type { Model } from '../../../model/model.ts';
import { textsPerRow } from '../../../open/own-texts.ts';
import { failure, PathgradError } from '../../../tensor/errors.ts';
import { sizeOf } from '../../../tensor/shape.ts';
import { placeholder, type Tensor } from '../../../tensor/tensor.ts';
import type { FieldInfo, ModelInfo, OutputInfo, PixelRange } from '../../protocol/index.ts';
import { embeddingOf, kindsOf, pictureLayout } from '../sample/layout.ts';
import { looksUpOneText, takesFields } from '../sample/own-words.ts';
import { layersOf } from './layers.ts';

/** Categories that are offered one by one; more are typed. */
const MOST_OPTIONS = 200;
/** Stands for sizes that the file leaves open, where only what is done with an input matters. */
const ANY = 16;

/** @throws for models that the page cannot run */
export async function describe(model: Model, file: string): Promise<ModelInfo> {
  const fields = takesFields(model);
  const layout = fields ? null : pictureLayout(model);
  const tokens = fields ? null : embeddingOf(model);
  const { height = null, width = null, channels = null } = layout ?? {};
  const rank = model.rawInputs[0]!.shape?.length;
  const probes = probesOf(model);
  const kinds: ModelInfo['kinds'] = fields ? ['fields'] : looksUpOneText(model) ? ['text'] : kindsOf(model);
  return {
    name: model.name,
    file,
    summary: model.hasInputShape
      ? model.summary()
      : 'The layers are known after the first input: the file states no input shape.',
    layers: layersOf(model.layers),
    takes: takesOf(model, tokens !== null),
    tokens: fields ? null : looksUpOneText(model) ? 'own' : tokens ? 'words' : null,
    places: false,
    second: 'never',
    baselines: null,
    labels: [],
    fields: fields ? fieldsOf(model) : [],
    normal: kinds.some((kind) => kind === 'numbers' || kind === 'fields') && (await isNormalized(model, probes)),
    sounds: !fields && kinds.includes('numbers') && (rank === 3 || rank === 2),
    kinds,
    outputs: model.outputs.map(({ name, shape }, i) =>
      describeOutput(name, shape, file, () => scoreOf(model, probes, i)),
    ),
    picture: { height, width, channels },
    range: pixelRange(model),
  };
}

function takesOf(model: Model, tokens: boolean): string {
  const said = model.rawInputs.map(({ name, shape, dtype }, i) => {
    const dims = (model.rawInputs.length === 1 ? model.inputs[i]!.shape : (shape ?? []))
      .slice(1)
      .map((dim) => dim ?? 'any');
    const size = dims.length === 0 ? 'an input of any shape' : dims.join(' × ');
    if (model.rawInputs.length === 1) return tokens ? `tokens: ${size}` : size;
    return `${name} (${dtype === 'string' ? 'text' : size})`;
  });
  return said.join(', ');
}

function fieldsOf(model: Model): FieldInfo[] {
  return model.rawInputs.map(({ name, shape, dtype }) => {
    const row = shape?.slice(1);
    const width = row?.every((dim) => dim !== null) ? sizeOf(row as readonly number[]) : null;
    if (dtype !== 'string') return { name, takes: 'numbers', width, options: null };
    const lookup = model.inputSources.find(({ raw }) => raw.length === 1 && raw[0] === name)?.lookup ?? null;
    if (lookup?.split) return { name, takes: 'text', width: textsPerRow(model), options: null };
    const known = lookup?.tokens.slice(lookup.unknown[1]).map(String) ?? [];
    const options = known.length > 0 && known.length <= MOST_OPTIONS ? known : null;
    return { name, takes: 'category', width, options };
  });
}

/** A row of each input, for what can be known without its numbers; null where the file states no shapes. */
function probesOf(model: Model): Tensor[] | null {
  if (!model.hasInputShape) return null;
  return model.inputs.map(({ shape, dtype }) => placeholder([1, ...shape.slice(1).map((dim) => dim ?? ANY)], dtype));
}

async function isNormalized(model: Model, probes: Tensor[] | null): Promise<boolean> {
  if (!probes || !model.layers.some(({ className }) => className === 'Normalization')) return false;
  const { normalMeans } = await import('../tables.ts');
  return attempt(() => normalMeans(model, probes).some(Boolean)) ?? false;
}

/** Whether a single score is a number, of which there is no 1 − p. */
function scoreOf(model: Model, probes: Tensor[] | null, output: number): boolean {
  const kind = probes && attempt(() => outputKind(model.apply(probes)[output]!));
  return kind === 'scores';
}

/** Of a size that the model does not take nothing is known. */
function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof PathgradError) return null;
    throw error;
  }
}

function describeOutput(
  name: string,
  shape: readonly (number | null)[] | null,
  file: string,
  isNumber: () => boolean,
): OutputInfo {
  if (shape !== null && shape.length > 2) {
    const hint = 'this page explains one row of scores per input; the library explains any output';
    throw failure(file, `has an output '${name}' of several axes`, { shape: shape.map((dim) => dim ?? 'any') }, hint);
  }
  const classes = shape?.length === 2 ? (shape[1] ?? 1) : 1;
  return { name, classes, ...(classes === 1 && { number: isNumber() }) };
}

/** 0 to 255 where the model scales its input itself, else 0 to 1. */
function pixelRange(model: Model): PixelRange {
  const scales = model.layers.some(({ className }) => className === 'Rescaling' || className === 'Normalization');
  return scales ? [0, 255] : [0, 1];
}
