import type { Plugin } from 'esbuild';

export const sameChunk: Plugin;
export const sameChunkOfPage: Plugin;
