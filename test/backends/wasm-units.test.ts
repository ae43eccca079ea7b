/**
 * Units of work do not touch each other: every kernel call, cut into pieces that run from the last to the first or from the first
 * to the last, gives the bits of one call. Threads rely on it. A piece that writes past its end overwrites what another has computed.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Backend } from '../../src/backends/backend.ts';
import { fuses } from '../../src/backends/wasm/bind/binders.ts';
import { bindProgram } from '../../src/backends/wasm/executable.ts';
import { Machine } from '../../src/backends/wasm/machine.ts';
import type { Call } from '../../src/backends/wasm/step.ts';
import { compile } from '../../src/graph/compile.ts';
import { exampleInputs } from '../../src/graph/examples.ts';
import { grad } from '../../src/graph/grad.ts';
import * as o from '../../src/ops/index.ts';
import { type LineConvAttrs, lineConv } from '../../src/ops/line-conv.ts';
import { isFloat, type TypedArray } from '../../src/tensor/dtype.ts';
import { placeholder, Tensor, tensor } from '../../src/tensor/tensor.ts';
import { examplesUnderTest, opsUnderTest } from '../support/ops.ts';
import { random } from './support.ts';

const test = suite('wasm: units apart');

const machine = new Machine();
type Range = readonly [number, number];
const whole = ({ units }: Call): Range[] => [[0, units]];
const pieces =
  (size: number, backwards: boolean) =>
  ({ units, fault }: Call): Range[] => {
    if (fault) return [[0, units]];
    // A long call in some twenty pieces of odd sizes.
    const step = Math.max(size, Math.floor(units / 23));
    const count = Math.ceil(units / step);
    const ranges = Array.from({ length: count }, (_, i): Range => [i * step, Math.min(units, (i + 1) * step)]);
    return backwards ? ranges.reverse() : ranges;
  };

function cut(into: (call: Call) => Range[]): Backend {
  const run = (calls: readonly Call[]): void => {
    for (const call of calls) {
      for (const [from, to] of into(call)) {
        const result = (call.own?.kernels ?? machine.kernels)[call.fn]!(from, to, ...call.args);
        if (call.fault && result !== undefined && result >= 0) throw call.fault(result);
      }
    }
  };
  return { name: 'wasm in pieces', fuses, prepare: (program) => bindProgram(machine, program, { run, ending: null }) };
}

const once = cut(whole);
const ways = [1, 2, 3].flatMap((size) => [true, false].map((backwards) => cut(pieces(size, backwards))));

const bits = (data: TypedArray): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

function sameBits(
  name: string,
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  data: readonly TypedArray[],
): void {
  const run = (backend: Backend): TypedArray[] => {
    const plan = compile(outputs, inputs, { backend });
    const results = plan.runSync(data);
    plan.dispose();
    return results;
  };
  const expected = run(once);
  for (const [i, way] of ways.entries()) {
    run(way).forEach((result, k) => {
      const [a, b] = [bits(result), bits(expected[k]!)];
      assert.ok(
        a.every((byte, at) => byte === b[at]),
        `${name}, output ${k}, way ${i}`,
      );
    });
  }
}

for (const op of opsUnderTest()) {
  test(`${op.name} and its gradients`, () => {
    for (const example of examplesUnderTest(op).filter(({ size }) => size !== 'real')) {
      const data = exampleInputs(example, 'float32');
      const inputs = data.map(({ shape, dtype }) => placeholder(shape, dtype));
      const y = new Tensor(op, inputs, example.attrs, op.shape(inputs, example.attrs), null);
      if (y.dtype === 'float64') continue; // the reference backend's business
      const floats = isFloat(y.dtype) && op.vjp !== 'none' ? inputs.filter(({ dtype }) => isFloat(dtype)) : [];
      const outputs = [y, ...(floats.length > 0 ? grad(y, floats) : [])];
      sameBits(
        `${op.name} ${JSON.stringify(example)}`,
        outputs,
        inputs,
        data.map((x) => x.data),
      );
    }
  });
}

test('products of few rows with many columns, which are cut by columns: A full of zeros and not', () => {
  const A = (dense: boolean): Float32Array => {
    const values = random([10, 1568]).data as Float32Array;
    return dense ? values : values.map((v, i) => (i % 7 === 0 ? v : 0));
  };
  for (const columns of [256, 250, 20, 8]) {
    const b = random([1568, columns], 2);
    for (const dense of [true, false]) {
      const x = placeholder([10, 1568]);
      sameBits(`${columns} columns, dense ${dense}`, [o.matmul(o.relu(x), b)], [x], [A(dense)]);
    }
  }
});

test('a convolutional network and its gradient, as explanations run it', () => {
  const x = placeholder([5, 14, 14, 1]);
  const [w, v, u] = [random([2, 2, 1, 12], 3), random([2, 2, 12, 7], 4), random([63, 50], 5)];
  const h = o.maxPool(o.relu(o.conv2d(x, w, { padding: 'same' })));
  const k = o.maxPool(o.relu(o.conv2d(h, v, { padding: 'same' })));
  const y = o.softmax(o.matmul(o.relu(o.matmul(o.reshape(k, [5, 63]), u)), tensor(random([50, 4], 6).data, [50, 4])));
  sameBits('network', [y, grad(o.slice(y, { 1: [1, 2] }), [x])[0]!], [x], [random([5, 14, 14, 1], 7).data]);
});

test('convolutions of lines by their kinks: bands of rows, and strips of filters, of one sample and of several', () => {
  const attrs: LineConvAttrs = {
    ...{ relu: true, window: [2, 2], strides: [1, 1], dilations: [1, 1] },
    ...{ poolStrides: [2, 2], poolPads: [[0, 0], [0, 0]], pads: [[1, 0], [0, 1]] }, // biome-ignore format: two axes each
  };
  for (const [samples, size] of [
    [1, 22],
    [1, 4],
    [3, 12],
  ] as const) {
    const [start, delta, alpha] = [
      placeholder([samples, size, size, 12]),
      placeholder([samples, size, size, 12]),
      placeholder([20]),
    ];
    const y = lineConv([start, random([2, 2, 12, 90], 3), delta, alpha], attrs);
    const steps = Float32Array.from({ length: 20 }, (_, k) => (k + 0.5) / 20);
    const data = [random(start.shape, 4).data, random(delta.shape, 5).data, steps];
    sameBits(
      `${samples} of ${size}`,
      [o.relu(y), grad(y, [start], random(y.shape, 6))[0]!],
      [start, delta, alpha],
      data,
    );
  }
});

test.run();
