/** The description of a file's model as loadModel makes it: in Keras 1's words where the file is Keras 1's. */
import { translateKeras1 } from '../../src/keras/config/keras1.ts';
import { normaliseModel } from '../../src/keras/config/model.ts';
import type { ModelSpec } from '../../src/keras/config/spec.ts';
import { detectDialect, type KerasFile } from '../../src/keras/load/container.ts';

/** @param weights the file that the weights come from, where it is another */
export function specOf(file: KerasFile, weights: KerasFile = file, name = file.name): ModelSpec {
  const dialect = detectDialect(file, weights);
  return normaliseModel(file.config, dialect, name, dialect.major === 1 ? translateKeras1 : null);
}
