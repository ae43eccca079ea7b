/** Options that several layer classes share, and their fields. */
import { failure } from '../../../tensor/errors.ts';
import type { ConfigValue } from '../../types.ts';
import {
  activation,
  constraint,
  type Field,
  flag,
  initializer,
  type LayerOptions,
  oneOf,
  regularizer,
} from '../fields.ts';
import type { Part } from '../parts.ts';

/** Where channels stand. */
export type DataFormat = 'channels_last' | 'channels_first';
/** A whole number for all axes of space, or one per axis. */
export type PerAxis = number | readonly number[];

export const dataFormat: Field = oneOf(['channels_last', 'channels_first'], 'channels_last');
export const padding: Field = oneOf(['valid', 'same'], 'valid');

/** A kernel and a bias, with what is asked of them. */
export interface KernelOptions extends LayerOptions {
  readonly useBias?: boolean;
  /** `'glorot_uniform'` by default. */
  readonly kernelInitializer?: Part;
  readonly biasInitializer?: Part;
  readonly kernelRegularizer?: Part | null;
  readonly biasRegularizer?: Part | null;
  readonly activityRegularizer?: Part | null;
  readonly kernelConstraint?: Part | null;
  readonly biasConstraint?: Part | null;
}

export const kernelFields = {
  useBias: flag(true),
  kernelInitializer: initializer('glorot_uniform'),
  biasInitializer: initializer('zeros'),
  kernelRegularizer: regularizer,
  biasRegularizer: regularizer,
  activityRegularizer: regularizer,
  kernelConstraint: constraint,
  biasConstraint: constraint,
} as const;

/** Options of a layer that ends in an activation. */
export interface ActivationOptions {
  /** Keras's name; linear by default. */
  readonly activation?: string | null;
}

export const linear: Field = activation('linear');

/** A pair of sizes before and behind, per axis of space. */
export type Sides = number | readonly (number | readonly [number, number])[];

/** Sizes before and behind, of one number, one per axis, or pairs. */
export const sides = (axes: number, fallback: ConfigValue): Field => ({
  fallback,
  write: (value: Sides, subject: string): ConfigValue => {
    const list = Array.isArray(value)
      ? (value as readonly (number | readonly number[])[])
      : new Array<number>(axes).fill(value as number);
    // One axis takes its pair bare: [before, behind].
    const pairs =
      axes === 1 && list.length === 2
        ? [list as readonly number[]]
        : list.map((side) => (Array.isArray(side) ? side : [side, side]));
    const fits =
      pairs.length === axes &&
      pairs.every((p) => p.length === 2 && p.every((n) => Number.isInteger(n) && (n as number) >= 0));
    if (fits) return (axes === 1 ? pairs[0] : pairs) as ConfigValue;
    throw failure(subject, `is a number, or [before, behind] per axis (${axes})`, { got: value });
  },
});
