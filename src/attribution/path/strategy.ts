/** The passes by name. */
import { didYouMean, failure, PathgradError } from '../../tensor/errors.ts';
import { brutePass } from './brute.ts';
import type { AttributionPass } from './pass.ts';
import { pathLinearPass } from './path-linear.ts';

export type Strategy = 'auto' | 'path-linear' | 'brute' | AttributionPass;

/** Path-linear, and brute where the graph of a model depends on the number of rows in a way that hides the frontier. */
const autoPass: AttributionPass = {
  name: 'auto',
  shares: true,
  keep: pathLinearPass.keep!,
  async prepare(problem) {
    try {
      return await pathLinearPass.prepare(problem);
    } catch (error) {
      if (error instanceof PathgradError && error.subject === 'path-linear') return brutePass.prepare(problem);
      throw error;
    }
  },
};

const passes = { auto: autoPass, 'path-linear': pathLinearPass, brute: brutePass } as const;

export function chooseStrategy(strategy: Strategy): AttributionPass {
  const named = passes as Readonly<Record<string, AttributionPass>>;
  const pass = typeof strategy === 'object' ? strategy : named[strategy];
  if (typeof pass?.prepare === 'function') return pass;
  throw failure(
    'strategy',
    `unknown strategy '${String(strategy)}'`,
    {},
    didYouMean(String(strategy), Object.keys(passes)),
  );
}
