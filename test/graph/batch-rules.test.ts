/**
 * Every op's `batch` rule against the op itself: over examples of the op, with samples at any axis of any of its inputs, in blocks and in
 * lines. Where a rule says where the result keeps its samples, changing one sample must change nothing but that sample's elements, and
 * two samples that change places must do so in the result, bit for bit up to rounding.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reference } from '../../src/backends/reference/index.ts';
import { placeSamples } from '../../src/graph/batch.ts';
import { compile } from '../../src/graph/compile.ts';
import type { Attrs, BatchAxis, Example, ExampleInput, Op } from '../../src/graph/op.ts';
import { randomUniform } from '../../src/graph/random.ts';
import { allocate, type DType, type TypedArray } from '../../src/tensor/dtype.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import { placeholder, Tensor, tensor } from '../../src/tensor/tensor.ts';
import { examplesUnderTest, opsUnderTest } from '../support/ops.ts';

const test = suite('batch rules');
/** At most so many ways to lay samples into the inputs of one example. */
const MOST = 30;
/** Uses that leave an axis alone or keep whole blocks, which the ops' own examples lack. */
const more: { readonly [op: string]: readonly Example[] } = {
  slice: [
    { inputs: [[8, 3]], attrs: { begin: [0, 0], size: [4, 3], step: [2, 1] } },
    { inputs: [[8, 3]], attrs: { begin: [4, 1], size: [4, 2], step: [1, 1] } },
  ],
  pad: [{ inputs: [[4, 3]], attrs: { pads: [[0, 0], [1, 2]], gaps: [0, 1], value: 1 } }], // biome-ignore format: pads
};

const shapeOf = (input: ExampleInput): readonly number[] =>
  Array.isArray(input) ? input : (input as { shape: readonly number[] }).shape;

function valuesFor(input: ExampleInput, size: number, example: Example, next: () => number): [TypedArray, DType] {
  if ('shape' in input) {
    const [from, to] = input.dtype === 'bool' ? [0, 2] : (input.range ?? [0, 2]);
    const data = allocate(input.dtype, size);
    return [data.map(() => Math.floor(from + next() * (to - from))) as TypedArray, input.dtype];
  }
  const [low, high] = example.domain ?? [-2, 2];
  return [Float64Array.from({ length: size }, () => low + next() * (high - low)), 'float64'];
}

/** The example, and the same with four times as many rows in those inputs that have one row only. */
function variants(op: Op): Example[] {
  return [...examplesUnderTest(op), ...(more[op.name] ?? [])].flatMap((example) => {
    if (example.size === 'real') return [];
    const ones = example.inputs.flatMap((input, i) => (shapeOf(input)[0] === 1 ? [i] : []));
    const wider = (grown: readonly number[]): Example => {
      const grow = (shape: readonly number[]): number[] => [4, ...shape.slice(1)];
      const inputs = example.inputs.map((input, i) =>
        !grown.includes(i) ? input : 'shape' in input ? { ...input, shape: grow(input.shape) } : grow(input),
      );
      const attrs = Object.fromEntries(
        Object.entries(example.attrs).map(([name, value]) => [
          name,
          name === 'inputShape' || (name === 'shape' && (value as number[])[0] === 1) ? grow(value as number[]) : value,
        ]),
      ) as Attrs;
      return { ...example, inputs, attrs };
    };
    const subsets = Array.from({ length: 2 ** ones.length - 1 }, (_, bits) =>
      ones.filter((_, k) => ((bits + 1) >> k) & 1),
    );
    return [example, ...subsets.map(wider)];
  });
}

/** Ways for an input of `shape` to keep `rows` samples, or none. */
function placesIn(shape: readonly number[], rows: number): (BatchAxis | null)[] {
  return [
    null,
    ...shape.flatMap((dim, axis) => {
      if (dim === 0 || dim % rows !== 0) return [];
      const others = dim / rows;
      return Array.from({ length: others }, (_, k) => k + 1)
        .filter((outer) => others % outer === 0)
        .map((outer) => ({ axis, outer, inner: others / outer }));
    }),
  ];
}

const sampleOf = (shape: readonly number[], { axis, inner }: BatchAxis, rows: number): ((at: number) => number) => {
  const below = sizeOf(shape.slice(axis + 1));
  return (at) => Math.floor((Math.floor(at / below) % shape[axis]!) / inner) % rows;
};

/** `values` with samples 0 and 1 in each other's place. */
function swapped(values: TypedArray, shape: readonly number[], place: BatchAxis, rows: number): TypedArray {
  const sample = sampleOf(shape, place, rows);
  const stride = sizeOf(shape.slice(place.axis + 1)) * place.inner;
  return values.map((_, at) => {
    const r = sample(at);
    return values[r === 0 ? at + stride : r === 1 ? at - stride : at]!;
  }) as TypedArray;
}

const counts = { placed: 0, refused: 0 };

function check(op: Op, example: Example, places: readonly (BatchAxis | null)[], rows: number, level: boolean): boolean {
  const next = randomUniform(7);
  const given = example.inputs.map((input) => valuesFor(input, sizeOf(shapeOf(input)), example, next));
  const nodes = given.map(([data, dtype], i) => {
    const shape = [...shapeOf(example.inputs[i]!)];
    if (places[i]) return placeholder(shape, dtype);
    return tensor(level ? (data.map(() => data[0]!) as TypedArray) : data, shape, dtype);
  });
  let node: Tensor;
  try {
    node = new Tensor(op, nodes, example.attrs, op.shape(nodes, example.attrs), null);
  } catch {
    return true; // Rows that only some inputs got do not fit this op.
  }
  const sources = new Map(nodes.flatMap((x, i) => (places[i] ? [[x, places[i]!] as const] : [])));
  let place: BatchAxis | undefined;
  try {
    place = placeSamples([node], sources, rows).get(node);
  } catch (error) {
    assert.match((error as Error).message, /mixes samples: it /);
    counts.refused++;
    return true;
  }
  const what = `${op.name} ${JSON.stringify({ shapes: nodes.map((x) => x.shape), attrs: example.attrs, places, rows, place, out: node.shape })}`;
  assert.ok(place, `${what}: samples got lost`);
  assert.is(place.outer * rows * place.inner, node.shape[place.axis], `${what}: sizes`);
  const plan = compile([node], [...sources.keys()], { backend: reference });
  const feeds = given.flatMap(([data], i) => (places[i] ? [data] : []));
  const fed = [...sources];
  const before = plan.runSync(feeds)[0]!;
  const owner = sampleOf(node.shape, place, rows);
  // Another sample's values change nothing of this one.
  for (let row = 0; row < Math.min(rows, 3); row++) {
    const other = feeds.map((data, k) => {
      const [x, at] = fed[k]!;
      const sample = sampleOf(x.shape, at, rows);
      const fresh = valuesFor(example.inputs[nodes.indexOf(x)]!, data.length, example, next)[0];
      return data.map((value, i) => (sample(i) === row ? fresh[i]! : value)) as TypedArray;
    });
    const after = plan.runSync(other)[0]!;
    assert.ok(
      after.every((value, i) => owner(i) === row || Object.is(value, before[i])),
      `${what}: sample ${row} leaks`,
    );
  }
  // What one sample is given is what another would have been given.
  const turned = plan.runSync(feeds.map((data, k) => swapped(data, fed[k]![0].shape, fed[k]![1], rows)))[0]!;
  const expected = swapped(before, node.shape, place, rows);
  const close = turned.every((value, i) => Object.is(value, expected[i]) || Math.abs(value - expected[i]!) < 1e-9);
  assert.ok(close, `${what}: samples are not treated alike`);
  plan.dispose();
  counts.placed++;
  return true;
}

for (const op of opsUnderTest()) {
  test(`${op.name}: samples stay where its rule says`, () => {
    for (const example of variants(op)) {
      const shapes = example.inputs.map(shapeOf);
      const random = randomUniform(3);
      const rowCounts = [...new Set(shapes.flat())].flatMap((dim) =>
        [2, 3, 4, 5, 6].filter((rows) => dim % rows === 0 && dim > 0),
      );
      for (const rows of new Set(rowCounts)) {
        const options = shapes.map((shape) => placesIn(shape, rows));
        const total = options.reduce((count, list) => count * list.length, 1);
        for (let k = 0; k < Math.min(total, MOST); k++) {
          let at = total <= MOST ? k : Math.floor(random() * total);
          const places = options.map((list) => {
            const chosen = list[at % list.length]!;
            at = Math.floor(at / list.length);
            return chosen;
          });
          if (places.every((place) => place === null)) continue;
          for (const level of [true, false]) check(op, example, places, rows, level);
        }
      }
    }
  });
}

test('enough was looked at', () => {
  console.log(`\nnote: ${JSON.stringify(counts)}`);
  assert.ok(process.env['PATHGRAD_OP'] || (counts.placed > 300 && counts.refused > 300));
});

test.run();
