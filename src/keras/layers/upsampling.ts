/** UpSampling in 1 to 3 dimensions: each element repeated, or in 2-D also bilinear interpolation between pixel centres. */
import { add, mul } from '../../ops/arithmetic.ts';
import { gather } from '../../ops/indexing.ts';
import { repeat } from '../../ops/movement.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { defineLayer, type LayerClass } from './layer.ts';
import { along, inLayout, spatialAxes } from './layout.ts';

/**
 * Linear interpolation by `factor` along one axis with half-pixel centres: output `i` lies at `(i + 0.5) / factor - 0.5`, held
 * inside the input (what `tf.image.resize` does).
 */
function stretch(x: Tensor, factor: number, axis: number): Tensor {
  const size = x.shape[axis]!;
  const at = Array.from({ length: size * factor }, (_, i) =>
    Math.min(Math.max((i + 0.5) / factor - 0.5, 0), Math.max(0, size - 1)),
  );
  const below = at.map(Math.floor);
  const share = at.map((v, i) => v - below[i]!);
  const pick = (index: number[]): Tensor => gather(x, tensor(index, [index.length], 'int32'), axis);
  const weight = (values: number[]): Tensor => along(tensor(values, [values.length], x.dtype), axis, x.rank);
  const lower = mul(pick(below), weight(share.map((v) => 1 - v)));
  return add(lower, mul(pick(below.map((v) => Math.min(v + 1, size - 1))), weight(share)));
}

export const upSampling: LayerClass = defineLayer({
  classes: ['UpSampling1D', 'UpSampling2D', 'UpSampling3D'],
  create: (o) => {
    const axes = spatialAxes(o);
    const size = o.perAxis('size', axes, 2);
    const modes = axes === 2 ? (['nearest', 'bilinear'] as const) : (['nearest'] as const);
    const step = o.choice('interpolation', modes, 'nearest') === 'nearest' ? repeat : stretch;
    const run = inLayout(o.channelsFirst, (x) => size.reduce((y, factor, i) => step(y, factor, i + 1), x));
    return { rank: axes + 2, call: ([x]) => run(x!) };
  },
});
