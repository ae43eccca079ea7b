/** Modules of sentence-transformers on an encoder: one output, `[rows, width]`, a vector per text. */
import { div, maximum } from '../../ops/binary.ts';
import { dense } from '../../ops/matmul.ts';
import { sum } from '../../ops/reduce.ts';
import { sqrt, square } from '../../ops/unary.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { activationNamed } from '../activations.ts';
import type { HeadParts, MadeHead } from '../heads/types.ts';
import { type Session, TransformerLayer } from '../layers.ts';
import type { SentenceModule } from './modules.ts';
import { pooled } from './pooling.ts';

/** Lengths below this count as this. */
const shortest = 1e-12;

/** Each row divided by its length. */
export function normalize(x: Tensor): Tensor {
  return div(x, maximum(sqrt(sum(square(x), { axes: -1, keepDims: true })), shortest));
}

export function embeddingHead({ weights }: HeadParts, modules: readonly SentenceModule[]): MadeHead {
  const steps = modules.map((module) => {
    const layer = new TransformerLayer(module.path, module.kind[0]!.toUpperCase() + module.kind.slice(1));
    const run = runOf(module, weights.change.bind(weights));
    const call = (x: Tensor, mask: Tensor | null, session: Session): Tensor =>
      session.hooked(layer, x, (given) => run(given, mask));
    return { layer, call };
  });
  // Where the weights are by position, positions may not be left out.
  const counted = modules.some((module) => module.kind === 'pooling' && module.poolings.includes('weightedmean'));
  return {
    task: 'embedding',
    layers: steps.map(({ layer }) => layer),
    outputs: ['embedding'],
    apply: (hidden, mask, session) => [steps.reduce((x, { call }) => call(x, mask, session), hidden)],
    ignoresHidden: !counted,
    firstAlone: modules.some((module) => module.kind === 'pooling' && module.poolings.join() === 'cls'),
    readsFirst: modules.some((module) => module.kind === 'pooling' && module.poolings.includes('cls')),
  };
}

function runOf(
  module: SentenceModule,
  change: (path: string, tensor: Tensor) => Tensor,
): (x: Tensor, mask: Tensor | null) => Tensor {
  if (module.kind === 'normalize') return normalize;
  if (module.kind === 'pooling') return (x, mask) => pooled(module.poolings, x, mask);
  const kernel = change(`${module.path}/kernel`, module.kernel);
  const bias = module.bias && change(`${module.path}/bias`, module.bias);
  const activation = activationNamed(module.activation, `${module.path}/config.json`);
  return (x) => activation(dense(x, kernel, bias));
}
