/**
 * Recorded operations of Keras 3: the module of each class, which legacy files leave out, and what legacy files cannot hold at all.
 * Source: `keras/src/ops` of Keras 3.15, and what its `load_model` makes of its own `.h5`.
 */
import { allLayers } from '../../model/lookup.ts';
import type { Model } from '../../model/model.ts';
import { failure } from '../../tensor/errors.ts';
import { isRecord } from '../config/json.ts';
import type { Json, LayerSpec } from '../config/spec.ts';
import type { ModelLayer } from '../model/layer.ts';

const words = (text: string): readonly string[] => text.split(' ');

/** Classes by module; all others are in `numpy`. */
const modules: Readonly<Record<string, readonly string[]>> = {
  core: words('Cast ConvertToTensor SaturateCast Scatter ScatterUpdate Slice SliceUpdate StopGradient Unstack'),
  image: words(
    'AffineTransform CropImages ExtractPatches GaussianBlur HSVToRGB MapCoordinates PadImages PerspectiveTransform RGBToGrayscale RGBToHSV Resize',
  ),
  linalg: words('Cholesky CholeskyInverse Det Eig Eigh Inv Lstsq LuFactor Norm Pinv Qr SVD Solve SolveTriangular'),
  math: words(
    'Erf Erfc Erfinv ExtractSequences FFT FFT2 IFFT2 IRFFT ISTFT InTopK Logdet Logsumexp RFFT Rsqrt STFT SegmentMax SegmentSum TopK',
  ),
  nn: words(
    'AdaptiveAveragePool AdaptiveMaxPool AveragePool BatchNorm BinaryCrossentropy CategoricalCrossentropy Celu Conv ConvTranspose ' +
      'DepthToSpace DepthwiseConv DotProductAttention Elu Fold Gelu Glu HardShrink HardSigmoid HardSilu HardTanh LayerNorm LeakyRelu ' +
      'LogSigmoid LogSoftmax MaxPool Moments MultiHot Normalize OneHot PSNR RMSNorm Relu Relu6 Selu SeparableConv Sigmoid Silu ' +
      'SoftShrink Softmax Softplus Softsign SpaceToDepth SparseCategoricalCrossentropy SparsePlus SparseSigmoid Sparsemax Squareplus ' +
      'TanhShrink Threshold Unfold',
  ),
};

export function operationModule(className: string): string {
  const found = Object.entries(modules).find(([, classes]) => classes.includes(className));
  return `keras.src.ops.${found?.[0] ?? 'numpy'}`;
}

export function operationsOf(model: Model): ReadonlySet<LayerSpec> {
  const layers = allLayers(model.layers as readonly ModelLayer[]);
  return new Set(layers.filter(({ operation }) => operation).map(({ spec }) => spec));
}

/** A layer inside another as tensorflowjs_converter leaves it of a `.keras` file: without its module, which Keras then looks for. */
const isStripped = (inner: Json | undefined): boolean =>
  isRecord(inner ?? null) &&
  !Object.hasOwn(inner as object, 'module') &&
  Object.hasOwn(inner as object, 'build_config');

/** Layers that Keras 3.15 writes into legacy files and cannot read from there. */
const unreadable = ['Attention', 'GroupedQueryAttention', 'GroupQueryAttention'];

/**
 * @throws PathgradError naming the layer that the Keras of the file could not read: of Keras 3 in legacy files, of tf_keras in any
 */
export function checkReadable(model: Model, operations: ReadonlySet<LayerSpec>, format: 'keras' | 'h5'): void {
  for (const { spec, subject, className, config, dialect } of allLayers(model.layers as readonly ModelLayer[])) {
    if (dialect.major < 3) {
      const hint = `format: 'weights.h5' and 'safetensors' keep its weights`;
      if (className === 'SpectralNormalization')
        throw failure(subject, 'tf_keras cannot read it from a file', {}, hint);
      if (/^LocallyConnected/.test(className) && config['padding'] === 'same')
        throw failure(subject, `its kernel is in a layout that tf_keras has for padding 'valid' alone`, {}, hint);
    } else if (
      format === 'h5' &&
      (operations.has(spec) || unreadable.includes(className) || isStripped(config['layer']))
    )
      throw failure(subject, 'Keras 3 cannot read it from a legacy .h5', {}, `format: 'keras', which Keras reads`);
  }
}
