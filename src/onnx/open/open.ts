/** From a path, URL, bytes or files to the parsed file and the files beside it; what is no ONNX model is refused before it is parsed. */
import { guarded } from '../../guard/guard.ts';
import { isArchive, isHdf5 } from '../../keras/load/container.ts';
import { type ModelSource, readSource } from '../../keras/load/source.ts';
import { failure } from '../../tensor/errors.ts';
import { parseOnnx } from '../file/parse.ts';
import type { OnnxFile } from '../file/records.ts';

interface Opened {
  readonly file: OnnxFile;
  readonly place: ModelSource | null;
  readonly given: ReadonlyMap<string, ModelSource>;
}

export async function open(
  subject: string,
  source: ModelSource | readonly ModelSource[],
  name: string | undefined,
): Promise<Opened> {
  if (!Array.isArray(source)) {
    const only = checkedSource(subject, source as ModelSource);
    const read = await readSource(only);
    return { file: parsed(notKeras(read.bytes, read.name), name ?? read.name), place: only, given: new Map() };
  }
  const given = new Map<string, ModelSource>();
  for (const each of source as readonly ModelSource[]) given.set(sourceName(checkedSource(subject, each)), each);
  const models = [...given].filter(([key]) => /\.onnx$/i.test(key));
  const [model] = models;
  if (!model) {
    const hint = 'files in a list go by their names; bytes alone are given without a list';
    throw failure(subject, 'there is no .onnx file among the files', { files: [...given.keys()] }, hint);
  }
  if (models.length > 1) {
    throw failure(subject, 'there are several .onnx files', { files: models.map(([key]) => key) }, 'give one model');
  }
  const read = await readSource(model[1]);
  return { file: parsed(read.bytes, name ?? read.name), place: null, given };
}

function checkedSource(subject: string, source: ModelSource): ModelSource {
  const bytes = source instanceof Uint8Array || source instanceof ArrayBuffer;
  if (bytes || typeof source === 'string' || source instanceof URL) return source;
  if (typeof Blob !== 'undefined' && source instanceof Blob) return source;
  throw failure(subject, 'the source must be a path, a URL, bytes or a File', {
    got: source === null ? 'null' : typeof source,
  });
}

/** Models of Keras are told by their first bytes. */
function notKeras(bytes: Uint8Array, name: string): Uint8Array {
  if (!isHdf5(bytes) && !isArchive(bytes)) return bytes;
  const what = isHdf5(bytes) ? 'an HDF5 file' : 'a zip archive';
  throw failure(name, `is ${what}, no ONNX model`, {}, 'loadModel of pathgrad reads models of Keras');
}

/** What pbf throws at bytes that are no numbers becomes an error of ours. */
const parsed = (bytes: Uint8Array, name: string): OnnxFile =>
  guarded(name, 'an ONNX model', () => parseOnnx(bytes, name));

function sourceName(source: ModelSource): string {
  if (typeof source === 'string' || source instanceof URL) return String(source).replace(/^.*[\\/]/, '');
  return 'name' in source && typeof source.name === 'string' ? source.name : 'model';
}
