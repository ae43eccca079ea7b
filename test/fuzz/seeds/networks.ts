/** Small networks for files that are made in every layout of Keras: their layers as Keras lists them, and their weights. */
import { counted, type H5Data } from '../../support/h5.ts';

export type Arrays = readonly (readonly [name: string, data: H5Data])[];

export interface Network {
  readonly name: string;
  readonly layers: readonly object[];
  readonly weights: readonly (readonly [layer: string, Arrays])[];
}

const layer = (class_name: string, config: object): object => ({
  class_name,
  config: { ...config, trainable: true, dtype: 'float32' },
});

const pieces = { chunks: [2, 2] } as const;
export const networks: readonly Network[] = [
  {
    name: 'dense',
    layers: [
      layer('Dense', { name: 'dense', units: 4, activation: 'relu', use_bias: true, batch_input_shape: [null, 3] }),
      layer('Dropout', { name: 'dropout', rate: 0.5 }),
      layer('Dense', { name: 'dense_1', units: 2, activation: 'softmax', use_bias: true }),
    ],
    weights: [
      [
        'dense',
        [
          ['kernel', { ...counted([3, 4]), ...pieces }],
          ['bias', counted([4])],
        ],
      ],
      ['dropout', []],
      [
        'dense_1',
        [
          ['kernel', counted([4, 2])],
          ['bias', counted([2])],
        ],
      ],
    ],
  },
  {
    name: 'picture',
    layers: [
      layer('Conv2D', {
        name: 'conv2d',
        filters: 2,
        kernel_size: [3, 3],
        strides: [1, 1],
        padding: 'same',
        dilation_rate: [1, 1],
        activation: 'relu',
        use_bias: true,
        data_format: 'channels_last',
        batch_input_shape: [null, 8, 8, 1],
      }),
      layer('MaxPooling2D', {
        name: 'max_pooling2d',
        pool_size: [2, 2],
        strides: [2, 2],
        padding: 'valid',
        data_format: 'channels_last',
      }),
      layer('ZeroPadding2D', {
        name: 'zero_padding2d',
        padding: [
          [1, 1],
          [0, 2],
        ],
        data_format: 'channels_last',
      }),
      layer('UpSampling2D', {
        name: 'up_sampling2d',
        size: [2, 2],
        interpolation: 'nearest',
        data_format: 'channels_last',
      }),
      layer('BatchNormalization', {
        name: 'batch_normalization',
        axis: [3],
        momentum: 0.99,
        epsilon: 0.001,
        center: true,
        scale: true,
      }),
      layer('Flatten', { name: 'flatten', data_format: 'channels_last' }),
    ],
    weights: [
      [
        'conv2d',
        [
          ['kernel', counted([3, 3, 1, 2])],
          ['bias', counted([2])],
        ],
      ],
      ['max_pooling2d', []],
      ['zero_padding2d', []],
      ['up_sampling2d', []],
      [
        'batch_normalization',
        [
          ['gamma', counted([2])],
          ['beta', counted([2])],
          ['moving_mean', counted([2])],
          ['moving_variance', counted([2])],
        ],
      ],
      ['flatten', []],
    ],
  },
  {
    name: 'recurrent',
    layers: [
      layer('Embedding', {
        name: 'embedding',
        input_dim: 10,
        output_dim: 3,
        mask_zero: true,
        input_length: 5,
        batch_input_shape: [null, 5],
      }),
      layer('LSTM', {
        name: 'lstm',
        units: 2,
        activation: 'tanh',
        recurrent_activation: 'sigmoid',
        use_bias: true,
        return_sequences: false,
        go_backwards: false,
        stateful: false,
        unroll: false,
        implementation: 2,
      }),
      layer('RepeatVector', { name: 'repeat_vector', n: 3 }),
      layer('Reshape', { name: 'reshape', target_shape: [2, 3] }),
    ],
    weights: [
      ['embedding', [['embeddings', counted([10, 3])]]],
      [
        'lstm',
        [
          ['kernel', counted([3, 8])],
          ['recurrent_kernel', counted([2, 8])],
          ['bias', counted([8])],
        ],
      ],
      ['repeat_vector', []],
      ['reshape', []],
    ],
  },
];
