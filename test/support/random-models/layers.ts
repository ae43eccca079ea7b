/**
 * Every layer of the builder with random options, by the rank of what it takes, with the shape of what it gives (both without the batch
 * axis). Invariant: an entry fits every shape of its rank whose sizes are from 2 up, or returns null.
 */
import { type LayerFunction, layers as l } from '../../../src/training/index.ts';
import type { Draw } from './draw.ts';

export type Sizes = readonly number[];
export type Made = readonly [LayerFunction, Sizes] | null;
export type Entry = (d: Draw, shape: Sizes) => Made;

const same: (make: (d: Draw, shape: Sizes) => LayerFunction) => Entry = (make) => (d, shape) => [make(d, shape), shape];
/** How many elements. */
export const product = (shape: Sizes): number => shape.reduce((a, b) => a * b, 1);

const last = (shape: Sizes): number => shape.at(-1)!;
const withLast = (shape: Sizes, size: number): Sizes => [...shape.slice(0, -1), size];
const space = (shape: Sizes, change: (size: number, axis: number) => number): Sizes => [
  ...shape.slice(0, -1).map(change),
  last(shape),
];
const named = <T>(kind: string, axes: number, suffix = ''): T =>
  (l as Record<string, unknown>)[`${kind}${axes}d${suffix}`] as T;
const values = (d: Draw, n: number, least = -1): number[] =>
  Array.from({ length: n }, () => least + Math.round(d.next() * 200) / 100);

/** Of any rank from 1 up. */
export const anywhere: Readonly<Record<string, Entry>> = {
  dense: (d, shape) => {
    const units = d.int(2, 5);
    return [l.dense({ units, activation: d.activation(), ...d.kernel() }), withLast(shape, units)];
  },
  activation: same((d) => l.activation({ activation: d.activation() })),
  relu: same((d) =>
    l.relu({ maxValue: d.pick([null, 1.5]), negativeSlope: d.pick([0, 0.1]), threshold: d.pick([0, 0.2]) }),
  ),
  leakyRelu: same((d) => l.leakyRelu({ negativeSlope: d.pick([0.3, 0.05]) })),
  elu: same((d) => l.elu({ alpha: d.pick([1, 0.7]) })),
  prelu: same((d, shape) => l.prelu(shape.length > 1 && d.chance(0.5) ? { sharedAxes: [1] } : {})),
  // Keras aligns a mask of time steps with the last axes, where it does not fit.
  softmax: (_, shape) => (shape.length === 2 ? null : [l.softmax(), shape]),
  identity: same(() => l.identity()),
  dropout: same((d) => l.dropout({ rate: 0.3, seed: d.pick([null, 7]) })),
  alphaDropout: same(() => l.alphaDropout({ rate: 0.2 })),
  gaussianDropout: same(() => l.gaussianDropout({ rate: 0.2 })),
  gaussianNoise: same(() => l.gaussianNoise({ stddev: 0.2 })),
  activityRegularization: same(() => l.activityRegularization({ l1: 0.1, l2: 0.2 })),
  rescaling: same((d) => l.rescaling({ scale: d.pick([0.5, 2]), offset: d.pick([0, -1]) })),
  batchNormalization: same((d) =>
    l.batchNormalization({
      center: d.chance(0.7),
      scale: d.chance(0.7),
      epsilon: d.pick([0.001, 0.01]),
      momentum: 0.9,
    }),
  ),
  layerNormalization: same((d) => l.layerNormalization({ center: d.chance(0.7), scale: d.chance(0.7) })),
  groupNormalization: same((d, shape) => l.groupNormalization({ groups: d.chance(0.3) ? -1 : d.divisor(last(shape)) })),
  rmsNormalization: same(() => l.rmsNormalization()),
  unitNormalization: same(() => l.unitNormalization()),
  normalization: same((d, shape) =>
    d.chance(0.3)
      ? l.normalization()
      : l.normalization({ mean: values(d, last(shape)), variance: values(d, last(shape), 0.5), invert: d.chance(0.3) }),
  ),
};

const vectors: Readonly<Record<string, Entry>> = {
  repeatVector: (d, [c]) => {
    const n = d.int(2, 4);
    return [l.repeatVector({ n }), [n, c!]];
  },
  reshape: (d, [c]) => {
    const k = d.divisor(c!);
    return k < 2 || c! / k < 2
      ? null
      : [l.reshape({ targetShape: d.chance(0.5) ? [c! / k, k] : [-1, k] }), [c! / k, k]];
  },
};

/** Convolutions, pools and what moves in space, of rank `axes + 1`. */
function spatial(axes: 1 | 2 | 3): Record<string, Entry> {
  const found: Record<string, Entry> = {};
  for (const kind of ['conv', 'depthwiseConv', 'separableConv', 'transpose']) {
    if (axes === 3 && (kind === 'depthwiseConv' || kind === 'separableConv')) continue;
    found[`${kind}${axes}d`] = (d, shape) => {
      const kernelSize = d.int(1, 2);
      const strides = kind === 'transpose' ? 1 : d.pick([1, 1, 2]);
      const dilationRate = strides === 1 && kind === 'conv' ? d.pick([1, 2]) : 1;
      const padding = axes === 1 && kind === 'conv' && d.chance(0.2) ? 'causal' : d.pick(['same', 'valid']);
      const filters = d.int(2, 4);
      const groups = kind === 'conv' && filters % 2 === 0 && last(shape) % 2 === 0 && axes < 3 && d.chance(0.2) ? 2 : 1;
      const depthMultiplier = d.int(1, 2);
      const window = { kernelSize, strides, padding, dilationRate, activation: d.activation() };
      const width = (kernelSize - 1) * dilationRate;
      const size = (n: number): number =>
        kind === 'transpose'
          ? n + (padding === 'valid' ? width : 0)
          : padding === 'valid'
            ? Math.ceil((n - width) / strides)
            : Math.ceil(n / strides);
      const out = space(shape, size);
      if (out.some((n) => n < 2)) return null;
      if (kind === 'depthwiseConv') {
        const make = named<typeof l.depthwiseConv1d>(kind, axes);
        return [
          make({ ...window, depthMultiplier, useBias: d.chance(0.7) } as never),
          withLast(out, last(shape) * depthMultiplier),
        ];
      }
      if (kind === 'separableConv')
        return [
          named<typeof l.separableConv1d>(kind, axes)({ ...window, filters, depthMultiplier } as never),
          withLast(out, filters),
        ];
      if (kind === 'transpose')
        return [
          named<typeof l.conv1dTranspose>('conv', axes, 'Transpose')({ ...window, filters, ...d.kernel() } as never),
          withLast(out, filters),
        ];
      return [
        named<typeof l.conv1d>('conv', axes)({ ...window, filters, groups, ...d.kernel() } as never),
        withLast(out, filters),
      ];
    };
  }
  for (const kind of ['maxPooling', 'averagePooling'])
    found[`${kind}${axes}d`] = (d, shape) => {
      const padding = d.pick(['same', 'valid'] as const);
      const out = space(shape, (n) => (padding === 'same' ? Math.ceil(n / 2) : Math.floor(n / 2)));
      return out.some((n) => n < 2) ? null : [named<typeof l.maxPooling1d>(kind, axes)({ poolSize: 2, padding }), out];
    };
  for (const kind of ['globalMaxPooling', 'globalAveragePooling'])
    found[`${kind}${axes}d`] = (_, shape) => [named<typeof l.globalMaxPooling1d>(kind, axes)(), [last(shape)]];
  found[`spatialDropout${axes}d`] = same(() => named<typeof l.spatialDropout1d>('spatialDropout', axes)({ rate: 0.2 }));
  found[`zeroPadding${axes}d`] = (d, shape) => {
    const n = d.int(1, 2);
    return [named<typeof l.zeroPadding1d>('zeroPadding', axes)({ padding: n }), space(shape, (size) => size + 2 * n)];
  };
  found[`cropping${axes}d`] = (_, shape) =>
    shape.slice(0, -1).some((n) => n < 4)
      ? null
      : [named<typeof l.cropping1d>('cropping', axes)({ cropping: 1 }), space(shape, (n) => n - 2)];
  found[`upSampling${axes}d`] = (_, shape) =>
    shape.some((n) => n > 6)
      ? null
      : [named<typeof l.upSampling1d>('upSampling', axes)({ size: 2 }), space(shape, (n) => 2 * n)];
  found['flatten'] = (_, shape) => [l.flatten(), [shape.reduce((a, b) => a * b, 1)]];
  found['permute'] = (_, shape) => {
    const dims = [...shape.keys()].map((axis) => axis + 1).reverse();
    return [l.permute({ dims }), [...shape].reverse()];
  };
  return found;
}

function convLstm(axes: 1 | 2 | 3): Entry {
  return (d, shape) => {
    const [filters, returnSequences] = [d.int(2, 3), d.chance(0.5)];
    const options = {
      filters,
      kernelSize: 2,
      padding: 'same',
      returnSequences,
      goBackwards: d.chance(0.2),
      ...d.kernel(),
    } as const;
    const layer = named<typeof l.convLstm1d>(
      'convLstm',
      axes,
    )({ ...options, recurrentActivation: d.pick(['sigmoid', 'hard_sigmoid']) });
    return [layer, withLast(returnSequences ? shape : shape.slice(1), filters)];
  };
}

const sequence = (d: Draw) => {
  const returnSequences = d.chance(0.6);
  return { returnSequences, goBackwards: d.chance(0.2), zeroOutputForMask: d.chance(0.2), unroll: d.chance(0.1) };
};
const gates = (d: Draw) => ({
  recurrentActivation: d.pick(['sigmoid', 'hard_sigmoid']),
  activation: d.pick(['tanh', 'relu']),
  ...d.kernel(),
});
const recurrent: ((d: Draw, units: number, more: object) => LayerFunction)[] = [
  (d, units, more) => l.lstm({ units, ...gates(d), unitForgetBias: d.chance(0.5), ...more }),
  (d, units, more) => l.gru({ units, ...gates(d), resetAfter: d.chance(0.6), ...more }),
  (d, units, more) => l.simpleRnn({ units, activation: 'tanh', ...d.kernel(), ...more }),
  (d, units, more) => l.rnn({ cell: cell(d, units), ...more }),
  (d, units, more) => l.rnn({ cell: l.stackedRnnCells({ cells: [cell(d, 3), cell(d, 2), cell(d, units)] }), ...more }),
];
const cell = (d: Draw, units: number): LayerFunction =>
  d.pick([
    () => l.lstmCell({ units, ...gates(d) }),
    () => l.gruCell({ units, ...gates(d), resetAfter: d.chance(0.6) }),
    () => l.simpleRnnCell({ units, ...d.kernel() }),
  ])();

const over =
  (kinds: readonly number[]): Entry =>
  (d, shape) => {
    const [units, more] = [d.int(2, 4), sequence(d)];
    return [recurrent[d.pick(kinds)]!(d, units, more), more.returnSequences ? [shape[0]!, units] : [units]];
  };

const series: Readonly<Record<string, Entry>> = {
  ...spatial(1),
  lstm: over([0]),
  gru: over([1]),
  simpleRnn: over([2]),
  rnn: over([3, 4]),
  bidirectional: (d, [t]) => {
    const [units, kind, mergeMode] = [d.int(2, 3), d.int(0, 2), d.pick(['concat', 'sum', 'mul', 'ave'] as const)];
    const more = { returnSequences: d.chance(0.6) };
    const backwardLayer = d.chance(0.3) ? recurrent[kind]!(d, units, { ...more, goBackwards: true }) : null;
    const width = mergeMode === 'concat' ? 2 * units : units;
    const layer = l.bidirectional({ layer: recurrent[kind]!(d, units, more), mergeMode, backwardLayer });
    return [layer, more.returnSequences ? [t!, width] : [width]];
  },
  timeDistributed: (d, [t]) => {
    const units = d.int(2, 4);
    return [l.timeDistributed({ layer: l.dense({ units, ...d.kernel() }) }), [t!, units]];
  },
  einsumDense: (d, [t]) => {
    const units = d.int(2, 4);
    return [
      l.einsumDense({
        equation: 'abc,cd->abd',
        outputShape: [null, units],
        biasAxes: d.pick(['d', null]),
        activation: d.activation(),
      }),
      [t!, units],
    ];
  },
  masking: same(() => l.masking({ maskValue: 0 })),
  reshape: (d, [t, c]) => {
    const k = d.divisor(c!);
    return k < 2 || c! / k < 2 ? null : [l.reshape({ targetShape: [t!, c! / k, k] }), [t!, c! / k, k]];
  },
};

const pictures: Readonly<Record<string, Entry>> = {
  ...spatial(2),
  convLstm1d: convLstm(1),
  timeDistributed2: (d, [h, w]) => {
    const filters = d.int(2, 3);
    return [l.timeDistributed({ layer: l.conv1d({ filters, kernelSize: 2, padding: 'same' }) }), [h!, w!, filters]];
  },
  resizing: (d, [, , c]) => {
    const [height, width] = [d.int(2, 6), d.int(2, 6)];
    return [l.resizing({ height, width, interpolation: d.pick(['bilinear', 'nearest']) }), [height, width, c!]];
  },
  centerCrop: (d, [h, w, c]) => {
    const [height, width] = [d.int(2, h!), d.int(2, w!)];
    return [l.centerCrop({ height, width }), [height, width, c!]];
  },
  randomFlip: same(() => l.randomFlip({ mode: 'horizontal' })),
  randomRotation: same((d) => l.randomRotation({ factor: 0.1, fillMode: d.pick(['reflect', 'wrap', 'constant']) })),
  randomZoom: same(() => l.randomZoom({ heightFactor: [-0.2, 0.1] })),
  randomTranslation: same(() => l.randomTranslation({ heightFactor: 0.1, widthFactor: 0.2, interpolation: 'nearest' })),
  randomBrightness: same(() => l.randomBrightness({ factor: 0.1, valueRange: [-4, 4] })),
  randomContrast: same(() => l.randomContrast({ factor: [0.1, 0.2] })),
  randomHue: same(() => l.randomHue({ factor: [0.1, 0.4], valueRange: [-4, 4] })),
  randomErasing: same((d) => l.randomErasing({ factor: 0.5, scale: [0.1, 0.2], fillValue: d.pick([null, 0.5]) })),
  randomPerspective: same(() => l.randomPerspective({ scale: 0.2, interpolation: 'nearest' })),
  // That of Keras 3 crops in training alone.
  randomCrop: (d, [h, w, c]) => [l.randomCrop({ height: d.int(2, h!), width: d.int(2, w!) }), [h!, w!, c!]],
};

/** By rank. */
export const byRank: readonly Readonly<Record<string, Entry>>[] = [
  {},
  vectors,
  series,
  pictures,
  { ...spatial(3), convLstm2d: convLstm(2) },
  { convLstm3d: convLstm(3) },
];
