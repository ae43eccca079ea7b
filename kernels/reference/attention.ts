/** Attention by its definition, a query at a time, forward and back. */

type Floats = Float32Array | Float64Array;

/** Where elements begin: sample, head and position times these. Elements of a position lie side by side. */
export interface Strides {
  readonly sample: number;
  readonly head: number;
  readonly row: number;
}
/** What is added to the scores: as `Strides`, by query and key. */
export interface BiasStrides {
  readonly sample: number;
  readonly head: number;
  readonly query: number;
  readonly key: number;
}
export interface AttentionGeometry {
  readonly samples: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly size: number;
  readonly valueSize: number;
  readonly q: Strides;
  readonly k: Strides;
  readonly v: Strides;
  readonly y: Strides;
  readonly biases: readonly BiasStrides[];
  readonly scaling: 'times' | 'over' | null;
  readonly scale: number;
}

const dot = (a: Floats, i: number, b: Floats, j: number, count: number): number => {
  let sum = 0;
  for (let c = 0; c < count; c++) sum += a[i + c]! * b[j + c]!;
  return sum;
};

const placed = ({ sample, head, row }: Strides, s: number, h: number, i: number): number =>
  s * sample + h * head + i * row;

/** Calls `each` for every query with its probabilities. */
function forQueries(
  g: AttentionGeometry,
  [q, k]: readonly [Floats, Floats],
  biases: readonly Floats[],
  each: (s: number, h: number, i: number, shares: Float64Array) => void,
): void {
  const scaled = (x: number): number => (g.scaling === null ? x : g.scaling === 'times' ? x * g.scale : x / g.scale);
  const shares = new Float64Array(g.keys);
  for (let s = 0; s < g.samples; s++) {
    for (let h = 0; h < g.heads; h++) {
      for (let i = 0; i < g.queries; i++) {
        for (let j = 0; j < g.keys; j++) {
          let score = scaled(dot(q, placed(g.q, s, h, i), k, placed(g.k, s, h, j), g.size));
          g.biases.forEach((at, n) => {
            score += biases[n]![s * at.sample + h * at.head + i * at.query + j * at.key]!;
          });
          shares[j] = score;
        }
        const top = shares.reduce((most, x) => Math.max(most, x), -Infinity);
        let sum = 0;
        for (let j = 0; j < g.keys; j++) sum += shares[j] = Math.exp(shares[j]! - top);
        for (let j = 0; j < g.keys; j++) shares[j]! /= sum;
        each(s, h, i, shares);
      }
    }
  }
}

export function attention(y: Floats, operands: readonly Floats[], g: AttentionGeometry): void {
  const [q, k, v, ...biases] = operands as [Floats, Floats, Floats];
  forQueries(g, [q, k], biases, (s, h, i, shares) => {
    const to = placed(g.y, s, h, i);
    for (let c = 0; c < g.valueSize; c++) {
      let sum = 0;
      for (let j = 0; j < g.keys; j++) sum += shares[j]! * v[placed(g.v, s, h, j) + c]!;
      y[to + c] = sum;
    }
  });
}

/** @param targets where the gradients of query, key and value are added up, null where they are not wanted */
export function attentionGrad(
  [dq, dk, dv]: readonly [Floats | null, Floats | null, Floats | null],
  operands: readonly Floats[],
  g: AttentionGeometry,
): void {
  const [q, k, v, dy, ...biases] = operands as [Floats, Floats, Floats, Floats];
  const slopes = new Float64Array(g.keys);
  forQueries(g, [q, k], biases, (s, h, i, shares) => {
    const from = placed(g.y, s, h, i);
    let mean = 0;
    for (let j = 0; j < g.keys; j++) {
      slopes[j] = dot(dy, from, v, placed(g.v, s, h, j), g.valueSize);
      mean += slopes[j]! * shares[j]!;
    }
    for (let j = 0; j < g.keys; j++) {
      const bent = shares[j]! * (slopes[j]! - mean);
      const slope = g.scaling === null ? bent : g.scaling === 'times' ? bent * g.scale : bent / g.scale;
      const [at, key, value] = [placed(g.q, s, h, i), placed(g.k, s, h, j), placed(g.v, s, h, j)];
      for (let c = 0; c < g.size; c++) {
        if (dq) dq[at + c]! += slope * k[key + c]!;
        if (dk) dk[key + c]! += slope * q[at + c]!;
      }
      if (dv) for (let c = 0; c < g.valueSize; c++) dv[value + c]! += shares[j]! * dy[from + c]!;
    }
  });
}
