/** A Net in TensorFlow.js: public ops only, gradients by `tf.grad` */
import type { Net, NetLayer, Weight } from '../nets.ts';
import type { NetRunner } from './peer.ts';
import type { Tf, TfTensor } from './tfjs.ts';

type Layer = (x: TfTensor) => TfTensor;

export function tfjsNet(tf: Tf, net: Net, rows: number): NetRunner {
  const held: TfTensor[] = [];
  const hold = ({ data, shape }: Weight): TfTensor => {
    const tensor = tf.tensor(data, shape);
    held.push(tensor);
    return tensor;
  };
  const layers = net.layers.map((layer) => build(tf, layer, hold));
  const apply = (x: TfTensor): TfTensor => layers.reduce((y, layer) => layer(y), x);
  const shape = [rows, ...net.inputShape];
  const read = (compute: () => TfTensor): Float32Array => {
    const result = tf.tidy(compute);
    const data = result.dataSync();
    result.dispose();
    return data;
  };
  return {
    forward: (x) => read(() => apply(tf.tensor(x, shape))),
    gradient: (x, cotangent) =>
      read(() => {
        const seed = tf.tensor(cotangent, [rows, net.classes]);
        return tf.grad((input) => call(tf, 'sum', call(tf, 'mul', apply(input), seed)))(tf.tensor(x, shape));
      }),
    dispose: () => {
      for (const tensor of held) tensor.dispose();
    },
  };
}

const call = (tf: Tf, name: string, ...args: unknown[]): TfTensor => tf[name]!(...(args as never[]));

function build(tf: Tf, layer: NetLayer, hold: (weight: Weight) => TfTensor): Layer {
  switch (layer.kind) {
    case 'conv': {
      const [kernel, bias] = [hold(layer.kernel), hold(layer.bias)];
      const name = layer.kernel.shape.length === 3 ? 'conv1d' : 'conv2d';
      return (x) => call(tf, 'add', call(tf, name, x, kernel, 1, layer.padding), bias);
    }
    case 'dense': {
      const [kernel, bias] = [hold(layer.kernel), hold(layer.bias)];
      return (x) => call(tf, 'add', call(tf, 'matMul', x, kernel), bias);
    }
    case 'maxPool2':
      return (x) => call(tf, 'maxPool', x, 2, 2, 'valid');
    case 'globalMax':
      return (x) => call(tf, 'max', x, x.shape.length === 3 ? [1] : [1, 2]);
    case 'flatten':
      return (x) => call(tf, 'reshape', x, [x.shape[0], -1]);
    default:
      return (x) => call(tf, layer.kind, x);
  }
}
