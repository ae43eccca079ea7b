/** A model from files that were dropped together, whichever format it is of; but for that of Keras each format's code is a chunk that is fetched then. */
import { loadModel } from '../../../keras/load/load.ts';
import { kindOf, TELLING } from '../../../open/kind.ts';
import type { AnyModel } from '../../../open/model.ts';
import type { RequestOf } from '../../protocol/index.ts';

/** @throws PathgradError naming the file and what does not fit */
export async function openFiles({ file, name, beside, parts = [] }: RequestOf<'load'>): Promise<AnyModel> {
  if (beside) return (await import('./transformer.ts')).readTransformer(file, beside);
  const start = new Uint8Array(await file.slice(0, TELLING).arrayBuffer());
  const kind = kindOf(start, name);
  const named = (blob: Blob, as: string): File => new File([blob], as);
  const others = parts.map((part) => named(part.file, part.name));
  if (kind === 'onnx') {
    const { loadOnnx } = await import('../../../onnx/index.ts');
    if (others.length === 0) return loadOnnx(file, { name });
    return loadOnnx([named(file, /\.onnx$/i.test(name) ? name : `${name}.onnx`), ...others], { name });
  }
  if (kind === 'tfjs') return loadModel([named(file, name), ...others], { name });
  return loadModel(file, { name });
}
