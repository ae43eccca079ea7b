/**
 * Kernels that weights of a training run on while they are constants (those of frozen layers, and all of them before the first step), and those of
 * depthwise convolutions. They are loaded before the first plan, so that what else a process has loaded does not decide the bits of a training.
 */
import {
  forWinograd,
  type LoadAccelerator,
  loadAccelerators,
  sliding,
  winograd,
} from '../backends/wasm/accelerators.ts';
import { ancestors } from '../graph/traverse.ts';
import { placeholder, type Tensor, type TensorSpec } from '../tensor/tensor.ts';
import type { Trainable } from './trainable.ts';

/** What a convolution, one way or the other, runs faster with. */
function acceleratorsOf({ op, inputs: [, kernel] }: Tensor): readonly LoadAccelerator[] {
  if (op?.name !== 'conv' && op?.name !== 'convGradInput') return [];
  const [channels, filters] = kernel!.shape.slice(-2);
  const single = channels === 1 && filters! > 1;
  const three = forWinograd(kernel!.shape.slice(0, -2), single ? [filters!] : [channels!, filters!]);
  return [...(single ? [sliding] : []), ...(three ? [winograd] : [])];
}

/** @param x specs of the inputs of a batch, whatever its size */
export async function loadKernels(trainable: Trainable, backend: string, x: readonly TensorSpec[]): Promise<void> {
  if (backend !== 'wasm' || trainable.dtype !== 'float32') return;
  const { outputs } = trainable.apply(x.map(({ shape, dtype }) => placeholder(shape, dtype)));
  await loadAccelerators(ancestors(outputs).flatMap(acceleratorsOf));
}
