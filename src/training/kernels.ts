/**
 * Kernels that weights of a training run on while they are constants: those of frozen layers, and all of them before the first step. They are
 * loaded before the first plan, so that what else a process has loaded does not decide the bits of a training.
 */
import { forWinograd, loadAccelerators, winograd } from '../backends/wasm/accelerators.ts';
import { ancestors } from '../graph/traverse.ts';
import { placeholder, type Tensor, type TensorSpec } from '../tensor/tensor.ts';
import type { Trainable } from './trainable.ts';

/** Whether it is a 3x3 convolution, one way or the other, between channels enough. */
function isWide({ op, inputs: [, kernel] }: Tensor): boolean {
  if (op?.name !== 'conv' && op?.name !== 'convGradInput') return false;
  const [h, w, ...channels] = kernel!.shape;
  return channels.length === 2 && forWinograd([h!, w!], channels);
}

/** @param x specs of the inputs of a batch, whatever its size */
export async function loadKernels(trainable: Trainable, backend: string, x: readonly TensorSpec[]): Promise<void> {
  if (backend !== 'wasm' || trainable.dtype !== 'float32') return;
  const { outputs } = trainable.apply(x.map(({ shape, dtype }) => placeholder(shape, dtype)));
  if (ancestors(outputs).some(isWide)) await loadAccelerators([winograd]);
}
