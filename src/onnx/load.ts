/** From a path, URL, bytes or files to an ONNX model that can be run and explained, or to a list of what of it is not supported. */
import type { Backend } from '../backends/backend.ts';
import { guarded } from '../guard/guard.ts';
import { type ModelSource, readSource } from '../keras/load/source.ts';
import { Model } from '../model/model.ts';
import type { FloatDType } from '../tensor/dtype.ts';
import { didYouMean, failure } from '../tensor/errors.ts';
import { checkOptions } from '../tensor/options.ts';
import { type NestedArray, Tensor, tensor } from '../tensor/tensor.ts';
import { parseOnnx } from './file/parse.ts';
import type { GraphRecord, OnnxFile, TensorRecord } from './file/records.ts';
import { dtypeFor, readExternal, valuesOf } from './file/values.ts';
import { controlNames } from './graph/control.ts';
import { type Prepared, prepare, type Step } from './graph/prepare.ts';
import { type OnnxLayer, onnxDefinition } from './model.ts';
import { operatorFor, refusalFor } from './operators/index.ts';

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

/** An operator of a model that cannot be run, and where. */
export interface UnsupportedOperator {
  readonly operator: string;
  readonly reason: string;
  readonly nodes: readonly string[];
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

const first = 7;
const last = 26;

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
  const { dtype = 'float32', backend = null } = options;
  const { file, place, given } = await open(source, options.name);
  checkOpset(file);
  const graph = prepare(file);
  const missing = unsupportedIn(graph);
  if (missing.length > 0) throw refused(file, missing);
  if (file.graph.sparse > 0) throw failure(file.name, 'has sparse initializers, which are not supported');
  const external = await readExternal(tensorsOf(file.graph), file.name, place, given);
  const initializers = new Map(
    file.graph.initializers.map((record) => [
      record.name,
      { tensor: valuesOf(record, file.name, dtype, external), type: record.type },
    ]),
  );
  const fixed = fixedInputs(file, options.fixed ?? {}, dtype);
  return new Model(onnxDefinition({ file, graph, initializers, fixed, external, dtype, backend }));
}

/**
 * What an ONNX file holds, and whether it can be run, without its weights.
 * @throws PathgradError where it is no ONNX model, or its graph makes no sense
 */
export async function inspectOnnx(source: ModelSource, options: { readonly name?: string } = {}): Promise<OnnxReport> {
  checkOptions('inspectOnnx', options, { name: 1 });
  const { file } = await open(source, options.name);
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

interface Opened {
  readonly file: OnnxFile;
  readonly place: ModelSource | null;
  readonly given: ReadonlyMap<string, ModelSource>;
}

async function open(source: ModelSource | readonly ModelSource[], name: string | undefined): Promise<Opened> {
  if (!Array.isArray(source)) {
    const only = source as ModelSource;
    const read = await readSource(only);
    return { file: parsed(read.bytes, name ?? read.name), place: only, given: new Map() };
  }
  const given = new Map<string, ModelSource>();
  for (const each of source as readonly ModelSource[]) given.set(sourceName(each), each);
  const model = [...given].find(([key]) => key.endsWith('.onnx'));
  if (!model) throw failure('loadOnnx', 'there is no .onnx file among the files', { files: [...given.keys()] });
  const read = await readSource(model[1]);
  return { file: parsed(read.bytes, name ?? read.name), place: null, given };
}

/** What pbf throws at bytes that are no numbers becomes an error of ours. */
const parsed = (bytes: Uint8Array, name: string): OnnxFile =>
  guarded(name, 'an ONNX model', () => parseOnnx(bytes, name));

function sourceName(source: ModelSource): string {
  if (typeof source === 'string' || source instanceof URL) return String(source).replace(/^.*[\\/]/, '');
  return 'name' in source && typeof source.name === 'string' ? source.name : 'model';
}

function checkOpset({ name, opsets }: OnnxFile): void {
  const version = opsets.get('');
  if (version === undefined || (version >= first && version <= last)) return;
  const hint = 'convert it in Python: onnx.version_converter.convert_version(model, 17)';
  throw failure(name, `is of opset ${version}`, { supported: `${first} to ${last}` }, hint);
}

const nameOf = ({ domain, opType }: Step['node']): string => (domain === '' ? opType : `${domain}.${opType}`);

function* allSteps(graph: Prepared): Generator<Step> {
  for (const step of graph.steps) {
    yield step;
    for (const body of step.bodies.values()) yield* allSteps(body);
  }
}

function unsupportedIn(graph: Prepared): UnsupportedOperator[] {
  const found = new Map<string, { reason: string; nodes: string[] }>();
  for (const { node, path } of allSteps(graph)) {
    if (operatorFor(node) || (node.domain === '' && controlNames.includes(node.opType))) continue;
    const reason = refusalFor(node) ?? 'it is not known';
    const entry = found.get(nameOf(node)) ?? { reason, nodes: [] };
    entry.nodes.push(path);
    found.set(nameOf(node), entry);
  }
  return [...found].map(([operator, entry]) => ({ operator, ...entry }));
}

function refused(file: OnnxFile, missing: readonly UnsupportedOperator[]) {
  const lines = missing
    .slice(0, 20)
    .map(({ operator, reason, nodes }) => `  ${operator} (${nodes.length}, first at ${nodes[0]}): ${reason}`);
  const more = missing.length > 20 ? `\n  and ${missing.length - 20} more` : '';
  const problem = `has operators that are not supported:\n${lines.join('\n')}${more}`;
  return failure(file.name, problem, {}, 'docs/onnx.md lists what is supported');
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
