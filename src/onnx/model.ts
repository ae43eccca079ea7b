/** An ONNX graph as a `ModelDefinition`: layers are its nodes by name, weights its initializers. */
import type { Backend } from '../backends/backend.ts';
import { placeSamples } from '../graph/batch.ts';
import type { ApplyOptions, InputInfo, WeightChange } from '../graph/callable.ts';
import type { ModelDefinition } from '../model/definition.ts';
import type { Layer, SymbolicShape } from '../model/layer.ts';
import { reshape } from '../ops/movement.ts';
import { type FloatDType, isFloat } from '../tensor/dtype.ts';
import { didYouMean, failure, PathgradError } from '../tensor/errors.ts';
import { firstNotFinite } from '../tensor/finite.ts';
import { adopt, placeholder, Tensor } from '../tensor/tensor.ts';
import type { OnnxFile, ValueRecord } from './file/records.ts';
import { dtypeFor, type External, typeName } from './file/values.ts';
import { checkDecided, type Decision } from './graph/control.ts';
import type { Prepared, Step } from './graph/prepare.ts';
import { runSteps, type Value, Values } from './graph/run.ts';
import { straightThrough } from './operators/index.ts';

/** A weight: an initializer that floats are computed with. */
interface OnnxWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly trainable: boolean;
  readonly tensor: Tensor;
}

/** A node of an ONNX graph as a layer: explained and hooked by its name. */
export class OnnxLayer implements Layer {
  readonly name: string;
  readonly path: string;
  /** The operator. */
  readonly className: string;
  readonly subject: string;
  readonly layers: readonly OnnxLayer[] = [];
  readonly weights: readonly OnnxWeight[];
  readonly vocabulary = null;
  inputShapes: readonly SymbolicShape[] = [];
  outputShapes: readonly SymbolicShape[] = [];

  constructor({ node, path }: Step, file: string, weights: readonly OnnxWeight[]) {
    this.name = path;
    this.path = path;
    this.className = node.opType;
    this.subject = `${file}, ${node.opType} ${path}`;
    this.weights = weights;
  }
}

export interface OnnxParts {
  readonly file: OnnxFile;
  readonly graph: Prepared;
  /** Initializers of the main graph by name, with the number of their element type. */
  readonly initializers: ReadonlyMap<string, { readonly tensor: Tensor; readonly type: number }>;
  /** Inputs that the caller has fixed. */
  readonly fixed: ReadonlyMap<string, { readonly tensor: Tensor; readonly type: number }>;
  readonly external: External;
  readonly dtype: FloatDType;
  readonly backend: Backend | null;
}

/** @throws PathgradError where the inputs are no tensors with a batch in front */
export function onnxDefinition(parts: OnnxParts): ModelDefinition<OnnxLayer> {
  const { file, graph, dtype, backend } = parts;
  const open = graph.record.inputs.filter(({ name }) => !parts.initializers.has(name) && !parts.fixed.has(name));
  if (open.length === 0) throw failure(file.name, 'has no input');
  const layers = new Map(graph.steps.map((step) => [step, layerOf(step, parts)]));
  const stated = batchOf(open);
  const known = new Map<Step, readonly Value[]>();
  const decisions = new Map<string, readonly Decision[]>();
  const any = (inputs: readonly Tensor[], options: ApplyOptions): Tensor[] =>
    runOnce(parts, { open, layers, known, decisions, stated }, inputs, options);
  const infos = open.map((input) => infoOf(input, file.name, dtype));
  const fixedRows = rowsAtATime(parts, infos, any, stated);
  const run = (inputs: readonly Tensor[], options: ApplyOptions): Tensor[] => {
    const rows = inputs[0]?.shape[0];
    if (fixedRows === null || rows === fixedRows) return any(inputs, options);
    const problem = `runs ${fixedRows === 1 ? 'one sample' : `${fixedRows} samples`} at a time and cannot be shown to keep more apart`;
    const hint =
      parts.fixed.size > 0
        ? 'its fixed inputs have a batch of their own'
        : 'export it with a batch of any size (dynamic_axes or dynamic_shapes in torch.onnx.export)';
    throw failure(file.name, problem, { rows }, hint);
  };
  return {
    name: file.graph.name || file.name,
    file: file.name,
    dtype,
    ...(backend ? { backend } : {}),
    layers: [...layers.values()],
    inputs: infos,
    hasInputShape: true,
    notices: noticesOf(graph),
    outputNames: graph.record.outputs.map(({ name }) => name),
    outputsByName: false,
    fixedRows,
    run,
    withWeights: async (change) => onnxDefinition({ ...parts, initializers: changed(parts, change) }),
    verify: async (model, source, options) =>
      (await import('../model/verify/verify.ts')).verifyModel(model, source, options),
  };
}

function infoOf({ name, type, shape }: ValueRecord, file: string, dtype: FloatDType): InputInfo {
  const where = `${file}, input '${name}'`;
  if (type === 0) throw failure(where, 'is no tensor', {}, 'sequences, maps and optional values are not supported');
  if (shape === null) {
    throw failure(
      where,
      'does not say how many axes it has',
      {},
      'infer the shapes in Python: onnx.shape_inference.infer_shapes',
    );
  }
  if (shape.length === 0) {
    const hint = `give it a value: loadOnnx(file, { fixed: { ${JSON.stringify(name)}: value } })`;
    throw failure(where, 'has no batch: it is a single number', {}, hint);
  }
  return { name, shape: [null, ...shape.slice(1)], dtype: dtypeFor(type, dtype, where) };
}

/** Operators that round are named, since their gradients are not those of what they compute. */
function noticesOf(graph: Prepared): string[] {
  const found = new Set<string>();
  let nodes = 0;
  const look = ({ steps }: Prepared): void => {
    for (const { node, bodies } of steps) {
      if (node.domain === '' && straightThrough.has(node.opType)) {
        found.add(node.opType);
        nodes++;
      }
      for (const body of bodies.values()) look(body);
    }
  };
  look(graph);
  if (nodes === 0) return [];
  const names = [...found].sort().join(', ');
  return [`the model is quantised (${names}: ${nodes} nodes): gradients pass straight through its rounding`];
}

/** The batch size that the file states as a number; null where it is open. */
function batchOf(inputs: readonly ValueRecord[]): number | null {
  const sizes = new Set(inputs.map(({ shape }) => shape?.[0] ?? null));
  const [size] = sizes;
  return sizes.size === 1 && typeof size === 'number' && size > 0 ? size : null;
}

interface Runtime {
  readonly open: readonly ValueRecord[];
  readonly layers: ReadonlyMap<Step, OnnxLayer>;
  readonly known: Map<Step, readonly Value[]>;
  /** What was decided by the shapes of the inputs but for the batch, by these. */
  readonly decisions: Map<string, readonly Decision[]>;
  readonly stated: number | null;
}

function runOnce(
  { file, graph, initializers, fixed, external, dtype }: OnnxParts,
  { open, layers, known, decisions, stated }: Runtime,
  inputs: readonly Tensor[],
  options: ApplyOptions,
): Tensor[] {
  for (const name of Object.keys(options.kwargs ?? {})) {
    throw failure(
      file.name,
      `argument '${name}' is not one that the model takes`,
      {},
      'an ONNX model takes its inputs only',
    );
  }
  const values = new Values();
  for (const [name, value] of [...initializers, ...fixed]) values.set(name, { ...value, fixed: true });
  open.forEach(({ name, type }, i) => {
    values.set(name, { tensor: variable(inputs[i]!), type, fixed: false });
  });
  const actual = inputs[0]?.shape[0] ?? 1;
  const rows = stated !== null && stated !== actual ? { stated, actual } : null;
  const layerAt = (step: Step): OnnxLayer => layers.get(step) ?? layerOf(step, null);
  const decided: Decision[] = [];
  runSteps(graph, values, {
    file: file.name,
    decided,
    dtype,
    external,
    hooks: options,
    layerOf: layerAt,
    known,
    calls: new Map(),
    rows,
  });
  const shapes = inputs.map(({ shape }) => shape.slice(1).join()).join(';');
  const earlier = decisions.get(shapes);
  if (earlier) checkDecided(earlier, decided);
  else decisions.set(shapes, decided);
  return graph.record.outputs.map(({ name }) => {
    const found = values.get(name);
    if (found) return found.tensor;
    const lacking = values.lacking(name);
    if (lacking) throw lacking;
    throw failure(
      file.name,
      `nothing in the graph gives its output '${name}'`,
      {},
      didYouMean(
        name,
        graph.steps.flatMap(({ node }) => node.outputs),
      ),
    );
  });
}

/** An input that is given as numbers is a variable all the same: gradients with respect to it, and hooks, ask for it. */
function variable(x: Tensor): Tensor {
  return x.constant === null ? x : new Tensor(reshape.op, [x], { shape: x.shape }, x, null);
}

/**
 * How many rows a graph takes; null for any number. One that states its batch size is one of any where that can be proven, by following the samples of
 * two or more, not by trying. One whose fixed inputs have a batch of one takes one row at a time.
 */
function rowsAtATime(
  { fixed }: OnnxParts,
  infos: readonly InputInfo[],
  run: (inputs: readonly Tensor[], options: ApplyOptions) => Tensor[],
  stated: number | null,
): number | null {
  if (stated === null && fixed.size === 0) return null;
  const rows = Math.max(2, (stated ?? 1) + 1);
  // Open sizes that many strides divide.
  const sizes = (dims: InputInfo['shape']): number[] => dims.slice(1).map((dim) => dim ?? 64);
  const inputs = infos.map(({ shape, dtype }) => placeholder([rows, ...sizes(shape)], dtype));
  try {
    const outputs = run(inputs, {});
    const places = placeSamples(outputs, new Map(inputs.map((x) => [x, { axis: 0, outer: 1, inner: 1 }])), rows);
    if (outputs.every((y) => y.shape[0] === rows && places.get(y)?.axis === 0)) return null;
  } catch (error) {
    if (!(error instanceof PathgradError)) throw error;
  }
  return stated ?? 1;
}

function layerOf(step: Step, parts: OnnxParts | null): OnnxLayer {
  const weights = step.node.inputs.flatMap((name): OnnxWeight[] => {
    const found = parts?.initializers.get(name);
    if (!found || !isFloat(found.tensor.dtype) || typeName(found.type) === 'undefined') return [];
    return [{ name, shape: found.tensor.shape, trainable: true, tensor: found.tensor }];
  });
  return new OnnxLayer(step, parts?.file.name ?? '', weights);
}

/** The initializers with other numbers; one that several nodes read is asked for once, by the first. */
function changed({ graph, initializers, file }: OnnxParts, change: WeightChange): OnnxParts['initializers'] {
  const out = new Map(initializers);
  const seen = new Set<string>();
  for (const { node, path } of graph.steps) {
    for (const name of node.inputs) {
      const found = initializers.get(name);
      if (!found || seen.has(name) || !isFloat(found.tensor.dtype)) continue;
      seen.add(name);
      const { tensor } = found;
      const values = change({ layer: path, name, tensor, trainable: true });
      if (values === null) continue;
      if (values.length !== tensor.size) {
        throw failure(file.name, `weight '${name}' is given another number of values`, {
          shape: tensor.shape,
          given: values.length,
        });
      }
      const data = tensor.dtype === 'float64' ? new Float64Array(values) : new Float32Array(values);
      const bad = firstNotFinite(data);
      if (bad >= 0) throw failure(file.name, `weight '${name}' is given a number that is not finite`, { at: bad });
      out.set(name, { ...found, tensor: adopt(data, tensor.shape) });
    }
  }
  return out;
}
