/** Whole ONNX files: graphs in any order, functions, control flow, batches, fixed inputs, weights and layers. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IntegratedGradients } from '../../src/attribution/index.ts';
import { inspectOnnx, loadOnnx } from '../../src/onnx/index.ts';
import { tensor } from '../../src/tensor/tensor.ts';
import { assertWork, startWork } from '../support/busy.ts';
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
  tensorOf,
  typedValue,
  value,
} from '../support/onnx-writer.ts';
import { onnxLoop, onnxLstm, onnxPictures, onnxTable, onnxTwo } from '../support/tiny-onnx.ts';

const test = suite('onnx: files');

async function outputs(
  bytes: Uint8Array,
  x: Parameters<Awaited<ReturnType<typeof loadOnnx>>['predictAll']>[0],
  options = {},
) {
  const loaded = await loadOnnx(bytes, options);
  return (await loaded.predictAll(x)).map((y) => ({ shape: [...y.shape], data: [...y.data] }));
}

async function refused(bytes: Uint8Array, text: RegExp, options = {}): Promise<void> {
  const error = await loadOnnx(bytes, { name: 'm.onnx', ...options }).then(
    () => null,
    (e: Error) => e,
  );
  assert.match(error?.message ?? 'nothing was thrown', text);
}

test('a table by hand; several inputs by name; layers are nodes', async () => {
  const loaded = await loadOnnx(onnxTable);
  assert.equal(
    loaded.layers.map(({ path, className }) => `${path}:${className}`),
    ['first:Gemm', 'tanh:Tanh', 'y:Gemm'],
  );
  assert.equal(loaded.outputs[0]!.shape, [null, 1]);
  assert.is(loaded.countParams(), 5 * 4 + 4 + 4 + 1);
  const w = (size: number, seed: number): number[] =>
    Array.from({ length: size }, (_, i) => Math.fround(Math.sin(1.7 * i + seed)));
  const [k, b, l, c] = [w(20, 1), w(4, 2), w(4, 3), w(1, 4)];
  const x = [0.1, -0.2, 0.3, 0.4, -0.5];
  const hidden = b.map((bias, j) => Math.tanh(bias + x.reduce((total, v, i) => total + v * k[i * 4 + j]!, 0)));
  const expected = c[0]! + hidden.reduce((total, v, j) => total + v * l[j]!, 0);
  const [y] = await loaded.predictAll([x]);
  assert.ok(Math.abs(y!.data[0]! - expected) < 1e-6);
  const two = await outputs(onnxTwo, { a: [[1, 2, 3, 4, 5]], b: [[5, 4, 3, 2, 1]] });
  assert.equal(two[0]!.data, [6, 6, 6, 6, 6]);
});

test('integrated gradients add up, on inputs and at a node, alone and beside others the same', async () => {
  const loaded = await loadOnnx(onnxPictures, { dtype: 'float64' });
  const X = tensor(
    Float64Array.from({ length: 2 * 192 }, (_, i) => Math.sin(i)),
    [2, 3, 8, 8],
  );
  const explainer = new IntegratedGradients(loaded, { nSteps: 64 });
  const both = await explainer.explain(X, { target: 1 });
  assert.ok(both.completeness!.every(({ relative }) => Math.abs(relative) < 1e-2));
  const one = await explainer.explain(tensor(X.data.slice(0, 192), [1, 3, 8, 8]), { target: 1 });
  assert.ok(one.attributions[0]!.data.every((v, i) => Math.abs(v - both.attributions[0]!.data[i]!) < 1e-12));
  const atRelu = await new IntegratedGradients(loaded, { nSteps: 64, layer: 'relu' }).explain(X, { target: 1 });
  assert.equal([...atRelu.attributions[0]!.shape], [2, 4, 8, 8]);
});

test('nodes in any order; a cycle, a name given twice and one that nothing gives are named', async () => {
  const parts = (nodes: readonly Bytes[]) => ({ nodes, inputs: [value('x', [2])], output: value('y', [2]) });
  const sorted = [node('Relu', ['x'], 'a'), node('Neg', ['a'], 'b'), node('Exp', ['b'], 'y')];
  const expected = await outputs(model('m', parts(sorted)), [[1, -1]]);
  assert.equal(await outputs(model('m', parts([sorted[2]!, sorted[0]!, sorted[1]!])), [[1, -1]]), expected);
  const cycle = [node('Add', ['x', 'b'], 'a'), node('Neg', ['a'], 'b'), node('Exp', ['b'], 'y')];
  await refused(model('m', parts(cycle)), /m\.onnx, Add a: .*the graph has a cycle/);
  await refused(
    model('m', parts([...sorted, node('Neg', ['x'], 'b')])),
    /Neg b_1: gives 'b', which Neg b gives as well/,
  );
  await refused(model('m', parts([node('Exp', ['z'], 'y')])), /Exp y: reads 'z', which nothing in the graph gives/);
  await refused(model('m', { ...parts(sorted), output: value('q', [2]) }), /q/);
});

test('all operators that are not supported at once, and in inspect; other opsets', async () => {
  const parts = {
    nodes: [node('NonMaxSuppression', ['x'], 'a'), node('Frobnicate', ['a'], 'b'), node('Frobnicate', ['b'], 'y')],
    inputs: [value('x', [2])],
    output: value('y', [2]),
  };
  const said =
    /NonMaxSuppression \(1, first at a\): the shape of its result[\s\S]*Frobnicate \(2, first at b\): it is not known/;
  await refused(model('m', parts), said);
  const report = await inspectOnnx(model('m', parts));
  assert.equal([report.runnable, report.unsupported.length, report.operators['Frobnicate']], [false, 2, 2]);
  const fine = { nodes: [node('Relu', ['x'], 'y')], inputs: [value('x', [2])], output: value('y', [2]) };
  await refused(model('m', fine, { opset: 6 }), /is of opset 6 \(supported 7 to 26\)/);
  await refused(model('m', fine, { opset: 99 }), /is of opset 99/);
});

test('functions of the model stand in the place of their calls, with attributes and defaults', async () => {
  const f = functionOf(
    'Scaled',
    'own',
    ['a'],
    ['r'],
    [
      nodeOf('LeakyRelu', ['a'], ['t'], { attributes: [attribute.reference('alpha', 'slope', 1)] }),
      nodeOf('Add', ['t', 't'], ['r']),
    ],
    { defaults: [attribute.float('slope', 0.5)] },
  );
  const nodes = [
    nodeOf('Scaled', ['x'], ['m'], { name: 'one', domain: 'own', attributes: [attribute.float('slope', 0.25)] }),
    nodeOf('Scaled', ['m'], ['y'], { name: 'two', domain: 'own' }),
  ];
  const bytes = model(
    'm',
    { nodes, inputs: [value('x', [2])], output: value('y', [2]) },
    { domains: { own: 1 }, functions: [f] },
  );
  // -4 -> 2 * (0.25 * -4) = -2 -> 2 * (0.5 * -2) = -2; 3 -> 6 -> 12
  assert.equal((await outputs(bytes, [[-4, 3]]))[0]!.data, [-2, 12]);
  const loaded = await loadOnnx(bytes);
  assert.ok(loaded.getLayer('one/t') && loaded.getLayer('two/t'), 'the layers of each call have its name in front');
  const endless = functionOf('F', 'own', ['a'], ['r'], [nodeOf('F', ['a'], ['r'], { domain: 'own' })]);
  const call = {
    nodes: [nodeOf('F', ['x'], ['y'], { domain: 'own' })],
    inputs: [value('x', [2])],
    output: value('y', [2]),
  };
  await refused(model('m', call, { domains: { own: 1 }, functions: [endless] }), /nests deeper/);
});

test('a function of another opset than the model: read by either where they agree, refused where an operator means something else', async () => {
  const of = (op: string, own: number | null): Uint8Array => {
    const f = functionOf('F', 'own', ['a'], ['r'], [nodeOf(op, ['a'], ['r'])], { opset: own });
    const parts = {
      nodes: [nodeOf('F', ['x'], ['y'], { domain: 'own' })],
      inputs: [value('x', [2])],
      output: value('y', [2]),
    };
    return model('m', parts, { opset: 18, domains: { own: 1 }, functions: [f] });
  };
  await refused(
    of('Softmax', 11),
    /m\.onnx, function F at y: is of opset 11, the model of 18, and Softmax means something else/,
  );
  await refused(of('Relu', 30), /function F at y: is of opset 30 \(supported 7 to 26\)/);
  assert.equal((await outputs(of('Relu', 11), [[-1, 2]]))[0]!.data, [0, 2]);
  // What the function does not import is read by the model's version, not by the first.
  assert.equal((await outputs(of('Softmax', null), [[1, 1]]))[0]!.data, [0.5, 0.5]);
});

test('functions of one name are told apart by their overload', async () => {
  const f = (overload: string, op: string): number[] =>
    functionOf('F', 'own', ['a'], ['r'], [nodeOf(op, ['a'], ['r'])], { overload });
  const nodes = [
    nodeOf('F', ['x'], ['m'], { domain: 'own', overload: 'one' }),
    nodeOf('F', ['m'], ['y'], { domain: 'own', overload: 'two' }),
  ];
  const parts = { nodes, inputs: [value('x', [2])], output: value('y', [2]) };
  const bytes = model('m', parts, { domains: { own: 1 }, functions: [f('one', 'Neg'), f('two', 'Relu')] });
  assert.equal((await outputs(bytes, [[-1, 2]]))[0]!.data, [1, 0]);
});

test('an open first axis that is no batch is not cut into batches: softmax over 40 rows, a sum of them', async () => {
  const parts = (op: string, attributes: readonly Bytes[]) =>
    model('m', {
      nodes: [nodeOf(op, ['x'], ['y'], { attributes })],
      inputs: [value('x', [1])],
      output: value('y', [1]),
    });
  const x = Array.from({ length: 40 }, () => [1]);
  const [even] = await outputs(parts('Softmax', [attribute.int('axis', 0)]), x);
  assert.equal(even!.data, new Array(40).fill(Math.fround(1 / 40)));
  // Its error was a RangeError of a typed array.
  const [mean] = await outputs(parts('ReduceMean', [attribute.ints('axes', [0])]), x);
  assert.equal(mean, { shape: [1, 1], data: [1] });
});

test('steps and samples of which there are none are told apart', async () => {
  const net = (rank: readonly (number | null)[], perm: readonly number[]) =>
    model('m', {
      nodes: [
        nodeOf('Transpose', ['x'], ['t'], { attributes: [attribute.ints('perm', perm)] }),
        nodeOf('LSTM', ['t', 'w', 'r'], ['y'], { name: 'lstm', attributes: [attribute.int('hidden_size', 1)] }),
      ],
      initializers: [floats('w', [1, 4, 1], [1, 1, 1, 1]), floats('r', [1, 4, 1], [1, 1, 1, 1])],
      inputs: [typedValue('x', rank)],
      output: typedValue('y', [null, 1, null, 1]),
    });
  const none = { data: [], shape: [2, 0, 1] };
  const steps = await loadOnnx(net([null, null, 1], [1, 0, 2]), { name: 'm.onnx' });
  await steps.predict(none).then(
    () => assert.unreachable(),
    (e: Error) => assert.match(e.message, /LSTM lstm: there are no steps: the axis of time has size 0/),
  );
  await steps.predict({ data: [], shape: [0, 2, 1] }).then(
    () => assert.unreachable(),
    (e: Error) => assert.match(e.message, /the batch is empty: the first axis has size 0/),
  );
});

const branch = (name: string, op: string): number[] =>
  graph(name, { nodes: [node(op, ['x'], `${name}_y`)], output: value(`${name}_y`, [2]) });

test('If goes where a number decides, and is refused where an input does', async () => {
  const attributes = [
    attribute.graph('then_branch', branch('t', 'Neg')),
    attribute.graph('else_branch', branch('e', 'Abs')),
  ];
  const decided = (condition: readonly Bytes[], initializers: readonly Bytes[]) =>
    model('m', {
      nodes: [...condition, nodeOf('If', ['c'], ['y'], { attributes })],
      initializers,
      inputs: [value('x', [2])],
      output: value('y', [2]),
    });
  const constant = (v: number): Uint8Array =>
    decided([node('Greater', ['v', 'zero'], 'c')], [ints('v', [], [v]), ints('zero', [], [0])]);
  assert.equal((await outputs(constant(1), [[1, -2]]))[0]!.data, [-1, 2]);
  assert.equal((await outputs(constant(-1), [[1, -2]]))[0]!.data, [1, 2]);
  const open = decided(
    [node('ReduceSum', ['x'], 's', {}), node('Greater', ['s', 'zero'], 'c')],
    [floats('zero', [], [0])],
  );
  await refused(open, /If y: .*which branch it takes depends on the model's inputs/);
});

test('Loop turns as often as a number says, and collects what each turn gives', async () => {
  const [y, all] = await outputs(onnxLoop, [[1, 10]]);
  assert.equal(y!.data, [4, 40]);
  assert.equal(
    [all!.shape, all!.data],
    [
      [3, 1, 2],
      [4, 40, 6, 60, 8, 80],
    ],
  );
});

test('shapes that follow from the batch: states of an LSTM as large as it, reshapes with its size', async () => {
  const loaded = await loadOnnx(onnxLstm, { dtype: 'float64' });
  const X = tensor(
    Float64Array.from({ length: 45 }, (_, i) => Math.cos(i)),
    [3, 5, 3],
  );
  assert.equal([...(await loaded.predictAll(X))[0]!.shape], [3, 4]);
  const { completeness, attributions } = await new IntegratedGradients(loaded, { nSteps: 50 }).explain(X, {
    target: 2,
  });
  assert.ok(completeness!.every(({ relative }) => Math.abs(relative) < 1e-2));
  const alone = await new IntegratedGradients(loaded, { nSteps: 50 }).explain(tensor(X.data.slice(15, 30), [1, 5, 3]), {
    target: 2,
  });
  assert.ok(alone.attributions[0]!.data.every((v, i) => Math.abs(v - attributions[0]!.data[15 + i]!) < 1e-12));
});

test('a batch size that the file states: any where samples can be shown apart, else as many at a time', async () => {
  const stated = (nodes: readonly Bytes[], initializers: readonly Bytes[], shape: readonly number[]) =>
    model('m', { nodes, initializers, inputs: [typedValue('x', [1, 4])], output: typedValue('y', shape) });
  const apart = stated(
    [node('Reshape', ['x', 's'], 'r'), node('Relu', ['r'], 'y')],
    [ints('s', [3], [1, 2, 2])],
    [1, 2, 2],
  );
  const loaded = await loadOnnx(apart);
  assert.equal(loaded.inputs[0]!.shape, [null, 4]);
  const [y] = await loaded.predictAll([
    [1, -2, 3, 4],
    [5, 6, -7, 8],
  ]);
  assert.equal(
    [[...y!.shape], [...y!.data]],
    [
      [2, 2, 2],
      [1, 0, 3, 4, 5, 6, 0, 8],
    ],
  );
  // A sum over all axes mixes samples: one at a time it is what the file says.
  const mixing = stated([nodeOf('ReduceSum', ['x'], ['s']), node('Add', ['x', 's'], 'y')], [], [1, 4]);
  const [z] = await outputs(mixing, [
    [1, 2, 3, 4],
    [0, 0, 0, 1],
  ]);
  assert.equal(z!.data, [11, 12, 13, 14, 1, 1, 1, 2]);
  const explained = new IntegratedGradients(await loadOnnx(mixing)).explain([[1, 2, 3, 4]], { target: 0 });
  assert.match(
    String(await explained.catch((e: Error) => e.message)),
    /runs one sample at a time and cannot be shown to keep more apart/,
  );
});

test('fixed inputs: a rate that decides, a first state', async () => {
  const attributes = [
    attribute.graph('then_branch', branch('t', 'Neg')),
    attribute.graph('else_branch', branch('e', 'Abs')),
  ];
  const bytes = model('m', {
    nodes: [node('Equal', ['rate', 'sixteen'], 'c'), nodeOf('If', ['c'], ['y'], { attributes })],
    initializers: [ints('sixteen', [], [16])],
    inputs: [value('x', [2]), typedValue('rate', [], 7)],
    output: value('y', [2]),
  });
  assert.equal((await outputs(bytes, [[1, -2]], { fixed: { rate: 16 } }))[0]!.data, [-1, 2]);
  assert.equal((await outputs(bytes, [[1, -2]], { fixed: { rate: 8 } }))[0]!.data, [1, 2]);
  await refused(bytes, /input 'rate': has no batch: it is a single number\nhint: .*fixed: \{ "rate": value/);
  await refused(bytes, /there is no input 'rat' to fix\nhint: did you mean 'rate'/, { fixed: { rat: 1 } });
  await refused(bytes, /input 'rate': the fixed value has the wrong shape/, { fixed: { rate: [1, 2] } });
  await refused(bytes, /unknown option 'fix'/, { fix: {} });
});

test('other weights make another model; initializers that are listed as inputs are none', async () => {
  const bytes = model('m', {
    nodes: [node('Mul', ['x', 'w'], 'a'), node('Add', ['a', 'w'], 'y')],
    initializers: [floats('w', [2], [2, 3])],
    inputs: [value('x', [2]), typedValue('w', [2])],
    output: value('y', [2]),
  });
  const loaded = await loadOnnx(bytes);
  assert.equal(
    loaded.inputs.map(({ name }) => name),
    ['x'],
  );
  const asked: string[] = [];
  const other = await loaded.withWeights(({ layer, name }) => {
    asked.push(`${layer} ${name}`);
    return [10, 100];
  });
  assert.equal(asked, ['a w'], 'a weight that two nodes read is asked for once');
  assert.equal([...(await other.predictAll([[1, 1]]))[0]!.data], [20, 200]);
  assert.equal([...(await loaded.predictAll([[1, 1]]))[0]!.data], [4, 6]);
  const bad = await loaded.withWeights(() => [1]).catch((e: Error) => e.message);
  assert.match(String(bad), /weight 'w' is given another number of values/);
});

test('Scan turns once per slice, forwards or back', async () => {
  const body = graph('body', {
    nodes: [node('Add', ['s', 'v'], 'next'), node('Identity', ['next'], 'seen')],
    inputs: [value('s', []), value('v', [])],
    outputs: [value('next', []), value('seen', [])],
  });
  const scanning = (more: readonly Bytes[]): Uint8Array =>
    model('m', {
      nodes: [
        nodeOf('Scan', ['zero', 'x'], ['y', 'all'], {
          attributes: [
            attribute.graph('body', body),
            attribute.int('num_scan_inputs', 1),
            attribute.ints('scan_input_axes', [1]),
            ...more,
          ],
        }),
      ],
      initializers: [floats('zero', [1], [0])],
      inputs: [value('x', [3])],
      outputs: [value('y', []), typedValue('all', [3, null])],
    });
  const [y, all] = await outputs(scanning([]), [[1, 10, 100]]);
  assert.equal([y!.data, all!.data], [[111], [1, 11, 111]]);
  const [, back] = await outputs(scanning([attribute.ints('scan_input_directions', [1])]), [[1, 10, 100]]);
  assert.equal(back!.data, [100, 110, 111]);
  await refused(scanning([attribute.ints('scan_output_axes', [1])]), /Scan y: .*scan_output_axes other than 0/);
});

test('a model that rounds says so, and nothing else does', async () => {
  const quantised = model('q', {
    nodes: [node('QuantizeLinear', ['x', 's', 'z'], 'q'), node('DequantizeLinear', ['q', 's', 'z'], 'y')],
    initializers: [floats('s', [], [0.5]), tensorOf('z', [], 2, Uint8Array.of(3))],
    inputs: [value('x', [2])],
    output: value('y', [2]),
  });
  const loaded = await loadOnnx(quantised);
  assert.equal(loaded.notices, [
    'the model is quantised (DequantizeLinear, QuantizeLinear: 2 nodes): gradients pass straight through its rounding',
  ]);
  assert.equal([...(await loaded.predictAll([[0.6, -9]]))[0]!.data], [0.5, -1.5]);
  const { attributions } = await new IntegratedGradients(loaded).explain([[0.6, 1]], { target: 0 });
  assert.ok(Math.abs(attributions[0]!.data[0]! - 0.6) < 1e-6, 'as if nothing were rounded');
  assert.equal((await loadOnnx(onnxTable)).notices, []);
});

test('a chain of 5,000 nodes', async () => {
  const nodes = Array.from({ length: 5000 }, (_, i) =>
    node('Neg', [i === 0 ? 'x' : `n${i - 1}`], i === 4999 ? 'y' : `n${i}`),
  );
  const bytes = model('m', { nodes: nodes.reverse(), inputs: [value('x', [2])], output: value('y', [2]) });
  const work = startWork();
  assert.equal((await outputs(bytes, [[1, -2]]))[0]!.data, [1, -2]);
  assertWork(work, 20_000);
});

test.run();
