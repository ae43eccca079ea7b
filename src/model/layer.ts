/** A layer of a loaded model, whatever file it came from: what callers see of it, and what the model learns of it when it is applied. */
import type { LayerCall, LayerInfo } from '../graph/callable.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Sizes with null for what the input decides; the batch axis is always null. */
export type SymbolicShape = readonly (number | null)[];

export interface Layer extends LayerInfo {
  /** Subject of error messages. */
  readonly subject: string;
  /** The layers inside. */
  readonly layers: readonly Layer[];
  readonly weights: readonly {
    readonly name: string;
    readonly shape: Shape;
    readonly trainable: boolean;
    readonly tensor: Tensor;
  }[];
  /** Shapes at the first call, one per tensor; empty until the model's input shape is known. */
  inputShapes: readonly SymbolicShape[];
  outputShapes: readonly SymbolicShape[];
  /** Ids that it looks up lie below it; null for layers that look up nothing. */
  readonly vocabulary: number | null;
  /** Whether a call takes ids, where a layer with a vocabulary has calls that do not. */
  looksUp?(call: Pick<LayerCall, 'inputs' | 'outputs'>): boolean;
}
