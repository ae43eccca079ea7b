/** ONNX files of tiny models, written field by field (onnx.proto): a convolutional net on pictures, two layers on a table. */

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest > 127) {
    out.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  return [...out, rest];
}

const number = (id: number, value: number): number[] => [...varint(id * 8), ...varint(value)];
const bytes = (id: number, value: Uint8Array | readonly number[]): number[] => [
  ...varint(id * 8 + 2),
  ...varint(value.length),
  ...value,
];
const string = (id: number, value: string): number[] => bytes(id, text(value));

/** A float tensor. */
function initializer(name: string, shape: readonly number[], seed: number): number[] {
  const size = shape.reduce((a, b) => a * b, 1);
  // A wave: the same each time, of both signs.
  const values = Float32Array.from({ length: size }, (_, i) => Math.sin(1.7 * i + seed));
  const raw = new Uint8Array(values.buffer);
  return [...shape.flatMap((dim) => number(1, dim)), ...number(2, 1), ...string(8, name), ...bytes(9, raw)];
}

function node(op: string, inputs: readonly string[], output: string, ints: Record<string, number[]> = {}): number[] {
  const attributes = Object.entries(ints).map(([name, list]) =>
    bytes(5, [...string(1, name), ...list.flatMap((value) => number(8, value)), ...number(20, 7)]),
  );
  return [
    ...inputs.flatMap((name) => string(1, name)),
    ...string(2, output),
    ...string(3, output),
    ...string(4, op),
    ...attributes.flat(),
  ];
}

/** A value of floats with any number of rows. */
function value(name: string, row: readonly number[]): number[] {
  const dims = [bytes(1, string(2, 'N')), ...row.map((dim) => bytes(1, number(1, dim)))].flat();
  return [...string(1, name), ...bytes(2, bytes(1, [...number(1, 1), ...bytes(2, dims)]))];
}

interface Parts {
  readonly nodes: readonly number[][];
  readonly initializers: readonly number[][];
  readonly inputs: readonly number[][];
  readonly output: number[];
}

function model(name: string, { nodes, initializers, inputs, output }: Parts): Uint8Array {
  const graph = [
    ...nodes.flatMap((each) => bytes(1, each)),
    ...string(2, name),
    ...initializers.flatMap((each) => bytes(5, each)),
    ...inputs.flatMap((each) => bytes(11, each)),
    ...bytes(12, output),
  ];
  return Uint8Array.from([...number(1, 8), ...string(2, 'test'), ...bytes(7, graph), ...bytes(8, number(2, 17))]);
}

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
  initializers: [
    ...[initializer('w', [4, 3, 3, 3], 1), initializer('b', [4], 2)],
    ...[initializer('k', [4, 3], 3), initializer('kb', [3], 4)],
  ],
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
  initializers: [
    ...[initializer('k', [5, 4], 1), initializer('b', [4], 2)],
    ...[initializer('l', [4, 1], 3), initializer('c', [1], 4)],
  ],
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
