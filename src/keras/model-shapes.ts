/**
 * The shapes of a model whose sizes are partly open. Graphs here have fixed shapes, so the model is applied twice with different
 * sizes in the open places (no data, no arithmetic); what differs between the two is open in the result, too.
 */
import type { LayerCall } from '../graph/callable.ts';
import { placeholder, type Tensor } from '../tensor/tensor.ts';
import type { ModelLayer, SymbolicShape } from './build-layer.ts';

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
 * @throws the error of the first attempt, if the model cannot be applied to any of the sizes
 */
export function probeShapes(inputs: readonly Probed[], apply: Apply): SymbolicShape[] {
  const open = inputs.some(({ shape }) => shape.slice(1).includes(null));
  let firstError: unknown;
  for (const sizes of open ? openSizes : openSizes.slice(0, 1)) {
    try {
      return compare(inputs, apply, sizes);
    } catch (error) {
      firstError ??= error;
    }
  }
  throw firstError;
}

interface Trace {
  readonly outputs: readonly Tensor[];
  readonly layers: ReadonlyMap<ModelLayer, LayerCall>;
}

function trace(inputs: readonly Probed[], apply: Apply, batch: number, size: number): Trace {
  const fed = inputs.map(({ shape, dtype }) =>
    placeholder(
      shape.map((dim, axis) => (axis === 0 ? batch : (dim ?? size))),
      dtype,
    ),
  );
  const layers = new Map<ModelLayer, LayerCall>();
  const outputs = apply(fed, (call) => {
    if (call.index === 0) layers.set(call.layer as ModelLayer, call);
    return null;
  });
  return { outputs, layers };
}

function compare(inputs: readonly Probed[], apply: Apply, [small, large]: readonly [number, number]): SymbolicShape[] {
  const [a, b] = [trace(inputs, apply, 2, small), trace(inputs, apply, 3, large)];
  const common = (x: readonly Tensor[], y: readonly Tensor[]): SymbolicShape[] =>
    x.map((tensor, i) => tensor.shape.map((dim, axis) => (dim === y[i]!.shape[axis] ? dim : null)));
  for (const [layer, call] of a.layers) {
    const other = b.layers.get(layer)!;
    layer.inputShapes = common(call.inputs, other.inputs);
    layer.outputShapes = common(call.outputs, other.outputs);
  }
  return common(a.outputs, b.outputs);
}
