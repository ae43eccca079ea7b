/** The families of encoders by the `model_type` of their config: a new one is a file and a row. */
import { bertFamily } from './bert.ts';
import { distilbertFamily } from './distilbert.ts';
import type { Family } from './encoder.ts';

export type { Encoder, Family, Tokens } from './encoder.ts';

export type Architecture = 'bert' | 'distilbert';

export const families: Readonly<Record<Architecture, Family>> = {
  bert: bertFamily,
  distilbert: distilbertFamily,
};

export const architectures = Object.keys(families) as readonly Architecture[];
