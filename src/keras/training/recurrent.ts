/**
 * Recurrent cells that drop units (Gal and Ghahramani 2016): masks that are the same at every step of a batch. As Keras 3.15 and tf_keras 2.21 do
 * it: an LSTM or GRU has one mask for all gates, or one per gate with `implementation=1` and wherever states are dropped; a rate of 1 drops
 * nothing there. tf_keras's layers, where its fused kernel would do, draw another mask of the inputs for each step.
 */
import type { TrainingContext } from '../../graph/callable.ts';
import { add, mul, sub, where } from '../../ops/binary.ts';
import { dense, matmul } from '../../ops/matmul.ts';
import { repeat, reshape } from '../../ops/movement.ts';
import { part } from '../../ops/recurrent.ts';
import { recurrentActivations } from '../../ops/recurrent-activations.ts';
import type { RecurrentOptions } from '../../ops/rnn.ts';
import { concat, slice, stack } from '../../ops/slicing.ts';
import { ones, type Tensor, zeros } from '../../tensor/tensor.ts';
import type { Gated } from '../layers/layer.ts';
import { addMaskAxes, type CellWeights, type Curve, type RecurrentRecipe } from '../layers/recurrent/cell.ts';
import { dropout } from './dropout.ts';

type Curved = (x: Tensor) => Tensor;

/** Units of ones that are kept, scaled. */
export function keptMask(shape: readonly number[], rate: number, like: Tensor, context: TrainingContext): Tensor {
  return dropout(ones(shape, like.dtype as 'float32'), rate, context);
}

/** What `Drops.gated` gives: rates of 0 and 1 drop nothing, as in ConvLSTM. */
export function gatedMasks(rate: number, like: Tensor, count: number, times: number, context: TrainingContext): Gated {
  if (rate <= 0 || rate >= 1) return (f, y, kernel) => f(y, kernel);
  const masks = Array.from({ length: count }, () => {
    const kept = keptMask(like.shape, rate, like, context);
    return times === 1 ? kept : repeat(kept, times, 0);
  });
  return (f, y, kernel) => {
    const units = kernel.shape.at(-1)! / count;
    return concat(
      masks.map((kept, k) => f(mul(y, kept), part(kernel, k, units))),
      -1,
    );
  };
}

const curveOf = (curve: Curve): Curved => (typeof curve === 'string' ? recurrentActivations[curve].apply : curve);

/** Whether tf_keras computes the layer with the kernel that cuDNN would take, for which inputs are dropped step by step. */
function stepByStep({ options: o, gates, useBias, twoBiases, curves }: RecurrentRecipe): boolean {
  if (o.dialect.major === 3 || gates.length === 1 || o.className.endsWith('Cell')) return false;
  return (
    curves[0] === 'tanh' &&
    curves[1] === 'sigmoid' &&
    useBias &&
    (gates.length === 4 || twoBiases) &&
    !o.flag('unroll', false)
  );
}

/** All steps of a cell: `[batch, time, states * units]`, at the steps' own places. */
export function droppedScan(
  recipe: RecurrentRecipe,
  x: Tensor,
  weights: CellWeights,
  options: RecurrentOptions,
  context: TrainingContext,
): Tensor {
  const { options: o, units, gates, scan } = recipe;
  const many = gates.length > 1;
  const rate = (key: string): number => {
    const given = Math.min(1, Math.max(0, o.number(key, 0)));
    return many && given === 1 ? 0 : given;
  };
  const [inputs, recurrent] = [rate('dropout'), rate('recurrent_dropout')];
  const perGate = many && (recurrent > 0 || o.number('implementation', 2) === 1);
  const ofStep = inputs > 0 && recurrent === 0 && stepByStep(recipe);
  const shape = ofStep ? x.shape : [x.shape[0]!, 1, x.shape[2]!];
  const drop = (y: Tensor): Tensor => mul(y, keptMask(shape, inputs, x, context));
  const { kernel, bias } = weights;
  const project = (): Tensor => {
    if (inputs === 0) return dense(x, kernel, bias);
    if (!perGate || ofStep) return dense(drop(x), kernel, bias);
    return concat(
      gates.map((_, k) => dense(drop(x), part(kernel, k, units), bias && part(bias, k, units))),
      -1,
    );
  };
  const z = project();
  if (recurrent === 0) return scan(z, weights.recurrent, weights.recurrentBias, options);
  const masks = gates.map(() => keptMask([x.shape[0]!, units], recurrent, x, context));
  return unrolled(recipe, z, weights, options, masks);
}

/** Step by step, each gate seeing the state through its mask; what is mixed into the next state is not dropped. */
function unrolled(
  { gates, units, twoBiases, states: count, curves }: RecurrentRecipe,
  z: Tensor,
  { recurrent, recurrentBias }: CellWeights,
  { mask, reverse, initialState }: RecurrentOptions,
  masks: readonly Tensor[],
): Tensor {
  const [batch, time] = [z.shape[0]!, z.shape[1]!];
  const [act, gate] = curves.map(curveOf) as [Curved, Curved];
  const kernels = gates.map((_, k) => part(recurrent, k, units));
  const from = (h: Tensor, k: number): Tensor => {
    const y = matmul(h, kernels[k]!);
    return recurrentBias ? add(y, part(recurrentBias, k, units)) : y;
  };
  const step = (zt: Tensor, [h, c]: readonly Tensor[]): Tensor[] => {
    const own = (k: number): Tensor => (gates.length > 1 ? part(zt, k, units) : zt);
    const seen = (k: number): Tensor => mul(h!, masks[k]!);
    const sum = (k: number): Tensor => add(own(k), from(seen(k), k));
    if (gates.length === 1) return [act(sum(0))];
    if (gates.length === 4) {
      const next = add(mul(gate(sum(1)), c!), mul(gate(sum(0)), act(sum(2))));
      return [mul(gate(sum(3)), act(next)), next];
    }
    const [update, reset] = [gate(sum(0)), gate(sum(1))];
    const candidate = act(add(own(2), twoBiases ? mul(reset, from(seen(2), 2)) : from(mul(reset, seen(2)), 2)));
    return [add(mul(update, h!), mul(sub(1, update), candidate))];
  };
  const given = initialState as readonly Tensor[] | undefined;
  let states: readonly Tensor[] =
    given ?? Array.from({ length: count }, () => zeros([batch, units], z.dtype as 'float32'));
  const outputs = new Array<Tensor>(time);
  const at = (x: Tensor, t: number): Tensor => reshape(slice(x, { 1: [t, t + 1] }), [batch, ...x.shape.slice(2)]);
  for (let i = 0; i < time; i++) {
    const t = reverse ? time - 1 - i : i;
    const made = step(at(z, t), states);
    const counts = mask && addMaskAxes(at(mask, t), 2);
    states = counts ? made.map((s, k) => where(counts, s, states[k]!)) : made;
    outputs[t] = count === 1 ? states[0]! : concat(states, -1);
  }
  if (time === 0) return zeros([batch, 0, count * units], z.dtype as 'float32');
  return stack(outputs, 1);
}
