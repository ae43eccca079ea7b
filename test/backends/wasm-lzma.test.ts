/** How the kernels are packed: any bytes come back, and structured ones in less room than deflate needs. */
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { unpackLzma } from '../../src/backends/wasm/module/lzma.ts';
import { moduleBytes } from '../../src/backends/wasm/module/module.ts';

const test = suite('wasm lzma');
const { packLzma } = (await import(new URL('../../scripts/lzma.mjs', import.meta.url).href)) as {
  packLzma(bytes: Uint8Array): Uint8Array;
};

const back = (bytes: Uint8Array): Uint8Array => unpackLzma(packLzma(bytes), bytes.length);

test('bytes come back: none, any, and those that repeat', () => {
  assert.is(back(new Uint8Array(0)).length, 0);
  const few = fc.uint8Array({ maxLength: 1500, max: 3 });
  const any = fc.uint8Array({ maxLength: 600 });
  fc.assert(
    fc.property(fc.oneof(few, any), fc.nat(900), (bytes, cut) => {
      const twice = Uint8Array.of(...bytes, ...bytes.subarray(0, cut), 7, ...bytes);
      assert.equal(back(twice), twice);
    }),
    { seed: 11, numRuns: 20 },
  );
});

test('the longest matches and far distances come back', () => {
  // Noise of a fixed generator, twice, so that the second half is matches at a distance of 15 bits.
  let state = 1;
  const noise = Uint8Array.from({ length: 18_000 }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 24;
  });
  const bytes = new Uint8Array(37_000);
  bytes.set(noise);
  bytes.set(noise, 18_500);
  const packed = packLzma(bytes);
  assert.equal(unpackLzma(packed, bytes.length), bytes);
  assert.ok(packed.length < 19_000, `${packed.length} bytes`);
});

test('kernels take less room than deflated', () => {
  const piece = moduleBytes('plain').subarray(20_000, 28_000);
  const packed = packLzma(piece);
  assert.equal(unpackLzma(packed, piece.length), piece);
  assert.ok(packed.length < deflateRawSync(piece, { level: 9 }).length, `${packed.length} bytes`);
});

test.run();
