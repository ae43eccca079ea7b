/**
 * The angle map psi(theta) that turns a Legendre polynomial into a Bessel function: with nu = n + 1/2,
 * sqrt(sin theta) P_n(cos theta) = psi'^(-1/2) sqrt(psi) J0(nu psi), so that the zeros of P_n are psi = j_k / nu. psi is a series in
 * 1/nu^2 whose coefficients are power series in theta^2, found here from the differential equation
 * nu^2 + 1/(4 sin^2) = psi'^2 (nu^2 + 1/(4 psi^2)) + {psi, theta}/2. It is the expansion behind I. Bogaert, "Iteration-free computation
 * of Gauss-Legendre quadrature nodes and weights", SIAM J. Sci. Comput. 36 (2014), in a form without cancellation near theta = 0.
 */

/** Coefficients of a power series in t = theta^2. */
type Series = Float64Array;

/** Powers of 1/nu^2 that are kept; the rest is below 1e-16 for n >= 20. */
const ORDERS = 6;
/** The series converge for |theta| < pi and are used to pi/2: each term is at most a quarter of the one before. */
const TERMS = 48;
/** Each order differentiates twice, which loses top coefficients; these many are sound at the last order. */
const SOUND_TERMS: number = TERMS - 2 * ORDERS;

function multiplyAdd(into: Series, a: Series, b: Series, factor: number): void {
  for (let i = 0; i < TERMS; i++) {
    for (let j = 0; i + j < TERMS; j++) into[i + j] = into[i + j]! + factor * a[i]! * b[j]!;
  }
}

/** d/dt */
function derivative(a: Series): Series {
  return a.map((_, i) => (i + 1 < TERMS ? (i + 1) * a[i + 1]! : 0));
}

/** t a(t) */
function timesT(a: Series): Series {
  return a.map((_, i) => (i > 0 ? a[i - 1]! : 0));
}

function plus(a: Series, factor: number, b: Series): Series {
  return a.map((v, i) => v + factor * b[i]!);
}

/** 1/sin^2 - 1/theta^2 = f' for f = 1/theta - cot(theta), whose series follows from f' = 1 - 2 f/theta + f^2. */
function inverseSineSquared(): Series {
  const f = new Float64Array(TERMS);
  for (let i = 0; i < TERMS; i++) {
    let sum = i === 0 ? 1 : 0;
    for (let j = 0; j < i; j++) sum += f[j]! * f[i - 1 - j]!;
    f[i] = sum / (2 * i + 3);
  }
  return f.map((v, i) => (2 * i + 1) * v);
}

/** The next coefficient of N/D, where D = 1 + O(1/nu^2): q_m = N_m - sum D_i q_(m-i). */
function nextQuotient(numerator: Series, denominator: readonly Series[], quotient: readonly Series[]): Series {
  const out = numerator.slice();
  const m = quotient.length;
  for (let i = 1; i <= m; i++) multiplyAdd(out, denominator[i]!, quotient[m - i]!, -1);
  return out;
}

/** sum_{i=0..m} a_i a_(m-i) */
function squareTerm(a: readonly Series[], m: number): Series {
  const out = new Float64Array(TERMS);
  for (let i = 0; i <= m; i++) multiplyAdd(out, a[i]!, a[m - i]!, 1);
  return out;
}

/** g_m of psi = theta (1 + g_1/nu^2 + g_2/nu^4 + …), each a series in theta^2. */
function phaseCoefficients(): Series[] {
  const one = new Float64Array(TERMS);
  one[0] = 1;
  const g: Series[] = [one];
  const slope: Series[] = [one]; // psi'
  const eta: Series[] = []; // psi' / (psi / theta) = 1 + t eta
  const ell: Series[] = []; // psi'' / psi' = theta ell
  for (let m = 1; m <= ORDERS; m++) {
    // The terms of order m - 1 of (1/4)((psi' theta / psi)^2 - 1)/t and of half the Schwarzian derivative.
    eta.push(
      nextQuotient(
        derivative(g[m - 1]!).map((v) => 2 * v),
        g,
        eta,
      ),
    );
    ell.push(
      nextQuotient(
        derivative(slope[m - 1]!).map((v) => 2 * v),
        slope,
        ell,
      ),
    );
    const bessel = plus(eta[m - 1]!, 0.5, timesT(squareTerm(eta, m - 1)));
    const last = ell[m - 1]!;
    const schwarzian = plus(plus(last, 2, timesT(derivative(last))), -0.5, timesT(squareTerm(ell, m - 1)));
    let twice = plus(
      bessel.map((v) => -v / 2),
      -0.5,
      schwarzian,
    );
    if (m === 1) twice = plus(twice, 0.25, inverseSineSquared());
    for (let i = 1; i < m; i++) multiplyAdd(twice, slope[i]!, slope[m - i]!, -1);
    slope.push(twice.map((v) => v / 2));
    g.push(slope[m]!.map((v, i) => v / (2 * i + 1)));
  }
  return g;
}

let coefficients: Series[] | undefined;

/** psi(theta) / theta - 1 for one nu, as a power series in theta^2 that holds for 0 <= theta <= pi/2. */
export function legendrePhase(nu: number): Float64Array {
  coefficients ??= phaseCoefficients();
  const out = new Float64Array(SOUND_TERMS);
  for (let m = ORDERS; m >= 1; m--) {
    const g = coefficients[m]!;
    for (let i = 0; i < SOUND_TERMS; i++) out[i] = (out[i]! + g[i]!) / (nu * nu);
  }
  return out;
}
