/**
 * Backward passes that treat a relu otherwise, and everything else as gradients do: guided backpropagation (Springenberg et al.: "Striving
 * for simplicity", 2015) passes what is positive where the unit was on, the deconvolution (Zeiler and Fergus: "Visualizing and understanding
 * convolutional networks", 2014) what is positive wherever. A unit at 0 is off. Relus with a bound or a threshold count; those that leak (leaky,
 * parametric, elu) have gradients of their own on both sides and do not.
 */
import type { VjpRules } from '../../graph/grad.ts';
import { ancestors } from '../../graph/traverse.ts';
import { greater, less, where } from '../../ops/binary.ts';
import { failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** What comes back through a relu instead of its gradient; `on` is where its input passes. */
export type ReluGradient = (g: Tensor, on: Tensor) => Tensor;

const positive = (g: Tensor): Tensor => where(greater(g, 0), g, 0);

export const guided: ReluGradient = (g, on) => where(on, positive(g), 0);
export const deconvolved: ReluGradient = positive;

/**
 * @param method whose rules they are
 * @throws PathgradError where no relu leads to `output`: the result would be the gradient under another name
 */
export function reluRules(method: string, output: Tensor, gradient: ReluGradient): VjpRules {
  const relus = relusOf(ancestors([output]));
  if (relus.size === 0) {
    throw failure(
      method,
      'changes what comes back through a relu, and none lies between what is attributed and the output',
      {},
      'its result would be the gradient: use Saliency with abs: false, or InputXGradient',
    );
  }
  return {
    relu: (g, y) => (relus.has(y) ? [() => gradient(g, greater(y, 0))] : null),
    clippedRelu: (g, y, _, { max }) =>
      relus.has(y) ? [() => gradient(where(less(y, max as number), g, 0), greater(y, 0))] : null,
    where: (g, y, [on]) => (relus.has(y) ? [null, () => gradient(g, on!)] : null),
  };
}

/** The nodes that are relus: the ops, and `where(x > threshold, x, 0)`, which stands for them where there is a threshold. */
function relusOf(nodes: readonly Tensor[]): Set<Tensor> {
  const named = nodes.filter(({ op }) => op?.name === 'relu' || op?.name === 'clippedRelu');
  const rectified = new Set(named.map(({ inputs }) => inputs[0]!));
  // prelu is relu(x) - alpha relu(-x): what comes back through its second part has the other sign.
  const negated = [...rectified].filter(({ op, inputs }) => op?.name === 'neg' && rectified.has(inputs[0]!));
  const leaks = new Set(negated.flatMap((t) => [t, t.inputs[0]!]));
  const wheres = nodes.filter(({ op }) => op?.name === 'where');
  for (const { inputs } of wheres) if (inputs[0]!.op?.name === 'less') leaks.add(inputs[0]!.inputs[0]!);
  const passes = ({ inputs: [on, x, other] }: Tensor): boolean =>
    (on!.op?.name === 'greater' || on!.op?.name === 'greaterEqual') && on!.inputs[0] === x && isZero(other!);
  return new Set([
    ...named.filter(({ inputs }) => !leaks.has(inputs[0]!)),
    ...wheres.filter((node) => passes(node) && !leaks.has(node.inputs[1]!)),
  ]);
}

const isZero = ({ constant }: Tensor): boolean => constant?.length === 1 && constant[0] === 0;
