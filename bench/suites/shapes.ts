/**
 * Shapes of kernels in models that are not among the examples of the ops (src/ops), for the kernel suite: MobileNet (Howard et
 * al. 2017) and ResNet-50 (He et al. 2016) blocks on one picture of 224 x 224, the AG News classifier on a batch of path points,
 * DistilBERT (Sanh et al. 2019) on one text of 256 tokens.
 */
import type { Attrs, Example } from '../../src/graph/op.ts';
import type { OpName } from '../../src/ops/index.ts';

export interface ModelShape {
  readonly model: string;
  readonly op: OpName;
  readonly example: Example;
}

const use = (model: string, op: OpName, inputs: Example['inputs'], attrs: Attrs): ModelShape => ({
  model,
  op,
  example: { inputs, attrs, size: 'real' },
});

const conv = (strides: number, pads: readonly [number, number], groups = 1): Attrs => ({
  strides: [strides, strides],
  dilations: [1, 1],
  pads: [pads, pads],
  groups,
});
const product = (transposeB = false): Attrs => ({ transposeA: false, transposeB });

export const modelShapes: readonly ModelShape[] = [
  use(
    'MobileNet stem',
    'conv',
    [
      [1, 224, 224, 3],
      [3, 3, 3, 32],
    ],
    conv(2, [0, 1]),
  ),
  use(
    'MobileNet depthwise',
    'conv',
    [
      [1, 112, 112, 64],
      [3, 3, 1, 64],
    ],
    conv(2, [0, 1], 64),
  ),
  use(
    'MobileNet depthwise',
    'conv',
    [
      [1, 28, 28, 256],
      [3, 3, 1, 256],
    ],
    conv(1, [1, 1], 256),
  ),
  use(
    'MobileNet pointwise',
    'conv',
    [
      [1, 28, 28, 256],
      [1, 1, 256, 256],
    ],
    conv(1, [0, 0]),
  ),
  use(
    'ResNet stem',
    'conv',
    [
      [1, 224, 224, 3],
      [7, 7, 3, 64],
    ],
    conv(2, [2, 3]),
  ),
  use(
    'ResNet block',
    'conv',
    [
      [1, 56, 56, 64],
      [3, 3, 64, 64],
    ],
    conv(1, [1, 1]),
  ),
  use(
    'ResNet block',
    'conv',
    [
      [1, 14, 14, 256],
      [3, 3, 256, 256],
    ],
    conv(1, [1, 1]),
  ),
  use(
    'ResNet bottleneck',
    'conv',
    [
      [1, 56, 56, 256],
      [1, 1, 256, 128],
    ],
    conv(2, [0, 0]),
  ),
  use('ResNet stem', 'maxPool', [[1, 112, 112, 64]], {
    window: [3, 3],
    strides: [2, 2],
    pads: [
      [0, 1],
      [0, 1],
    ],
  }),
  use('ResNet head', 'sum', [[32, 7, 7, 2048]], { axes: [1, 2], keepDims: false }),
  use(
    'AG News projection',
    'matmul',
    [
      [6000, 64],
      [64, 128],
    ],
    product(),
  ),
  use(
    'DistilBERT projection',
    'matmul',
    [
      [256, 768],
      [768, 768],
    ],
    product(),
  ),
  use(
    'DistilBERT feed forward',
    'matmul',
    [
      [256, 768],
      [768, 3072],
    ],
    product(),
  ),
  use(
    'DistilBERT attention',
    'matmul',
    [
      [12, 256, 64],
      [12, 256, 64],
    ],
    product(true),
  ),
  use('DistilBERT attention', 'softmax', [[12, 256, 256]], { axis: 2 }),
];
