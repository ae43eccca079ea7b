/** UpSampling in 1 to 3 dimensions: each element repeated, or in 2-D also interpolation between pixel centres. */
import { repeat } from '../../../ops/movement.ts';
import { defineLayer, type LayerClass } from '../layer.ts';
import { inLayout, spatialAxes } from '../layout.ts';
import { type Interpolation, interpolations, resample } from './resample.ts';

export const upSampling: LayerClass = defineLayer({
  classes: ['UpSampling1D', 'UpSampling2D', 'UpSampling3D'],
  create: (o) => {
    const axes = spatialAxes(o);
    const size = o.perAxis('size', axes, 2);
    const methods: readonly Interpolation[] = axes === 2 ? interpolations : ['nearest'];
    const method = o.choice('interpolation', methods, 'nearest');
    const run = inLayout(o.channelsFirst, (x) =>
      size.reduce((y, factor, i) => {
        if (method === 'nearest') return repeat(y, factor, i + 1);
        return resample(y, i + 1, y.shape[i + 1]! * factor, method);
      }, x),
    );
    return { rank: axes + 2, call: ([x]) => run(x!) };
  },
});
