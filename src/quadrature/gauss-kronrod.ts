/**
 * The nested pair G7/K15 on [0, 1]: fifteen points whose seven odd-indexed ones are Gauss points, so that one set of gradients
 * gives both a value (Kronrod, exact to degree 22) and an error estimate (its distance from Gauss). Nodes are the zeros of P_7
 * and of its Stieltjes polynomial, computed with 50 digits. Source: A. S. Kronrod (1965); R. Piessens et al., QUADPACK (1983).
 */

/** Non-negative half on [-1, 1]: node, Kronrod weight, Gauss weight (0 where the node is not a Gauss node). */
const HALF: readonly (readonly [node: number, kronrod: number, gauss: number])[] = [
  [0.9914553711208126, 0.022935322010529224, 0],
  [0.9491079123427585, 0.06309209262997856, 0.1294849661688697],
  [0.8648644233597691, 0.10479001032225019, 0],
  [0.7415311855993945, 0.14065325971552592, 0.27970539148927664],
  [0.5860872354676911, 0.1690047266392679, 0],
  [0.4058451513773972, 0.19035057806478542, 0.3818300505051189],
  [0.20778495500789848, 0.20443294007529889, 0],
  [0, 0.20948214108472782, 0.4179591836734694],
];

/** Points of the pair. */
export const KRONROD_POINTS = 15;

/** Positions on [0, 1] in increasing order. */
export const kronrodNodes: readonly number[] = mirror((row, sign) => 0.5 * (1 + sign * row[0]));
/** Weights of the 15-point rule; they sum to 1. */
export const kronrodWeights: readonly number[] = mirror((row) => row[1] / 2);
/** Weights of the 7-point rule on the same positions, 0 at the eight that it does not use; they sum to 1. */
export const gaussWeights: readonly number[] = mirror((row) => row[2] / 2);

function mirror(value: (row: readonly [number, number, number], sign: -1 | 1) => number): readonly number[] {
  const upper = HALF.slice(0, -1).reverse();
  return Object.freeze([...HALF.map((row) => value(row, -1)), ...upper.map((row) => value(row, 1))]);
}
