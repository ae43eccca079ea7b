/** Recurrent layers, their cells, and the wrappers around them. Source: Keras 3.15. */

import type { Config } from '../../settings.ts';
import type { ConfigValue } from '../../types.ts';
import {
  activation,
  anything,
  constraint,
  count,
  type Field,
  flag,
  initializer,
  type LayerOptions,
  layerClass,
  oneOf,
  perAxis,
  rate,
  regularizer,
  slotOf,
  wrapped,
} from '../fields.ts';
import type { Part } from '../parts.ts';
import type { LayerFunction } from '../symbolic.ts';
import { type DataFormat, dataFormat, type KernelOptions, kernelFields, type PerAxis, padding } from './shared.ts';

/** Options of recurrent cells. */
export interface RecurrentCellOptions extends KernelOptions {
  readonly units: number;
  /** `'tanh'` by default. */
  readonly activation?: string | null;
  /** `'orthogonal'` by default. */
  readonly recurrentInitializer?: Part;
  readonly recurrentRegularizer?: Part | null;
  readonly recurrentConstraint?: Part | null;
  /** Of the inputs, one mask for all steps. */
  readonly dropout?: number;
  /** Of the states, one mask for all steps. */
  readonly recurrentDropout?: number;
  readonly seed?: number | null;
}
/** Options of the cells with gates. */
export interface GatedCellOptions extends RecurrentCellOptions {
  /** `'sigmoid'` by default. */
  readonly recurrentActivation?: string | null;
}
interface Sequences {
  readonly returnSequences?: boolean;
  /** Also the last states: call the layer with `all`. */
  readonly returnState?: boolean;
  readonly goBackwards?: boolean;
  readonly stateful?: boolean;
  readonly unroll?: boolean;
  readonly zeroOutputForMask?: boolean;
}

const cell = {
  units: count,
  activation: activation('tanh'),
  ...kernelFields,
  recurrentInitializer: initializer('orthogonal'),
  recurrentRegularizer: regularizer,
  recurrentConstraint: constraint,
  dropout: rate(0),
  recurrentDropout: rate(0),
  seed: anything(null),
};
const gated = { ...cell, recurrentActivation: activation('sigmoid') };
const sequences = {
  returnSequences: flag(false),
  returnState: flag(false),
  goBackwards: flag(false),
  stateful: flag(false),
  unroll: flag(false),
  zeroOutputForMask: flag(false),
};
const states =
  (count: number) =>
  (config: Config): number =>
    config['return_state'] === true ? 1 + count : 1;

/** Options of `lstm`. */
export interface LstmOptions extends GatedCellOptions, Sequences {
  /** Whether the bias of the forget gate begins at 1 (Jozefowicz et al. 2015); true. */
  readonly unitForgetBias?: boolean;
}
/** Options of `gru`. */
export interface GruOptions extends GatedCellOptions, Sequences {
  /** Whether the reset gate comes after the product, as cuDNN has it; true. */
  readonly resetAfter?: boolean;
}
/** Long short-term memory (Hochreiter and Schmidhuber 1997): `[N, T, C]` to `[N, units]`, or `[N, T, units]`. */
export const lstm = layerClass<LstmOptions>(
  'LSTM',
  { ...gated, unitForgetBias: flag(true), ...sequences },
  { results: states(2) },
);
/** Gated recurrent units (Cho et al. 2014). */
export const gru = layerClass<GruOptions>(
  'GRU',
  { ...gated, resetAfter: flag(true), ...sequences },
  { results: states(1) },
);
/** A recurrent layer without gates. */
export const simpleRnn = layerClass<RecurrentCellOptions & Sequences>(
  'SimpleRNN',
  { ...cell, ...sequences },
  { results: states(1) },
);

const { activityRegularizer: _, ...cellOnly } = cell;
const { activityRegularizer: __, ...gatedOnly } = gated;
/** The step of an LSTM, for `rnn`. */
export const lstmCell = layerClass<
  Omit<GatedCellOptions, 'activityRegularizer'> & { readonly unitForgetBias?: boolean }
>('LSTMCell', { ...gatedOnly, unitForgetBias: flag(true) });
/** The step of a GRU, for `rnn`. */
export const gruCell = layerClass<Omit<GatedCellOptions, 'activityRegularizer'> & { readonly resetAfter?: boolean }>(
  'GRUCell',
  {
    ...gatedOnly,
    resetAfter: flag(true),
  },
);
/** The step of a recurrent layer without gates, for `rnn`. */
export const simpleRnnCell = layerClass<Omit<RecurrentCellOptions, 'activityRegularizer'>>('SimpleRNNCell', cellOnly);
/** Several cells as one, each on what the one before gives. */
export const stackedRnnCells = layerClass<LayerOptions & { readonly cells: readonly LayerFunction[] }>(
  'StackedRNNCells',
  {
    cells: {
      write: (cells: readonly LayerFunction[], subject: string) =>
        cells.map((one) => slotOf(one, subject)) as unknown as ConfigValue,
    },
  },
);
/** Options of `rnn`. */
export interface RnnOptions extends LayerOptions, Sequences {
  /** `lstmCell`, `gruCell`, `simpleRnnCell` or `stackedRnnCells`. */
  readonly cell: LayerFunction;
}
/** A cell over all steps. */
export const rnn = layerClass<RnnOptions>('RNN', { cell: wrapped, ...sequences });

/** Options of `bidirectional`. */
export interface BidirectionalOptions extends LayerOptions {
  /** The layer for the way forward. */
  readonly layer: LayerFunction;
  /** `'concat'` by default; null gives both. */
  readonly mergeMode?: 'concat' | 'sum' | 'mul' | 'ave' | null;
  /** By default a copy of `layer` that goes the other way. */
  readonly backwardLayer?: LayerFunction | null;
}
const mergeModes = oneOf(['concat', 'sum', 'mul', 'ave'], 'concat');
/** A recurrent layer forward and one backward (Schuster and Paliwal 1997). */
export const bidirectional = layerClass<BidirectionalOptions>(
  'Bidirectional',
  {
    layer: { write: (layer: LayerFunction, subject: string) => slotOf(layer, subject, 'forward') as never },
    mergeMode: {
      fallback: 'concat',
      write: (value: string | null, subject: string) =>
        value === null ? null : mergeModes.write!(value as never, subject, {}),
    },
    backwardLayer: {
      fallback: null,
      write: (given: LayerFunction | null, subject: string, { layer }) => {
        if (given !== null) return slotOf(given, subject, 'backward') as never;
        const forward = layer as LayerFunction;
        const turned = forward.node.write(() => '')['go_backwards'] !== true;
        return slotOf(forward, subject, 'backward', { go_backwards: turned }) as never;
      },
    },
  },
  {
    results: (config) => {
      const { slot } = config['layer'] as unknown as { slot: LayerFunction['node'] };
      return (config['merge_mode'] === null ? 2 : 1) + 2 * (slot.results(new Map()) - 1);
    },
  },
);
/** A layer on each step: `[N, T, …]`. */
export const timeDistributed = layerClass<LayerOptions & { readonly layer: LayerFunction }>('TimeDistributed', {
  layer: wrapped,
});

/** Options of convolutional LSTMs. */
export interface ConvLstmOptions extends Omit<LstmOptions, 'units' | 'unroll' | 'zeroOutputForMask'> {
  readonly filters: number;
  readonly kernelSize: PerAxis;
  readonly strides?: PerAxis;
  readonly padding?: 'valid' | 'same';
  readonly dataFormat?: DataFormat;
  readonly dilationRate?: PerAxis;
}
const { units: ___, ...noUnits } = gated;
const { unroll, zeroOutputForMask, ...convSequences } = sequences;
const convLstm = (axes: number) =>
  layerClass<ConvLstmOptions>(
    `ConvLSTM${axes}D`,
    {
      filters: count,
      kernelSize: perAxis(axes),
      strides: perAxis(axes, 1),
      padding,
      dataFormat,
      dilationRate: perAxis(axes, 1),
      ...(noUnits satisfies Readonly<Record<string, Field>>),
      unitForgetBias: flag(true),
      ...convSequences,
    },
    { results: states(2) },
  );
/** An LSTM of series whose products are convolutions (Shi et al. 2015). */
export const convLstm1d = convLstm(1);
/** An LSTM of pictures. */
export const convLstm2d = convLstm(2);
/** An LSTM of volumes. */
export const convLstm3d = convLstm(3);
