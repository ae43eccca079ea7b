/** ONNX files that were loaded or computed wrongly, each test named after what was wrong. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { evaluate } from '../../src/graph/evaluate.ts';
import { grad } from '../../src/graph/grad.ts';
import { loadOnnx } from '../../src/onnx/index.ts';
import { sum } from '../../src/ops/index.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { callOne, callOperator } from '../support/onnx-call.ts';
import {
  attribute,
  type Bytes,
  floats,
  functionOf,
  graph,
  ints,
  model,
  node,
  nodeOf,
  typedValue,
  value,
} from '../support/onnx-writer.ts';
import { onnxTable } from '../support/tiny-onnx.ts';

const test = suite('onnx: what was broken');

async function refused(work: () => unknown, text: RegExp): Promise<void> {
  let error: unknown = null;
  try {
    await work();
  } catch (thrown) {
    error = thrown;
  }
  assert.instance(error, PathgradError, String(error));
  assert.match((error as Error).message, text);
}

const int = (...values: number[]): Tensor => tensor(Int32Array.from(values), [values.length]);
/** A model of `x [n, 2]` to `y [n, 2]`. */
const small = (nodes: readonly Bytes[], initializers: readonly Bytes[] = [], options = {}): Uint8Array =>
  model('m', { nodes, initializers, inputs: [value('x', [2])], output: value('y', [2]) }, options);
const numbers = async (bytes: Uint8Array, x: number[][]): Promise<number[]> => {
  const [y] = await (await loadOnnx(bytes)).predictAll(x);
  return [...y!.data];
};

test('a graph inside a function reads the names of the function, not those of the caller', async () => {
  const branch = (name: string, op: string): number[] =>
    graph(name, {
      nodes: [nodeOf(op, ['t'], [`${name}_y`], { attributes: [attribute.reference('alpha', 'slope', 1)] })],
      output: value(`${name}_y`, [2]),
    });
  const attributes = [
    attribute.graph('then_branch', branch('then', 'LeakyRelu')),
    attribute.graph('else_branch', branch('else', 'LeakyRelu')),
  ];
  const f = functionOf(
    'F',
    'own',
    ['a', 'c'],
    ['r'],
    [nodeOf('Add', ['a', 'a'], ['t']), nodeOf('If', ['c'], ['r'], { attributes })],
  );
  const nodes = [
    node('Greater', ['v', 'zero'], 'on'),
    // A value of the caller that has the name of one of the function.
    node('Neg', ['x'], 't'),
    nodeOf('F', ['x', 'on'], ['m'], { domain: 'own', attributes: [attribute.float('slope', 0.5)] }),
    nodeOf('Sub', ['m', 't'], ['y']),
  ];
  const bytes = small(nodes, [ints('v', [], [1]), ints('zero', [], [0])], { domains: { own: 1 }, functions: [f] });
  assert.equal(await numbers(bytes, [[1, -2]]), [3, -4]);
});

test('gradients and hooks of a model that is given numbers', async () => {
  const loaded = await loadOnnx(onnxTable);
  const x = tensor([0.1, -0.2, 0.3, 0.4, -0.5], [1, 5]);
  let calls = 0;
  const count = (): null => {
    calls++;
    return null;
  };
  const [y] = loaded.apply([x], { onOutputs: count });
  assert.is(calls, 3);
  const [g] = grad(sum(y!), [x]);
  assert.ok([...evaluate(g!).data].every((v) => v !== 0));
  await refused(
    () => loaded.apply([x], { onOutputs: (() => 5) as never }),
    /a hook returned something else than a list/,
  );
  await refused(() => loaded.apply([x], { onOutputs: 'a' as never }), /onOutputs is a function/);
  await refused(() => loaded.apply([x], { foo: 1 } as never), /unknown option 'foo'/);
  await refused(() => loaded.apply(undefined as never), /apply takes a list of tensors/);
  await refused(() => grad(sum(y!), [x], {} as never), /gy must have the shape of y/);
});

test('writing twice at an index that is an input: the last one stays, products are refused', async () => {
  const index = placeholder([1, 3], 'int32');
  const run = (reduction: string): Tensor =>
    callOne('ScatterElements', [tensor([0, 0, 0], [1, 3], 'float64'), index, tensor([1, 2, 3], [1, 3], 'float64')], {
      attrs: { axis: 1, reduction },
    });

  const plan = compile([run('none'), run('add')], [index]);
  assert.equal(
    plan.runSync([Int32Array.of(1, 1, 0)]).map((y) => [...(y as Float64Array)]),
    [
      [3, 2, 0],
      [3, 3, 0],
    ],
  );
  for (const reduction of ['mul', 'max', 'min']) await refused(() => run(reduction), /may name an element twice/);
  const whole = callOne('ScatterElements', [int(5, 6), int(0, 1), int(16777217, -2147483647)]);
  assert.equal([...evaluate(whole).data], [16777217, -2147483647]);
});

test('a branch or a loop that the number of samples decides', async () => {
  const branch = (name: string, op: string): number[] =>
    graph(name, { nodes: [node(op, ['x'], `${name}_y`)], output: value(`${name}_y`, [2]) });
  const attributes = [
    attribute.graph('then_branch', branch('t', 'Neg')),
    attribute.graph('else_branch', branch('e', 'Abs')),
  ];
  const decidedBy = (axis: number): Uint8Array =>
    small(
      [
        node('Shape', ['x'], 's'),
        node('Gather', ['s', 'axis'], 'n'),
        node('Greater', ['n', 'limit'], 'c'),
        nodeOf('If', ['c'], ['y'], { attributes }),
      ],
      [ints('axis', [], [axis]), ints('limit', [], [2])],
    );
  await refused(() => loadOnnx(decidedBy(0)), /which branch it takes depends on the number of samples/);
  // A size that is the same for all is none of that.
  assert.equal(await numbers(decidedBy(1), [[1, -2]]), [1, 2]);
});

test('integers beyond 24 bits, and types of 8 bits', async () => {
  const data = (op: string, xs: readonly Tensor[], options = {}): number[] => [
    ...evaluate(callOne(op, xs, { dtype: 'float32', ...options })).data,
  ];
  const free = async (op: string, a: readonly number[], b: readonly number[], options = {}): Promise<number[]> => {
    const xs = [a, b].map(({ length }) => placeholder([length], 'int32'));
    const plan = compile([callOne(op, xs, { dtype: 'float32', ...options })], xs);
    return [...(plan.runSync([Int32Array.from(a), Int32Array.from(b)])[0] as Int32Array)];
  };
  const tops = [2147483647, -2147483648, 100000001, -7, 7, -2147483647, 6];
  const bottoms = [3, 7, -1, 2, -2, 2147483647, 3];
  assert.equal(
    await free('Div', tops, bottoms),
    tops.map((a, i) => Math.trunc(a / bottoms[i]!) + 0),
  );
  const modulo = (a: number, b: number): number => a - b * Math.floor(a / b);
  assert.equal(
    await free('Mod', tops, bottoms),
    tops.map((a, i) => modulo(a, bottoms[i]!)),
  );
  assert.equal(
    await free('Mod', tops, bottoms, { attrs: { fmod: 1 } }),
    tops.map((a, i) => (a % bottoms[i]!) + 0),
  );
  const matrix = (...v: number[]): Tensor => tensor(Int32Array.from(v), [1, v.length]);
  assert.equal(data('MatMul', [matrix(16777217, 2), tensor(Int32Array.of(1, 1), [2, 1])]), [16777219]);
  const u8 = { types: [2, 2] };
  assert.equal(data('Add', [int(250, 3), int(10, 4)], u8), [4, 7]);
  assert.equal(data('Cast', [int(300, -1)], { types: [6], attrs: { to: 2 } }), [44, 255]);
  assert.equal(data('Neg', [int(-128, 5)], { types: [3] }), [-128, -5]);
  assert.equal(data('Abs', [int(-128, -5)], { types: [3] }), [-128, 5]);
  assert.equal(data('BitShift', [int(255), int(1)], { ...u8, attrs: { direction: 'LEFT' } }), [254]);
  assert.equal(data('ReduceMean', [int(-7, -8)], { opset: 17 }), [-7]);
  // Whole numbers of quantised models are held in floats.
  assert.equal(data('Add', [tensor([250]), tensor([10])], u8), [4]);
  assert.equal(data('Div', [tensor([125]), tensor([3])], u8), [41]);
});

test('integers that 32 bits cannot hold', async () => {
  const x = typedValue('x', [null, 2], 7);
  const loaded = await loadOnnx(
    model('m', { nodes: [node('Abs', ['x'], 'y')], inputs: [x], output: typedValue('y', [null, 2], 7) }),
  );
  await refused(() => loaded.predict([[5e9, 1]]), /input 'x': 5000000000 is no number that 32 bits can hold/);
  const big = tensor(Int32Array.of(2000000000), [1]);
  await refused(() => callOne('Add', [big, big], { types: [7, 7] }), /makes the integer 4000000000/);
});

test('the remainder of floats near a multiple, and the inverse hyperbolic sine of infinity', () => {
  const f32 = (...v: number[]): Tensor => tensor(Float32Array.from(v), [v.length]);
  const [a, b] = [[1.5, -1.5, 0.9, 5.3], 0.3];
  const rest = evaluate(callOne('Mod', [f32(...a), f32(b)], { dtype: 'float32', attrs: { fmod: 1 } })).data;
  assert.equal(
    [...rest],
    a.map((v) => Math.fround(v) % Math.fround(b)),
  );
  const y = evaluate(callOne('Asinh', [f32(Infinity, -Infinity, 1)], { dtype: 'float32' })).data;
  assert.equal([...y].slice(0, 2), [Infinity, -Infinity]);
});

test('the largest of a row with -Infinity, and of the smallest integers', () => {
  const places = (x: Tensor): number[] => [...evaluate(callOperator('TopK', [x, int(3)], { outputs: 2 })[1]!).data];
  assert.equal(places(tensor([[-Infinity, 2, -Infinity]], [1, 3], 'float64')), [1, 0, 2]);
  assert.equal(places(tensor(Int32Array.of(-2147483648, -2147483648, 1), [1, 3])), [2, 0, 1]);
});

test('one score for two classes with SOFTMAX', async () => {
  const attrs = { coefficients: [1, 2], classlabels_ints: [0, 1], post_transform: 'SOFTMAX' };
  const x = tensor([[1, 2]], [1, 2], 'float64');
  const run = (): Tensor => callOne('LinearClassifier', [x], { domain: 'ai.onnx.ml', attrs });
  await refused(run, /post_transform 'SOFTMAX' of one score for two classes is not supported/);
});

test('pads that cut before they wrap; nearest neighbours of opset 10 and at 5 times 0.2', () => {
  const x = tensor([1, 2, 3, 4, 5], [5], 'float64');
  assert.equal([...evaluate(callOne('Pad', [x, int(2, -2)], { attrs: { mode: 'wrap' } })).data], [2, 3, 1, 2, 3]);
  const row = tensor([0, 1, 2, 3, 4, 5, 6, 7], [1, 8], 'float64');
  const scales = tensor([1, 0.6], [2], 'float64');
  const down = callOne('Resize', [row, scales], { opset: 10, attrs: { mode: 'nearest' } });
  assert.equal([...evaluate(down).data], [0, 2, 4, 5]);
  const roi = tensor(Float64Array.of(0, Math.fround(0.2), 1, Math.fround(0.9)), [4]);
  const cropped = callOne('Resize', [tensor([0, 1, 2, 3, 4, 5], [1, 6], 'float64'), roi, null, int(1, 2)], {
    attrs: { mode: 'nearest', nearest_mode: 'ceil', coordinate_transformation_mode: 'tf_crop_and_resize' },
  });
  assert.equal([...evaluate(cropped).data], [1, 5]);
});

test('names that are given twice', async () => {
  const w = floats('w', [2], [1, 2]);
  await refused(() => loadOnnx(small([node('Add', ['x', 'w'], 'y')], [w, w])), /an initializer gives 'w', which/);
  await refused(
    () => loadOnnx(small([node('Neg', ['x'], 'w'), node('Abs', ['w'], 'y')], [w])),
    /Neg w gives 'w', which an initializer gives as well/,
  );
  const inputs = [value('x', [2]), value('x', [2])];
  const twice = model('m', { nodes: [node('Neg', ['x'], 'y')], inputs, output: value('y', [2]) });
  await refused(() => loadOnnx(twice), /an input gives 'x', which an input before it/);
});

test('attributes and inputs that an operator has not; names of Object.prototype; no output; NaN', async () => {
  const odd = nodeOf('Relu', ['x'], ['y'], { attributes: [attribute.float('alpa', 1)] });
  await refused(() => loadOnnx(small([odd])), /has an attribute 'alpa', which Relu has not/);
  await refused(() => loadOnnx(small([node('Relu', ['x', 'x'], 'y')])), /has 2 inputs, Relu takes 1 at most/);
  for (const name of ['constructor', 'toString', '__proto__']) {
    await refused(() => loadOnnx(small([node(name, ['x'], 'y')])), /is not known/);
    const own = small([nodeOf('Relu', ['x'], ['y'], { domain: name })], [], { domains: { [name]: 1 } });
    await refused(() => loadOnnx(own), /is not known/);
  }
  const none = model('m', { nodes: [node('Relu', ['x'], 'y')], inputs: [value('x', [2])] });
  await refused(() => loadOnnx(none), /has no output/);
  const nan = floats('w', [2], [1, Number.NaN]);
  await refused(() => loadOnnx(small([node('Add', ['x', 'w'], 'y')], [nan])), /tensor 'w': holds NaN \(at 1\)/);
});

test('options and sources that say nothing', async () => {
  const bytes = small([node('Relu', ['x'], 'y')]);
  for (const options of [{ dtype: 'float16' }, { dtype: 32 }, { backend: 'wasm' }, { backend: {} }, { name: 5 }, []]) {
    await refused(() => loadOnnx(bytes, options as never), /loadOnnx: /);
  }
  for (const fixed of [5, null, []]) await refused(() => loadOnnx(bytes, { fixed } as never), /fixed is an object/);
  for (const source of [undefined, null, 5, [null]])
    await refused(() => loadOnnx(source as never), /loadOnnx: the source/);
  const file = (name: string): File => new File([bytes as Uint8Array<ArrayBuffer>], name);
  await refused(() => loadOnnx([file('a.onnx'), file('b.onnx')]), /there are several \.onnx files/);
  assert.is((await loadOnnx([file('A.ONNX')])).inputs.length, 1);
  await refused(() => loadOnnx(Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a)), /loadModel of pathgrad/);
});

test('a class token and a file for one sample are explained with many', async () => {
  const bytes = model('m', {
    nodes: [
      nodeOf('Concat', ['token', 'x'], ['j'], { attributes: [attribute.int('axis', 1)] }),
      nodeOf('ReduceSum', ['j', 'axes'], ['y'], { attributes: [attribute.int('keepdims', 0)] }),
    ],
    initializers: [floats('token', [1, 1, 2], [1, 2]), ints('axes', [1], [1])],
    inputs: [typedValue('x', [1, 2, 2])],
    output: typedValue('y', [1, 2]),
  });
  const loaded = await loadOnnx(bytes);
  const x = tensor(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [2, 2, 2]);
  assert.equal([...(await loaded.predictAll(x))[0]!.data], [5, 8, 13, 16]);
  const { attributions } = await new IntegratedGradients(loaded, { nSteps: 5 }).explain(x, { target: 0 });
  const found = attributions[0]!.data;
  assert.ok(
    [1, 0, 3, 0, 5, 0, 7, 0].every((v, i) => Math.abs(v - found[i]!) < 1e-5),
    String(found),
  );
});

test.run();
