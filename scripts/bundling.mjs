/** How esbuild bundles pathgrad's code, for the package and for the page: ES modules for Node and browsers, `node:` left as it is. */
import { gpujs } from './gpujs.mjs';
import { ownCopies } from './own-copies.mjs';
import { sameChunk } from './same-chunk.mjs';

/** @type {import('esbuild').BuildOptions} */
export const bundling = {
  bundle: true,
  format: 'esm',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  conditions: ['import', 'module', 'browser'],
  // Of jobs: optional packages, imported when a job needs them.
  external: ['node:*', '@aws-sdk/client-s3', 'bullmq', 'hyparquet-writer', 'ioredis'],
  plugins: [gpujs, ownCopies, sameChunk],
  logOverride: { 'ignored-bare-import': 'silent' },
};
