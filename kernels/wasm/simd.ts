/**
 * What all kernels share: the multiply-add that both builds of the module differ in, partial stores, the thread's
 * scratch memory, and walking the rows of a strided tensor.
 * Reads may run up to 63 bytes past a row's end (the allocator leaves room behind the last block); writes never do.
 */

/** `a * b + c`: fused where the module is built with relaxed SIMD, two roundings elsewhere. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Memory of this instance (this thread) alone, set once by the host. */
let scratchAt: usize = 0;

export function setScratch(at: usize): void {
  scratchAt = at;
}

@inline
export function scratch(): usize {
  return scratchAt;
}

/** The first `count` lanes (1 to 4) of `v`. */
@inline
export function storeLanes(to: usize, v: v128, count: i32): void {
  if (count >= 4) v128.store(to, v);
  else storeTail(to, v, count);
}

export function storeTail(to: usize, v: v128, count: i32): void {
  if (count == 1) {
    v128.store32_lane(to, v, 0);
  } else {
    v128.store64_lane(to, v, 0);
    if (count == 3) v128.store32_lane(to, v, 2, 8);
  }
}

/** The sum of the four lanes, in a fixed order. */
@inline
export function sumLanes(v: v128): f32 {
  const pairs = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/**
 * The offset of row `row` of a strided tensor. `dims` points at `rank` sizes, `strides` at as many steps (int32, in the
 * caller's unit); the row counts through all of them, the last one fastest.
 */
export function offsetOf(row: i32, rank: i32, dims: usize, strides: usize): i32 {
  let offset = 0;
  for (let axis = rank - 1; axis >= 0; axis--) {
    const size = load<i32>(dims + (<usize>axis << 2));
    const rest = row / size;
    offset += (row - rest * size) * load<i32>(strides + (<usize>axis << 2));
    row = rest;
  }
  return offset;
}

/** The sign of `like` on the magnitude `x`. */
@inline
export function copySign(x: v128, like: v128): v128 {
  return v128.bitselect(x, like, i32x4.splat(0x7fffffff));
}
