/** What a result was measured on: machine, load, runtime, versions and the state of the source. Part of every results file. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Peak } from './peak.ts';

export interface Environment {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  /** Over 1, 5 and 15 minutes, when the run started. A loaded machine makes slow results, and wrong ratios with threads. */
  readonly loadAverage: readonly number[];
  readonly platform: string;
  readonly node: string;
  readonly v8: string;
  readonly nodeFlags: readonly string[];
  readonly gitSha: string;
  /** True when files differed from the commit. */
  readonly gitDirty: boolean;
  readonly command: readonly string[];
  readonly quick: boolean;
  readonly packages: Readonly<Record<string, string>>;
  /** GFLOP/s of one core in WebAssembly. */
  readonly peak: Peak;
  readonly notices: readonly string[];
  /** Where the cases ran in a browser: its version, and what draws for WebGL2 and WebGPU. */
  readonly browser?: { readonly version: string; readonly webgl2: string; readonly webgpu: string };
}

const root = fileURLToPath(new URL('..', import.meta.url));

export function describeEnvironment({
  browser,
  ...about
}: {
  readonly command: readonly string[];
  readonly quick: boolean;
  readonly packages: Readonly<Record<string, string>>;
  readonly peak: Peak;
  readonly notices: readonly string[];
  readonly browser?: Environment['browser'];
}): Environment {
  const own = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { version: string };
  return {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    loadAverage: loadavg().map((load) => Number(load.toFixed(2))),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    v8: process.versions.v8,
    nodeFlags: process.execArgv.filter((flag) => !flag.includes('/')),
    gitSha: git('rev-parse', 'HEAD') ?? 'unknown',
    gitDirty: git('status', '--porcelain') !== '',
    ...about,
    ...(browser && { browser }),
    packages: { pathgrad: own.version, ...about.packages },
  };
}

function git(...args: readonly string[]): string | null {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null; // an unpacked package has no git
  }
}
