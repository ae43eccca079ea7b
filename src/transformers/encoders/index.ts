/** The families of encoders by the `model_type` of their config: a new one is a file and a row. */
import { albertFamily } from './albert.ts';
import { bertFamily, electraFamily, robertaFamilies } from './bert.ts';
import { debertaFamily } from './deberta.ts';
import { distilbertFamily } from './distilbert.ts';
import type { Family } from './encoder.ts';
import { modernbertFamily } from './modernbert.ts';
import { mpnetFamily } from './mpnet.ts';

export type { Encoder, Family, Tokens } from './encoder.ts';

/** The families of encoders, by the `model_type` of `config.json`. */
export type Architecture =
  | 'bert'
  | 'distilbert'
  | keyof typeof robertaFamilies
  | 'electra'
  | 'albert'
  | 'mpnet'
  | 'deberta-v2'
  | 'modernbert';

export const families: Readonly<Record<Architecture, Family>> = {
  bert: bertFamily,
  distilbert: distilbertFamily,
  ...robertaFamilies,
  electra: electraFamily,
  albert: albertFamily,
  mpnet: mpnetFamily,
  'deberta-v2': debertaFamily,
  modernbert: modernbertFamily,
};

export const architectures = Object.keys(families) as readonly Architecture[];
