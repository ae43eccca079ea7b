/**
 * Row R5: integers and booleans are promoted as docs/dtypes.md says, on every backend alike. Every cell of its tables runs on the
 * reference, wasm and gpu backends, and is compared with the same function of the same numbers in float64.
 */
import * as assert from 'uvu/assert';
import { dtypes, type Make, meetings, outcome, pairs, rows } from '../../scripts/dtypes-doc.ts';
import type { Backend } from '../../src/backends/backend.ts';
import { binders } from '../../src/backends/gpu/binders.ts';
import { gpuBackend } from '../../src/backends/gpu/index.ts';
import { reference } from '../../src/backends/reference/index.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { evaluate } from '../../src/graph/evaluate.ts';
import { grad } from '../../src/graph/grad.ts';
import { ancestors } from '../../src/graph/traverse.ts';
import * as o from '../../src/ops/index.ts';
import { allocate, type DType, dtypeOf, isFloat, type TypedArray } from '../../src/tensor/dtype.ts';
import { placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { relativeError } from '../backends/support.ts';
import { faults } from '../support/faults.ts';
import { modelFrom } from '../support/keras-models.ts';

const fault = faults('dtypes');

/** A cell: a function of fed operands of the given dtypes, and the same of the same numbers in float64. */
interface Cell {
  readonly name: string;
  readonly dtypes: readonly DType[];
  readonly build: (makes: readonly Make[]) => Tensor;
}

const cells: readonly Cell[] = [
  ...[...rows].flatMap(([name, f]) => dtypes.map((dtype): Cell => ({ name, dtypes: [dtype], build: ([x]) => f(x!) }))),
  ...[...pairs].flatMap(([name, f]) =>
    meetings.map(
      ([a, b]): Cell =>
        typeof b === 'number'
          ? { name: `${name} with ${b}`, dtypes: [a], build: ([x]) => f(x!(), b) }
          : { name, dtypes: [a, b], build: ([x, y]) => f(x!(), y!()) },
    ),
  ),
];

const integers = [3, -2, 0, 1, 5, -1, 2, 4];
const values = (dtype: DType, size: number, from: number): TypedArray => {
  const data = allocate(dtype, size);
  for (let i = 0; i < size; i++) {
    const value = integers[(i + from) % integers.length]!;
    data[i] = isFloat(dtype) ? value / 2 : dtype === 'bool' ? value & 1 : value;
  }
  return data;
};

/** All cells in one plan; with `lifted`, of the same numbers in float64. */
function results(backend: Backend, chosen: readonly Cell[], lifted = false): TypedArray[] {
  const [inputs, data]: [Tensor[], TypedArray[]] = [[], []];
  const outputs = chosen.map((cell) => {
    let from = 0;
    const makes = cell.dtypes.map(
      (dtype): Make =>
        (shape = [2, 3]) => {
          const x = placeholder(shape, lifted ? 'float64' : dtype);
          const plain = values(dtype, x.size, from++);
          inputs.push(x);
          data.push(lifted ? Float64Array.from(plain) : plain);
          return x;
        },
    );
    return cell.build(makes);
  });
  const plan = compile(outputs, inputs, { backend });
  const found = plan.runSync(data).map((result) => result.slice());
  plan.dispose();
  return found;
}

const title = ({ name, dtypes: given }: Cell): string => `${name} of ${given.join(', ')}`;
const dtypeOfCell = (cell: Cell): DType | 'error' =>
  outcome(() =>
    cell.build(
      cell.dtypes.map(
        (dtype): Make =>
          (shape = [2, 3]) =>
            placeholder(shape, dtype),
      ),
    ),
  );
const runnable = cells.filter((cell) => dtypeOfCell(cell) !== 'error');
const wanted = results(reference, runnable, true);

function check(backend: Backend, chosen: readonly Cell[]): void {
  const found = results(backend, chosen);
  chosen.forEach((cell, i) => {
    const dtype = dtypeOfCell(cell);
    assert.is(dtypeOf(found[i]!), dtype, title(cell));
    const error = relativeError(found[i]!, wanted[runnable.indexOf(cell)]!);
    assert.ok(error <= (isFloat(dtype as DType) ? 1e-5 : 0), `${title(cell)}: ${error} on ${backend.name}`);
  });
}

const narrow = runnable.filter((cell) => {
  const all = [...cell.dtypes, dtypeOfCell(cell)];
  return !all.includes('float64') && cell.dtypes.some((dtype) => !isFloat(dtype));
});

fault('R5', 'integers and booleans gave 0 where fractions come out, on the reference backend', () =>
  check(reference, runnable),
);
fault('R5', 'wasm had other results, or none, for integers and booleans', () => check(wasmBackend, narrow));
fault('R5', 'gpu had other results for integers and booleans', async () => {
  const backend = await gpuBackend({ mode: 'cpu' });
  check(backend, narrow);
  backend.dispose();
});

fault('R5', 'where integers make no sense, some backends computed and some did not', () => {
  const refused = cells.filter((cell) => dtypeOfCell(cell) === 'error');
  assert.ok(refused.length > 50);
  for (const { dtypes: given, name, build } of refused) {
    const run = (): Tensor =>
      build(
        given.map(
          (dtype): Make =>
            (shape = [2, 3]) =>
              placeholder(shape, dtype),
        ),
      );
    assert.throws(run, /floats of one dtype are needed.*\n.*cast\(x|operands differ in dtype.*\n.*cast\(tensor/, name);
  }
});

fault('R5', 'every op is in the tables', () => {
  const used = new Set<string>();
  const collect = (y: Tensor): void => {
    for (const { op } of ancestors([y])) if (op) used.add(op.name);
  };
  for (const f of rows.values()) collect(f((shape = [2, 3]) => placeholder(shape)));
  for (const f of pairs.values()) collect(f(placeholder([2, 3]), placeholder([2, 3])));
  // Ops that training alone asks for, with floats, promote nothing; the table of a backend that others share has none of them.
  assert.equal(
    Object.keys(o.ops).filter((name) => !used.has(name)),
    Object.keys(o.ops).filter((name) => !(name in binders)),
  );
});

fault('R5', 'the examples of the row', () => {
  const ints = tensor([1, 2, 3], undefined, 'int32');
  assert.is(evaluate(o.mean(ints)).item(), 2);
  assert.equal(evaluate(o.mul(ints, 0.5)).toArray(), [0.5, 1, 1.5]);
  assert.is(evaluate(o.exp(ints)).data[0], Math.fround(Math.E));
  assert.ok(Math.abs(evaluate(o.sum(o.softmax(ints))).item() - 1) < 1e-6);
  const three = tensor([true, true, true], undefined, 'bool');
  assert.is(evaluate(o.sum(three)).item(), 3);
  assert.equal(tensor([0, 0.5], undefined, 'bool').toArray(), [false, true]);
  // -2^31 has no negative.
  assert.is(evaluate(o.argmin(tensor([5, -(2 ** 31)], undefined, 'int32'))).item(), 1);
});

fault('R5', 'int32 is exact where float32 is not', () => {
  const [big, three] = [placeholder([2], 'int32'), placeholder([], 'int32')];
  const outputs = [o.mul(big, three), o.add(big, 1), o.equal(big, o.add(big, 1)), o.sum(big), o.maximum(big, 2 ** 31)];
  for (const backend of [reference, wasmBackend]) {
    const plan = compile(outputs, [big, three], { backend });
    const found = plan.runSync([Int32Array.of(2 ** 24 + 1, 123456789), Int32Array.of(31)]);
    const wrapped = 123456789 * 31 - 2 ** 32;
    assert.equal([...found[0]!], [(2 ** 24 + 1) * 31, wrapped], backend.name);
    assert.equal([...found[1]!], [2 ** 24 + 2, 123456790]);
    assert.equal([...found[2]!], [0, 0]);
    assert.equal([...found[3]!], [2 ** 24 + 1 + 123456789]);
    // A number that int32 cannot hold is not cut to one that it can.
    assert.equal([...found[4]!], [2 ** 31, 2 ** 31]);
    plan.dispose();
  }
});

fault('R5', 'operations in files cut quotients of integers towards 0', async () => {
  const of = async (op: string, by: number): Promise<number[]> => {
    const input = { name: 'x', batch_input_shape: [null, 4], dtype: 'int32' };
    const node = {
      name: 'op',
      dtype: 'int32',
      node_def: { name: op, op, input: ['x'], attr: {} },
      constants: { 1: by },
    };
    const layers = [
      { class_name: 'InputLayer', name: 'x', config: input, inbound_nodes: [] },
      { class_name: 'TensorFlowOpLayer', name: 'op', config: node, inbound_nodes: [[['x', 0, 0, {}]]] },
    ];
    const config = { name: 'm', layers, input_layers: [['x', 0, 0]], output_layers: [['op', 0, 0]] };
    const model = modelFrom({ class_name: 'Model', keras_version: '2.3.0-tf', config });
    const [y] = await model.predictAll([[-3, -1, 2, 5]]);
    model.dispose();
    return [...y!.data];
  };
  assert.equal(await of('FloorDiv', 2), [-2, -1, 1, 2]);
  assert.equal(await of('FloorMod', 3), [0, 2, 2, 2]);
  assert.equal(await of('Pow', 3), [-27, -1, 8, 125]);
  assert.equal(await of('Pow', -1), [-1 / 3, -1, 0.5, 0.2].map(Math.fround));
});

fault('R5', 'graphs of floats have no node more, and gradients end at integers', () => {
  const x = placeholder([2, 3]);
  for (const [name, f] of rows) {
    if (/^cast|^oneHot|^embedding/.test(name)) continue;
    const y = f((shape = [2, 3]) => placeholder(shape));
    assert.not.ok(
      ancestors([y]).some(({ op }) => op?.name === 'cast'),
      name,
    );
  }
  const ids = placeholder([2, 3], 'int32');
  const [dx, dIds] = grad(o.sum(o.mul(x, ids)), [x, ids]);
  assert.is(dx!.dtype, 'float32');
  assert.is(dIds!.dtype, 'int32');
});

fault.run();
