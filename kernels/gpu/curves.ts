/**
 * Activations of recurrent cells as statements over `v` that leave their result in `y`, as in `formulas.ts`; and their
 * derivatives, which are functions of the activation's value, given in `v`.
 */
import { inline, unaryBodies } from './formulas.ts';

const [seluScale, seluAlpha] = [1.0507009873554805, 1.6732632423543772];

const bounded = (slope: number) => ({
  of: `const y = Math.min(Math.max(v * ${slope} + 0.5, 0), 1);`,
  slope: `let y = 0; if (v > 0 && v < 1) { y = ${slope}; }`,
});

/** `expm1(v)` of what is below 0 as `f`. */
const belowZero = `const w = Math.min(v, 0); ${inline(unaryBodies.expm1, 'w', 'f')}`;

const curves = {
  linear: { of: 'const y = v;', slope: 'const y = 1.0;' },
  tanh: { of: unaryBodies.tanh, slope: 'const y = 1 - v * v;' },
  sigmoid: { of: unaryBodies.sigmoid, slope: 'const y = v * (1 - v);' },
  hardSigmoid: bounded(1 / 6),
  hardSigmoid2: bounded(0.2),
  relu: { of: unaryBodies.relu, slope: 'let y = 0; if (v > 0) { y = 1; }' },
  softsign: { of: 'const y = v / (1 + Math.abs(v));', slope: 'const r = 1 - Math.abs(v); const y = r * r;' },
  elu: { of: `${belowZero} const y = Math.max(v, 0) + f;`, slope: 'let y = v + 1; if (v > 0) { y = 1; }' },
  selu: {
    of: `${belowZero} const y = ${seluScale} * (Math.max(v, 0) + ${seluAlpha} * f);`,
    slope: `let y = v + ${seluScale * seluAlpha}; if (v >= 0) { y = ${seluScale}; }`,
  },
  softplus: { of: unaryBodies.softplus, slope: 'const y = 1 - Math.exp(0 - v);' },
  exponential: { of: unaryBodies.exp, slope: 'const y = v;' },
} as const satisfies Record<string, { readonly of: string; readonly slope: string }>;

export type CurveName = keyof typeof curves;

/** Statements that leave the activation of the variable `v` in a new one, `y`. */
export const activation = (name: CurveName, v: string, y: string): string => inline(curves[name].of, v, y);

/** Statements that leave the derivative of an activation in `y`, a new variable, given the activation's value in `v`. */
export const slope = (name: CurveName, v: string, y: string): string => inline(curves[name].slope, v, y);
