/** Adaptive pooling (Keras 3.13 on): the output size is given, window `i` spans `floor(i n / out)` to `ceil((i + 1) n / out)`. */
import { max, mean } from '../../ops/reduce.ts';
import { concat, slice } from '../../ops/slicing.ts';
import { checkSize } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineLayer, type LayerClass } from './layer.ts';
import { inLayout, spatialAxes } from './layout.ts';

/** Windows are boxes, so pooling one axis after the other gives the same as pooling them together. */
function poolAxis(x: Tensor, axis: number, size: number, pool: typeof max | typeof mean): Tensor {
  const dim = x.shape[axis]!;
  if (dim === size) return x;
  checkSize('pooling', [(x.size / dim) * size]);
  const parts = Array.from({ length: size }, (_, i) => {
    const window = slice(x, { [axis]: [Math.floor((i * dim) / size), Math.ceil(((i + 1) * dim) / size)] });
    return pool(window, { axes: axis, keepDims: true });
  });
  return concat(parts, axis);
}

export const adaptivePooling: LayerClass = defineLayer({
  classes: ['1D', '2D', '3D'].flatMap((n) => [`AdaptiveMaxPooling${n}`, `AdaptiveAveragePooling${n}`]),
  create: (o) => {
    const axes = spatialAxes(o);
    const size = o.perAxis('output_size', axes);
    const pool = o.className.includes('Average') ? mean : max;
    const run = inLayout(o.channelsFirst, (x) => size.reduce((y, to, i) => poolAxis(y, i + 1, to, pool), x));
    return { rank: axes + 2, call: ([x]) => run(x!) };
  },
});
