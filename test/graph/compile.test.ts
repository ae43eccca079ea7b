import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reference } from '../../src/backends/reference/index.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { evaluate } from '../../src/graph/evaluate.ts';
import { grad, isConnected, jvp, valueAndGrad } from '../../src/graph/grad.ts';
import { planMemory } from '../../src/graph/memory.ts';
import { randomUniform } from '../../src/graph/random.ts';
import * as o from '../../src/ops/index.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';

const test = suite('graph');
const f64 = (...values: number[]): Tensor => tensor(values, undefined, 'float64');

test('a chain of 50,000 ops differentiates and runs in constant memory', () => {
  const x = placeholder([4], 'float64');
  let y: Tensor = x;
  for (let i = 0; i < 50_000; i++) y = o.mul(y, 1.00001);
  const plan = compile(grad(y, [x]), [x]);
  const [g] = plan.runSync([new Float64Array(4).fill(2)]);
  assert.ok(Math.abs(g![0]! - 1.00001 ** 50_000) < 1e-9);
  assert.ok(plan.stats.bytes <= 1024, `${plan.stats.bytes} bytes`);
});

test('equal expressions merge, constants fold, dead code goes', () => {
  const x = placeholder([3]);
  const y = o.add(o.mul(o.exp(x), 2), o.mul(o.exp(x), 2));
  o.sin(y);
  const plan = compile([o.add(y, o.sqrt(tensor([4, 9, 16])))], [x], { backend: reference });
  assert.is(plan.stats.steps, 4);
  assert.is(plan.stats.merged, 2);
  assert.is(plan.stats.folded, 1);
  assert.equal([...plan.runSync([new Float32Array(3)])[0]!], [6, 7, 8]);
});

test('folding never makes a small graph big', () => {
  const wide = o.broadcastTo(tensor([1]), [1000, 1000]);
  const x = placeholder([1]);
  const plan = compile([o.sum(o.mul(wide, x))], [x]);
  assert.is(plan.stats.folded, 0);
});

test('any node can be an input: the graph is cut there', () => {
  const x = placeholder([2]);
  const hidden = o.square(x);
  const plan = compile([o.add(hidden, 1)], [hidden]);
  assert.equal([...plan.runSync([Float32Array.of(5, 7)])[0]!], [6, 8]);
});

test('an output may be an input, a constant, or the same as another output', () => {
  const x = placeholder([2]);
  const plan = compile([x, o.reshape(x, [2, 1]), tensor([3]), o.neg(x), o.neg(x)], [x]);
  const fed = Float32Array.of(1, 2);
  const results = plan.runSync([fed]);
  assert.equal(
    results.map((r) => [...r]),
    [[1, 2], [1, 2], [3], [-1, -2], [-1, -2]],
  );
  assert.ok(results[0] !== fed && results[3] !== results[4], 'results are copies');
});

test('what a plan is fed with is checked', async () => {
  const x = placeholder([2]);
  const plan = compile([o.neg(x)], [x]);
  assert.throws(() => plan.runSync([]), /1 input arrays are needed, 0 given/);
  assert.throws(
    () => plan.runSync([new Float32Array(3)]),
    /input 0 needs 2 elements of float32 \(shape \[2\], got 3 of float32\)/,
  );
  assert.throws(() => plan.runSync([new Float64Array(2)]), /got 2 of float64/);
  assert.throws(() => compile([o.neg(x)], []), /needs a placeholder that is not among the inputs/);
  assert.equal([...(await plan.run([Float32Array.of(1, 2)]))[0]!], [-1, -2]);
  plan.dispose();
  assert.throws(() => plan.runSync([new Float32Array(2)]), /disposed/);
});

test('running again gives the same bits, and inputs are left alone', () => {
  const x = placeholder([50]);
  const plan = compile(grad(o.softmax(o.mul(x, x)), [x], o.sin(x)), [x]);
  const fed = Float32Array.from({ length: 50 }, (_, i) => Math.sin(i));
  const copy = fed.slice();
  const first = plan.runSync([fed])[0]!;
  plan.runSync([new Float32Array(50)]);
  assert.equal(plan.runSync([fed])[0], first);
  assert.equal(fed, copy);
});

test('memory: blocks alive together never overlap, and dead ones are reused', () => {
  const next = randomUniform(3);
  for (let round = 0; round < 50; round++) {
    const blocks = Array.from({ length: 60 }, (_, from) => ({
      bytes: 64 * Math.floor(next() * 20),
      from,
      to: from + Math.floor(next() * 8),
    }));
    const { offsets, total } = planMemory(blocks);
    let peak = 0;
    blocks.forEach((a, i) => {
      assert.ok(offsets[i]! + a.bytes <= total);
      blocks.forEach((b, j) => {
        if (j <= i || b.from > a.to || a.bytes === 0 || b.bytes === 0) return;
        const apart = offsets[i]! + a.bytes <= offsets[j]! || offsets[j]! + b.bytes <= offsets[i]!;
        assert.ok(apart, `blocks ${i} and ${j} overlap`);
      });
      peak = Math.max(
        peak,
        blocks.reduce((sum, b) => sum + (b.from <= i && b.to >= i ? b.bytes : 0), 0),
      );
    });
    assert.ok(total <= 2 * peak, `${total} bytes for a peak of ${peak}`);
  }
});

test('grad: zeros where nothing flows, gradients at inner nodes, a cotangent', () => {
  const x = f64(1, 2, 3);
  assert.equal(evaluate(grad(o.floor(x), [x])[0]!).toArray(), [0, 0, 0]);
  const h = o.square(x);
  assert.equal(evaluate(grad(o.exp(o.mul(h, 0)), [h])[0]!).toArray(), [0, 0, 0]);
  assert.equal(evaluate(grad(h, [x], f64(1, 0, -1))[0]!).toArray(), [2, 0, -6]);
  assert.equal(evaluate(grad(o.mul(x, x), [x, f64(1)])[1]!).toArray(), [0]);
  assert.throws(() => grad(h, [x], f64(1)), /gy must have the shape of y/);
  assert.throws(() => grad(o.argmax(x), [x]), /only a float tensor has a gradient/);
});

test('isConnected tells a zero gradient from none', () => {
  const x = f64(1, 2);
  assert.is(isConnected(o.mul(x, 0), x), true);
  assert.is(isConnected(o.floor(x), x), false);
  assert.is(isConnected(o.add(o.stopGradient(x), 1), x), false);
  assert.is(isConnected(f64(3), x), false);
});

test('jvp and valueAndGrad', () => {
  const x = f64(1, 2);
  const y = o.mul(o.square(x), f64(3, 5));
  assert.equal(evaluate(jvp(y, [x], [f64(1, 10)])).toArray(), [6, 200]);
  const { value, grads } = valueAndGrad((a, b) => o.sum(o.mul(a, b)))(x, f64(7, 11));
  assert.equal(
    evaluate([value, ...grads]).map((t) => t.toArray()),
    [29, [7, 11], [1, 2]],
  );
});

test('a relu behind a max pool going back is a flag of the pool: same values, also where windows tie at 0', () => {
  const next = randomUniform(3);
  const x = placeholder([2, 6, 7, 3], 'float64');
  const data = Float64Array.from({ length: x.size }, () => Math.round(next() * 6) - 4);
  for (const options of [{ window: 2 }, { window: 3, stride: 2 }, { window: 2, stride: 1 }]) {
    const y = o.relu(x);
    const [dx] = grad(o.sum(o.square(o.maxPool(y, options))), [x]);
    const fused = compile([dx!], [x]);
    // Cut at the relu's gradient's parts, nothing can be rewritten.
    const dy = grad(o.sum(o.square(o.maxPool(y, options))), [y])[0]!;
    const cut = placeholder(dy.shape, 'float64');
    const [before] = compile([dy], [x]).runSync([data]);
    const [masked] = compile([o.where(o.greater(y, 0), cut, 0)], [x, cut]).runSync([data, before!]);
    assert.equal(fused.runSync([data])[0], masked);
    assert.is(fused.stats.steps, compile([dy], [x]).stats.steps, 'no step for the mask');
  }
});

test('feed: inputs are brought in once for many runs, until a run brings its own', () => {
  const x = placeholder([3]);
  for (const backend of [reference, wasmBackend]) {
    const plan = compile([o.mul(x, 2)], [x], { backend });
    assert.throws(
      () => plan.runSync(),
      'nothing was fed since the last run with inputs\nhint: call feed(inputs) first',
    );
    plan.feed([Float32Array.of(1, 2, 3)]);
    assert.equal([...plan.runSync()[0]!], [2, 4, 6]);
    assert.equal([...plan.runSync()[0]!], [2, 4, 6]);
    assert.equal([...plan.runSync([Float32Array.of(4, 5, 6)])[0]!], [8, 10, 12]);
    assert.throws(() => plan.runSync(), /nothing was fed/);
    assert.throws(() => plan.feed([new Float32Array(2)]), /input 0 needs 3 elements/);
    plan.dispose();
    assert.throws(() => plan.feed([new Float32Array(3)]), /disposed/);
  }
});

test.run();
