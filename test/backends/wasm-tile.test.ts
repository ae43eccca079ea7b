/**
 * The product's tile in the build with fused multiply-adds, as instructions: no addition feeds the next one directly. Where the optimizer chains the
 * additions of two inner indices, a turn needs 18 registers of V8's 15, sums go through memory, and products take 1.4 times as long. The same for the
 * strip of the product that skips zeros.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { moduleBytes } from '../../src/backends/wasm/module/module.ts';

const test = suite('wasm: the tile of the product');
/** `f32x4.relaxed_madd` */
const madd = [0xfd, 0x85, 0x02] as const;
/** Six rows of two vectors, for an odd inner index and for two at a time. */
const additions = 36;
/** Eight vectors of one row, for four elements at a time. */
const sparseAdditions = 32;

function uleb(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]!;
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at];
  }
}

/** The bodies of a module's functions. */
function bodies(bytes: Uint8Array): Uint8Array[] {
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at]!;
    const [size, start] = uleb(bytes, at + 1);
    at = start + size;
    if (id !== 10) continue;
    let [count, from] = uleb(bytes, start);
    const found: Uint8Array[] = [];
    for (; count > 0; count--) {
      const [length, first] = uleb(bytes, from);
      found.push(bytes.subarray(first, first + length));
      from = first + length;
    }
    return found;
  }
  return [];
}

const places = (body: Uint8Array): number[] =>
  Array.from(body.keys()).filter((at) => madd.every((byte, i) => body[at + i] === byte));

function notChained(count: number, least: number): void {
  const found = bodies(moduleBytes('relaxed'))
    .map(places)
    .filter(({ length }) => length === count);
  assert.ok(found.length >= least, `${found.length} functions have ${count} additions`);
  for (const all of found) {
    const chained = all.filter((at) => all.includes(at + madd.length));
    assert.is(chained.length, 0, `${chained.length} of ${all.length} additions feed the next one`);
  }
}

test('its additions are not chained', () => notChained(additions, 2));
test('nor are those of the strip that skips zeros', () => notChained(sparseAdditions, 1));

test.run();
