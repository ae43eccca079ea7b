/** Every operator by domain and name, and those that are refused with the reason. */
import type { Operator } from '../operator.ts';
import { arithmetic } from './arithmetic.ts';
import { attentions } from './attention.ts';
import { constants } from './constants.ts';
import { convolution } from './convolution.ts';
import { elementwise } from './elementwise.ts';
import { grids } from './grids.ts';
import { indexing } from './indexing.ts';
import { learning } from './learning.ts';
import { microsoft } from './microsoft.ts';
import { normalization } from './normalization.ts';
import { pooling } from './pooling.ts';
import { products } from './products.ts';
import { quantization } from './quantized.ts';
import { recurrents } from './recurrent.ts';
import { reducing } from './reducing.ts';
import { resizing } from './resizing.ts';
import { shaping } from './shaping.ts';
import { slices } from './slices.ts';

export { type Refusal, refusals } from './refused.ts';

/** Operators by domain; the standard one has no name in files. */
export const operators: Readonly<Record<string, Readonly<Record<string, Operator>>>> = {
  '': {
    ...arithmetic,
    ...elementwise,
    ...products,
    ...convolution,
    ...pooling,
    ...normalization,
    ...shaping,
    ...slices,
    ...constants,
    ...indexing,
    ...reducing,
    ...resizing,
    ...grids,
    ...attentions,
    ...recurrents,
    ...quantization,
  },
  'com.microsoft': microsoft,
  'ai.onnx.ml': learning,
};
