/** The families of encoders by the `model_type` of their config: a new one is a file and a row. */
import { albertFamily } from './albert.ts';
import { bertFamily, electraFamily, robertaFamilies } from './bert.ts';
import { distilbertFamily } from './distilbert.ts';
import type { Family } from './encoder.ts';
import { mpnetFamily } from './mpnet.ts';

export type { Encoder, Family, Tokens } from './encoder.ts';

export type Architecture = 'bert' | 'distilbert' | keyof typeof robertaFamilies | 'electra' | 'albert' | 'mpnet';

export const families: Readonly<Record<Architecture, Family>> = {
  bert: bertFamily,
  distilbert: distilbertFamily,
  ...robertaFamilies,
  electra: electraFamily,
  albert: albertFamily,
  mpnet: mpnetFamily,
};

export const architectures = Object.keys(families) as readonly Architecture[];
