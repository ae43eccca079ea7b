/** What runs in the browser when the kernel suite does: the same cases and the same harness, asked for one case at a time. */
import { fullBudget, quickBudget, runCase } from '../harness.ts';
import { chooseKernels, isWide, ourBackends } from '../ours.ts';
import { measurePeak, type Peak } from '../peak.ts';
import { kernelCases } from '../suites/kernels.ts';

/** The page's side of `launch.ts`. */
const page = {
  async open(backends: readonly string[]): Promise<Peak> {
    await chooseKernels(backends);
    return measurePeak(isWide(backends));
  },
  names: (backends: readonly string[]) => kernelCases(ourBackends(backends), []).map(({ name }) => name),
  // Backends are opened once for all cases.
  cases: null as ReturnType<typeof kernelCases> | null,
  async run(backends: readonly string[], index: number, quick: boolean) {
    this.cases ??= kernelCases(ourBackends(backends), []);
    return runCase(this.cases[index]!, quick ? quickBudget : fullBudget);
  },
};

export type BenchPage = typeof page;
Object.assign(globalThis, { bench: page });
