/** The rules of batch-rules.ts by name, for ops of one's own. A plain object: bundlers leave it out where nobody asks for it, a namespace they do not. */
import {
  along,
  alongLast,
  elementwise,
  gathered,
  inFront,
  joined,
  mixes,
  multiplied,
  padded,
  reduced,
  reshaped,
  scattered,
  sliced,
  transposed,
} from './batch-rules.ts';

/** How samples are followed through an op (`batch` of its definition): rules for whom an op shares one with those here. */
export const batchRules = {
  along,
  alongLast,
  elementwise,
  gathered,
  inFront,
  joined,
  mixes,
  multiplied,
  padded,
  reduced,
  reshaped,
  scattered,
  sliced,
  transposed,
} as const;
