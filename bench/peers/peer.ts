/**
 * What another library must offer to be compared with: kernels, nets, whole explanations, each as far as it can. Adapters
 * are thin: they call the library's public API in its best documented configuration and never fix what it lacks. Nothing
 * here is needed to install, build or test pathgrad.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Attrs } from '../../src/graph/op.ts';
import type { TypedArray } from '../../src/tensor/dtype.ts';
import type { Prepared } from '../harness.ts';
import type { ExplainTask, FileTask, Net } from '../nets.ts';

export interface ArrayData {
  readonly data: TypedArray;
  readonly shape: readonly number[];
}

/** One kernel: the op itself, or its gradient with respect to input `part`. */
export interface KernelCall {
  readonly op: string;
  readonly attrs: Attrs;
  readonly part: 'forward' | 0 | 1;
  readonly inputs: readonly ArrayData[];
  /** The op's result, for gradients that use it. */
  readonly output: ArrayData;
  /** The gradient of the result. */
  readonly gradient: ArrayData;
}

/** A net for a fixed number of rows; arrays in and out are flat, channels last. */
export interface NetRunner {
  forward(x: Float32Array): Float32Array;
  /** The gradient of `sum(net(x) * cotangent)` with respect to `x`. */
  gradient(x: Float32Array, cotangent: Float32Array): Float32Array;
  dispose(): void;
}

/** An array in a file, its elements one after the other. */
export interface ArrayFile {
  readonly path: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
}

/** Epochs of one of the nets of the train suite, with Adam and the crossentropy of class numbers; rows are not shuffled. */
export interface TrainTask {
  readonly net: 'imdb' | 'mnist' | 'agnews';
  readonly batch: number;
  readonly x: ArrayFile;
  readonly labels: ArrayFile;
  /** In Keras's order. */
  readonly weights: readonly ArrayFile[];
}

export interface Peer {
  readonly name: string;
  /** What really runs, as the library reports it. */
  readonly backend: string;
  readonly threads: number;
  readonly versions: Readonly<Record<string, string>>;
  /** Called before each use: makes this backend the active one of a library that has one at a time. */
  ready?(): Promise<void>;
  /** Our names of the ops that `kernel` knows; others are not compared. */
  readonly ops?: readonly string[];
  kernel?(call: KernelCall): Promise<Prepared>;
  net?(net: Net, rows: number): Promise<NetRunner>;
  /** A library with integrated gradients of its own. */
  explain?(task: ExplainTask): Promise<Prepared>;
  /** The same, of models that it reads from the file. */
  explainFile?(task: FileTask): Promise<Prepared>;
  /** A run is an epoch; it gives the loss of the first batch, without dropout, before all training and after the epoch. */
  train?(task: TrainTask): Promise<Prepared>;
  close?(): Promise<void>;
}

export const peerNames = [
  'tfjs-wasm',
  'tfjs-cpu',
  'jax-js',
  'alibi',
  'tf-function',
  'captum',
  'torch',
  'keras',
] as const;
export type PeerName = (typeof peerNames)[number];

export const peersFolder: string = fileURLToPath(new URL('.', import.meta.url));

/** Null and a notice that says how to install it, where a peer is not there. */
export function missing(name: string, packageName: string, notices: string[]): boolean {
  if (existsSync(`${peersFolder}node_modules/${packageName}/package.json`)) return false;
  notices.push(`${name} is not installed and left out; npm run bench:peers installs it`);
  return true;
}
