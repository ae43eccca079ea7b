/**
 * Einstein summation, made of transposes, sums and one matrix product per pair of operands: labels that both operands and the result
 * have are batches, those that only the operands have are contracted. Its gradient is that of the parts.
 */
import { failure } from '../tensor/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { mul } from './binary.ts';
import { matmul } from './matmul.ts';
import { broadcastTo, reshape, transpose } from './movement.ts';
import { sum } from './reduce.ts';

/** An operand and the label of each of its axes. */
interface Labelled {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

interface Equation {
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
}

/**
 * `einsum('abc,cd->abd', x, w)`: the sum over all labels that the result lacks of the products of the operands. Without `->` the
 * result has the labels that occur once, in alphabetical order. `...` stands for axes without names, which broadcast.
 * @throws PathgradError for an equation that cannot be read, a label twice in one operand (a diagonal), or sizes that differ
 */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  const { inputs, output } = parse(equation, operands);
  const sizes = sizesOf(equation, inputs, operands);
  let current: Labelled = { x: operands[0]!, labels: inputs[0]! };
  for (let i = 1; i < operands.length; i++) {
    const later = new Set([...output, ...inputs.slice(i + 1).flat()]);
    current = contract(current, { x: operands[i]!, labels: inputs[i]! }, later, sizes);
  }
  const kept = dropUnused(current, new Set(output));
  return arrange(kept, output, sizes);
}

function parse(equation: string, operands: readonly Tensor[]): Equation {
  const compact = equation.replace(/\s+/g, '');
  const match = /^((?:[A-Za-z]|\.\.\.)*(?:,(?:[A-Za-z]|\.\.\.)*)*)(?:->((?:[A-Za-z]|\.\.\.)*))?$/.exec(compact);
  if (!match) throw failure('einsum', `cannot read '${equation}'`, {}, "an equation looks like 'abc,cd->abd'");
  const terms = match[1]!.split(',');
  if (terms.length !== operands.length) {
    throw failure('einsum', `'${equation}' has ${terms.length} operands, ${operands.length} given`);
  }
  const inputs = terms.map((term, i) => expand(equation, term, operands[i]!.rank));
  const dots = inputs.flatMap((labels) => labels.filter((label) => label.startsWith('.')));
  const unnamed = [...new Set(dots)].sort((a, b) => Number(b.slice(1)) - Number(a.slice(1)));
  const given = match[2];
  const output = given === undefined ? implied(inputs, unnamed) : named(equation, given, unnamed);
  if (given !== undefined && unnamed.length > 0 && !given.includes('...')) {
    throw failure('einsum', `the result of '${equation}' lacks the ... of its operands`);
  }
  const stranger = output.find((label) => !inputs.some((labels) => labels.includes(label)));
  if (stranger !== undefined)
    throw failure('einsum', `'${equation}' has a result with label '${stranger}' of no operand`);
  return { inputs, output };
}

/** The labels of a term; those of `...` are `.0` for its last axis, `.1` for the one before, and so on. */
function expand(equation: string, term: string, rank: number): string[] {
  const parts = term.split('...');
  const letters = parts.join('');
  const hidden = rank - letters.length;
  if (parts.length > 2 || hidden < 0 || (parts.length === 1 && hidden > 0)) {
    throw failure('einsum', `'${term}' of '${equation}' does not fit an operand with ${rank} axes`);
  }
  const twice = [...letters].find((label, i) => letters.indexOf(label) !== i);
  if (twice !== undefined) {
    const hint = 'diagonals and traces are not supported';
    throw failure('einsum', `'${term}' of '${equation}' has the label '${twice}' twice`, {}, hint);
  }
  const dots = Array.from({ length: hidden }, (_, i) => `.${hidden - 1 - i}`);
  return [...parts[0]!, ...dots, ...(parts[1] ?? '')];
}

function named(equation: string, term: string, unnamed: readonly string[]): string[] {
  const parts = term.split('...');
  const letters = parts.join('');
  const twice = [...letters].find((label, i) => letters.indexOf(label) !== i);
  if (parts.length > 2 || twice !== undefined) throw failure('einsum', `the result of '${equation}' has a label twice`);
  return [...parts[0]!, ...(parts.length > 1 ? unnamed : []), ...(parts[1] ?? '')];
}

function implied(inputs: readonly (readonly string[])[], unnamed: readonly string[]): string[] {
  const all = inputs.flat().filter((label) => !label.startsWith('.'));
  const once = all.filter((label) => all.indexOf(label) === all.lastIndexOf(label));
  return [...unnamed, ...once.sort()];
}

function sizesOf(
  equation: string,
  inputs: readonly (readonly string[])[],
  operands: readonly Tensor[],
): Map<string, number> {
  const sizes = new Map<string, number>();
  inputs.forEach((labels, i) => {
    labels.forEach((label, axis) => {
      const [size, known] = [operands[i]!.shape[axis]!, sizes.get(label)];
      const broadcasts = label.startsWith('.') && (size === 1 || known === 1);
      if (known !== undefined && known !== size && !broadcasts) {
        const shapes = operands.map(({ shape }) => shape);
        throw failure('einsum', `label '${label}' of '${equation}' has sizes ${known} and ${size}`, { shapes });
      }
      sizes.set(label, Math.max(known ?? size, size));
    });
  });
  return sizes;
}

/** Sums over the labels that nobody reads. */
function dropUnused({ x, labels }: Labelled, read: ReadonlySet<string>): Labelled {
  const axes = labels.flatMap((label, axis) => (read.has(label) ? [] : [axis]));
  if (axes.length === 0) return { x, labels };
  return { x: sum(x, { axes }), labels: labels.filter((label) => read.has(label)) };
}

/** The axes in the order of `labels`, stretched to the sizes of the labels; labels that `x` lacks stretch from 1. */
function arrange({ x, labels }: Labelled, wanted: readonly string[], sizes: ReadonlyMap<string, number>): Tensor {
  const order = wanted.filter((label) => labels.includes(label));
  const moved = transpose(
    x,
    order.map((label) => labels.indexOf(label)),
  );
  const padded = wanted.map((label) => (labels.includes(label) ? moved.shape[order.indexOf(label)]! : 1));
  return broadcastTo(
    reshape(moved, padded),
    wanted.map((label) => sizes.get(label)!),
  );
}

function contract(
  first: Labelled,
  second: Labelled,
  later: ReadonlySet<string>,
  sizes: ReadonlyMap<string, number>,
): Labelled {
  const a = dropUnused(first, new Set([...later, ...second.labels]));
  const b = dropUnused(second, new Set([...later, ...first.labels]));
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => later.has(label));
  const inner = shared.filter((label) => !later.has(label));
  const rows = a.labels.filter((label) => !shared.includes(label));
  const columns = b.labels.filter((label) => !shared.includes(label));
  if (inner.length === 0 && (rows.length === 0 || columns.length === 0)) {
    const labels = [...batch, ...rows, ...columns];
    return { x: mul(arrange(a, labels, sizes), arrange(b, labels, sizes)), labels };
  }
  const count = (labels: readonly string[]): number => labels.reduce((n, label) => n * sizes.get(label)!, 1);
  const [m, k, n] = [count(rows), count(inner), count(columns)];
  const lead = batch.length > 0 ? [count(batch)] : [];
  // An operand that already lies with its inner axes first or last is read that way instead of being moved.
  const transposeA =
    inOrder(a.labels, [...batch, ...inner, ...rows]) && !inOrder(a.labels, [...batch, ...rows, ...inner]);
  const transposeB =
    inOrder(b.labels, [...batch, ...columns, ...inner]) && !inOrder(b.labels, [...batch, ...inner, ...columns]);
  const left = arrange(a, transposeA ? [...batch, ...inner, ...rows] : [...batch, ...rows, ...inner], sizes);
  const right = arrange(b, transposeB ? [...batch, ...columns, ...inner] : [...batch, ...inner, ...columns], sizes);
  const product = matmul(
    reshape(left, [...lead, ...(transposeA ? [k, m] : [m, k])]),
    reshape(right, [...lead, ...(transposeB ? [n, k] : [k, n])]),
    { transposeA, transposeB },
  );
  const labels = [...batch, ...rows, ...columns];
  return {
    x: reshape(
      product,
      labels.map((label) => sizes.get(label)!),
    ),
    labels,
  };
}

const inOrder = (labels: readonly string[], wanted: readonly string[]): boolean => labels.join() === wanted.join();
