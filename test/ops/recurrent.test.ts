/**
 * The recurrent ops beyond their examples: closed forms, masks, the input projection on the near side of the frontier, a
 * thousand steps in bounded memory, the same bits for any number of threads and place of a row, and errors.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { affineRegion } from '../../src/graph/affine.ts';
import { checkGrads } from '../../src/graph/check-grads.ts';
import { compile } from '../../src/graph/compile.ts';
import { evaluate } from '../../src/graph/evaluate.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomNormal } from '../../src/graph/random.ts';
import * as o from '../../src/ops/index.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';

const test = suite('recurrent ops');

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const normal = (shape: readonly number[], seed: number, scale = 0.4): Tensor =>
  tensor(
    randomNormal(sizeOf(shape), seed).map((v) => v * scale),
    shape,
    'float64',
  );
const single = (x: Tensor): Tensor => tensor(Float32Array.from(x.data), x.shape, 'float32');
const valuesOf = (x: Tensor): number[] => [...evaluate(x).data];
function near(got: ArrayLike<number>, expected: ArrayLike<number>, bound = 1e-12): void {
  assert.is(got.length, expected.length);
  const scale = Array.from(expected).reduce((m, v) => Math.max(m, Math.abs(v)), 1e-3);
  for (let i = 0; i < got.length; i++) {
    assert.ok(Math.abs(got[i]! - expected[i]!) <= bound * scale, `${got[i]} at ${i}, not ${expected[i]}`);
  }
}

test('a linear net without input remembers by powers of its kernel', () => {
  const z = tensor(
    [1, 0, 0, 0].flatMap((v) => [v, 2 * v]),
    [1, 4, 2],
    'float64',
  );
  const kernel = tensor([0.5, 0, 1, 0.5], [2, 2], 'float64');
  // h_t = h_0 K^t with K^t = [[2^-t, 0], [t 2^(1-t), 2^-t]]
  const expected = [0, 1, 2, 3].flatMap((t) => [2 ** -t + 2 * t * 2 ** (1 - t), 2 * 2 ** -t]);
  near(valuesOf(o.simpleRnn(z, kernel, { activation: 'linear' })), expected);
});

test('an LSTM whose gates are open or shut adds up, keeps or forgets', () => {
  const [open, shut] = [50, -50];
  const step = (i: number, f: number, c: number): number[] => [i, f, Math.atanh(c), open];
  const rows = [step(open, open, 0.5), step(open, open, 0.25), step(shut, open, 0.9), step(shut, shut, 0.9)];
  const y = o.lstm(tensor(rows.flat(), [1, 4, 4], 'float64'), tensor([0, 0, 0, 0], [1, 4], 'float64'));
  near(
    valuesOf(y),
    [0.5, 0.75, 0.75, 0].flatMap((c) => [Math.tanh(c), c]),
  );
});

test('a GRU that never updates keeps its initial state, and mixes halfway at an update of a half', () => {
  const kernel = tensor([0, 0, 0], [1, 3], 'float64');
  const start = { initialState: [tensor([0.8], [1, 1], 'float64')] };
  const keeps = tensor([50, 0, 3, 50, 0, 3], [1, 2, 3], 'float64');
  near(valuesOf(o.gru(keeps, kernel, null, start)), [0.8, 0.8]);
  const mixes = tensor([0, 0, Math.atanh(0.2)], [1, 1, 3], 'float64');
  near(valuesOf(o.gru(mixes, kernel, tensor([0, 0, 0], [3], 'float64'), start)), [0.5]);
});

const kernels = {
  lstm: (z: Tensor, options: o.RecurrentOptions) => o.lstm(z, normal([3, 12], 2), options),
  gru: (z: Tensor, options: o.RecurrentOptions) => o.gru(z, normal([3, 9], 2), normal([9], 3), options),
  gruResetBefore: (z: Tensor, options: o.RecurrentOptions) => o.gru(z, normal([3, 9], 2), null, options),
  simpleRnn: (z: Tensor, options: o.RecurrentOptions) => o.simpleRnn(z, normal([3, 3], 2), options),
};
const gates = { lstm: 12, gru: 9, gruResetBefore: 9, simpleRnn: 3 };

for (const [name, run] of Object.entries(kernels)) {
  const width = gates[name as keyof typeof gates];

  test(`${name}: steps masked away are as if they were not there`, () => {
    const z = normal([1, 5, width], 7);
    const mask = tensor([0, 1, 0, 1, 1], [1, 5], 'bool');
    const kept = o.concat([o.slice(z, { 1: [1, 2] }), o.slice(z, { 1: [3, 5] })], 1);
    const last = (y: Tensor): Tensor => o.slice(y, { 1: [y.shape[1]! - 1, y.shape[1]!] });
    near(valuesOf(last(run(z, { mask }))), valuesOf(last(run(kept, {}))));
    const first = (y: Tensor): Tensor => o.slice(y, { 1: [0, 1] });
    near(valuesOf(first(run(z, { mask, reverse: true }))), valuesOf(first(run(kept, { reverse: true }))));
  });

  test(`${name}: backwards is forwards on the reversed input`, () => {
    const z = normal([2, 4, width], 8);
    near(valuesOf(run(z, { reverse: true })), valuesOf(o.reverse(run(o.reverse(z, [1]), {}), [1])));
  });

  test(`${name}: a function as activation is unrolled and gives the same`, () => {
    const z = normal([2, 3, width], 9);
    const mask = tensor([1, 1, 0, 0, 1, 1], [2, 3], 'bool');
    const named = run(z, { mask, activation: 'softsign', recurrentActivation: 'hardSigmoid' });
    const made = run(z, { mask, activation: o.softsign, recurrentActivation: o.hardSigmoid });
    near(valuesOf(made), valuesOf(named));
    near(valuesOf(grad(o.sum(o.square(made)), [z])[0]!), valuesOf(grad(o.sum(o.square(named)), [z])[0]!));
  });

  test(`${name}: one tensor as both initial states and input, orders 1 and 2`, () => {
    const states = name === 'lstm' ? 2 : 1;
    const f = (h: Tensor): Tensor => {
      const z = o.reshape(o.concat(new Array<Tensor>(width / 3).fill(h), 1), [2, 1, width]);
      return run(z, { initialState: new Array<Tensor>(states).fill(h) });
    };
    checkGrads(f, [normal([2, 3], 4)]);
  });
}

test('the input projection is evaluated at the ends of the path only', () => {
  const x = placeholder([2, 6, 5], 'float64');
  const z = o.dense(x, normal([5, 12], 1), normal([12], 2));
  const back = o.dense(x, normal([5, 12], 5), normal([12], 6));
  const y = o.add(o.sum(o.lstm(z, normal([3, 12], 3))), o.sum(o.lstm(back, normal([3, 12], 4), { reverse: true })));
  const { frontier } = affineRegion(y, [x]);
  assert.equal(frontier, [z, back]);
  // From one recurrent layer to the next nothing can be hoisted.
  const deep = o.sum(o.gru(o.dense(o.lstm(z, normal([3, 12], 3)), normal([6, 9], 7)), normal([3, 9], 8), null));
  assert.equal(affineRegion(deep, [x]).frontier, [z]);
});

test('a thousand steps differentiate in bounded memory, on one step of the plan', () => {
  const [batch, time, units] = [7, 1000, 16];
  const z = placeholder([batch, time, 4 * units], 'float32');
  const kernel = single(normal([units, 4 * units], 1, 0.2));
  const y = o.lstm(z, kernel);
  const loss = o.sum(o.slice(y, { 1: [time - 1, time] }));
  const before = wasmBackend.memoryInUse();
  const plan = compile([loss, ...grad(loss, [z])], [z], { backend: wasmBackend });
  const input = batch * time * 4 * units * 4;
  // Input and gradient, the states and their gradient, and the kept values of two blocks of six rows.
  const kept = 2 * 6 * time * 6 * units * 4;
  assert.ok(wasmBackend.memoryInUse() - before < 1.2 * (2 * input + input + kept), 'linear memory');
  assert.ok(plan.stats.steps < 12, `${plan.stats.steps} steps`);
  const fed = single(normal([batch, time, 4 * units], 2));
  const [value, gradient] = plan.runSync([fed.data]);
  plan.dispose();
  const wide = placeholder(z.shape, 'float64');
  const exact = o.sum(
    o.slice(o.lstm(wide, tensor(Float64Array.from(kernel.data), kernel.shape)), { 1: [time - 1, time] }),
  );
  const truth = compile([exact, ...grad(exact, [wide])], [wide]).runSync([Float64Array.from(fed.data)]);
  near(value!, truth[0]!, 1e-5);
  near(gradient!, truth[1]!, 1e-5);
});

test('any number of threads and any place of a row give the same bits', () => {
  const [batch, time, units] = [40, 9, 10];
  const row = single(normal([1, time, 4 * units], 3));
  const others = single(normal([batch, time, 4 * units], 4)).data;
  const kernel = single(normal([units, 4 * units], 5));
  const mask = tensor(
    Uint8Array.from({ length: batch * time }, (_, i) => Number(i % time !== 4)),
    [batch, time],
    'bool',
  );
  const places = [0, 5, 17, 39];
  const filled = Float32Array.from(others as Float32Array);
  for (const place of places) filled.set(row.data as Float32Array, place * row.size);
  const z = placeholder([batch, time, 4 * units], 'float32');
  const y = o.lstm(z, kernel, { mask });
  const plan = compile([y, ...grad(o.sum(o.square(y)), [z])], [z], { backend: wasmBackend });
  const before = wasmBackend.threads();
  const results = [1, 2, 3, 1].map((threads) => {
    wasmBackend.setThreads(threads);
    return plan.runSync([filled]);
  });
  wasmBackend.setThreads(before);
  plan.dispose();
  for (const [outputs, gradients] of results) {
    assert.equal(outputs, results[0]![0]);
    assert.equal(gradients, results[0]![1]);
    for (const all of [outputs!, gradients!]) {
      const at = (place: number): Float32Array =>
        (all as Float32Array).slice((place * all.length) / batch, ((place + 1) * all.length) / batch);
      for (const place of places) assert.equal(at(place), at(places[0]!));
    }
  }
});

test('errors name the op, what is wrong and the shapes', () => {
  const z = normal([2, 3, 8], 1);
  assert.throws(
    () => o.lstm(normal([2, 8], 1), normal([2, 8], 2)),
    /lstm: the input is \[batch, time, 4 \* units\] \(got \[2,8\]\)/,
  );
  assert.throws(
    () => o.lstm(z, normal([3, 8], 2)),
    /lstm: weight 0 has the wrong shape \(expected \[2,8\], got \[3,8\]/,
  );
  assert.throws(
    () => o.gru(normal([2, 3, 6], 1), normal([2, 6], 2), normal([3], 3)),
    /gru: weight 1 has the wrong shape/,
  );
  assert.throws(() => o.lstm(normal([2, 0, 8], 1), normal([2, 8], 2)), /lstm: at least one time step is needed/);
  assert.throws(
    () => o.lstm(z, normal([2, 8], 2), { initialState: [normal([2, 2], 3)] }),
    /lstm: 2 initial states are needed/,
  );
  assert.throws(() => o.lstm(z, normal([2, 8], 2), { mask: normal([2, 3], 3) }), /lstm: the mask must be bool/);
  const short = tensor([1, 1], [2, 1], 'bool');
  assert.throws(
    () => o.lstm(z, normal([2, 8], 2), { mask: short }),
    /lstm: the mask has the wrong shape \(expected \[2,3\], got \[2,1\]/,
  );
});

test('a scan back that finds what the scan left gives the bits of one that goes forward again', () => {
  const kinds = [
    ['lstm', 4, (z: Tensor, k: Tensor, options: o.RecurrentOptions) => o.lstm(z, k, options)],
    [
      'gru',
      3,
      (z: Tensor, k: Tensor, options: o.RecurrentOptions) => o.gru(z, k, tensor(new Float32Array(30), [30]), options),
    ],
    ['gruResetBefore', 3, (z: Tensor, k: Tensor, options: o.RecurrentOptions) => o.gru(z, k, null, options)],
    ['simpleRnn', 1, (z: Tensor, k: Tensor, options: o.RecurrentOptions) => o.simpleRnn(z, k, options)],
  ] as const;
  const mask = tensor(
    Uint8Array.from({ length: 13 * 7 }, (_, i) => Number(i % 5 !== 0)),
    [13, 7],
  );
  for (const [name, gates, scan] of kinds) {
    for (const options of [{}, { reverse: true }, { mask }, { activation: 'relu' }] as const) {
      const z = placeholder([13, 7, gates * 10]);
      const y = scan(z, single(normal([10, gates * 10], 3)), options);
      const [dz] = grad(o.sum(y), [z]);
      const x = single(normal([13, 7, gates * 10], 5)).data;
      const [alone, both] = [[dz!], [dz!, y]].map((outputs) => {
        const plan = compile(outputs, [z], { backend: wasmBackend });
        const [made] = plan.runSync([x]);
        plan.dispose();
        return made;
      });
      assert.equal(both, alone, `${name} ${Object.keys(options)}`);
      assert.ok(both!.some((value) => value !== 0));
    }
  }
});

test.run();
