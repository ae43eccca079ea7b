/** The nodes of an ONNX graph as layers, and its initializers as their weights: each weight belongs to every node that reads it and is changed once. */
import type { Backend } from '../../backends/backend.ts';
import type { WeightChange } from '../../graph/callable.ts';
import type { Layer, SymbolicShape } from '../../model/layer.ts';
import { type FloatDType, isFloat } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { firstNotFinite } from '../../tensor/finite.ts';
import { adopt, type Tensor } from '../../tensor/tensor.ts';
import type { OnnxFile } from '../file/records.ts';
import { type External, typeName } from '../file/values.ts';
import type { Prepared, Step } from '../graph/prepare.ts';

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

export function layerOf(step: Step, parts: OnnxParts | null): OnnxLayer {
  const weights = step.node.inputs.flatMap((name): OnnxWeight[] => {
    const found = parts?.initializers.get(name);
    if (!found || !isFloat(found.tensor.dtype) || typeName(found.type) === 'undefined') return [];
    return [{ name, shape: found.tensor.shape, trainable: true, tensor: found.tensor }];
  });
  return new OnnxLayer(step, parts?.file.name ?? '', weights);
}

/** The initializers with other numbers; one that several nodes read is asked for once, by the first. */
export function changed({ graph, initializers, file }: OnnxParts, change: WeightChange): OnnxParts['initializers'] {
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
