/**
 * The shapes of a model whose sizes are partly open. Graphs here have fixed shapes, so the model is applied twice with different
 * sizes in the open places (no data, no arithmetic); what differs between the two is open in the result, too.
 */
import type { LayerCall } from '../graph/callable.ts';
import { placeholder, type Tensor } from '../tensor/tensor.ts';
import type { Layer, SymbolicShape } from './layer.ts';

export interface Probed {
  readonly shape: SymbolicShape;
  readonly dtype: Tensor['dtype'];
}

type Apply = (inputs: readonly Tensor[], onOutputs: (call: LayerCall) => null) => readonly Tensor[];

/** Sizes for open axes, in the order they are tried: large ones survive many halvings, small ones fit fixed windows. */
const openSizes = [
  [256, 512],
  [48, 64],
  [16, 24],
  [6, 8],
  [2, 3],
] as const;

/**
 * Fills in `inputShapes` and `outputShapes` of every layer and returns the shapes of the model's outputs.
 * @param fixedRows the only number of rows that can be computed; null for any
 * @throws the error of the first attempt, if the model cannot be applied to any of the sizes; layers that were reached have their shapes
 */
export function probeShapes(inputs: readonly Probed[], apply: Apply, fixedRows: number | null = null): SymbolicShape[] {
  const open = inputs.some(({ shape }) => shape.slice(1).includes(null));
  let firstError: unknown;
  for (const sizes of open ? openSizes : openSizes.slice(0, 1)) {
    try {
      return compare(inputs, apply, sizes, fixedRows);
    } catch (error) {
      firstError ??= error;
    }
  }
  for (const sizes of open ? openSizes : openSizes.slice(0, 1)) if (reached(inputs, apply, sizes)) break;
  throw firstError;
}

/** Shapes of the layers before the one that fails; false where the two sizes do not get equally far. */
function reached(inputs: readonly Probed[], apply: Apply, [small, large]: readonly [number, number]): boolean {
  const [a, b] = [2, 3].map((batch, i) => {
    const layers = new Map<Layer, LayerCall>();
    try {
      trace(inputs, apply, batch, i === 0 ? small : large, layers);
    } catch {
      // The error is known already: it is the one of the first attempt.
    }
    return layers;
  });
  if (a!.size !== b!.size) return false;
  setShapes(a!, b!);
  return true;
}

interface Trace {
  readonly outputs: readonly Tensor[];
  readonly layers: ReadonlyMap<Layer, LayerCall>;
}

function trace(
  inputs: readonly Probed[],
  apply: Apply,
  batch: number,
  size: number,
  layers = new Map<Layer, LayerCall>(),
): Trace {
  const fed = inputs.map(({ shape, dtype }) =>
    placeholder(
      shape.map((dim, axis) => (axis === 0 ? batch : (dim ?? size))),
      dtype,
    ),
  );
  const outputs = apply(fed, (call) => {
    if (call.index === 0) layers.set(call.layer as Layer, call);
    return null;
  });
  return { outputs, layers };
}

function compare(
  inputs: readonly Probed[],
  apply: Apply,
  [small, large]: readonly [number, number],
  fixedRows: number | null,
): SymbolicShape[] {
  const [a, b] = [trace(inputs, apply, fixedRows ?? 2, small), trace(inputs, apply, fixedRows ?? 3, large)];
  setShapes(a.layers, b.layers);
  const found = common(a.outputs, b.outputs);
  return fixedRows === null ? found : found.map((shape) => shape.map((dim, axis) => (axis === 0 ? null : dim)));
}

function common(x: readonly Tensor[], y: readonly Tensor[]): SymbolicShape[] {
  return x.map((tensor, i) => tensor.shape.map((dim, axis) => (dim === y[i]!.shape[axis] ? dim : null)));
}

function setShapes(a: ReadonlyMap<Layer, LayerCall>, b: ReadonlyMap<Layer, LayerCall>): void {
  for (const [layer, call] of a) {
    const other = b.get(layer);
    if (!other) continue;
    layer.inputShapes = common(call.inputs, other.inputs);
    layer.outputShapes = common(call.outputs, other.outputs);
  }
}
