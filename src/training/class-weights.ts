/** Weights by class as weights of samples, as Keras makes them. */
import type { Fed } from '../model/inputs.ts';
import { allocate } from '../tensor/dtype.ts';
import { failure } from '../tensor/errors.ts';
import type { OutputTask } from './objective.ts';
import type { Trainable } from './trainable.ts';

/** Weights by class number. */
export type ClassWeights = Readonly<Record<number, number>> | readonly number[] | ReadonlyMap<number, number>;

/**
 * Class weights as sample weights, as Keras makes them: by the largest of one-hot labels, else by the number; 1 for a class not named.
 * @param outputs how many numbers the model gives for a row
 */
export function byClass(
  { name, dtype }: Trainable,
  tasks: readonly OutputTask[],
  truth: Fed,
  weights: Fed | null,
  classWeight: ClassWeights,
  outputs: number,
): Fed {
  if (tasks.length > 1)
    throw failure(name, 'classWeight is for models of one output', {}, 'give sampleWeight by output');
  if (weights)
    throw failure(name, 'classWeight and sampleWeight are both given', {}, 'multiply them into sampleWeight');
  if (truth.shape.length > 2) throw failure(name, 'classWeight is for one label a row', { labels: truth.shape });
  const entries = classWeight instanceof Map ? [...classWeight] : Object.entries(classWeight);
  const table = new Map(entries.map(([key, value]) => [Number(key), value as number]));
  for (const [key, value] of table) {
    if (Number.isInteger(key) && Number.isFinite(value) && value >= 0) continue;
    throw failure(name, 'classWeight has a number from 0 up for each class number', { [String(key)]: value });
  }
  const count = truth.shape[0]!;
  const loss = tasks[0]!.loss?.name ?? '';
  const classes = /binary|hinge/i.test(loss) && outputs === 1 ? 2 : /crossentropy/i.test(loss) ? outputs : Infinity;
  const beyond = [...table.keys()].find((key) => key < 0 || key >= classes);
  if (beyond !== undefined)
    throw failure(name, `classWeight names class ${beyond}, which there is not`, {}, `classes are 0 to ${classes - 1}`);
  const width = truth.data.length / count;
  const data = allocate(dtype, count);
  for (let row = 0; row < count; row++) {
    let label = Math.round(truth.data[row * width]!);
    if (width > 1) {
      let best = 0;
      for (let i = 1; i < width; i++) if (truth.data[row * width + i]! > truth.data[row * width + best]!) best = i;
      label = best;
    }
    data[row] = table.get(label) ?? 1;
  }
  return { data, shape: [count] };
}
