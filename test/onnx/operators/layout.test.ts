/** Turns of channels cancel in compiled graphs, change no value and no gradient, and hide nothing that is observed or fed. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reference } from '../../../src/backends/reference/index.ts';
import { compile } from '../../../src/graph/compile.ts';
import { grad } from '../../../src/graph/grad.ts';
import { randomNormal } from '../../../src/graph/random.ts';
import { simplify } from '../../../src/graph/simplify.ts';
import { ancestors } from '../../../src/graph/traverse.ts';
import { sizeOf } from '../../../src/tensor/shape.ts';
import { placeholder, type Tensor, tensor } from '../../../src/tensor/tensor.ts';
import { callOne } from '../../support/onnx-call.ts';

const test = suite('onnx layout');
const random = (shape: readonly number[], seed: number): Tensor =>
  tensor(Float64Array.from(randomNormal(sizeOf(shape), seed)), shape);

/** A small residual net: its named tensors as `[batch, channels, height, width]`, and the logits. */
function net(x: Tensor): { readonly hidden: Tensor; readonly sum: Tensor; readonly logits: Tensor } {
  const conv = (y: Tensor, channels: number, from: number, seed: number): Tensor =>
    callOne('Conv', [y, random([channels, from, 3, 3], seed), random([channels], seed + 1)], {
      attrs: { pads: [1, 1, 1, 1] },
    });
  const one = conv(x, 4, 3, 1);
  const statistics = [2, 3, 4].map((seed) => random([4], seed));
  const spread = callOne('Abs', [random([4], 9)]);
  const normal = callOne('BatchNormalization', [one, ...statistics, spread]);
  const hidden = callOne('Relu', [normal]);
  const two = callOne('Clip', [conv(hidden, 4, 4, 5), tensor(0, [], 'float64'), tensor(6, [], 'float64')]);
  const sum = callOne('Add', [two, hidden]);
  const pooled = callOne('MaxPool', [sum], { attrs: { kernel_shape: [2, 2], strides: [2, 2] } });
  const scaled = callOne('Mul', [pooled, random([4, 1, 1], 6)]);
  const gate = callOne('Sigmoid', [callOne('GlobalAveragePool', [scaled])]);
  const both = callOne('Concat', [callOne('Mul', [scaled, gate]), pooled], { attrs: { axis: 1 } });
  const three = conv(callOne('Pad', [both, tensor([0, 0, 1, 0, 0, 0, 0, 1], [8], 'int32')]), 2, 8, 7);
  const flat = callOne('Flatten', [callOne('GlobalAveragePool', [three])]);
  return { hidden, sum, logits: callOne('Gemm', [flat, random([2, 2], 8)]) };
}

const run = (outputs: readonly Tensor[], inputs: readonly Tensor[], data: readonly Tensor[]): number[][] =>
  compile(outputs, inputs, { backend: reference })
    .runSync(data.map(({ data }) => data))
    .map((values) => Array.from(values));

const turns = (outputs: readonly Tensor[], inputs: readonly Tensor[]): Tensor[] =>
  ancestors(simplify(outputs, inputs).outputs, new Set(inputs)).filter(
    ({ op, size }) => op?.name === 'transpose' && size > 16,
  );

/** The slope of the logits along one direction by central differences, through the whole graph anew. */
function slope(x: Tensor, direction: Tensor): number {
  const at = (step: number): number => {
    const moved = tensor(x.data.map((v, i) => v + step * direction.data[i]!) as Float64Array, x.shape);
    const input = placeholder(x.shape, 'float64');
    return run([net(input).logits], [input], [moved])[0]!.reduce((a, b) => a + b, 0);
  };
  return (at(1e-5) - at(-1e-5)) / 2e-5;
}

test('a convolutional net is turned once, on the way in', () => {
  const x = placeholder([2, 3, 6, 6], 'float64');
  const { logits } = net(x);
  assert.is(
    turns([logits], [x]).length,
    1,
    turns([logits], [x])
      .map((t) => `${t} of ${t.inputs[0]} of ${t.inputs[0]!.inputs.join(' and ')}`)
      .join('\n'),
  );
});

test('gradients are those of differences, and go back with one turn', () => {
  const x = placeholder([2, 3, 6, 6], 'float64');
  const { logits } = net(x);
  const [gradient] = grad(logits, [x], tensor(new Float64Array(4).fill(1), [2, 2]));
  const [value, direction] = [random([2, 3, 6, 6], 21), random([2, 3, 6, 6], 22)];
  const [g] = run([gradient!], [x], [value]);
  const found = g!.reduce((total, v, i) => total + v * direction.data[i]!, 0);
  assert.ok(Math.abs(found - slope(value, direction)) < 1e-6 * Math.abs(found), `${found} ${slope(value, direction)}`);
  assert.ok(turns([gradient!], [x]).length <= 3, `${turns([gradient!], [x]).length} turns`);
});

test('what lies between two turns is observed and may be fed', () => {
  const x = placeholder([2, 3, 6, 6], 'float64');
  const { hidden, sum, logits } = net(x);
  const value = random([2, 3, 6, 6], 23);
  const seed = tensor(new Float64Array(4).fill(1), [2, 2]);
  const whole = run([logits, hidden, sum, ...grad(logits, [hidden, sum], seed)], [x], [value]);
  // The same from where the graph is cut: nothing of what is before it may be looked through.
  const [hiddenValue, sumValue] = [whole[1]!, whole[2]!].map((v) => tensor(Float64Array.from(v), hidden.shape));
  const cut = run([logits, ...grad(logits, [sum], seed)], [sum], [sumValue!]);
  const near = (a: readonly number[], b: readonly number[]): boolean => a.every((v, i) => Math.abs(v - b[i]!) < 1e-12);
  assert.ok(near(cut[0]!, whole[0]!) && near(cut[1]!, whole[4]!));
  const early = run([logits, ...grad(logits, [hidden], seed)], [hidden], [hiddenValue!]);
  assert.ok(near(early[0]!, whole[0]!) && near(early[1]!, whole[3]!));
  const other = run([logits], [sum], [random(sum.shape, 24)]);
  assert.not.ok(near(other[0]!, whole[0]!), 'what is fed has an effect');
  assert.ok(whole[3]!.some((v) => v !== 0) && whole[4]!.some((v) => v !== 0));
});

test.run();
