/**
 * The relaxed-SIMD module as a patch of the plain one: most functions of the two are the same bytes, so the second costs a bundle
 * half a kilobyte. src/backends/wasm/module/patch.ts applies it; test/backends/wasm-patch.test.ts runs both.
 *
 * A patch is the length of the result and a list of steps, each of three variable-length integers: how many new bytes follow the
 * step, how many bytes to copy from the plain module after them, and how far the place to copy from lies behind where the last
 * copy ended (zigzag).
 */

/** Shortest run that is worth a step. */
const SHORTEST = 8;

/**
 * @param {Uint8Array} from
 * @param {Uint8Array} to
 * @returns {Uint8Array} what `applyPatch(from, ...)` makes `to` of
 */
export function makePatch(from, to) {
  const places = indexRuns(from);
  const patch = varint(to.length);
  let added = 0;
  let next = 0;
  const step = (at, length, end) => {
    const jump = at - next;
    patch.push(...varint(end - added), ...varint(length), ...varint(jump < 0 ? -2 * jump - 1 : 2 * jump));
    patch.push(...to.subarray(added, end));
    next = at + length;
  };
  for (let at = 0; at < to.length; ) {
    const { place, length } = longestRun(from, to, at, places, next + at - added);
    if (length < SHORTEST) {
      at++;
      continue;
    }
    step(place, length, at);
    at += length;
    added = at;
  }
  step(next, 0, to.length);
  return Uint8Array.from(patch);
}

const keyOf = (bytes, at) => bytes.subarray(at, at + SHORTEST).join();

/** Where each run of `SHORTEST` bytes occurs. */
function indexRuns(bytes) {
  const places = new Map();
  for (let at = 0; at + SHORTEST <= bytes.length; at++) {
    const key = keyOf(bytes, at);
    const list = places.get(key);
    if (list) list.push(at);
    else places.set(key, [at]);
  }
  return places;
}

/** The longest run of `to` at `at` that occurs in `from`; of equal ones that nearest to `expected`. */
function longestRun(from, to, at, places, expected) {
  let best = { place: 0, length: 0 };
  for (const place of places.get(keyOf(to, at)) ?? []) {
    let length = SHORTEST;
    while (at + length < to.length && to[at + length] === from[place + length]) length++;
    const nearer = Math.abs(place - expected) < Math.abs(best.place - expected);
    if (length > best.length || (length === best.length && nearer)) best = { place, length };
  }
  return best;
}

/** Seven bits a byte, the lowest first; the highest bit says that more follow. */
function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return [...bytes, value];
}
