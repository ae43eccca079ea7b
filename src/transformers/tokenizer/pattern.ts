/** Patterns of `tokenizer.json`, `{ String }` or `{ Regex }`, as regular expressions of JavaScript. `checkTokenizer` has seen them before. */
import { guarded } from '../../guard/guard.ts';
import { failure } from '../../tensor/errors.ts';
import { isObject } from './json.ts';
import { SplitPreTokenizer } from './library.ts';

/** @throws PathgradError for what is no pattern */
export function patternOf(pattern: unknown, name: string): RegExp {
  const found = isObject(pattern) ? (pattern['String'] ?? pattern['Regex']) : undefined;
  if (typeof found !== 'string' || found === '') throw failure(name, 'has a step without a pattern', { pattern });
  if (isObject(pattern) && typeof pattern['String'] === 'string') {
    return new RegExp(found.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'), 'gu');
  }
  // The library knows what Oniguruma, whose patterns these are, means by them.
  const { pattern: regex } = guarded(
    name,
    'a pattern of a tokenizer',
    () => new SplitPreTokenizer({ type: 'Split', pattern: { Regex: found }, behavior: 'Isolated', invert: false }),
  );
  if (!regex) throw failure(name, 'has a step without a pattern', { pattern: found });
  return new RegExp(regex.source, 'gu');
}
