/**
 * Recurrent layers: SimpleRNN, LSTM, GRU and their CuDNN forms, RNN over a cell or a stack of cells. A layer starts from zeros or
 * from the states it is given: `stateful` layers too, since models here are called once.
 */
import { greater, where } from '../../../ops/binary.ts';
import { matmul } from '../../../ops/matmul.ts';
import { reshape } from '../../../ops/movement.ts';
import { reverse, slice } from '../../../ops/slicing.ts';
import { cast } from '../../../ops/unary.ts';
import { failure } from '../../../tensor/errors.ts';
import type { Shape } from '../../../tensor/shape.ts';
import { checkSize, TABLE_LIMIT } from '../../../tensor/shape.ts';
import { type Tensor, tensor } from '../../../tensor/tensor.ts';
import type { Json } from '../../config/spec.ts';
import { type CallArguments, type Drops, defineLayer, type LayerClass, type Mask, type Weights } from '../layer.ts';
import { Options } from '../options.ts';
import { addMaskAxes, cellMakers, type SequenceCell } from './cell.ts';
import { stackedCells } from './stacked.ts';

/** A recurrent layer with its options read. */
export interface RecurrentLayer {
  readonly cell: SequenceCell;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  /** Masked steps of the output are zeros; otherwise they repeat what was before them. */
  readonly zeroOutputForMask: boolean;
}

export function recurrentOptions(o: Options, cell: SequenceCell): RecurrentLayer {
  o.expect('time_major', false, 'false: the batch axis comes first');
  o.expect('num_constants', 0, 'no constants beside the states');
  o.ignore('stateful', 'unroll', 'input_spec', 'states', 'return_runtime');
  return {
    cell,
    returnSequences: o.flag('return_sequences', false),
    returnState: o.flag('return_state', false),
    goBackwards: o.flag('go_backwards', false),
    zeroOutputForMask: o.flag('zero_output_for_mask', false),
  };
}

/** A serialised layer or cell inside a config: its class, and its options to be read. */
export function nested(o: Options, key: string, value: Json | undefined): { className: string; options: Options } {
  const entry = value as { readonly [key: string]: Json } | undefined;
  const className = typeof entry?.['class_name'] === 'string' ? entry['class_name'].replace(/^.*[>.]/, '') : '';
  const config = entry?.['config'];
  if (className === '' || typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw o.wrong(key, value, 'a serialised layer {class_name, config}');
  }
  const context = { ...o, wrapped: undefined, subject: `${o.subject}, ${key} (${className})`, className };
  return { className, options: new Options(config as { readonly [key: string]: Json }, context) };
}

/** The cell that `value` describes; its options are all read. */
export function cellIn(o: Options, key: string, value: Json | undefined): SequenceCell {
  const list = Array.isArray(value) ? (value as readonly Json[]) : null;
  if (list)
    return stackedCells(
      o.subject,
      list.map((cell, i) => storedCell(o, `${key}[${i}]`, cell)),
    );
  const { className, options } = nested(o, key, value);
  if (className === 'StackedRNNCells') {
    const cells = options.raw('cells');
    options.expect('reverse_state_order', false, 'false');
    if (!Array.isArray(cells)) throw options.wrong('cells', cells, 'a list of cells');
    const made = (cells as readonly Json[]).map((cell, i) => storedCell(options, `cells[${i}]`, cell));
    options.finish();
    return stackedCells(o.subject, made);
  }
  return storedCell(o, key, value).cell;
}

function storedCell(o: Options, key: string, value: Json | undefined): { className: string; cell: SequenceCell } {
  const { className, options } = nested(o, key, value);
  const name = className.replace(/Cell$/, '');
  const make = Object.hasOwn(cellMakers, name) ? cellMakers[name] : undefined;
  if (!make || !className.endsWith('Cell')) {
    const hint = 'LSTMCell, GRUCell, SimpleRNNCell and StackedRNNCells of them are supported';
    throw failure(options.subject, `'${className}' is not a cell of Keras's`, {}, hint);
  }
  const cell = make(options);
  options.finish();
  return { className, cell };
}

/**
 * A call of a recurrent layer: the output, then the states where they are returned.
 * @param turned the sequence is turned round once more, as Bidirectional does with its backward layer
 */
export function callRecurrent(
  layer: RecurrentLayer,
  x: Tensor,
  weights: Weights,
  initial: readonly Tensor[] | null,
  mask: Mask,
  turned = false,
  drops?: Drops,
): Tensor[] {
  const { cell, goBackwards, zeroOutputForMask: zero } = layer;
  const time = x.shape[1]!;
  const { sequence, states } = cell.run(x, weights, { initial, mask, reverse: goBackwards, drops });
  const shown = mask && (zero ? mask : initial ? anySoFar(mask, goBackwards) : null);
  const kept = shown ? where(addMaskAxes(shown, sequence.rank), sequence, 0) : sequence;
  const extra = layer.returnState ? states : [];
  if (layer.returnSequences) return [goBackwards !== turned ? reverse(kept, [1]) : kept, ...extra];
  const at = goBackwards ? 0 : time - 1;
  const last = reshape(slice(kept, { 1: [at, at + 1] }), [kept.shape[0]!, ...kept.shape.slice(2)]);
  return [last, ...extra];
}

/** Whether any step so far counted: before, there is no output to repeat. */
function anySoFar(mask: Tensor, backwards: boolean): Tensor {
  const time = mask.shape[1]!;
  checkSize('mask', [time, time], TABLE_LIMIT);
  const before = Float32Array.from({ length: time * time }, (_, i) => {
    const [from, to] = [Math.floor(i / time), i % time];
    return Number(backwards ? from >= to : from <= to);
  });
  return greater(matmul(cast(mask, 'float32'), tensor(before, [time, time])), 0);
}

/** The initial states of a call: a keyword argument, or what the first argument lists behind the input. */
export function initialStates(
  subject: string,
  xs: readonly Tensor[],
  args: CallArguments,
  count: number,
): readonly Tensor[] | null {
  const listed = args.tensors.get('inputs')!.slice(1);
  const named = args.tensors.get('initial_state') ?? [];
  const found = [...listed, ...named].map((i) => xs[i]!);
  if (found.length === 0) return null;
  if (found.length !== count) throw failure(subject, `${count} initial states are needed`, { given: found.length });
  return found;
}

/**
 * The mask that a call takes. Keras 3 hands on the mask that a tensor carries only where that is the one tensor argument: with
 * initial states a mask counts if the call names it.
 */
export function maskOf(o: Options, [mask = null]: readonly Mask[], args: CallArguments): Mask {
  const alone = (args.tensors.get('initial_state') ?? []).length === 0;
  return o.dialect.major < 3 || alone || args.maskGiven ? mask : null;
}

/** Arguments after the first, in the order of Keras's `call`. */
export function recurrentParameters(o: Options): readonly string[] {
  return o.dialect.major === 3 ? ['initial_state', 'mask', 'training'] : ['mask', 'training', 'initial_state'];
}

const layers = Object.keys(cellMakers);

export const recurrent: LayerClass = defineLayer({
  classes: [...layers, 'UnifiedLSTM', 'UnifiedGRU', 'RNN'],
  create: (o) => {
    const layer = recurrentLayer(o);
    const { cell } = layer;
    return {
      many: true,
      parameters: recurrentParameters(o),
      ...(cell.drops ? { trainingMatters: 'drops' as const } : {}),
      weights: ([x], stored) => cell.rules(checked(o, x!), stored),
      call: (xs, w, masks, args) =>
        callRecurrent(
          ...([layer, xs[0]!, w, initialStates(o.subject, xs, args, cell.states), maskOf(o, masks, args)] as const),
          ...([false, args.drops] as const),
        ),
      mask: (_, [mask]) => (layer.returnSequences ? (mask ?? null) : null),
    };
  },
});

/** Of any recurrent class that is not convolutional, options read. */
export function recurrentLayer(o: Options): RecurrentLayer {
  const cell =
    o.className === 'RNN' ? cellIn(o, 'cell', o.raw('cell')) : cellMakers[o.className.replace('Unified', '')]!(o);
  return recurrentOptions(o, cell);
}

function checked(o: Options, input: Shape): Shape {
  if (input.length === 3) return input;
  throw failure(o.subject, 'the input is [batch, time, features]', { input });
}
