/**
 * The positive zeros j_k of the Bessel function J0 and the factor 2 / (pi j_k J1(j_k)^2), which tends to 1. The first twelve are
 * tabulated (computed with 40 digits), the rest come from McMahon's expansion and from the modulus expansion; both are then
 * exact to the last bit of a double. Source: NIST DLMF 10.21(vi) and 10.18(iii), order 0.
 */

const TABLE: readonly (readonly [zero: number, factor: number])[] = [
  [2.404825557695773, 0.9822341167218512],
  [5.520078110286311, 0.9960951712438778],
  [8.653727912911013, 0.9983661220823558],
  [11.791534439014281, 0.9991115104807028],
  [14.930917708487787, 0.9994434412453226],
  [18.071063967910924, 0.9996191732821179],
  [21.21163662987926, 0.9997232113735499],
  [24.352471530749302, 0.9997898172483115],
  [27.493479132040253, 0.9998349989971023],
  [30.634606468431976, 0.9998670439582881],
  [33.77582021357357, 0.9998905896964102],
  [36.917098353664045, 0.9999083950665696],
];

/** The k-th positive zero of J0, k = 1, 2, … */
export function besselZero(k: number): number {
  const tabulated = TABLE[k - 1];
  if (tabulated !== undefined) return tabulated[0];
  const beta = (k - 0.25) * Math.PI;
  const r = 1 / (8 * beta);
  const s = r * r;
  const tail = 1 + s * (-124 / 3 + s * (120928 / 15 + s * (-401743168 / 105 + (s * 1071187749376) / 315)));
  return beta + r * tail;
}

/** 2 / (pi j_k J1(j_k)^2): the Wronskian turns it into the squared modulus J0^2 + Y0^2 at j_k, times pi j_k / 2. */
export function besselZeroFactor(k: number): number {
  const tabulated = TABLE[k - 1];
  if (tabulated !== undefined) return tabulated[1];
  const u = 1 / (2 * besselZero(k)) ** 2;
  let sum = 1;
  let term = 1;
  for (let q = 0; q < 5; q++) {
    term *= (-u * (2 * q + 1) ** 3) / (2 * q + 2);
    sum += term;
  }
  return sum;
}
