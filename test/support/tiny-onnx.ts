/** ONNX files of tiny models: a convolutional net on pictures, two layers on a table. */
import { attribute, floats, graph, ints, model, node, nodeOf, typedValue, value, wave } from './onnx-writer.ts';

/** Pictures of 8 x 8 in three colours, channels first, to three classes. */
export const onnxPictures = model('pictures', {
  nodes: [
    node('Conv', ['image', 'w', 'b'], 'conv', { pads: [1, 1, 1, 1] }),
    node('Relu', ['conv'], 'relu'),
    node('GlobalAveragePool', ['relu'], 'pool'),
    node('Flatten', ['pool'], 'flat'),
    node('Gemm', ['flat', 'k', 'kb'], 'dense'),
    node('Softmax', ['dense'], 'probabilities'),
  ],
  initializers: [...[wave('w', [4, 3, 3, 3], 1), wave('b', [4], 2)], ...[wave('k', [4, 3], 3), wave('kb', [3], 4)]],
  inputs: [value('image', [3, 8, 8])],
  output: value('probabilities', [3]),
});

/** Rows of five numbers to one. */
export const onnxTable = model('table', {
  nodes: [
    node('Gemm', ['x', 'k', 'b'], 'first'),
    node('Tanh', ['first'], 'tanh'),
    node('Gemm', ['tanh', 'l', 'c'], 'y'),
  ],
  initializers: [...[wave('k', [5, 4], 1), wave('b', [4], 2)], ...[wave('l', [4, 1], 3), wave('c', [1], 4)]],
  inputs: [value('x', [5])],
  output: value('y', [1]),
});

/** Two inputs. */
export const onnxTwo = model('two', {
  nodes: [node('Add', ['a', 'b'], 'y')],
  initializers: [],
  inputs: [value('a', [5]), value('b', [5])],
  output: value('y', [5]),
});

/** A state that three turns of a loop add the input to. */
export const onnxLoop = ((): Uint8Array => {
  const body = graph('body', {
    nodes: [node('Identity', ['go'], 'again'), node('Add', ['s', 'x'], 'next'), node('Mul', ['next', 'two'], 'seen')],
    initializers: [floats('two', [], [2])],
    inputs: [typedValue('i', [], 7), typedValue('go', [], 9), value('s', [2])],
    outputs: [typedValue('again', [], 9), value('next', [2]), value('seen', [2])],
  });
  return model('loop', {
    nodes: [nodeOf('Loop', ['n', '', 'x'], ['y', 'all'], { attributes: [attribute.graph('body', body)] })],
    initializers: [ints('n', [], [3])],
    inputs: [value('x', [2])],
    outputs: [value('y', [2]), typedValue('all', [3, null, 2])],
  });
})();

/** An LSTM whose first state is as large as the batch, by its shape. */
export const onnxLstm = ((): Uint8Array => {
  const nodes = [
    node('Shape', ['x'], 'shape'),
    node('Gather', ['shape', 'zero'], 'rows'),
    nodeOf('Concat', ['one', 'rows', 'four'], ['state'], { attributes: [attribute.int('axis', 0)] }),
  ];
  const rest = [
    node('ConstantOfShape', ['state'], 'h'),
    node('Transpose', ['x'], 'steps', { perm: [1, 0, 2] }),
    nodeOf('LSTM', ['steps', 'W', 'R', 'B', '', 'h', 'h'], ['all', 'last'], {
      attributes: [attribute.int('hidden_size', 4)],
    }),
    nodeOf('Concat', ['rows', 'four'], ['target'], { attributes: [attribute.int('axis', 0)] }),
    node('Reshape', ['last', 'target'], 'y'),
  ];
  return model('lstm', {
    nodes: [...nodes, ...rest],
    initializers: [
      ...[ints('zero', [1], [0]), ints('one', [1], [1]), ints('four', [1], [4])],
      ...[wave('W', [1, 16, 3], 1), wave('R', [1, 16, 4], 2), wave('B', [1, 32], 3)],
    ],
    inputs: [value('x', [5, 3])],
    output: value('y', [4]),
  });
})();
