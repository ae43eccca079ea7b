/**
 * The transforms of winograd.ts for engines that pair vectors (`WIDE`): eight channels at a time, each vector with the one behind it, loaded, added and
 * stored side by side. The same sums in the same order.
 */

/** B' d B of a tile, `depth` channels, a multiple of eight (see `tileValues`). */
export function pairsOfValues(to: usize, step: usize, from: usize, row: usize, pixel: usize, depth: i32): void {
  const two = 2 * pixel, three = 3 * pixel;
  for (let c = 0; c < depth; c += 8, from += 32, to += 32) {
    let at = from + row;
    const a0 = v128.load(at), c0 = v128.load(at, 16);
    let next = at + pixel;
    const a1 = v128.load(next), c1 = v128.load(next, 16);
    next = at + two;
    const a2 = v128.load(next), c2 = v128.load(next, 16);
    next = at + three;
    const a3 = v128.load(next), c3 = v128.load(next, 16);
    at += row;
    const b0 = v128.load(at), d0 = v128.load(at, 16);
    next = at + pixel;
    const b1 = v128.load(next), d1 = v128.load(next, 16);
    next = at + two;
    const b2 = v128.load(next), d2 = v128.load(next, 16);
    next = at + three;
    const b3 = v128.load(next), d3 = v128.load(next, 16);
    const four = to + 4 * step;
    fourPairs(
      four, step, f32x4.add(a0, b0), f32x4.add(c0, d0), f32x4.add(a1, b1), f32x4.add(c1, d1),
      f32x4.add(a2, b2), f32x4.add(c2, d2), f32x4.add(a3, b3), f32x4.add(c3, d3),
    );
    const eight = four + 4 * step;
    fourPairs(
      eight, step, f32x4.sub(b0, a0), f32x4.sub(d0, c0), f32x4.sub(b1, a1), f32x4.sub(d1, c1),
      f32x4.sub(b2, a2), f32x4.sub(d2, c2), f32x4.sub(b3, a3), f32x4.sub(d3, c3),
    );
    const f1 = from + pixel, f2 = from + two, f3 = from + three;
    fourPairs(
      to, step, f32x4.sub(v128.load(from), b0), f32x4.sub(v128.load(from, 16), d0),
      f32x4.sub(v128.load(f1), b1), f32x4.sub(v128.load(f1, 16), d1),
      f32x4.sub(v128.load(f2), b2), f32x4.sub(v128.load(f2, 16), d2),
      f32x4.sub(v128.load(f3), b3), f32x4.sub(v128.load(f3, 16), d3),
    );
    at += row;
    const l1 = at + pixel, l2 = at + two, l3 = at + three;
    fourPairs(
      eight + 4 * step, step, f32x4.sub(a0, v128.load(at)), f32x4.sub(c0, v128.load(at, 16)),
      f32x4.sub(a1, v128.load(l1)), f32x4.sub(c1, v128.load(l1, 16)),
      f32x4.sub(a2, v128.load(l2)), f32x4.sub(c2, v128.load(l2, 16)),
      f32x4.sub(a3, v128.load(l3)), f32x4.sub(c3, v128.load(l3, 16)),
    );
  }
}

@inline
function fourPairs(
  to: usize, step: usize, s0: v128, t0: v128, s1: v128, t1: v128, s2: v128, t2: v128, s3: v128, t3: v128,
): void {
  v128.store(to, f32x4.sub(s0, s2));
  v128.store(to, f32x4.sub(t0, t2), 16);
  to += step;
  v128.store(to, f32x4.add(s1, s2));
  v128.store(to, f32x4.add(t1, t2), 16);
  to += step;
  v128.store(to, f32x4.sub(s2, s1));
  v128.store(to, f32x4.sub(t2, t1), 16);
  to += step;
  v128.store(to, f32x4.sub(s1, s3));
  v128.store(to, f32x4.sub(t1, t3), 16);
}

/** A' m A of a tile, `filters` channels, a multiple of eight (see `tileOutputs`). */
export function pairsOfOutputs(
  to: usize, below: usize, pixel: usize, down: bool, right: bool, sums: usize, step: usize, filters: i32,
): void {
  for (let c = 0; c < filters; c += 8, sums += 32, to += 32, below += 32) {
    let at = sums + 4 * step;
    const a0 = v128.load(at), c0 = v128.load(at, 16);
    at += step;
    const a1 = v128.load(at), c1 = v128.load(at, 16);
    at += step;
    const a2 = v128.load(at), c2 = v128.load(at, 16);
    at += step;
    const a3 = v128.load(at), c3 = v128.load(at, 16);
    at += step;
    const b0 = v128.load(at), d0 = v128.load(at, 16);
    at += step;
    const b1 = v128.load(at), d1 = v128.load(at, 16);
    at += step;
    const b2 = v128.load(at), d2 = v128.load(at, 16);
    at += step;
    const b3 = v128.load(at), d3 = v128.load(at, 16);
    at += step;
    const f1 = sums + step, f2 = f1 + step, f3 = f2 + step;
    twoPairs(
      to, pixel, right,
      f32x4.add(v128.load(sums), f32x4.add(a0, b0)), f32x4.add(v128.load(sums, 16), f32x4.add(c0, d0)),
      f32x4.add(v128.load(f1), f32x4.add(a1, b1)), f32x4.add(v128.load(f1, 16), f32x4.add(c1, d1)),
      f32x4.add(v128.load(f2), f32x4.add(a2, b2)), f32x4.add(v128.load(f2, 16), f32x4.add(c2, d2)),
      f32x4.add(v128.load(f3), f32x4.add(a3, b3)), f32x4.add(v128.load(f3, 16), f32x4.add(c3, d3)),
    );
    if (!down) continue;
    const l1 = at + step, l2 = l1 + step, l3 = l2 + step;
    twoPairs(
      below, pixel, right,
      f32x4.sub(f32x4.sub(a0, b0), v128.load(at)), f32x4.sub(f32x4.sub(c0, d0), v128.load(at, 16)),
      f32x4.sub(f32x4.sub(a1, b1), v128.load(l1)), f32x4.sub(f32x4.sub(c1, d1), v128.load(l1, 16)),
      f32x4.sub(f32x4.sub(a2, b2), v128.load(l2)), f32x4.sub(f32x4.sub(c2, d2), v128.load(l2, 16)),
      f32x4.sub(f32x4.sub(a3, b3), v128.load(l3)), f32x4.sub(f32x4.sub(c3, d3), v128.load(l3, 16)),
    );
  }
}

@inline
function twoPairs(
  to: usize, pixel: usize, right: bool, s0: v128, t0: v128, s1: v128, t1: v128, s2: v128, t2: v128, s3: v128, t3: v128,
): void {
  v128.store(to, f32x4.add(s0, f32x4.add(s1, s2)));
  v128.store(to, f32x4.add(t0, f32x4.add(t1, t2)), 16);
  if (!right) return;
  to += pixel;
  v128.store(to, f32x4.sub(f32x4.sub(s1, s2), s3));
  v128.store(to, f32x4.sub(f32x4.sub(t1, t2), t3), 16);
}
