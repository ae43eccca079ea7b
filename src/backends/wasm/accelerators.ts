/**
 * Kernels that compute what the core's compute too, faster, in modules that are loaded when a model has use for them. Nothing but speed and
 * the last bits depends on them: a plan made without them runs on the core's kernels.
 */
import { conv, convGradInput, parts } from './bind/conv.ts';
import { finishOf, panelColumns, panelRows } from './bind/panels.ts';
import { wasmBackend } from './index.ts';
import { hasSimd } from './module/module.ts';
import { accelerate } from './step.ts';

/**
 * What such a module needs of the core. It imports nothing but types: what two files of a bundle need a bundler puts in a third, which every
 * application would fetch beside the core.
 */
export const core = { accelerate, conv, convGradInput, finishOf, panelColumns, panelRows, parts, wasmBackend } as const;
export type Core = typeof core;

/** A module whose `take` tells the backend of its kernels (`accelerate` of step.ts); calling it again changes nothing. */
interface AcceleratorModule {
  readonly take: (core: Core) => void;
}

/** A function that imports such a module, which bundlers then make a file of its own: `() => import('…')`. */
export type LoadAccelerator = () => Promise<AcceleratorModule>;

/** For 3x3 convolutions of stride 1: whoever has such layers, depthwise or with channels enough for it to pay, loads it. */
export const winograd: LoadAccelerator = () => import('./bind/winograd.ts');

/** Whether a convolution is one that `winograd` pays for: 3x3, between as many channels as are known of, 16 and more. */
export const forWinograd = (window: readonly number[], channels: readonly number[]): boolean =>
  String(window) === '3,3' && channels.every((count) => count >= 16);

/** For gradients of depthwise convolutions with one filter a channel, and all of them in wide vectors: whoever has such layers loads it. */
export const sliding: LoadAccelerator = () => import('./bind/sliding.ts');

/** For attention without the scores of all pairs of positions: whoever builds transformers or has attention layers loads it. */
export const attention: LoadAccelerator = () => import('./attention/take.ts');

/** Resolves when plans made from now on use these kernels; at once where this backend cannot run. */
export async function loadAccelerators(loaders: Iterable<LoadAccelerator>): Promise<void> {
  if (!hasSimd()) return;
  for (const { take } of await Promise.all([...new Set(loaders)].map((load) => load()))) take(core);
}
