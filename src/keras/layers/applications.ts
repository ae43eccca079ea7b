/** Layers that keras.applications defines for its own models. */
import { add, mul } from '../../ops/binary.ts';
import { defineLayer, identityRun, type LayerClass } from './layer.ts';

/** ConvNeXt (Touvron et al. 2021): each channel times a learned factor. */
export const layerScale: LayerClass = defineLayer({
  classes: ['LayerScale'],
  create: (o) => {
    const size = o.count('projection_dim');
    o.ignore('init_values');
    return { weights: () => [{ name: 'gamma', shape: [size] }], call: ([x], w) => mul(x!, w['gamma']!) };
  },
});

/** ConvNeXt: drops whole paths in training. */
export const stochasticDepth: LayerClass = defineLayer({
  classes: ['StochasticDepth'],
  create: (o) => {
    o.ignore('drop_path_rate');
    return { ...identityRun, trainingMatters: true };
  },
});

/** InceptionResNetV2: a residual, scaled. */
export const scaledResidual: LayerClass = defineLayer({
  classes: ['CustomScaleLayer'],
  create: (o) => {
    const scale = o.number('scale');
    return { many: true, call: ([x, residual]) => add(x!, mul(residual!, scale)) };
  },
});
