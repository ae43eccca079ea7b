/** What layer configs may not say, and what the older Kerases said differently. Expected numbers are worked out by hand. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../../src/graph/compile.ts';
import { grad } from '../../../src/graph/grad.ts';
import { sum } from '../../../src/ops/reduce.ts';
import { placeholder } from '../../../src/tensor/tensor.ts';
import { modelFrom, type NamedWeights } from '../../support/keras-models.ts';

const test = suite('layer options');

interface Written {
  readonly version?: string;
  readonly backend?: string;
}

/** A Sequential of one layer, as Keras `version` writes it. */
function sequential(
  className: string,
  config: object,
  shape: readonly (number | null)[],
  written: Written = {},
): object {
  const { version = '2.15.0', backend = 'tensorflow' } = written;
  const layer = {
    class_name: className,
    config: { name: 'layer', trainable: true, batch_input_shape: shape, ...config },
  };
  return { class_name: 'Sequential', config: { name: 'model', layers: [layer] }, keras_version: version, backend };
}

function refuses(architecture: object, pattern: RegExp, weights: NamedWeights = {}): void {
  try {
    modelFrom(architecture, weights);
  } catch (error) {
    assert.match((error as Error).message, pattern);
    assert.is((error as Error).name, 'PathgradError');
    return;
  }
  assert.unreachable('it should be refused');
}

async function output(
  architecture: object,
  x: number[],
  shape: number[],
  weights: NamedWeights = {},
  options: { theanoKernels?: 'flip' | 'as-stored' } = {},
): Promise<number[]> {
  const model = modelFrom(architecture, weights, { ...options, dtype: 'float64' });
  const [y] = await model.predictAll({ data: x, shape });
  return [...y!.data].map((value) => Math.round(value * 1e6) / 1e6);
}

const conv = { filters: 1, kernel_size: [2], strides: [1], use_bias: false };

test('an option with an unusable value names layer, option and what is allowed', () => {
  const pool = (config: object) => sequential('MaxPooling1D', { pool_size: 2, ...config }, [null, 4, 1]);
  refuses(
    pool({ data_format: 'foo' }),
    /layer 'layer' \(MaxPooling1D\): option 'data_format' .*"foo".*channels_last, channels_first/,
  );
  refuses(pool({ pool_size: [2, 2] }), /option 'pool_size' .*\[2,2\].*expected 1 integer from 1 up/);
  refuses(pool({ pool_size: 0 }), /option 'pool_size'/);
  refuses(pool({ padding: 'full' }), /option 'padding' .*valid, same/);
  refuses(sequential('Dense', { activation: 'relu' }, [null, 2]), /option 'units' is missing/);
  refuses(
    sequential('UpSampling2D', { size: 2, interpolation: 'cubic' }, [null, 2, 2, 1]),
    /'interpolation'.*nearest, bilinear, bicubic/,
  );
});

test('a spectrogram with a window, transform or bands as big as a file likes is refused by name', () => {
  const mel = (config: object) => {
    const small = { fft_length: 16, sequence_stride: 8, num_mel_bins: 4, sampling_rate: 4000 };
    const { class_name, ...rest } = sequential('MelSpectrogram', { ...small, ...config }, [null, 40]) as {
      class_name: string;
    };
    return { class_name, ...rest, keras_version: '3.15.1' };
  };
  for (const config of [{ fft_length: 1e12 }, { fft_length: 1e9, sequence_length: 16 }, { num_mel_bins: 1e12 }]) {
    refuses(mel(config), /layer 'layer' \(MelSpectrogram\)/);
  }
  refuses(mel({ sequence_length: 17 }), /'sequence_length' .*at most the fft_length, 16/);
  refuses(mel({ fft_length: 80 }), /the signal is too short .*\nhint: it is reflected by 40 samples/);
  refuses(mel({ window: 'kaiser' }), /'window' .*hann, hamming/);
  refuses(mel({ window: [1, 2] }), /'window' .*16 numbers/);
  refuses(mel({ mag_exp: -1 }), /'mag_exp' .*a number above 0/);
});

test('an AutoContrast whose channel has one value leaves it, and its gradient is a number', async () => {
  const layer = { ...sequential('AutoContrast', { value_range: [0, 1] }, [null, 2, 1, 2]), keras_version: '3.15.1' };
  assert.equal(await output(layer, [0.5, 0.2, 0.5, 0.6], [1, 2, 1, 2]), [0.5, 0, 0.5, 1]);
  const model = modelFrom(layer, {}, { dtype: 'float64' });
  const x = placeholder([1, 2, 1, 2], 'float64');
  const slope = compile(grad(sum(model.apply([x])[0]!), [x]), [x]).runSync([Float64Array.of(0.5, 0.2, 0.5, 0.6)]);
  assert.equal([...slope[0]!], [1, 0, 1, 0]);
});

test('vectors given to a table that is called backwards are not checked as ids, ids are', async () => {
  const tensorOf = (name: string, shape: readonly (number | null)[]) => ({
    class_name: '__keras_tensor__',
    config: { shape, dtype: 'float32', keras_history: [name, 0, 0] },
  });
  const table = (inbound: object[]) => ({
    class_name: 'ReversibleEmbedding',
    name: 'table',
    config: { name: 'table', input_dim: 2, output_dim: 1 },
    inbound_nodes: inbound,
  });
  const calls = [
    { args: [tensorOf('ids', [null, 2])], kwargs: {} },
    { args: [tensorOf('far', [null, 2, 1])], kwargs: { reverse: true } },
  ];
  const layers = [
    {
      class_name: 'InputLayer',
      name: 'ids',
      config: { name: 'ids', batch_shape: [null, 2], dtype: 'int32' },
      inbound_nodes: [],
    },
    table(calls),
    {
      class_name: 'Rescaling',
      name: 'far',
      config: { name: 'far', scale: 100 },
      inbound_nodes: [{ args: [tensorOf('table', [null, 2, 1])], kwargs: {} }],
    },
  ];
  const config = { name: 'm', layers, input_layers: [['ids', 0, 0]], output_layers: [['table', 1, 0]] };
  const weights = { table: [{ name: 'embeddings', shape: [2, 1], data: [1, 3] }] };
  const model = modelFrom({ class_name: 'Functional', config, keras_version: '3.15.1' }, weights);
  const ids = (data: number[]) => ({ data: Int32Array.from(data), shape: [1, 2] });
  assert.equal([...(await model.predictAll(ids([0, 1])))[0]!.data], [100, 300, 300, 900]);
  const error = await model.predict(ids([0, 2])).catch((cause: Error) => cause);
  assert.match((error as Error).message, /layer 'table' \(ReversibleEmbedding\): token id 2 is outside the vocabulary/);
});

test('an option that nobody reads is refused, not ignored', () => {
  refuses(sequential('Dense', { units: 2, sparsity: 0.5 }, [null, 2]), /option 'sparsity' is not supported/);
  refuses(sequential('Dense', { units: 2, quantization_config: { mode: 'int8' } }, [null, 2]), /'quantization_config'/);
  refuses(
    sequential('Dense', { units: 2, dtype: 'int8_from_float32' }, [null, 2], { version: '3.5.0' }),
    /quantized layers/,
  );
  refuses(sequential('BatchNormalization', { mode: 1 }, [null, 2], { version: '1.2.2' }), /option 'mode'/);
  refuses(sequential('BatchNormalization', { virtual_batch_size: 4 }, [null, 2]), /option 'virtual_batch_size'/);
});

test('activations: known ones by any spelling, others with the nearest names', async () => {
  const act = (activation: unknown) => sequential('Activation', { activation }, [null, 1]);
  refuses(act('relux'), /activation 'relux' is not one of Keras's[\s\S]*did you mean 'relu'/);
  refuses(act({ class_name: 'function', config: 'my_function' }), /'my_function' is not one of Keras's/);
  refuses(act({ class_name: 'MyActivation', config: {} }), /option 'activation' .*MyActivation/);
  assert.equal(await output(act('swish'), [1], [1, 1]), [0.731059]);
  assert.equal(await output(act({ class_name: 'function', config: 'relu6' }), [9], [1, 1]), [6]);
  assert.equal(await output(act({ class_name: 'LeakyReLU', config: { alpha: 0.1 } }), [-1], [1, 1]), [-0.1]);
  assert.equal(await output(act('softmax_v2'), [1], [1, 1]), [1]);
});

test('hard_sigmoid means clip(0.2 x + 0.5) before Keras 3 and relu6(x + 3) / 6 since', async () => {
  const at = (version: string) => sequential('Activation', { activation: 'hard_sigmoid' }, [null, 1], { version });
  assert.equal(await output(at('1.2.2'), [1], [1, 1]), [0.7]);
  assert.equal(await output(at('2.15.0'), [1], [1, 1]), [0.7]);
  assert.equal(await output(at('3.0.0'), [1], [1, 1]), [0.666667]);
});

test('NumPy values that old files hold are read', async () => {
  const leaky = sequential('LeakyReLU', { alpha: { type: 'ndarray', value: 0.5 } }, [null, 1]);
  assert.equal(await output(leaky, [-2], [1, 1]), [-1]);
});

test('LeakyReLU, ThresholdedReLU and ELU have the defaults of Keras', async () => {
  assert.equal(await output(sequential('LeakyReLU', {}, [null, 1]), [-1], [1, 1]), [-0.3]);
  assert.equal(await output(sequential('ThresholdedReLU', {}, [null, 3]), [0.5, 1, 1.5], [1, 3]), [0, 0, 1.5]);
  assert.equal(await output(sequential('ELU', {}, [null, 1]), [-1], [1, 1]), [-0.632121]);
});

const kernel = { layer: [{ name: 'kernel', shape: [2, 1, 1], data: [1, 10] }] };

test('a convolution of Theano turns its kernel round, unless it is wanted as stored', async () => {
  const theano = sequential('Conv1D', conv, [null, 3, 1], { backend: 'theano' });
  const tensorflow = sequential('Conv1D', conv, [null, 3, 1]);
  // x = 1 2 3: correlation with (1, 10) gives 1 + 20, 2 + 30; turned round 10 + 2, 20 + 3.
  assert.equal(await output(tensorflow, [1, 2, 3], [1, 3, 1], kernel), [21, 32]);
  assert.equal(await output(theano, [1, 2, 3], [1, 3, 1], kernel), [12, 23]);
  assert.equal(await output(theano, [1, 2, 3], [1, 3, 1], kernel, { theanoKernels: 'as-stored' }), [21, 32]);
});

test('Keras 1 kernels: an extra axis in 1-D, [out, in, rows, columns] with dim_ordering th', async () => {
  const config = { nb_filter: 1, filter_length: 2, border_mode: 'valid', subsample_length: 1, bias: false };
  const written = { version: '1.2.2' };
  const one = sequential('Convolution1D', config, [null, 3, 1], written);
  const stored = { layer: [{ name: 'kernel', shape: [2, 1, 1, 1], data: [1, 10] }] };
  assert.equal(await output(one, [1, 2, 3], [1, 3, 1], stored), [21, 32]);
  const plane = {
    nb_filter: 1,
    nb_row: 1,
    nb_col: 2,
    border_mode: 'valid',
    subsample: [1, 1],
    dim_ordering: 'th',
    bias: false,
  };
  const two = sequential('Convolution2D', plane, [null, 2, 1, 2], written);
  const flat = { layer: [{ name: 'kernel', shape: [1, 2, 1, 2], data: [1, 10, 100, 1000] }] };
  // Two channels (1 2) and (3 4): 1·1 + 10·2 + 100·3 + 1000·4.
  assert.equal(await output(two, [1, 2, 3, 4], [1, 2, 1, 2], flat), [4321]);
});

test('Flatten of channels_first reads channels last, as Keras since 2.2; without data_format as it lies', async () => {
  const x = [1, 2, 3, 4];
  const first = sequential('Flatten', { data_format: 'channels_first' }, [null, 2, 1, 2]);
  assert.equal(await output(first, x, [1, 2, 1, 2]), [1, 3, 2, 4]);
  assert.equal(await output(sequential('Flatten', {}, [null, 2, 1, 2]), x, [1, 2, 1, 2]), x);
});

test('channels_first with softmax normalizes the last axis, which is space, as Keras does', async () => {
  const config = { ...conv, kernel_size: [1], data_format: 'channels_first', activation: 'softmax' };
  const y = await output(sequential('Conv1D', config, [null, 1, 2]), [0, 0], [1, 1, 2], {
    layer: [{ name: 'kernel', shape: [1, 1, 1], data: [1] }],
  });
  assert.equal(y, [0.5, 0.5]);
});

test('bilinear upsampling interpolates between pixel centres', async () => {
  const layer = sequential('UpSampling2D', { size: [1, 2], interpolation: 'bilinear' }, [null, 1, 2, 1]);
  assert.equal(await output(layer, [0, 4], [1, 1, 2, 1]), [0, 1, 3, 4]);
});

test('Keras 1 alone had MaxoutDense and Highway', async () => {
  const written = { version: '1.2.2' };
  const maxout = sequential(
    'MaxoutDense',
    { output_dim: 1, nb_feature: 2, bias: true, input_dim: 2 },
    [null, 2],
    written,
  );
  const pieces = {
    layer: [
      { name: 'kernel', shape: [2, 2, 1], data: [1, 1, -1, 2] },
      { name: 'bias', shape: [2, 1], data: [0, 0.5] },
    ],
  };
  // max(x0 + x1, -x0 + 2 x1 + 0.5) at (1, 2) and (2, -1)
  assert.equal(await output(maxout, [1, 2, 2, -1], [2, 2], pieces), [3.5, 1]);
  const highway = sequential('Highway', { activation: 'linear', bias: true, input_dim: 1 }, [null, 1], written);
  const weights = {
    layer: [
      { name: 'kernel', shape: [1, 1], data: [3] },
      { name: 'kernel_carry', shape: [1, 1], data: [0] },
      { name: 'bias', shape: [1], data: [1] },
      { name: 'bias_carry', shape: [1], data: [0] },
    ],
  };
  assert.equal(await output(highway, [2], [1, 1], weights), [4.5]); // half of 3·2 + 1, half of 2
});

test('the wrong rank, and a reshape that does not fit, name the layer', () => {
  refuses(
    sequential('Conv2D', { ...conv, kernel_size: 2, strides: 1 }, [null, 4, 1]),
    /layer 'layer' \(Conv2D\): the input needs 4 axes, it has 3/,
  );
  refuses(
    sequential('Reshape', { target_shape: [3, 2] }, [null, 4]),
    /layer 'layer' \(Reshape\): 4 elements do not fit target_shape/,
  );
  refuses(sequential('Cropping1D', { cropping: [2, 2] }, [null, 4, 1]), /nothing is left after cropping/);
  refuses(
    sequential('MaxPooling1D', { pool_size: 5 }, [null, 4, 1]),
    /layer 'layer' \(MaxPooling1D\): maxPool: spatial axis 0 has 4/,
  );
});

test.run();
