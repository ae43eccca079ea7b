/**
 * Scalar functions as statements that leave their result in `y`, given the element in `v`, or two in `a` and `b`. WebGPU allows
 * its own sin, cos, tanh and atan errors of 1e-4 and more, and shading languages lose digits of log1p and expm1 near 0: these
 * are computed here, with the polynomials of `kernels/wasm/elementwise/constants.ts` (fitted for this project), so that every mode agrees.
 */

const simple = (expression: string): string => `const y = ${expression};`;

/** The polynomial in `x` whose coefficients come highest first. */
function polynomial(x: string, coefficients: readonly number[]): string {
  return coefficients
    .slice(1)
    .reduce((inner, c) => `(${inner}) * ${x} ${c < 0 ? '-' : '+'} ${Math.abs(c)}`, `${signed(coefficients[0]!)}`);
}
/** A leading minus would meet another operator, which not every compiler takes. */
const signed = (value: number): string => (value < 0 ? `(0 - ${-value})` : `${value}`);

const sinTerms = [-1.9516656175255775e-4, 0.008332173340022564, -0.16666655242443085];
const cosTerms = [2.4437729734927416e-5, -0.001388736185617745, 0.04166664555668831];
const atanTerms = [0.0805787667632103, -0.1387915164232254, 0.19977867603302002, -0.33332952857017517];
const tanhTerms = [
  -0.0056039136834442616, 0.020551718771457672, -0.05371410772204399, 0.13331152498722076, -0.33333271741867065,
];
const erfTerms = [
  7.853860734030604e-5, -8.010193123482168e-4, 0.005188327748328447, -0.026853810995817184, 0.1128358542919159,
  -0.3761262595653534, 1.1283791065216064,
];
const logErfcTerms = [
  1.8557407020125538e-4, -0.0018261634977534413, 0.009890892542898655, -0.04150068759918213, -0.8431183099746704,
  -2.6389667987823486, -1.8496055603027344,
];

/** v = n pi/2 + r with |r| <= pi/4, pi/2 in three parts whose products with n are exact for |n| below 2^13; q = n modulo 4. */
const quarters =
  'const n = Math.floor(v * 0.6366197723675814 + 0.5);' +
  'const r = ((v - n * 1.5703125) - n * 0.0004837512969970703) - n * 7.549789954891882e-8;' +
  'const q = n - Math.floor(n * 0.25) * 4; const z = r * r;' +
  `const s = r + r * z * (${polynomial('z', sinTerms)});` +
  `const c = 1 - z * 0.5 + z * z * (${polynomial('z', cosTerms)});`;
const sin = `${quarters} let y = s; if (q === 1) { y = c; } if (q === 2) { y = 0 - s; } if (q === 3) { y = 0 - c; }`;
const cos = `${quarters} let y = c; if (q === 1) { y = 0 - s; } if (q === 2) { y = 0 - c; } if (q === 3) { y = s; }`;
const tan = `${quarters} let y = s / c; if (q === 1 || q === 3) { y = 0 - c / s; }`;

/** atan(x) = pi/4 + atan((x - 1) / (x + 1)), or pi/2 - atan(1 / x), brings the argument below tan(pi/8). */
const atan =
  'const u = Math.abs(v); let t = u; let from = 0;' +
  'if (u > 0.4142135623730951) { t = (u - 1) / (u + 1); from = 0.7853981633974483; }' +
  'if (u > 2.414213562373095) { t = 0 - 1 / u; from = 1.5707963267948966; }' +
  `const z = t * t; let y = from + (t + t * z * (${polynomial('z', atanTerms)})); if (v < 0) { y = 0 - y; }`;

const tanh =
  'const u = Math.abs(v); const z = v * v; const e = Math.exp(0 - 2 * u); let y = (1 - e) / (1 + e);' +
  `if (u < 0.625) { y = u + u * z * (${polynomial('z', tanhTerms)}); } if (v < 0) { y = 0 - y; }`;

/** Below 1 an odd polynomial; from there 1 - exp(log erfc), the logarithm being a polynomial up to 4. */
const erf =
  'const u = Math.abs(v); const z = v * v; const t = Math.min(u, 4) - 1;' +
  `let y = 1 - Math.exp(${polynomial('t', logErfcTerms)});` +
  `if (u < 1) { y = u * (${polynomial('z', erfTerms)}); } if (v < 0) { y = 0 - y; }`;

/** A body as statements that take the variable `v` and leave their result in `y`, with no other name of theirs left free. */
export function inline(body: string, v: string, y: string): string {
  const own = new Set([...body.matchAll(/(?:const|let) (\w+)/g)].map(([, name]) => name!));
  return body.replace(/[A-Za-z_]\w*/g, (name, at: number) => {
    if (/[.\w]/.test(body[at - 1] ?? '')) return name;
    return name === 'v' ? v : name === 'y' ? y : own.has(name) ? `${name}${y}` : name;
  });
}

/** x Phi(x), and `a` times its derivative Phi(b) + b phi(b), with the normal density phi and its distribution function Phi. */
const gelu = `const w = v * 0.7071067811865476; ${inline(erf, 'w', 'f')} const y = 0.5 * v * (1 + f);`;
const geluGrad =
  `const w = b * 0.7071067811865476; ${inline(erf, 'w', 'f')}` +
  'const y = a * (0.5 * (1 + f) + b * 0.3989422804014327 * Math.exp(0 - 0.5 * b * b));';

/** log1p and expm1 by their series near 0. */
const log1p =
  'let y = Math.log(1 + v);' +
  'if (Math.abs(v) < 0.1) { y = v * (1 - v * (0.5 - v * (0.33333333 - v * (0.25 - v * (0.2 - v * (0.16666667 - v * 0.14285714)))))); }';
const expm1 =
  'let y = Math.exp(v) - 1;' +
  'if (Math.abs(v) < 0.3) { y = v * (1 + v * (0.5 + v * (0.16666667 + v * (0.041666668 + v * (0.008333334 + v * 0.0013888889))))); }';

const sigmoid = 'const e = Math.exp(0 - Math.abs(v)); let y = 1 / (1 + e); if (v < 0) { y = e / (1 + e); }';
const softplus =
  'const e = Math.exp(0 - Math.abs(v)); let l = Math.log(1 + e);' +
  'if (e < 0.1) { l = e * (1 - e * (0.5 - e * (0.33333333 - e * (0.25 - e * 0.2)))); }' +
  'const y = Math.max(v, 0) + l;';

/** Halves go to the even neighbour. */
const round =
  'const f = Math.floor(v); const d = v - f; let y = f; if (d > 0.5) { y = f + 1; }' +
  'if (d === 0.5) { const h = Math.floor(f * 0.5); if (h * 2 !== f) { y = f + 1; } }';

export const unaryBodies = {
  neg: simple('0 - v'),
  exp: simple('Math.exp(v)'),
  expm1,
  log: simple('Math.log(v)'),
  log1p,
  sqrt: simple('Math.sqrt(v)'),
  rsqrt: simple('1 / Math.sqrt(v)'),
  square: simple('v * v'),
  reciprocal: simple('1 / v'),
  abs: simple('Math.abs(v)'),
  sin,
  cos,
  tan,
  atan,
  tanh,
  erf,
  gelu,
  sigmoid,
  softplus,
  sign: 'let y = v; if (v > 0) { y = 1; } if (v < 0) { y = -1; }',
  floor: simple('Math.floor(v)'),
  ceil: simple('Math.ceil(v)'),
  round,
  relu: simple('Math.max(v, 0)'),
  logicalNot: 'let y = 0; if (v === 0) { y = 1; }',
} as const satisfies Record<string, string>;

const when = (condition: string): string => `let y = 0; if (${condition}) { y = 1; }`;

/** The shading languages leave powers of negative numbers open: the sign is put on by hand, and NaN where there is none. */
const pow =
  'let y = Math.pow(Math.abs(a), b);' +
  'if (a === 0 && b > 0) { y = 0; }' +
  'if (a < 0) { const f = Math.floor(b); if (f !== b) { y = Math.sqrt(a); }' +
  'if (f === b) { const h = Math.floor(f * 0.5); if (h * 2 !== f) { y = 0 - y; } } }' +
  'if (b === 0) { y = 1; }';

export const binaryBodies = {
  add: simple('a + b'),
  sub: simple('a - b'),
  mul: simple('a * b'),
  div: simple('a / b'),
  pow,
  maximum: simple('Math.max(a, b)'),
  geluGrad,
  minimum: simple('Math.min(a, b)'),
  equal: when('a === b'),
  notEqual: when('a !== b'),
  less: when('a < b'),
  lessEqual: when('a <= b'),
  greater: when('a > b'),
  greaterEqual: when('a >= b'),
  logicalAnd: when('a !== 0 && b !== 0'),
  logicalOr: when('a !== 0 || b !== 0'),
} as const satisfies Record<string, string>;

/** Bounds that are infinite do not bound. */
export function clipBody(min: number, max: number): { body: string; floats: Record<string, number> } {
  const low = Number.isFinite(min) ? 'y = Math.max(y, this.constants.LOW);' : '';
  const high = Number.isFinite(max) ? 'y = Math.min(y, this.constants.HIGH);' : '';
  const floats = { ...(low && { LOW: min }), ...(high && { HIGH: max }) };
  return { body: `let y = v; ${low} ${high}`, floats };
}

/** Towards zero, as a float becomes an integer; NaN becomes 0 where the device knows NaN. */
export const truncateBody = 'let y = Math.floor(v); if (v < 0) { y = Math.ceil(v); } if (v !== v) { y = 0; }';
/** Anything but 0 is true. */
export const truthBody = 'let y = 1; if (v === 0) { y = 0; }';

/** `whole` is `y` without its fraction. */
export const truncation = 'let whole = Math.floor(y); if (y < 0) { whole = Math.ceil(y); }';
