import type { Plugin } from 'esbuild';

export const copied: readonly string[];
export const ownCopies: Plugin;
