/** The patch between the two builds of the kernels: any bytes come back, and the relaxed module is a module. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { moduleBytes } from '../../src/backends/wasm/module/module.ts';
import { applyPatch } from '../../src/backends/wasm/module/patch.ts';

const test = suite('wasm patch');
const { makePatch } = (await import(new URL('../../scripts/wasm-patch.mjs', import.meta.url).href)) as {
  makePatch(from: Uint8Array, to: Uint8Array): Uint8Array;
};

test('what a patch is made for comes back', () => {
  const bytes = fc.uint8Array({ maxLength: 300, max: 3 }); // few values, so that runs repeat
  fc.assert(
    fc.property(bytes, bytes, fc.nat(300), (from, piece, cut) => {
      const to = Uint8Array.of(...from.subarray(cut), ...piece, ...from.subarray(0, cut));
      assert.equal(applyPatch(from, makePatch(from, to)), to);
    }),
    { seed: 5, numRuns: 300 },
  );
});

test('equal modules need a patch of a few bytes', () => {
  const plain = moduleBytes('plain');
  assert.ok(makePatch(plain, plain).length < 12);
});

/** The ids of a module's sections; throws unless their lengths fill the module exactly. */
function sections(module: Uint8Array): number[] {
  assert.equal([...module.subarray(0, 8)], [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const ids: number[] = [];
  let at = 8;
  while (at < module.length) {
    ids.push(module[at++]!);
    let length = 0;
    for (let scale = 1, more = true; more; scale *= 128) {
      more = module[at]! > 127;
      length += (module[at++]! % 128) * scale;
    }
    at += length;
  }
  assert.is(at, module.length);
  return ids;
}

test('both builds are modules with the same sections, and only the relaxed one has relaxed instructions', () => {
  const plain = moduleBytes('plain');
  const relaxed = moduleBytes('relaxed');
  assert.ok(WebAssembly.validate(plain));
  assert.equal(sections(relaxed), sections(plain));
  // 0xfd 0x85 0x02 is f32x4.relaxed_madd.
  const madds = (bytes: Uint8Array): number =>
    bytes.filter((byte, at) => byte === 0xfd && bytes[at + 1] === 0x85 && bytes[at + 2] === 2).length;
  assert.ok(madds(relaxed) > 100, `${madds(relaxed)}`);
  assert.is(madds(plain), 0);
});

test.run();
