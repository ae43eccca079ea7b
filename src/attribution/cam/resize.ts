/**
 * A map of a layer's places stretched to the size of the picture, axis by axis: between the centres of the places (`bilinear`; linear along
 * one axis, trilinear along three), or the nearest one. The numbers are those of torch's `interpolate` with `align_corners=False`.
 */

/** How a map is stretched: between the centres of its places, or by the nearest of them. */
export type Interpolation = 'bilinear' | 'nearest';

/** @param from extents of `map`, row-major; `to` as many */
export function resizeMap(
  map: Float64Array,
  from: readonly number[],
  to: readonly number[],
  interpolation: Interpolation,
): Float64Array {
  let values = map;
  const shape = [...from];
  to.forEach((extent, axis) => {
    const inner = shape.slice(axis + 1).reduce((size, dim) => size * dim, 1);
    values = resizeAxis(values, shape[axis]!, extent, inner, interpolation);
    shape[axis] = extent;
  });
  return values;
}

/** @param inner elements between neighbours along the axis */
function resizeAxis(
  values: Float64Array,
  from: number,
  to: number,
  inner: number,
  interpolation: Interpolation,
): Float64Array {
  if (from === to) return values;
  const outer = values.length / (from * inner);
  const out = new Float64Array(outer * to * inner);
  for (let place = 0; place < to; place++) {
    const centre = Math.min(Math.max(((place + 0.5) * from) / to - 0.5, 0), from - 1);
    const low = interpolation === 'nearest' ? Math.floor((place * from) / to) : Math.floor(centre);
    const high = Math.min(low + 1, from - 1);
    const share = interpolation === 'nearest' ? 0 : centre - low;
    for (let block = 0; block < outer; block++) {
      const [start, next] = [(block * from + low) * inner, (block * from + high) * inner];
      const into = (block * to + place) * inner;
      for (let i = 0; i < inner; i++) out[into + i] = (1 - share) * values[start + i]! + share * values[next + i]!;
    }
  }
  return out;
}
