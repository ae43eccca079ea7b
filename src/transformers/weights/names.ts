/**
 * The names of arrays, there and back: PyTorch's in a file, and the paths that encoders ask for. Dots become slashes and a number joins the
 * name before it (`bert.encoder.layer.0` is `bert/encoder/layer.0`); the `weight` of a linear layer is a `kernel`, those of a normalization
 * are `gamma` and `beta`.
 */

/** What the encoders call an array, and PyTorch's names for it; the first is today's. */
export const leaves: Readonly<Record<string, readonly string[]>> = {
  kernel: ['weight'],
  gamma: ['weight', 'gamma'],
  beta: ['bias', 'beta'],
  embeddings: ['weight'],
};

/** `bert.encoder.layer.0.output.dense.weight` as `bert/encoder/layer.0/output/dense/weight`. */
export function pathOf(name: string): string {
  return name.replace(/\.(?!\d+(\.|$))/g, '/');
}

/** `bert/encoder/layer.0/output/dense/kernel` as `bert.encoder.layer.0.output.dense.weight`; what stands before `___` is TensorFlow's own. */
export function torchName(layer: string, name: string): string {
  return `${layer.replace(/[^/]+___/g, '')}/${leaves[name]?.[0] ?? name}`.replaceAll('/', '.');
}
