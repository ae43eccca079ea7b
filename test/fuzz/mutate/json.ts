/**
 * Damage to JSON that leaves it JSON, or what Python takes for it: numbers beyond all sizes, other types, keys gone, doubled or renamed,
 * parts moved, taken from another file, or nested deep. Works on the parsed tree; `raw` text is put in when it is written.
 */
import type { Chance } from '../chance.ts';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
/** A place in the tree: what holds the value, and where. */
interface Place {
  readonly holder: Json[] | { [key: string]: Json };
  readonly key: string | number;
}

const mark = '\u0001raw:';
/** Text that stands in the JSON as it is. */
const raw = (text: string): string => mark + text;

const numbers: readonly Json[] = [
  ...[
    0,
    -0,
    -1,
    1,
    2,
    3,
    0.5,
    -2.5,
    255,
    1000,
    65_536,
    1e6,
    1e8,
    1e9,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    -(2 ** 31),
  ],
  ...[1e-300, 1e300, -1e300].map(Number),
  ...['NaN', 'Infinity', '-Infinity', '1e999', '-0', '18446744073709551616'].map(raw),
];
const others: readonly Json[] = [
  ...[
    '',
    'x',
    '__proto__',
    'constructor',
    'toString',
    'float16',
    'relu',
    'softmax',
    'same',
    'valid',
    'channels_first',
    '0',
    '-1',
  ],
  ...['\u202egnp', '\u001b]0;x\u0007', '💥', 'a/b/../c', 'NaN', 'input_1'],
  ...[true, false, null],
];
/** Made anew each time: what is put in may be changed by the next mutation. */
const containers: readonly (() => Json)[] = [
  () => [],
  () => ({}),
  () => [[]],
  () => [[[]]],
  () => [1, 2, 3],
  () => [null, null],
  () => ({ class_name: 'Dense', config: {} }),
  () => ({ class_name: '__tuple__', items: [1, 2] }),
  () => ({ config: {} }),
];

const kinds = { value: 8, remove: 3, rename: 1, copy: 3, graft: 2, nest: 1, grow: 1, text: 1, twice: 1 };

/** @param donor another JSON text, for parts of it @returns null where the text is no JSON */
export function mutateJson(text: string, chance: Chance, donor: string): [string, string] | null {
  let root: { root: Json };
  let other: Json;
  if (isDeep(text) || isDeep(donor)) return null; // an earlier change nested it deeper than this code could write it again
  try {
    root = { root: JSON.parse(text) as Json };
    other = JSON.parse(donor) as Json;
  } catch {
    return null;
  }
  const places = placesIn(root);
  const { holder, key } = chance.pick(places);
  const value = at({ holder, key });
  const kind = chance.weighted(kinds);
  const what = `json ${kind} at '${key}'`;
  const put = (json: Json): void => set({ holder, key }, json);
  switch (kind) {
    case 'value':
      put(like(value, chance));
      break;
    case 'remove':
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      break;
    case 'rename':
      if (!Array.isArray(holder)) holder[String(chance.pick(places).key)] = value;
      break;
    case 'copy':
      put(clone(at(chance.pick(places))));
      break;
    case 'graft':
      put(clone(at(chance.pick(placesIn({ root: other })))));
      break;
    case 'nest': {
      const depth = chance.pick([1, 10, 200, 3000, 30_000]);
      const [open, close] = chance.pick([
        ['[', ']'],
        ['{"config":', '}'],
        ['{"class_name":"Sequential","config":[', ']}'],
      ]);
      put(raw(open.repeat(depth) + JSON.stringify(value ?? null) + close.repeat(depth)));
      break;
    }
    case 'grow': {
      const times = chance.pick([2, 10, 100, 1000]);
      if (Array.isArray(value) && value.length > 0) {
        const unit = value.slice();
        for (let i = 1; i < times && value.length < 20_000; i++) value.push(...unit.map(clone));
      } else put(Array.from({ length: times }, () => clone(value)));
      break;
    }
    case 'text':
      put(chance.pick(['a', '\\"', '\u202e', '[', 'é']).repeat(chance.pick([1, 100, 10_000, 100_000])));
      break;
    case 'twice': // the same key a second time, with another value
      if (!Array.isArray(holder)) put(raw(`${JSON.stringify(value ?? null)}, ${JSON.stringify(String(key))}: 7`));
      break;
  }
  return [write(root.root ?? null), what];
}

/** Mostly a value of the same type, so that the damage gets past the first check. */
function like(value: Json, chance: Chance): Json {
  if (typeof value === 'number' && chance.happens(0.7)) return chance.pick(numbers);
  if (typeof value === 'string' && chance.happens(0.6)) return chance.pick(others);
  if (typeof value === 'boolean' && chance.happens(0.6)) return chance.pick<Json>([!value, 0, 1, 2, 'true', null]);
  if (Array.isArray(value) && chance.happens(0.5))
    return value.map((item) => (chance.happens(0.5) ? like(item, chance) : item));
  return chance.happens(0.3) ? chance.pick(containers)() : chance.pick([...numbers, ...others]);
}

function placesIn(root: Place['holder']): Place[] {
  const places: Place[] = [];
  const open: Place['holder'][] = [root];
  for (let holder = open.pop(); holder !== undefined && places.length < 50_000; holder = open.pop()) {
    for (const key of Array.isArray(holder) ? holder.keys() : Object.keys(holder)) {
      places.push({ holder, key });
      const value = at({ holder, key });
      if (typeof value === 'object' && value !== null) open.push(value);
    }
  }
  return places;
}

const at = ({ holder, key }: Place): Json => (holder as Record<string, Json>)[key]!;
const set = ({ holder, key }: Place, value: Json): void => {
  // A plain assignment to `__proto__` would change the object's kind.
  Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true });
};
const clone = (value: Json): Json => (value === undefined ? null : structuredClone(value));

function write(json: Json): string {
  return JSON.stringify(json).replace(
    /"\\u0001raw:((?:[^"\\]|\\.)*)"/g,
    (_, text: string) => JSON.parse(`"${text}"`) as string,
  );
}

function isDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === '{' || letter === '[') depth++;
    else if (letter === '}' || letter === ']') depth--;
    if (depth > 500) return true;
  }
  return false;
}
