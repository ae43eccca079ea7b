/**
 * Integers that a model makes of its inputs: exact, or an error that names the node. Values are those of onnxruntime 1.32 where they fit; where they
 * do not, int64 must not start anew without a word, nor uint32 be taken for signed.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadOnnx } from '../../../src/onnx/index.ts';
import { tensor } from '../../../src/tensor/tensor.ts';
import { attribute, type Bytes, ints, model, nodeOf, tensorOf, typedValue } from '../../support/onnx-writer.ts';

const test = suite('onnx: integers of a running model');
const [FLOAT, INT32, INT64, FLOAT16, DOUBLE, UINT32, UINT64, BFLOAT16] = [1, 6, 7, 10, 11, 12, 13, 16];

interface Net {
  readonly nodes: readonly Bytes[];
  readonly types: readonly number[];
  readonly initializers?: readonly Bytes[];
  readonly width?: number;
  readonly dtype?: 'float32' | 'float64';
}

/** What a net of inputs a, b, ... makes of them as its output y. */
async function run(
  { nodes, types, initializers = [], dtype = 'float32' }: Net,
  ...rows: number[][]
): Promise<number[]> {
  const names = [...'abc'].slice(0, types.length);
  const inputs = names.map((name, i) => typedValue(name, [null, rows[i]!.length], types[i]!));
  const file = model('m', { nodes, initializers, inputs, output: typedValue('y', [null, null], 1) }, { opset: 18 });
  const loaded = await loadOnnx(file, { dtype, name: 'm.onnx' });
  const given = Object.fromEntries(
    names.map((name, i) => [name, tensor(Float64Array.from(rows[i]!), [1, rows[i]!.length])]),
  );
  const [y] = await loaded.predictAll(names.length === 1 ? given['a']! : given);
  return [...y!.data];
}

const two = (op: string, type: number): Net => ({ nodes: [nodeOf(op, ['a', 'b'], ['y'])], types: [type, type] });
const castTo = (from: number, ...to: readonly number[]): Net => ({
  nodes: to.map((type, i) =>
    nodeOf('Cast', [i === 0 ? 'a' : `v${i}`], [i + 1 === to.length ? 'y' : `v${i + 1}`], {
      attributes: [attribute.int('to', type)],
    }),
  ),
  types: [from],
});
const reduce = (op: string, type: number): Net => ({
  nodes: [nodeOf(op, ['a', 'one'], ['y'])],
  types: [type],
  initializers: [ints('one', op === 'CumSum' ? [] : [1], [1])],
});

async function refused(work: Promise<unknown>, words: RegExp): Promise<void> {
  try {
    const got = await work;
    assert.unreachable(`gave ${String(got)}`);
  } catch (error) {
    assert.match((error as Error).message, words);
    assert.is((error as Error).name, 'PathgradError');
  }
}

const beyond = (node: string, bits = 32): RegExp =>
  new RegExp(`^${node}: makes an integer that is more than ${bits} bits can hold`);

test('int64 beyond 32 bits is refused while it runs, by the node: it started anew', async () => {
  await refused(run(two('Add', INT64), [2 ** 31 - 1], [1]), beyond('Add y'));
  await refused(run(two('Sub', INT64), [-(2 ** 31)], [1]), beyond('Sub y'));
  await refused(run(two('Mul', INT64), [65536], [65536]), beyond('Mul y'));
  await refused(run(two('Mul', INT64), [46341], [46341]), beyond('Mul y'));
  const product = {
    nodes: [nodeOf('MatMul', ['a', 'w'], ['y'])],
    types: [INT64],
    initializers: [ints('w', [2, 1], [1, 65536])],
  };
  await refused(run(product, [0, 65536]), beyond('MatMul y'));
  assert.equal(await run(product, [65535, 32767]), [2147483647]);
  await refused(run(reduce('ReduceSum', INT64), [2 ** 30, 2 ** 30, 5]), beyond('ReduceSum y'));
  await refused(run(reduce('ReduceProd', INT64), [65536, 65536]), beyond('ReduceProd y'));
  await refused(run(reduce('ReduceSumSquare', INT64), [46341]), beyond('ReduceSumSquare y'));
  await refused(run(reduce('CumSum', INT64), [2 ** 30, 2 ** 30]), beyond('CumSum y'));
  const negated = { nodes: [nodeOf('Neg', ['a'], ['y'])], types: [INT64] };
  await refused(run(negated, [-(2 ** 31)]), beyond('Neg y'));
  await refused(run(two('Div', INT64), [-(2 ** 31)], [-1]), /^Div y: makes the integer 2147483648/);
});

test('int64 within 32 bits is exact to the last', async () => {
  assert.equal(await run(two('Add', INT64), [2 ** 31 - 2, -(2 ** 31)], [1, 2 ** 31 - 1]), [2 ** 31 - 1, -1]);
  assert.equal(await run(two('Mul', INT64), [46340, -46340], [46340, 46341]), [2147395600, -2147441940]);
  assert.equal(await run(reduce('ReduceSum', INT64), [2 ** 31 - 1, -(2 ** 31), 7]), [6]);
  assert.equal(await run(reduce('ReduceMean', INT64), [2 ** 30 + 1, 2 ** 30 - 2]), [2 ** 30 - 1]);
  assert.equal(await run(reduce('CumSum', INT64), [2 ** 30, 2 ** 30 - 1]), [2 ** 30, 2 ** 31 - 1]);
});

test('int32 starts anew where onnxruntime does, and is refused where that does something else', async () => {
  assert.equal(await run(two('Add', INT32), [2 ** 31 - 1], [1]), [-(2 ** 31)]);
  assert.equal(await run(two('Mul', INT32), [65537], [65537]), [131073]);
  await refused(run(reduce('ReduceSumSquare', INT32), [65536]), beyond('ReduceSumSquare y'));
});

test('uint32 is not signed: below 0 and beyond 31 bits it is refused, modulo 2^32 within them', async () => {
  assert.equal(await run(two('Mul', UINT32), [65537], [65537]), [131073]);
  assert.equal(await run(two('Sub', UINT32), [7], [5]), [2]);
  await refused(run(two('Sub', UINT32), [5], [7]), beyond('Sub y', 31));
  await refused(run(two('Add', UINT32), [2 ** 31 - 1], [1]), beyond('Add y', 31));
  await refused(run(castTo(INT64, UINT32), [-1]), beyond('Cast y', 31));
  await refused(run(two('Sub', UINT64), [5], [7]), beyond('Sub y', 31));
});

test('a number that a model computes with and that 32 bits cannot hold is refused before it runs', async () => {
  const last = tensorOf('n', [1], INT64, BigInt64Array.of(2n ** 63n - 1n));
  const net = { nodes: [nodeOf('Add', ['a', 'n'], ['y'])], types: [INT64], initializers: [last] };
  await refused(run(net, [1]), /Add y: computes with an integer that is more than 32 bits can hold/);
  assert.equal(await run({ ...net, nodes: [nodeOf('Min', ['a', 'n'], ['y'])] }, [5]), [5]);
});

test('floats beyond 32 bits do not become integers', async () => {
  assert.equal(await run(castTo(FLOAT, INT64), [2147483520, -(2 ** 31), -0.9]), [2147483520, -(2 ** 31), 0]);
  await refused(run(castTo(FLOAT, INT64), [3e9]), beyond('Cast y'));
  await refused(run(castTo(FLOAT, INT32), [-3e9]), beyond('Cast y'));
  await refused(run(castTo(FLOAT, UINT32), [-1.5]), beyond('Cast y', 31));
  assert.equal(await run(castTo(FLOAT, UINT32), [-0.5]), [0]);
});

test('integer to float32 and back rounds as float32, in both dtypes; by way of double it is exact or refused', async () => {
  for (const dtype of ['float32', 'float64'] as const) {
    assert.equal(await run({ ...castTo(INT64, FLOAT, INT64), dtype }, [2 ** 24 + 1, 16777219]), [2 ** 24, 16777220]);
  }
  assert.equal(await run({ ...castTo(INT64, DOUBLE, INT64), dtype: 'float64' }, [2 ** 24 + 1]), [2 ** 24 + 1]);
  assert.equal(await run(castTo(INT64, DOUBLE, INT64), [2 ** 24]), [2 ** 24]);
  await refused(
    run(castTo(INT64, DOUBLE, INT64), [2 ** 24 + 1]),
    /^Cast v1: makes a double of an integer beyond 2\^24/,
  );
});

test('a cast to float16 rounds to halves, ties to even, to infinity from 65520 on', async () => {
  for (const dtype of ['float32', 'float64'] as const) {
    const net = { ...castTo(FLOAT, FLOAT16, FLOAT), dtype };
    assert.equal(await run(net, [2049, 2051, 65519, 65520, -1e6, 0, 1]), [
      2048,
      2052,
      65504,
      Infinity,
      -Infinity,
      0,
      1,
    ]);
    // The smallest half is 2^-24.
    assert.equal(await run(net, [2 ** -25, 1.5 * 2 ** -24, 2 ** -26]), [0, 2 ** -23, 0]);
    assert.equal(await run(net, [1 / 3]), [0.333251953125]);
    assert.equal(await run({ ...castTo(FLOAT, BFLOAT16, FLOAT), dtype }, [1 / 3, 257, 259]), [0.333984375, 256, 260]);
  }
});

test('a model that rounds to 16 bits says so, and its gradient is that of the cast', async () => {
  const file = model('m', {
    nodes: [nodeOf('Cast', ['a'], ['y'], { attributes: [attribute.int('to', FLOAT16)] })],
    inputs: [typedValue('a', [null, 1], FLOAT)],
    output: typedValue('y', [null, 1], FLOAT16),
  });
  const loaded = await loadOnnx(file);
  assert.match(loaded.notices.join(), /rounds to 16 bits \(Cast: 1 nodes\)/);
});

test.run();
