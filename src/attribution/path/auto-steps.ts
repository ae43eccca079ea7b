/**
 * `nSteps: 'auto'`: adaptive quadrature per sample (src/quadrature/adaptive.ts), many samples in one batch. A sample is
 * finished when both its error estimate and its completeness are within tolerance, or its points are used up. Samples go
 * in groups of at most one chunk, so that the vectors that open intervals keep are bounded too.
 */
import { AdaptivePath } from '../../quadrature/adaptive.ts';
import type { Pace } from '../frame/pace.ts';
import { displaced } from './brute.ts';
import type { PathIntegral } from './integrate.ts';
import type { PreparedPath } from './pass.ts';

export interface AutoOptions {
  readonly relTol: number;
  readonly maxSteps: number;
  readonly batch: number;
  /** The change of score that the attributions of each sample must add up to. */
  readonly scoreChanges: Float64Array;
  /** Differences in score below this are rounding, per sample. */
  readonly absTols: Float64Array;
}

/** Points that a path asks for at a time come in multiples of this. */
const ROUND = 15;

export async function integrateAdaptively(
  path: PreparedPath,
  samples: number,
  options: AutoOptions,
  pace: Pace,
): Promise<PathIntegral> {
  const means = path.from.map((start) => new Float64Array(start.length));
  const moved = new Uint8Array(samples);
  const steps = new Int32Array(samples);
  const converged = new Array<boolean>(samples).fill(false);
  for (let first = 0; first < samples; first += options.batch) {
    const group = Array.from({ length: Math.min(options.batch, samples - first) }, (_, i) => first + i);
    const paths = group.map((sample) => adaptivePath(path, sample, samples, options));
    await runGroup(path, group, paths, samples, { batch: options.batch, moved }, pace);
    group.forEach((sample, i) => {
      const { result } = paths[i]!;
      steps[sample] = result.steps;
      converged[sample] = result.converged;
      let offset = 0;
      for (const mean of means) {
        const width = mean.length / samples;
        mean.set(result.meanGradient.subarray(offset, offset + width), sample * width);
        offset += width;
      }
    });
  }
  return { means, nonFinite: [null], moved: [moved], steps, converged };
}

function adaptivePath(path: PreparedPath, sample: number, samples: number, options: AutoOptions): AdaptivePath {
  const displacement = path.from.flatMap((from, v) => {
    const width = from.length / samples;
    const to = path.to[v]!;
    const at = sample * width;
    return [Float64Array.from({ length: width }, (_, i) => displaced(from[at + i]!, to[at + i]!, 1))];
  });
  const joined = new Float64Array(displacement.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of displacement) {
    joined.set(part, offset);
    offset += part.length;
  }
  return new AdaptivePath({
    displacement: joined,
    scoreChange: options.scoreChanges[sample]!,
    relTol: options.relTol,
    absTol: options.absTols[sample]!,
    maxSteps: options.maxSteps,
  });
}

/** Rounds until every path of the group is finished; the points that all ask for share the chunks. */
async function runGroup(
  path: PreparedPath,
  group: readonly number[],
  paths: readonly AdaptivePath[],
  samples: number,
  { batch, moved }: { batch: number; moved: Uint8Array },
  pace: Pace,
): Promise<void> {
  // Whole rounds per chunk: few different sizes, and so few plans to compile.
  const size = batch >= ROUND ? batch - (batch % ROUND) : batch;
  for (;;) {
    const asked = paths.flatMap((adaptive, member) =>
      Array.from(adaptive.next() ?? [], (alpha, index) => ({ member, index, alpha })),
    );
    if (asked.length === 0) return;
    pace.expect(asked.length);
    for (let at = 0; at < asked.length; at += size) {
      await pace.turn();
      const chunk = asked.slice(at, at + size);
      const gradients = await path.gradients({
        samples: Int32Array.from(chunk, ({ member }) => group[member]!),
        alphas: Float64Array.from(chunk, ({ alpha }) => alpha),
      });
      chunk.forEach(({ member, index }, row) => {
        let offset = 0;
        gradients.forEach((gradient, v) => {
          const width = path.from[v]!.length / samples;
          const piece = gradient.subarray(row * width, (row + 1) * width);
          if (piece.some((g) => g !== 0)) moved[group[member]!] = 1;
          paths[member]!.report(index, piece, offset);
          offset += width;
        });
      });
      pace.advance(chunk.length);
    }
  }
}
