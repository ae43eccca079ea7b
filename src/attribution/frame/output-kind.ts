/**
 * What a model's outputs are, told from the last op of its graph and never from the numbers, which may lie between 0 and 1 by
 * chance. What only moves, cuts or renames entries is looked through.
 */
import type { Tensor } from '../../tensor/tensor.ts';

/**
 * `distribution`: the entries of the last axis are probabilities that add up to 1 (a softmax); `probabilities`: each entry is one by
 * itself (a sigmoid, parts of a softmax); `scores`: a product, with its bias or not, as in logits and regressions; `unknown`: anything
 * else, such as a softmax written out by hand.
 */
export type OutputKind = 'distribution' | 'probabilities' | 'scores' | 'unknown';

/** Ops that take entries from their first input as they are. */
const carriers = new Set([
  'reshape',
  'stopGradient',
  'transpose',
  'broadcastTo',
  'slice',
  'reverse',
  'gather',
  'cast',
  'pad',
]);
const products = new Set(['matmul', 'conv', 'convGradInput']);
/** Models do not join outputs deeper than this. */
const deepest = 32;

/** What the outputs look like: a distribution over classes, probabilities, or scores. */
export function outputKind(output: Tensor): OutputKind {
  return kindOf(output, 0, new Map());
}

/** @param known parts that were looked at: a graph that joins its own parts has more ways through it than nodes */
function kindOf(output: Tensor, depth: number, known: Map<Tensor, OutputKind>): OutputKind {
  const found = known.get(output) ?? look(output, depth, known);
  known.set(output, found);
  return found;
}

function look(output: Tensor, depth: number, known: Map<Tensor, OutputKind>): OutputKind {
  let node = output;
  // Whether the last axis holds what it held where the probabilities were made.
  let whole = true;
  let biased = false;
  for (;;) {
    const [first, second] = node.inputs;
    const name = node.op?.name ?? '';
    if (products.has(name)) return 'scores';
    if (name === 'add' && !biased) {
      // A bias: what has no axis of rows, or a single row that goes with all.
      const isBias = (t: Tensor): boolean => t.rank < node.rank || t.shape.slice(0, -1).every((dim) => dim === 1);
      if (!isBias(second!) && !isBias(first!)) return 'unknown';
      biased = true;
      node = isBias(second!) ? first! : second!;
      continue;
    }
    if (!biased) {
      if (name === 'sigmoid') return 'probabilities';
      if (name === 'softmax') {
        return whole && node.attrs['axis'] === node.rank - 1 ? 'distribution' : 'probabilities';
      }
      if ((name === 'concat' || name === 'where' || name === 'mul') && depth < deepest)
        return joined(node, whole, depth, known);
    }
    if (!carriers.has(name)) return 'unknown';
    whole &&= name !== 'transpose' && name !== 'pad' && node.shape.at(-1) === first!.shape.at(-1);
    node = first!;
  }
}

/** Of outputs side by side, or of some entries put in the place of others, which a mask (0 and 1) does too. */
function joined(
  { op, attrs, inputs, rank }: Tensor,
  whole: boolean,
  depth: number,
  known: Map<Tensor, OutputKind>,
): OutputKind {
  const isMask = (t: Tensor): boolean => {
    let node = t;
    while (carriers.has(node.op?.name ?? '') && node.dtype !== 'bool') node = node.inputs[0]!;
    return node.dtype === 'bool';
  };
  const parts = (op!.name === 'where' ? inputs.slice(1) : inputs).filter((t) => !t.constant && !isMask(t));
  if (op!.name === 'mul' && parts.length !== 1) return 'unknown';
  const kinds = new Set(parts.map((part) => kindOf(part, depth + 1, known)));
  const alike = kinds.size === 1 ? [...kinds][0]! : null;
  if (op!.name === 'concat' && alike === 'distribution' && whole && attrs['axis'] !== rank - 1) return alike;
  if (op!.name === 'concat' && alike === 'scores') return alike;
  return kinds.size > 0 && [...kinds].every((kind) => kind === 'distribution' || kind === 'probabilities')
    ? 'probabilities'
    : 'unknown';
}
