/** Explainers for tests of metrics: gradient times change, and two that know nothing of the model. */
import { InputXGradient, Saliency } from '../../src/attribution/methods/index.ts';
import type { Explaining } from '../../src/attribution/metrics/index.ts';
import type { CallableModel } from '../../src/graph/callable.ts';
import { randomNormal } from '../../src/graph/random.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';

/** `x * gradient at x`, at the input or at a layer; with baselines `(x - b) * gradient`, at the input. */
export function gradientTimesInput(
  model: CallableModel,
  layer: string | null = null,
  baselines: readonly Tensor[] | null = null,
): Explaining & { dispose(): void } {
  if (!baselines) return new InputXGradient(model, { layer });
  const slopes = new Saliency(model, { abs: false });
  return {
    explain: async (X, options) => {
      const found = await slopes.explain(X, options);
      const attributions = found.attributions.map(({ data, shape }, i) => {
        const [x, b] = [found.X[i]!.data, baselines[i]!.data];
        return tensor(
          Float64Array.from(data, (slope, at) => slope * (x[at]! - b[at]!)),
          shape,
        );
      });
      return { attributions, X: found.X, target: found.target };
    },
    dispose: () => slopes.dispose(),
  };
}

/** Attributions that no model and no input has anything to do with, in the shapes that `like` gives; it is asked once. */
export function unrelated(like: Explaining, kind: 'constant' | 'random', seed = 1): Explaining {
  let found: ReturnType<Explaining['explain']> | null = null;
  const make: Explaining['explain'] = async (X, options) => {
    const explanation = await like.explain(X, options);
    const attributions = explanation.attributions.map(({ shape, size }, i) => {
      const data = kind === 'constant' ? new Float64Array(size).fill(1) : randomNormal(size, seed + i);
      return tensor(data, shape);
    });
    return { ...explanation, attributions };
  };
  return {
    explain: (X, options) => {
      found ??= make(X, options);
      return found;
    },
  };
}
