/** Einstein summation against loops over all labels, its gradients, and equations that are refused. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkGrads } from '../../src/graph/check-grads.ts';
import { evaluate } from '../../src/graph/evaluate.ts';
import { randomNormal } from '../../src/graph/random.ts';
import { einsum } from '../../src/ops/index.ts';
import { sizeOf, stridesOf } from '../../src/tensor/shape.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';

const test = suite('einsum');
const sizes: Readonly<Record<string, number>> = { a: 2, b: 3, c: 4, d: 5, e: 1, f: 2, g: 3, h: 2 };
const make = (labels: string, seed: number): Tensor => {
  const shape = [...labels].map((label) => sizes[label]!);
  return tensor(randomNormal(sizeOf(shape), seed), shape, 'float64');
};

/** By the definition: for every value of every label, the product of the operands' elements. */
function byLoops(inputs: readonly string[], output: string, xs: readonly Tensor[]): Float64Array {
  const labels = [...new Set(inputs.join(''))];
  const offset = (term: string, at: ReadonlyMap<string, number>): number => {
    const strides = stridesOf([...term].map((label) => sizes[label]!));
    return [...term].reduce((total, label, i) => total + strides[i]! * at.get(label)!, 0);
  };
  const out = new Float64Array(sizeOf([...output].map((label) => sizes[label]!)));
  const total = sizeOf(labels.map((label) => sizes[label]!));
  for (let index = 0; index < total; index++) {
    const at = new Map<string, number>();
    let rest = index;
    for (const label of labels) {
      at.set(label, rest % sizes[label]!);
      rest = Math.floor(rest / sizes[label]!);
    }
    out[offset(output, at)]! += inputs.reduce((product, term, i) => product * xs[i]!.data[offset(term, at)]!, 1);
  }
  return out;
}

const equations = [
  ['abc,cd->abd', 'Dense over the last axis'],
  ['abc,cde->abde', 'heads out of a projection'],
  ['abde,dec->abc', 'heads into a projection'],
  ['afbe,acbe->abfc', 'scores of Keras 2 attention'],
  ['abfc,acbe->afbe', 'context'],
  ['abc,bcd->abd', 'a kernel per position'],
  ['ab,ab->ab', 'elementwise'],
  ['ab,ab->', 'inner product'],
  ['ab,cd->abcd', 'outer product'],
  ['ab,cd->dbca', 'outer product, turned round'],
  ['abc,bd->a', 'labels that only one operand has are summed'],
  ['abc,dc->bad', 'the second one transposed'],
  ['cab,cd->abd', 'the first one transposed'],
  ['abc->ca', 'one operand'],
  ['abc->', 'a sum'],
  ['abc', 'one operand, implied result'],
  ['ba', 'implied transpose'],
  ['ab,bc', 'implied matrix product'],
  ['ab,bc,cd->ad', 'three operands'],
  ['ae,eb->ab', 'an inner axis of size 1'],
  ['abcd,abcd->abc', 'batches and one inner axis'],
  [' a b , b c -> a c ', 'spaces'],
] as const;

for (const [equation, what] of equations) {
  test(`${equation}: ${what}`, () => {
    const [left, right] = equation.replaceAll(' ', '').split('->') as [string, string | undefined];
    const inputs = left.split(',');
    const all = inputs.join('');
    const once = [...all].filter((label) => all.indexOf(label) === all.lastIndexOf(label));
    const output = right ?? once.sort().join('');
    const xs = inputs.map((labels, i) => make(labels, i + 1));
    const y = evaluate(einsum(equation, ...xs));
    assert.equal(
      y.shape,
      [...output].map((label) => sizes[label]!),
    );
    const wanted = byLoops(inputs, output, xs);
    wanted.forEach((value, i) => {
      assert.ok(Math.abs(value - y.data[i]!) < 1e-12, `${i}`);
    });
    checkGrads((...given) => einsum(equation, ...given), xs);
  });
}

test('axes without names broadcast', () => {
  const x = make('abc', 1);
  const w = make('cd', 2);
  const wanted = evaluate(einsum('abc,cd->abd', x, w));
  assert.equal(evaluate(einsum('...c,cd->...d', x, w)).toArray(), wanted.toArray());
  assert.equal(evaluate(einsum('...c,cd', x, w)).toArray(), wanted.toArray());
  const one = make('ebc', 3);
  const two = make('acd', 4);
  const y = einsum('...bc,...cd->...bd', one, two);
  assert.equal(y.shape, [2, 3, 5]);
  const first = evaluate(einsum('ebc,acd->abd', one, two));
  assert.equal(evaluate(y).toArray(), first.toArray());
  checkGrads((a, b) => einsum('...bc,...cd->...bd', a, b), [one, two]);
  assert.equal(einsum('...->...', x).shape, [2, 3, 4]);
});

test('equations that make no sense are refused', () => {
  const x = make('abc', 1);
  const w = make('cd', 2);
  const bad = (equation: string, text: RegExp, ...xs: Tensor[]): void => {
    assert.throws(() => einsum(equation, ...xs), text);
  };
  bad('abc,cd->abd', /has 2 operands, 1 given/, x);
  bad('aac,cd->ad', /'aac' of 'aac,cd->ad' has the label 'a' twice\nhint: diagonals/, x, w);
  bad('ab,cd->abd', /'ab' of .* does not fit an operand with 3 axes/, x, w);
  bad('abc,bd->ad', /label 'b' of .* has sizes 3 and 4 \(shapes \[\[2,3,4\],\[4,5\]\]/, x, w);
  bad('abc,cd->abz', /label 'z' of no operand/, x, w);
  bad('abc,cd->aad', /result of .* has a label twice/, x, w);
  bad('abc,cd=>abd', /cannot read/, x, w);
  bad('...c,cd->cd', /lacks the \.\.\. of its operands/, x, w);
});

test.run();
