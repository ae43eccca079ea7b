/**
 * Path-linear integrated gradients. Up to the frontier of the affine region a point of the path is z_b + a (z_x - z_b):
 * the region is evaluated at the two ends instead of at every point, the rest of the model runs on interpolated frontier
 * values, and the gradients, summed over the path, are pulled back through the region once, since its Jacobian is the
 * same everywhere. Exact in real arithmetic (docs/architecture.md has the argument). Fixed rules run as one plan
 * (`one-plan.ts`); adaptive quadrature asks for points (`frontier-points.ts`).
 */
import { brutePass } from './brute.ts';
import { type Frontier, findFrontier } from './frontier.ts';
import { inOnePlan } from './one-plan.ts';
import type { AttributionPass } from './pass.ts';

export const pathLinearPass: AttributionPass = {
  name: 'path-linear',
  shares: true,
  async keep(runner, points) {
    const { plans, graphs, samples, batch } = runner;
    const { options, key } = graphs;
    const frontier = findFrontier({ plans, key, graph: (rows) => graphs.path(rows) });
    const { positions, region, heldBefore } = frontier;
    const pays = positions.length > 0 && region.affineFlops > 0 && heldBefore.length === 0 && !options.everyCall;
    const together = samplesAtOnce(frontier, batch, points) >= samples;
    if (!pays || !together || !plans.backendFor(options.inputs).cells) return null;
    return (await import('./kept-frontier.ts')).keepFrontier(runner, frontier);
  },
  async prepare(problem) {
    const frontier = findFrontier(problem);
    // Nothing to integrate where the output does not depend on what the path moves.
    if (frontier.positions.length === 0) return brutePass.prepare(problem);
    if (!problem.adaptive || problem.scores.length > 1) return inOnePlan(problem, frontier);
    // Adaptive quadrature keeps vectors as wide as what it integrates over: a wide frontier costs more than it saves.
    const width = problem.from.reduce((sum, start) => sum + start.length / problem.samples, 0);
    if (frontier.widths.reduce((sum, w) => sum + w, 0) > 2 * width) return brutePass.prepare(problem);
    return (await import('./frontier-points.ts')).pointByPoint(problem, frontier);
  },
};

/** Samples whose points go through one plan, all of them. */
const samplesAtOnce = (frontier: Frontier, batch: number, points: number): number =>
  Math.floor(frontier.rowsAtOnce(batch) / points);
