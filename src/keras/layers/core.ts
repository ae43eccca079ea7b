/** Dense, Embedding, Masking, and layers that do nothing to values. */
import { mul, notEqual } from '../../ops/binary.ts';
import { embedding as lookUp } from '../../ops/indexing.ts';
import { dense as fullyConnected } from '../../ops/matmul.ts';
import { max } from '../../ops/reduce.ts';
import { cast } from '../../ops/unary.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { activationOf } from './activation-functions.ts';
import { biasRule } from './convolution/plain.ts';
import { defineLayer, identityRun, type LayerClass, passMask } from './layer.ts';

export const dense: LayerClass = defineLayer({
  classes: ['Dense'],
  create: (o) => {
    const [units, useBias, activation] = [o.count('units'), o.flag('use_bias', true), activationOf(o)];
    return {
      weights: ([x]) => [{ name: 'kernel', shape: [x!.at(-1)!, units] }, ...biasRule(useBias, units)],
      call: ([x], w) => activation(fullyConnected(x!, w['kernel']!, w['bias'])),
      mask: passMask,
    };
  },
});

export const embedding: LayerClass = defineLayer({
  classes: ['Embedding'],
  create: (o) => {
    const [words, size, maskZero] = [o.count('input_dim'), o.count('output_dim'), o.flag('mask_zero', false)];
    o.ignore('dropout'); // Keras 1 dropped whole words in training
    return {
      anyDType: true,
      vocabulary: words,
      weights: () => [{ name: 'embeddings', shape: [words, size] }],
      call: ([x], w) => lookUp(w['embeddings']!, x!),
      mask: ([x]) => (maskZero ? notEqual(x!, 0) : null),
    };
  },
});

export const masking: LayerClass = defineLayer({
  classes: ['Masking'],
  create: (o) => {
    const value = o.number('mask_value', 0);
    // A step is masked when all of its features have the value: `any(x != value)` over the last axis.
    const kept = (x: Tensor, keepDims: boolean): Tensor =>
      max(cast(notEqual(x, value), 'int32'), { axes: -1, keepDims });
    return {
      call: ([x]) => mul(x!, cast(kept(x!, true), x!.dtype)),
      mask: ([x]) => cast(kept(x!, false), 'bool'),
    };
  },
});

/** Active in training only. Options are of no consequence, so none is read. */
export const identity: LayerClass = defineLayer({
  classes: [
    ...['Dropout', 'SpatialDropout1D', 'SpatialDropout2D', 'SpatialDropout3D', 'AlphaDropout', 'GaussianDropout'],
    ...['GaussianNoise', 'RandomFlip', 'RandomRotation', 'RandomTranslation', 'RandomZoom', 'RandomContrast'],
    ...['RandomBrightness', 'RandomHeight', 'RandomWidth', 'RandomShear', 'RandomHue', 'RandomSaturation'],
    ...['RandomSharpness', 'RandomGaussianBlur', 'RandomPerspective', 'RandomColorJitter', 'RandomErasing'],
    ...['RandomInvert', 'RandomGrayscale', 'RandomPosterization', 'RandomColorDegeneration'],
  ],
  create: (o) => {
    o.ignoreAll();
    return { ...identityRun, trainingMatters: true };
  },
});

export const passThrough: LayerClass = defineLayer({
  classes: ['Identity', 'ActivityRegularization'],
  create: (o) => {
    o.ignore('l1', 'l2');
    return identityRun;
  },
});
