/**
 * The node tests of the `onnx` package: folders with a model of one operator (or of what its function expands to), inputs and outputs. A test is
 * right, refused with a reason, or wrong. Integer inputs are made constants of the model, as exporters write them; floats are fed, unless shapes
 * follow from them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { compile } from '../../src/graph/compile.ts';
import { Guard } from '../../src/guard/guard.ts';
import { parseOnnx, parseTensor } from '../../src/onnx/file/parse.ts';
import type { OnnxFile, TensorRecord } from '../../src/onnx/file/records.ts';
import { typeName, valuesOf } from '../../src/onnx/file/values.ts';
import { prepare } from '../../src/onnx/graph/prepare.ts';
import { type Run, runSteps, Values } from '../../src/onnx/graph/run.ts';
import { setInitializers } from '../../src/onnx/graph/start.ts';
import type { FloatDType } from '../../src/tensor/dtype.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { placeholder, type Tensor } from '../../src/tensor/tensor.ts';

export interface NodeTest {
  readonly name: string;
  /** Operators of its model; one, or those of an expanded function. */
  readonly ops: readonly string[];
  readonly outcome: 'right' | 'refused' | 'wrong';
  /** What was wrong, or why it is refused. */
  readonly said: string;
  /** Largest difference, relative to the largest element of its output (or 1); of float32 and float64 outputs only. */
  readonly difference: number;
}

/** Folders of node tests: PATHGRAD_ONNX_TESTS (paths, as in PATH), or those of the installed package. */
export function nodeTestFolders(): string[] {
  const given = process.env['PATHGRAD_ONNX_TESTS']?.split(delimiter) ?? [installed()];
  const inside = ['', 'node', 'onnx/backend/test/data/node', 'backend/test/data/node'];
  return given.flatMap((folder) =>
    inside
      .map((part) => join(folder, part))
      .filter(hasTests)
      .slice(0, 1),
  );
}

function installed(): string {
  const code =
    "import importlib.util as u; s = u.find_spec('onnx'); print(s.submodule_search_locations[0] if s else '')";
  return spawnSync('python3', ['-c', code], { encoding: 'utf8' }).stdout?.trim() ?? '';
}

const hasTests = (folder: string): boolean =>
  folder !== '' && existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('test_'));

/** What says that something is not supported, by the words of its error. */
const refusals: readonly RegExp[] = [
  /is not supported/,
  /is not known/,
  /are not supported/,
  /holds (texts|elements of type)/,
  /cannot be read/,
  /more than 32 bits can hold/,
];

/** Runs one test. */
export function runNodeTest(folder: string, name: string): NodeTest {
  const path = join(folder, name);
  let ops: readonly string[] = [];
  let difference = 0;
  try {
    const file = parseOnnx(new Uint8Array(readFileSync(join(path, 'model.onnx'))), name);
    ops = [...new Set(file.graph.nodes.map(({ opType }) => opType))];
    const odd = [...file.graph.inputs, ...file.graph.outputs].find(({ type }) => type === 0);
    if (odd)
      return { name, ops, outcome: 'refused', said: 'a sequence or an optional value is not supported', difference };
    for (const set of readdirSync(path).filter((entry) => entry.startsWith('test_data_set'))) {
      const [inputs, outputs] = ['input', 'output'].map((kind) => tensorsOf(join(path, set), kind)) as [
        TensorRecord[],
        TensorRecord[],
      ];
      difference = Math.max(difference, compared(file, inputs, outputs));
    }
    return { name, ops, outcome: 'right', said: '', difference };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const refused = error instanceof PathgradError && refusals.some((words) => words.test(said));
    return { name, ops, outcome: refused ? 'refused' : 'wrong', said, difference };
  }
}

function tensorsOf(folder: string, kind: string): TensorRecord[] {
  const files = readdirSync(folder).filter((file) => file.startsWith(`${kind}_`));
  return files.map((_, i) => {
    const bytes = new Uint8Array(readFileSync(join(folder, `${kind}_${i}.pb`)));
    return parseTensor(bytes, { file: `${kind}_${i}.pb`, guard: new Guard(kind, bytes.length), depth: 0 });
  });
}

const dtypeOf = (records: readonly TensorRecord[]): FloatDType =>
  records.some(({ type }) => typeName(type) === 'double') ? 'float64' : 'float32';

const isHalf = (type: number): boolean => /float16/.test(typeName(type));

/** The largest difference. @throws where one is too large */
function compared(file: OnnxFile, inputs: readonly TensorRecord[], outputs: readonly TensorRecord[]): number {
  const dtype = dtypeOf([...inputs, ...outputs]);
  const found = computed(file, inputs, dtype);
  let worst = 0;
  outputs.forEach((record, i) => {
    const want = valuesOf(record, file.name, dtype, () => null);
    const { tensor: got, data } = found[i]!;
    if (got.shape.join() !== want.shape.join())
      throw new Error(`output ${i} has shape [${got.shape}], expected [${want.shape}]`);
    let largest = 0;
    for (const v of want.data) if (Number.isFinite(v)) largest = Math.max(largest, Math.abs(v));
    // The package's own bounds, and float32's rounding of the largest element; of 16 bits there are three digits.
    const [relative, absolute] = isHalf(record.type) ? [4e-3, 2e-3] : [1e-3, Math.max(1e-7, 1e-6 * largest)];
    for (let k = 0; k < want.size; k++) {
      const [a, b] = [data[k]!, want.data[k]!];
      if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
      const difference = Math.abs(a - b);
      if (!(difference <= absolute + relative * Math.abs(b)))
        throw new Error(`output ${i} has ${a} at ${k}, expected ${b}`);
      if (!isHalf(record.type)) worst = Math.max(worst, difference / Math.max(1, largest));
    }
  });
  return worst;
}

interface Computed {
  readonly tensor: Tensor;
  readonly data: ArrayLike<number>;
}

function computed(file: OnnxFile, inputs: readonly TensorRecord[], dtype: FloatDType): Computed[] {
  try {
    return withFed(file, inputs, dtype, true);
  } catch (error) {
    if (!(error instanceof PathgradError) || !/depends on the model's inputs/.test(error.message)) throw error;
    return withFed(file, inputs, dtype, false);
  }
}

/** Inputs that are not fed are initializers of the model. */
function withFed(file: OnnxFile, inputs: readonly TensorRecord[], dtype: FloatDType, floats: boolean): Computed[] {
  const own = new Set(file.graph.initializers.map(({ name }) => name));
  const named = file.graph.inputs.flatMap((input, i) => (inputs[i] ? [{ input, record: inputs[i]! }] : []));
  const tensors = named.map(({ input, record }) => ({
    name: input.name,
    record,
    tensor: valuesOf(record, file.name, dtype, () => null),
  }));
  const fed = tensors.filter(({ tensor }) => floats && tensor.dtype === dtype);
  const fixed = tensors.filter((one) => !fed.includes(one)).map(({ name, record }) => ({ ...record, name }));
  const initializers = [
    ...file.graph.initializers.filter(({ name }) => !fed.some((one) => one.name === name)),
    ...fixed,
  ];
  const graph = { ...file.graph, initializers, inputs: file.graph.inputs.filter(({ name }) => !own.has(name)) };
  const prepared = prepare({ ...file, graph });
  const values = new Values();
  const run: Run = {
    file: file.name,
    dtype,
    external: () => null,
    hooks: {},
    layerOf: () => {
      throw new Error('no hooks');
    },
    known: new Map(),
    decided: [],
    calls: new Map(),
    rows: null,
  };
  setInitializers(prepared, values, run);
  const places = fed.map(({ name, record, tensor }) => {
    const place = placeholder(tensor.shape, tensor.dtype);
    values.set(name, { tensor: place, type: record.type, fixed: false });
    return place;
  });
  runSteps(prepared, values, run);
  const outputs = file.graph.outputs.map(({ name }) => values.get(name)!.tensor);
  const plan = compile(outputs, places, {});
  try {
    const data = plan.runSync(fed.map(({ tensor }) => tensor.data));
    return outputs.map((tensor, i) => ({ tensor, data: data[i]! }));
  } finally {
    plan.dispose();
  }
}
