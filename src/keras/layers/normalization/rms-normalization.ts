/** RMSNormalization (Zhang and Sennrich 2019): `x` over its root mean square, without centring, times a learned scale. */
import { add, mul } from '../../../ops/binary.ts';
import { reshape } from '../../../ops/movement.ts';
import { mean } from '../../../ops/reduce.ts';
import { rsqrt, square } from '../../../ops/unary.ts';
import { normalizeAxis } from '../../../tensor/shape.ts';
import { defineLayer, type LayerClass, passMask } from '../layer.ts';

export const rmsNormalization: LayerClass = defineLayer({
  classes: ['RMSNormalization'],
  create: (o) => {
    const axes = o.integers('axis', [-1]).sort((a, b) => a - b);
    const epsilon = o.number('epsilon', 1e-6);
    const along = (rank: number): number[] => axes.map((axis) => normalizeAxis(o.subject, axis, rank));
    return {
      weights: ([x]) => [{ name: 'scale', shape: along(x!.length).map((axis) => x![axis]!) }],
      call: ([x], w) => {
        const kept = along(x!.rank);
        const size = mean(square(x!), { axes: kept, keepDims: true });
        const shape = x!.shape.map((dim, i) => (kept.includes(i) ? dim : 1));
        return mul(mul(x!, rsqrt(add(size, epsilon))), reshape(w['scale']!, shape));
      },
      mask: passMask,
    };
  },
});
