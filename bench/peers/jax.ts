/**
 * jax-js 0.1.25 on its `wasm` device (generated SIMD code), every computation under `jit`, in its own layout, channels first;
 * arrays are laid out so beforehand. Its worker threads need a global `Worker`, which Node lacks: one thread here. Its arrays
 * are consumed when used (`.ref` keeps one). `navigator`, which it reads and Node 20 lacks, is given to it.
 */
import { pathToFileURL } from 'node:url';
import type { Outputs, Prepared } from '../harness.ts';
import type { Net, NetLayer } from '../nets.ts';
import { jaxKernel, jaxOps } from './jax-kernels.ts';
import { fromChannelsFirst, toChannelsFirst } from './layout.ts';
import { type ArrayData, type KernelCall, missing, type NetRunner, type Peer, peersFolder } from './peer.ts';
import { versionsOf } from './versions.ts';

export interface JaxArray {
  readonly ref: JaxArray;
  readonly shape: number[];
  dataSync(): Float32Array;
  dispose(): void;
}
type Fn = (...args: JaxArray[]) => JaxArray;
type Make = (...args: never[]) => JaxArray;

/** The little of the library that the adapter uses. */
export interface Jax {
  init(device: string): Promise<string[]>;
  defaultDevice(device?: string): string;
  jit(f: Fn): Fn;
  vjp(f: Fn, primals: readonly JaxArray[]): [JaxArray, (g: JaxArray) => JaxArray[]];
  readonly numpy: Readonly<Record<string, Make>> & { array(data: unknown, options: object): JaxArray };
  readonly nn: Readonly<Record<string, Make>>;
  readonly lax: Readonly<Record<string, Make>>;
}

export const call = (group: Readonly<Record<string, Make>>, name: string, ...args: unknown[]): JaxArray =>
  group[name]!(...(args as never[]));

export async function jaxPeer(notices: string[]): Promise<Peer | null> {
  if (missing('jax-js', '@jax-js/jax', notices)) return null;
  if (!('navigator' in globalThis)) {
    Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'Node.js' }, configurable: true });
  }
  const file = pathToFileURL(`${peersFolder}node_modules/@jax-js/jax/dist/index.js`).href;
  const jax = (await import(file)) as Jax;
  await jax.init('wasm');
  jax.defaultDevice('wasm');
  return {
    name: 'jax-js',
    backend: `${jax.defaultDevice()} jit`,
    threads: 1,
    versions: versionsOf('@jax-js/jax'),
    ops: jaxOps,
    kernel: async (kernel) => runKernel(jax, kernel),
    net: async (net, rows) => jaxNet(jax, net, rows),
  };
}

/** Convolutions and pools in their native layout; other arrays as they are. */
function runKernel(jax: Jax, kernel: KernelCall): Prepared {
  const spatial = kernel.op === 'conv' || kernel.op.endsWith('Pool');
  const put = (array: ArrayData, isKernel: boolean): JaxArray => {
    const { data, shape } = spatial ? toChannelsFirst(array, isKernel) : array;
    return jax.numpy.array(data, { shape });
  };
  const held = kernel.inputs.map((input, i) => put(input, kernel.op === 'conv' && i === 1));
  const gradient = put(kernel.gradient, false);
  const f = jaxKernel(jax, kernel);
  const args = kernel.part === 'forward' ? held : [...held, gradient];
  const compute = jax.jit((...xs) => {
    if (kernel.part === 'forward') return f(...xs);
    const part = kernel.part;
    // Differentiated in one input; jit drops the forward pass where the gradient does not need it.
    const others = xs.slice(0, -1);
    const [, pull] = jax.vjp((x) => f(...others.map((other, i) => (i === part ? x : other))), [others[part]!]);
    return pull(xs.at(-1)!)[0]!;
  });
  const outputShape = kernel.part === 'forward' ? kernel.output.shape : kernel.inputs[kernel.part]!.shape;
  const isKernel = kernel.op === 'conv' && kernel.part === 1;
  return {
    run: () => ({ outputs: [compute(...args.map((x) => x.ref)).dataSync()] }),
    normalize: (outputs: Outputs): Outputs =>
      spatial ? [fromChannelsFirst(outputs[0]!, outputShape, isKernel)] : outputs,
    dispose: () => {
      for (const array of [...held, gradient]) array.dispose();
    },
  };
}

function jaxNet(jax: Jax, net: Net, rows: number): NetRunner {
  const weights: JaxArray[] = [];
  const hold = (weight: ArrayData): number =>
    weights.push(jax.numpy.array(weight.data, { shape: [...weight.shape] })) - 1;
  const layers = net.layers.map((layer) => build(jax, layer, hold, net.inputShape.length));
  const apply = (x: JaxArray, held: readonly JaxArray[]): JaxArray => layers.reduce((y, layer) => layer(y, held), x);
  const order = net.inputShape.map((_, i) => i + 1);
  const first = (x: JaxArray): JaxArray => call(jax.numpy, 'transpose', x, [0, order.at(-1), ...order.slice(0, -1)]);
  const forward = jax.jit((x, ...held) => apply(first(x), held));
  const gradient = jax.jit((x, seed, ...held) => {
    const [, pull] = jax.vjp((input) => apply(first(input), held), [x]);
    return pull(seed)[0]!;
  });
  const shape = [rows, ...net.inputShape];
  const put = (data: Float32Array, dims: number[]): JaxArray => jax.numpy.array(data, { shape: dims });
  const refs = (): JaxArray[] => weights.map((weight) => weight.ref);
  return {
    forward: (x) => forward(put(x, shape), ...refs()).dataSync(),
    gradient: (x, cotangent) => gradient(put(x, shape), put(cotangent, [rows, net.classes]), ...refs()).dataSync(),
    dispose: () => {
      for (const weight of weights) weight.dispose();
    },
  };
}

type Layer = (x: JaxArray, held: readonly JaxArray[]) => JaxArray;

function build(jax: Jax, layer: NetLayer, hold: (weight: ArrayData) => number, rank: number): Layer {
  const { numpy, nn, lax } = jax;
  switch (layer.kind) {
    case 'conv': {
      const kernel = hold(toChannelsFirst(layer.kernel, true));
      const space = layer.kernel.shape.length - 2;
      const bias = hold({
        data: layer.bias.data,
        shape: [1, layer.bias.data.length, ...new Array<number>(space).fill(1)],
      });
      const strides = new Array<number>(space).fill(1);
      const padding = layer.padding.toUpperCase();
      return (x, held) =>
        call(numpy, 'add', call(lax, 'conv', x, held[kernel]!.ref, strides, padding), held[bias]!.ref);
    }
    case 'dense': {
      const [kernel, bias] = [hold(layer.kernel), hold(layer.bias)];
      return (x, held) => call(numpy, 'add', call(numpy, 'matmul', x, held[kernel]!.ref), held[bias]!.ref);
    }
    case 'maxPool2':
      return (x) => call(lax, 'reduceWindow', x, (window: JaxArray) => call(numpy, 'max', window), [2, 2], [2, 2]);
    case 'globalMax':
      return (x) => call(numpy, 'max', x, rank === 2 ? 2 : [2, 3]);
    case 'flatten':
      // Back to channels last, whose order the dense weights were trained for.
      return (x) => {
        const order = x.shape.map((_, axis) => axis);
        const last = call(numpy, 'transpose', x, [0, ...order.slice(2), 1]);
        return call(numpy, 'reshape', last, [last.shape[0], -1]);
      };
    default:
      return (x) => (layer.kind === 'softmax' ? call(nn, 'softmax', x, -1) : call(nn, 'relu', x));
  }
}
