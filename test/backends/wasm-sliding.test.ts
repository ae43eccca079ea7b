/** Depthwise convolutions on the kernels of their module: the core's bits, edges and what follows included, on any number of threads and in wide vectors. */
import { execFileSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { core } from '../../src/backends/wasm/accelerators.ts';
import { take } from '../../src/backends/wasm/bind/sliding.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { pairsVectors } from '../../src/backends/wasm/module/wide.ts';
import { compile } from '../../src/graph/compile.ts';
import * as o from '../../src/ops/index.ts';
import { placeholder, tensor } from '../../src/tensor/tensor.ts';
import { child, source } from '../support/child.ts';
import { slidingResults } from '../support/sliding.ts';

const test = suite('wasm: depthwise convolutions on a module of their own');

const before = slidingResults();
take(core);
const after = slidingResults();

test('the core’s bits, whatever follows, in front and behind, on one thread and three', () => {
  assert.ok(after.length > 500, `${after.length} results`);
  after.forEach(({ what, hash }, i) => {
    assert.is(what, before[i]!.what);
    assert.is(hash, before[i]!.hash, what);
  });
});

/** Which of the kernels ran: by fours of channels the module takes gradients alone. */
function checkTaken(found: readonly Pick<(typeof after)[number], 'what' | 'kernels' | 'one'>[], wide: boolean): void {
  for (const { what, kernels, one } of found) {
    const back = what.includes(', back');
    // A tanh that follows is computed on rows in the cache, which only the core's kernel does.
    const long = one.window.at(-1)! <= 3 && one.x.at(-2)! / (one.stride?.at(-1) ?? 1) >= 16;
    const core = !back && (!wide || long || what.endsWith('tanh'));
    const wanted = core ? 'depthwise' : one.taken[Number(back)]!;
    assert.ok(kernels.split(',').includes(wanted), `${what}: ${kernels}, not ${wanted}`);
  }
}

test('its kernels take gradients where they can', () => checkTaken(after, wasmBackend.simd() === 'wide'));

test('gradients of relu, relu6, silu and hard silu in front are taken in passing: no step of their own', () => {
  for (const { what, kernels, one } of after) {
    if (/back to a (relu6?|silu|hard silu)$/.test(what) && one.taken[1].startsWith('sliding'))
      assert.ok(!/chain|where/.test(kernels), `${what}: ${kernels}`);
  }
  const summed = after.filter(({ what }) => what.includes('another reads'));
  for (const sum of ['relu that', 'relu6 whose'])
    assert.ok(
      summed.some(({ what, kernels }) => what.includes(sum) && !/chain|where/.test(kernels)),
      sum,
    );
});

test('kernels that are not finite stay with the core, which leaves out what lies beside the picture', () => {
  const x = placeholder([1, 3, 3, 8]);
  const w = tensor(new Float32Array(72).fill(Infinity), [3, 3, 8, 1]);
  const plan = compile([o.depthwiseConv(x, w, { padding: 'same' })], [x], { backend: wasmBackend });
  const [y] = plan.runSync([new Float32Array(72).fill(1)]);
  plan.dispose();
  assert.ok(y!.every((value) => value === Infinity));
});

const pairs = process.arch === 'x64' && pairsVectors(process.versions.v8);
const wide = pairs ? test : test.skip;
wide('the same bits in wide vectors', () => {
  const code = `import { core } from ${source('src/backends/wasm/accelerators.ts')};
    import { take } from ${source('src/backends/wasm/bind/sliding.ts')};
    import { wasmBackend } from ${source('src/backends/wasm/index.ts')};
    import { slidingResults } from ${source('test/support/sliding.ts')};
    await wasmBackend.useWideVectors();
    take(core);
    console.log(JSON.stringify([wasmBackend.simd(), slidingResults()]));`;
  const { args, cwd } = child(code);
  const printed = execFileSync(process.execPath, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 24 });
  const [simd, found] = JSON.parse(printed) as [string, typeof after];
  checkTaken(found, true);
  assert.is(simd, 'wide');
  assert.equal(
    found.map(({ hash }) => hash),
    after.map(({ hash }) => hash),
  );
});

test.run();
