/** Pooling over windows and over all of space, in 1 to 3 dimensions. */
import { div, mul } from '../../ops/binary.ts';
import { expandDims } from '../../ops/movement.ts';
import { avgPool, maxPool } from '../../ops/pool.ts';
import { max, mean, sum } from '../../ops/reduce.ts';
import { cast } from '../../ops/unary.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineLayer, type LayerClass, type Mask } from './layer.ts';
import { inLayout, spatialAxes } from './layout.ts';

export const pooling: LayerClass = defineLayer({
  classes: ['1D', '2D', '3D'].flatMap((n) => [`MaxPooling${n}`, `AveragePooling${n}`]),
  create: (o) => {
    const axes = spatialAxes(o);
    const window = o.perAxis('pool_size', axes, 2);
    const stride = o.raw('strides') === undefined ? window : o.perAxis('strides', axes);
    const options = { window, stride, padding: o.choice('padding', ['valid', 'same'], 'valid') };
    const pool = o.className.startsWith('Max') ? maxPool : avgPool;
    const run = inLayout(o.channelsFirst, (x) => pool(x, options));
    return { rank: axes + 2, call: ([x]) => run(x!) };
  },
});

export const globalPooling: LayerClass = defineLayer({
  classes: ['1D', '2D', '3D'].flatMap((n) => [`GlobalMaxPooling${n}`, `GlobalAveragePooling${n}`]),
  create: (o) => {
    const [rank, first, keepDims] = [spatialAxes(o) + 2, o.channelsFirst, o.flag('keepdims', false)];
    const axes = Array.from({ length: rank - 2 }, (_, i) => i + (first ? 2 : 1));
    const average = o.className.includes('Average');
    const call = (x: Tensor, mask: Mask): Tensor => {
      if (!average) return max(x, { axes, keepDims });
      if (!mask || rank !== 3) return mean(x, { axes, keepDims });
      // Of the averages only the 1-D one looks at its mask: the mean of the steps that count (NaN if none does).
      const counts = expandDims(cast(mask, x.dtype), first ? 1 : 2);
      return div(sum(mul(x, counts), { axes, keepDims }), sum(counts, { axes, keepDims }));
    };
    return { rank, call: ([x], _, [mask]) => call(x!, mask ?? null) };
  },
});
