/**
 * The constants of the elementary functions, and polynomials over them. Coefficients were fitted for this project:
 * weighted minimax by Lawson's iteration on each function's reduced interval, errors below 1e-8 before rounding (1e-7
 * for the short exponential). That of the gates is tanh as a quotient of two polynomials of x^2, up to 8.
 */
import { madd } from '../simd';

/**
 * The constants, in memory: a vector constant in the code costs four instructions wherever it is used (V8 builds it from
 * two integers and does not move it out of a loop), a load that spreads one float costs one.
 */
// prettier-ignore
const constants: usize = memory.data<f32>([
  1, 0.5, 2, 1.4426950408889634, 12582912, 0.693359375, -2.1219444005469057e-4, -88,
  0.0013951719738543034, 0.008369598537683487, 0.0416661873459816, 0.16666512191295624, 0.5,
  0.067477285861969, -0.11677515506744385, 0.11888697743415833, -0.12405340373516083, 0.14219452440738678, -0.16668005287647247, 0.20002123713493347, -0.25000008940696716, 0.3333331346511841,
  -0.0056039136834442616, 0.020551718771457672, -0.05371410772204399, 0.13331152498722076, -0.33333271741867065,
  7.853860734030604e-5, -8.010193123482168e-4, 0.005188327748328447, -0.026853810995817184, 0.1128358542919159, -0.3761262595653534, 1.1283791065216064,
  1.8557407020125538e-4, -0.0018261634977534413, 0.009890892542898655, -0.04150068759918213, -0.8431183099746704, -2.6389667987823486, -1.8496055603027344,
  -1.9516656175255775e-4, 0.008332173340022564, -0.16666655242443085,
  2.4437729734927416e-5, -0.001388736185617745, 0.04166664555668831,
  0.0805787667632103, -0.1387915164232254, 0.19977867603302002, -0.33332952857017517,
  0.008312287740409374, 0.04189230129122734, 0.16667123138904572, 0.49999216198921204, 1, 1,
  1.5230373406893705e-8, 2.1894633391639218e-5, 0.003571596462279558, 0.1344449669122696, 1,
  8.52242976634443e-7, 3.4112893627025187e-4, 0.02616443671286106, 0.4677782356739044, 1,
  8, -8,
  -0.008312287740409374, 0.04189230129122734, -0.16667123138904572, 0.49999216198921204, -1, 1,
  -1.4426950408889634, 12583039, -0.693359375, 2.1219444005469057e-4, 88, -89, -0.0, -0.25, -13.26, 0.3989422804014327, -0.5,
  -0.09363231, 0.35054773, -0.28281453, 0.29529497, 0.018440105, 0.11327007, 0.09893927, -4.5326025e-5,
]);
export const ONE: usize = 0;
export const HALF: usize = 1;
export const TWO: usize = 2;
export const LOG2E: usize = 3;
export const ROUND: usize = 4;
export const LN2_HIGH: usize = 5;
export const LN2_LOW: usize = 6;
export const EXP_LEAST: usize = 7;
export const EXP: usize = 8;
export const LOG: usize = 13;
export const TANH: usize = 22;
export const ERF: usize = 27;
export const LOG_ERFC: usize = 34;
export const SIN: usize = 41;
export const COS: usize = 44;
export const ATAN: usize = 47;
export const EXP_SHORT: usize = 51;
export const GATE_OVER: usize = 57;
export const GATE_UNDER: usize = 62;
export const EIGHT: usize = 67;
export const MINUS_EIGHT: usize = 68;
/** `EXP_SHORT` of -x. */
export const EXP_MINUS: usize = 69;
export const MINUS_LOG2E: usize = 75;
/** `ROUND` and the bias of a float's exponent. */
export const ROUND_BIASED: usize = 76;
export const MINUS_LN2_HIGH: usize = 77;
export const MINUS_LN2_LOW: usize = 78;
export const SIGMOID_MOST: usize = 79;
export const SIGMOID_LEAST: usize = 80;
export const MINUS_ZERO: usize = 81;
export const MILLS_STEP: usize = 82;
export const MILLS_LEAST: usize = 83;
export const DENSITY: usize = 84;
export const MINUS_HALF: usize = 85;
export const MILLS: usize = 86;

/** A constant in all four lanes. */
@inline
export function c(index: usize): v128 {
  return v128.load32_splat(constants + (index << 2));
}

/** The polynomial of the given degree whose coefficients begin at `at`, the highest first. */
@inline
export function polynomial(x: v128, at: usize, degree: usize): v128 {
  let p = madd(c(at), x, c(at + 1));
  if (degree >= 2) p = madd(p, x, c(at + 2));
  if (degree >= 3) p = madd(p, x, c(at + 3));
  if (degree >= 4) p = madd(p, x, c(at + 4));
  if (degree >= 5) p = madd(p, x, c(at + 5));
  if (degree >= 6) p = madd(p, x, c(at + 6));
  if (degree >= 7) p = madd(p, x, c(at + 7));
  if (degree >= 8) p = madd(p, x, c(at + 8));
  return p;
}
