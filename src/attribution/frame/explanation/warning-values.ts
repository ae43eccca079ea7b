/** The names and types of the values of each warning, for what reads them from outside; warnings.ts says what they mean. */
import type { WarningCode } from './warnings.ts';

type Type = 'string' | 'number' | 'boolean' | 'number[]';

const samples = { samples: 'number[]' } as const;

export const warningValues: Readonly<Record<WarningCode, Readonly<Record<string, Type>>>> = {
  'input-disconnected': { name: 'string' },
  'input-held': { name: 'string' },
  'prediction-not-finite': {},
  'outputs-are-scores': {},
  'no-target': {},
  'target-of-one-score': {},
  'baseline-not-neutral': { fraction: 'number' },
  'baseline-equals-input': samples,
  'layer-bypassed': { gap: 'number' },
  'gradient-not-finite': { sample: 'number', step: 'number', alpha: 'number' },
  'baseline-score-not-finite': samples,
  'attribution-not-finite': samples,
  'gradient-zero': samples,
  incomplete: { samples: 'number[]', share: 'number', limit: 'number', raise: 'string' },
};
