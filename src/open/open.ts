/** Opens what a path in Node holds, whichever format it is of: each format's code is loaded when a file of it is there. */
import type { LoadOptions } from '../keras/load/load.ts';
import { failure } from '../tensor/errors.ts';
import type { OutputKind } from '../transformers/index.ts';
import type { AnyModel } from './model.ts';
import { placeOf } from './place.ts';

/**
 * @param output what a transformer gives; null for what is usual
 * @throws PathgradError naming the path and what does not fit
 */
export async function openPath(
  given: string,
  options: LoadOptions = {},
  output: OutputKind | null = null,
): Promise<AnyModel> {
  const { kind, path } = await placeOf(given);
  if (kind === 'transformers') {
    if (options.weights !== undefined) {
      const hint = 'leave --weights out: the weights lie beside config.json';
      throw failure(given, 'is a folder of transformers, which takes no other weights', {}, hint);
    }
    return (await import('../transformers/index.ts')).loadTransformer(path, output ? { output } : {});
  }
  if (kind === 'onnx') {
    if (options.weights === undefined) return (await import('../onnx/index.ts')).loadOnnx(path);
    throw failure(given, 'is a file of ONNX, which takes no other weights', {}, 'leave --weights out');
  }
  return (await import('../keras/load/load.ts')).loadModel(path, options);
}
