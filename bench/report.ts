/**
 * Results as a table for people. Every case lists its contenders from fastest to slowest with the ratio to our fastest:
 * above 1 the other is slower. Who could not do the case, or got it wrong, stands below, with the reason.
 */
import type { CaseResult } from './harness.ts';
import type { Peak } from './peak.ts';

export const OURS = 'pathgrad';

export const isOurs = (result: CaseResult): boolean => result.contender.startsWith(OURS);

/** Only right results have a place in the order. */
export const isRanked = (result: CaseResult): boolean => result.verified && result.medianMs !== null;

export function formatCase(results: readonly CaseResult[], peak: Peak): string {
  const first = results[0]!;
  const timed = results.filter(isRanked).sort((a, b) => a.medianMs! - b.medianMs!);
  const best = timed.find(isOurs)?.medianMs ?? null;
  const lines = [`${first.suite}: ${first.case}`];
  const allowed = first.distanceAllowed;
  const bound = allowed === undefined ? '' : `; allowed distance ${allowed.toExponential(1)}`;
  if (first.expected !== undefined) lines.push(`  expected: ${first.expected}${bound}`);
  for (const result of timed) lines.push(`  ${label(result)} ${figures(result, best, peak)}`);
  for (const result of results.filter((r) => r.bytes)) {
    lines.push(`  ${label(result)} ${sizes(result)}`);
    for (const [part, bytes] of Object.entries(result.parts ?? {}))
      lines.push(`    ${part.padEnd(24)} ${kilobytes(bytes)}`);
  }
  for (const result of results.filter((r) => r.cannot !== null)) {
    const time = result.medianMs === null ? '' : `${formatMs(result.medianMs)} for a `;
    lines.push(`  ${label(result)} ${time}${result.cannot}`);
  }
  return lines.join('\n');
}

function label({ contender, backend, threads }: CaseResult): string {
  const how = threads > 0 ? `${backend}, ${threads} thread${threads > 1 ? 's' : ''}` : backend;
  return `${contender.padEnd(26)} ${how.padEnd(34)}`;
}

function figures(result: CaseResult, best: number | null, peak: Peak): string {
  const { medianMs, madMs, samples, gflops, gbps, firstMs, maxRelError, distance, expected } = result;
  // Of the processor's peak: on a GPU (no threads of ours) it says nothing.
  const top = Math.max(peak.plain ?? 0, peak.relaxed ?? 0, peak.wide ?? 0) * result.threads;
  const parts = [
    `${formatMs(medianMs!)} ± ${formatMs(madMs!)} (n ${samples})`.padEnd(32),
    (best === null ? '' : `${(medianMs! / best).toFixed(2)}x`).padStart(8),
    (gflops === null ? '' : `${gflops.toPrecision(3)} GFLOP/s`).padStart(14),
    (gflops === null || top === 0 ? '' : `${Math.round((100 * gflops) / top)} %`).padStart(6),
    (gbps === null ? '' : `${gbps.toPrecision(3)} GB/s`).padStart(10),
    `first ${formatMs(firstMs!)}`.padEnd(14),
    `error ${maxRelError!.toExponential(1)}`,
    ...(expected === undefined || distance == null ? [] : [`distance ${distance.toExponential(1)}`]),
  ];
  return parts.join(' ');
}

function formatMs(ms: number): string {
  return ms >= 1000 ? `${(ms / 1000).toPrecision(3)} s` : `${ms.toPrecision(3)} ms`;
}

function sizes({ bytes }: CaseResult): string {
  const { minified, gzip, brotli } = bytes!;
  return `minified ${kilobytes(minified)}, gzip ${kilobytes(gzip)}, brotli ${kilobytes(brotli)}`;
}

const kilobytes = (count: number): string => `${(count / 1000).toFixed(1)} kB`;
