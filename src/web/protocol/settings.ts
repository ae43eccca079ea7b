/** What is asked of an explanation, and what there is to choose from. */
import type { QuadratureMethod } from '../../quadrature/index.ts';

export type BaselineName = 'pad' | 'mask' | 'normal' | 'zeros' | 'white' | 'grey' | 'noise' | 'max' | 'layer';

export interface Settings {
  /** The name of the method. */
  readonly explainer: string;
  /** Of a model that judges words: the position that is judged; null: the one that is usual. */
  readonly place: number | null;
  /** The path of the layer that the method asks for; null where it asks for none or is left to choose. */
  readonly layer: string | null;
  /** A class, or null: the predicted one; for a single score the score itself. */
  readonly target: number | null;
  readonly baseline: BaselineName;
  /** Of integrated gradients alone. */
  readonly method: QuadratureMethod;
  readonly steps: number | 'auto';
  /** `wasm`, `reference` or `gpu:` and a mode. */
  readonly backend: string;
  readonly output: number;
  readonly softmax: boolean;
  /** Names of the classes; empty for numbers. */
  readonly labels: readonly string[];
}

/** A method as the page lists it. */
export interface MethodInfo {
  readonly name: string;
  /** What its numbers mean, in a line. */
  readonly says: string;
  /** What they add up to; null where they need not add up. */
  readonly sum: string | null;
  /** Whether it compares with a baseline. */
  readonly baselines: boolean;
  /** Whether its numbers are those of a layer that must be named, or it looks at one that can be. */
  readonly layer: 'named' | 'chosen' | null;
}

/** What this browser offers the engine. */
export interface Capabilities {
  /** The method that is used unless another is chosen. */
  readonly usual: MethodInfo;
  readonly simd: boolean;
  /** Threads that the wasm backend may use. */
  readonly threads: number;
  /** Why a backend cannot be chosen here; backends that can are not in it. */
  readonly missing: { readonly [backend: string]: string };
}
