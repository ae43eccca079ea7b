/** From a path, URL, bytes or files to an ONNX model that can be run and explained, or to a list of what of it is not supported. */
import type { Backend } from '../backends/backend.ts';
import {
  forWinograd,
  type LoadAccelerator,
  loadAccelerators,
  sliding,
  winograd,
} from '../backends/wasm/accelerators.ts';
import { wasmBackend } from '../backends/wasm/index.ts';
import type { ModelSource } from '../keras/load/source.ts';
import { Model } from '../model/model.ts';
import { type FloatDType, isFloat } from '../tensor/dtype.ts';
import { didYouMean, failure } from '../tensor/errors.ts';
import { checkOptions } from '../tensor/options.ts';
import { type NestedArray, Tensor, tensor } from '../tensor/tensor.ts';
import type { GraphRecord, OnnxFile, TensorRecord } from './file/records.ts';
import { checkSignature } from './file/signatures.ts';
import { dtypeFor, type External, readExternal, valuesOf } from './file/values.ts';
import { FIRST_OPSET, LAST_OPSET } from './graph/opsets.ts';
import { type Prepared, prepare } from './graph/prepare.ts';
import type { OnnxLayer } from './model/layer.ts';
import { onnxDefinition } from './model/model.ts';
import { open } from './open/open.ts';
import { allSteps, nameOf, refused, type UnsupportedOperator, unsupportedIn } from './open/supported.ts';

/** What `loadOnnx` takes beside the file. */
export interface OnnxOptions {
  /** The float type to compute in, whatever the file holds; float32 by default. */
  readonly dtype?: FloatDType;
  /** Runs the model's plans. */
  readonly backend?: Backend;
  /** What to call the file in errors; its own name by default. */
  readonly name?: string;
  /** Inputs that stay the same for all samples, with their batch where they have one: a rate, a first state, a flag that decides an If. */
  readonly fixed?: Readonly<Record<string, Tensor | NestedArray>>;
}

/** What `inspectOnnx` finds in a file, whether or not it can be loaded. */
export interface OnnxReport {
  readonly name: string;
  readonly irVersion: number;
  readonly producer: string;
  /** Opset by domain; the standard one is `ai.onnx`. */
  readonly opsets: Readonly<Record<string, number>>;
  /** How many nodes of each operator there are. */
  readonly operators: Readonly<Record<string, number>>;
  readonly unsupported: readonly UnsupportedOperator[];
  readonly runnable: boolean;
}

/**
 * Loads an ONNX model: opsets 7 to 26 of `ai.onnx`, and what `docs/onnx.md` lists of `com.microsoft` and `ai.onnx.ml`.
 * @param source a path (Node), a URL, the bytes, a File; or a list of files: the model and those that hold values of it
 * @returns a model whose layers are the nodes by their names
 * @throws PathgradError naming the file and node at fault; all operators that are not supported at once
 */
export async function loadOnnx(
  source: ModelSource | readonly ModelSource[],
  options: OnnxOptions = {},
): Promise<Model<OnnxLayer>> {
  checkOptions<OnnxOptions>('loadOnnx', options, { dtype: 1, backend: 1, name: 1, fixed: 1 });
  checkValues(options);
  const { dtype = 'float32', backend = null } = options;
  const { file, place, given } = await open('loadOnnx', source, options.name);
  checkOpset(file);
  const graph = prepare(file);
  const missing = unsupportedIn(graph);
  if (missing.length > 0) throw refused(file, missing);
  for (const { node, path } of allSteps(graph)) checkSignature(node, `${file.name}, ${node.opType} ${path}`);
  if (graph.record.outputs.length === 0) throw failure(file.name, 'has no output', {}, 'nothing could be predicted');
  if (file.graph.sparse > 0) throw failure(file.name, 'has sparse initializers, which are not supported');
  const external = await readExternal(tensorsOf(file.graph), file.name, place, given);
  const initializers = new Map(
    file.graph.initializers.map((record) => [
      record.name,
      { tensor: weightOf(record, file.name, dtype, external), type: record.type },
    ]),
  );
  const fixed = fixedInputs(file, options.fixed ?? {}, dtype);
  if (dtype === 'float32' && (backend ?? wasmBackend) === wasmBackend)
    await loadAccelerators(acceleratorsOf(graph, initializers));
  return new Model(onnxDefinition({ file, graph, initializers, fixed, external, dtype, backend }));
}

/** What its convolutions run faster with; all of it for one whose kernel is computed from constants. */
function* acceleratorsOf(
  graph: Prepared,
  initializers: ReadonlyMap<string, { readonly tensor: Tensor }>,
): Generator<LoadAccelerator> {
  for (const { node } of allSteps(graph)) {
    if (node.opType !== 'Conv' && node.opType !== 'ConvTranspose') continue;
    const kernel = initializers.get(node.inputs[1] ?? '')?.tensor.shape;
    const [filters = 0, channels = 0, ...window] = kernel ?? [];
    // A depthwise kernel has one channel.
    if (!kernel || (channels === 1 && filters > 1)) yield sliding;
    if (!kernel || forWinograd(window, channels === 1 ? [filters] : [filters, channels])) yield winograd;
  }
}

/**
 * What an ONNX file holds, and whether it can be run, without its weights.
 * @throws PathgradError where it is no ONNX model, or its graph makes no sense
 */
export async function inspectOnnx(source: ModelSource, options: { readonly name?: string } = {}): Promise<OnnxReport> {
  checkOptions('inspectOnnx', options, { name: 1 });
  checkName('inspectOnnx', options.name);
  const { file } = await open('inspectOnnx', source, options.name);
  const graph = prepare(file);
  const counts = new Map<string, number>();
  for (const { node } of allSteps(graph)) {
    const name = nameOf(node);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const unsupported = unsupportedIn(graph);
  return {
    name: file.graph.name || file.name,
    irVersion: file.irVersion,
    producer: file.producer,
    opsets: Object.fromEntries([...file.opsets].map(([domain, version]) => [domain || 'ai.onnx', version])),
    operators: Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))),
    unsupported,
    runnable: unsupported.length === 0,
  };
}

/** @throws PathgradError for options that say nothing, or nothing that can be done */
function checkValues({ dtype = 'float32', backend, name, fixed }: OnnxOptions): void {
  if (dtype !== 'float32' && dtype !== 'float64') {
    throw failure(
      'loadOnnx',
      `dtype is 'float32' or 'float64'`,
      { got: dtype },
      'floats of every width are read as that',
    );
  }
  if (backend !== undefined && typeof (backend as Partial<Backend> | null)?.prepare !== 'function') {
    const hint =
      'backends are made by functions: backend: await gpuBackend() of pathgrad/gpu; leave it out for the fastest';
    throw failure('loadOnnx', 'backend is no backend', { got: backend }, hint);
  }
  checkName('loadOnnx', name);
  if (fixed !== undefined && (typeof fixed !== 'object' || fixed === null || Array.isArray(fixed))) {
    throw failure('loadOnnx', 'fixed is an object: values by the names of inputs', { got: fixed });
  }
}

function checkName(subject: string, name: string | undefined): void {
  if (name === undefined || (typeof name === 'string' && name !== '')) return;
  throw failure(subject, 'name is a text', { got: name });
}

/** @throws PathgradError for a weight with NaN: every result would be */
function weightOf(record: TensorRecord, file: string, dtype: FloatDType, external: External): Tensor {
  const found = valuesOf(record, file, dtype, external);
  const bad = found.size > 1 && isFloat(found.dtype) ? found.data.findIndex(Number.isNaN) : -1;
  if (bad < 0) return found;
  const hint = 'training diverged, or the file is damaged';
  throw failure(`${file}, tensor '${record.name}'`, 'holds NaN', { at: bad }, hint);
}

function checkOpset({ name, opsets }: OnnxFile): void {
  const version = opsets.get('');
  if (version === undefined && opsets.size > 0) return;
  if (version === undefined) {
    throw failure(
      name,
      'does not say which opset it is of',
      {},
      'onnx.checker.check_model(model) tells what else is missing',
    );
  }
  if (version >= FIRST_OPSET && version <= LAST_OPSET) return;
  const hint = 'convert it in Python: onnx.version_converter.convert_version(model, 17)';
  throw failure(name, `is of opset ${version}`, { supported: `${FIRST_OPSET} to ${LAST_OPSET}` }, hint);
}

/** All tensors of the graph and the graphs inside it. */
function tensorsOf(graph: GraphRecord): TensorRecord[] {
  const inside = graph.nodes.flatMap(({ attributes }) =>
    [...attributes.values()].flatMap((attribute) => [
      ...(attribute.tensor ? [attribute.tensor] : []),
      ...(attribute.graph ? tensorsOf(attribute.graph) : []),
    ]),
  );
  return [...graph.initializers, ...inside];
}

function fixedInputs(file: OnnxFile, given: Readonly<Record<string, Tensor | NestedArray>>, dtype: FloatDType) {
  const inputs = new Map(file.graph.inputs.map((input) => [input.name, input]));
  return new Map(
    Object.entries(given).map(([name, value]) => {
      const input = inputs.get(name);
      if (!input)
        throw failure(file.name, `there is no input '${name}' to fix`, {}, didYouMean(name, [...inputs.keys()]));
      const where = `${file.name}, input '${name}'`;
      const kind = dtypeFor(input.type, dtype, where);
      const made = value instanceof Tensor ? tensor(value.data, value.shape, kind) : tensor(value, undefined, kind);
      const fits =
        input.shape === null ||
        (input.shape.length === made.rank && input.shape.every((dim, i) => dim === null || dim === made.shape[i]));
      if (!fits)
        throw failure(where, 'the fixed value has the wrong shape', {
          expected: input.shape?.map((dim) => dim ?? 'any'),
          got: made.shape,
        });
      return [name, { tensor: made, type: input.type }] as const;
    }),
  );
}
