/** Several targets at once: all classes, some, or the ones of highest score. */
import { failure } from '../../tensor/errors.ts';
import { checkOptions } from '../../tensor/options.ts';
import type { Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { rowSize } from './arrays.ts';
import { isScalarOutput, type ResolvedTarget, resolveTarget } from './target.ts';
import type { Target, TargetSet } from './types.ts';

export function isTargetSet(target: Target | TargetSet | null | undefined): target is TargetSet {
  if (target === 'all') return true;
  if (typeof target !== 'object' || target === null || target instanceof Tensor) return false;
  return !Array.isArray(target) && !ArrayBuffer.isView(target);
}

/**
 * A target per sample for each of the set. Labels of a scalar output are its classes 0 and 1.
 * @param predictions `[N, ...]`, looked at for `top` alone; null: only checks
 * @throws PathgradError for a set that the output does not have
 */
export function resolveSet(set: TargetSet, shape: Shape, rows: number, predictions: Tensor | null): ResolvedTarget[] {
  const output = ['N', ...shape.slice(1)];
  const classes = isScalarOutput(shape) ? 2 : rowSize(shape);
  if (typeof set === 'object' && 'classes' in set === 'top' in set) {
    const problem = 'classes' in set ? 'has both classes and top' : 'is no set of targets';
    throw failure('target', problem, { got: Object.keys(set) }, "give 'all', { classes: [0, 3] } or { top: 3 }");
  }
  if (typeof set === 'object' && 'classes' in set) {
    checkOptions('target', set, { classes: 1 });
    const list: unknown = set.classes;
    if (!Array.isArray(list) || list.length === 0)
      throw failure('target', 'classes needs a list of classes, at least one', { got: list, output });
    return set.classes.map((one) => {
      const everyone = typeof one === 'number' ? one : Array.from({ length: rows }, () => one);
      return resolveTarget(everyone, shape, rows, false);
    });
  }
  if (shape.length > 2) {
    const hint = 'name them: { classes: [[i, j], …] }, a tuple of indices for each';
    throw failure('target', 'an output of several axes has no list of classes', { output }, hint);
  }
  if (set === 'all') return Array.from({ length: classes }, (_, k) => resolveTarget(k, shape, rows, false));
  checkOptions('target', set, { top: 1 });
  const { top } = set;
  if (isScalarOutput(shape))
    throw failure('target', 'top needs an output of several classes', { output }, "'all' explains both labels");
  if (!Number.isInteger(top) || top < 1 || top > classes) {
    throw failure('target', `top is a number of classes from 1 to ${classes}`, { got: top, output });
  }
  if (!predictions) return [];
  const ranked = Array.from({ length: rows }, (_, row) => rank(predictions, row, classes));
  return Array.from({ length: top }, (_, place) => {
    const each = Int32Array.from(ranked, (order) => order[place]!);
    return resolveTarget(each, shape, rows, false);
  });
}

/** Classes of a row from the highest score to the lowest; of two equal ones the first comes first. */
function rank({ data }: Tensor, row: number, classes: number): number[] {
  const scoreOf = (k: number): number => data[row * classes + k]!;
  return Array.from({ length: classes }, (_, k) => k).sort((a, b) => scoreOf(b) - scoreOf(a) || a - b);
}
