import type { Plugin } from 'esbuild';

export declare const gpujs: Plugin;
