/**
 * Backward passes that treat a relu otherwise, and everything else as gradients do: guided backpropagation (Springenberg et al.: "Striving
 * for simplicity", 2015) passes what is positive where the unit was on, the deconvolution (Zeiler and Fergus: "Visualizing and understanding
 * convolutional networks", 2014) what is positive wherever. A unit at 0 is off. Bounded relus (`relu6`) count, since a relu is a part of
 * them; the two parts of a parametric relu do not.
 */
import type { VjpRules } from '../../graph/grad.ts';
import { ancestors } from '../../graph/traverse.ts';
import { greater, where } from '../../ops/binary.ts';
import { failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** What comes back through a relu of result `y` instead of its gradient. */
export type ReluGradient = (g: Tensor, y: Tensor) => Tensor;

const positive = (g: Tensor): Tensor => where(greater(g, 0), g, 0);

export const guided: ReluGradient = (g, y) => where(greater(y, 0), positive(g), 0);
export const deconvolved: ReluGradient = positive;

/**
 * @param method whose rules they are
 * @throws PathgradError where no relu leads to `output`: the result would be the gradient under another name
 */
export function reluRules(method: string, output: Tensor, gradient: ReluGradient): VjpRules {
  const relus = ancestors([output]).filter(({ op }) => op?.name === 'relu');
  const rectified = new Set(relus.map(({ inputs }) => inputs[0]!));
  // prelu is relu(x) - alpha relu(-x): what comes back through its second part has the other sign.
  const parametric = new Set(
    [...rectified].filter(({ op, inputs }) => op?.name === 'neg' && rectified.has(inputs[0]!)),
  );
  for (const { inputs } of [...parametric]) parametric.add(inputs[0]!);
  if (relus.every(({ inputs }) => parametric.has(inputs[0]!))) {
    throw failure(
      method,
      'changes what comes back through a relu, and none lies between what is attributed and the output',
      {},
      'its result would be the gradient: use Saliency with abs: false, or InputXGradient',
    );
  }
  return { relu: (g, y, [x]) => (parametric.has(x!) ? null : [() => gradient(g, y)]) };
}
