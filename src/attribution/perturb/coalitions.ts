/**
 * Coalitions of players and their weights in the Shapley kernel, `(d - 1) / (C(d, s) s (d - s))` for `s` of `d` players (Lundberg and Lee,
 * "A unified approach to interpreting model predictions", 2017, theorem 2). Within the budget whole sizes are taken from the outside in,
 * where the kernel weighs most; what is left of the budget is drawn from the sizes between, each draw with its complement, which
 * halves nothing but variance (Covert and Lee, "Improving KernelSHAP", 2021). Without the empty and the full coalition.
 */
import { randomUniform, shuffle, upTo } from '../../graph/random.ts';
import { seedOf } from './draws.ts';

export interface Coalition {
  /** Who is in it, rising. */
  readonly members: Int32Array;
  readonly weight: number;
}

/** How many coalitions there are besides the empty and the full one. */
export function coalitionCount(players: number): number {
  return 2 ** players - 2;
}

/** At most `budget` coalitions whose weights add up to 1; all there are where the budget suffices. */
export function* coalitions(players: number, budget: number, seed: number): Generator<Coalition> {
  const every = coalitionCount(players) <= budget;
  const half = Math.floor(players / 2);
  // A pair of sizes, `s` and `d - s`; of an even number of players the middle size is its own partner.
  const pairs = Array.from({ length: half }, (_, i) => {
    const size = i + 1;
    const own = 2 * size === players;
    const count = binomial(players, size) * (own ? 1 : 2);
    return { size, own, count, weight: (own ? 1 : 2) / (size * (players - size)) };
  });
  const total = pairs.reduce((sum, { weight }) => sum + weight, 0);
  let [left, rest] = [budget, total];
  let next = 0;
  for (; next < pairs.length; next++) {
    const { size, own, count, weight } = pairs[next]!;
    // A size is taken whole where draws would take each of its coalitions once or more.
    if (!every && (count > left || (left * weight) / rest < count)) break;
    for (const members of combinations(players, size)) {
      yield { members, weight: weight / count / total };
      if (!own) yield { members: complement(members, players), weight: weight / count / total };
    }
    left -= count;
    rest -= weight;
  }
  const drawn = Math.floor(left / 2);
  if (next === pairs.length || drawn === 0) return;
  yield* draw(players, drawn, pairs.slice(next), rest / total / (2 * drawn), seed);
}

function* draw(
  players: number,
  pairsDrawn: number,
  sizes: readonly { readonly size: number; readonly weight: number }[],
  weight: number,
  seed: number,
): Generator<Coalition> {
  const next = randomUniform(seedOf(seed, players));
  const all = sizes.reduce((sum, pair) => sum + pair.weight, 0);
  const order = upTo(players);
  for (let pair = 0; pair < pairsDrawn; pair++) {
    let at = next() * all;
    const { size } = sizes.find(({ weight: share }) => (at -= share) < 0) ?? sizes.at(-1)!;
    const members = shuffle(order, next, size).slice(0, size).sort();
    yield { members, weight };
    yield { members: complement(members, players), weight };
  }
}

function complement(members: Int32Array, players: number): Int32Array {
  const out = new Int32Array(players - members.length);
  let [at, found] = [0, 0];
  for (let player = 0; player < players; player++) {
    if (members[found] === player) found++;
    else out[at++] = player;
  }
  return out;
}

/** All choices of `size` of the numbers below `count`, in lexical order. */
function* combinations(count: number, size: number): Generator<Int32Array> {
  const chosen = Int32Array.from({ length: size }, (_, i) => i);
  for (;;) {
    yield chosen.slice();
    let at = size - 1;
    while (at >= 0 && chosen[at] === count - size + at) at--;
    if (at < 0) return;
    chosen[at]!++;
    for (let i = at + 1; i < size; i++) chosen[i] = chosen[i - 1]! + 1;
  }
}

function binomial(n: number, k: number): number {
  let value = 1;
  for (let i = 1; i <= k; i++) value = (value * (n - k + i)) / i;
  return Math.round(value);
}
