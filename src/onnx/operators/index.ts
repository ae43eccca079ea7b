/** Every operator by domain and name, and those that are refused with the reason. */
import type { Operator } from '../operator.ts';
import { arithmetic } from './arithmetic.ts';
import { attentions } from './attention.ts';
import { constants } from './constants.ts';
import { elementwise } from './elementwise.ts';
import { fused } from './fused.ts';
import { learning } from './learning.ts';
import { losses } from './losses.ts';
import { microsoft } from './microsoft.ts';
import { normalization } from './normalization.ts';
import { grids } from './pictures/grids.ts';
import { resizing } from './pictures/resizing.ts';
import { indexing } from './places/indexing.ts';
import { scattering } from './places/scattering.ts';
import { selecting } from './places/selecting.ts';
import { slices } from './places/slices.ts';
import { products } from './products.ts';
import { quantization } from './quantized.ts';
import { recurrents } from './recurrent/recurrent.ts';
import { reducing } from './reducing.ts';
import { type Refusal, refusals } from './refused.ts';
import { shaping } from './shaping.ts';
import { signals } from './signals.ts';
import { convolution } from './windows/convolution.ts';
import { pooling } from './windows/pooling.ts';

export { type Refusal, refusals };

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
    ...scattering,
    ...selecting,
    ...reducing,
    ...resizing,
    ...grids,
    ...attentions,
    ...recurrents,
    ...quantization,
    ...losses,
    ...signals,
    // onnxruntime writes its own under the standard's name.
    SimplifiedLayerNormalization: microsoft['SimplifiedLayerNormalization']!,
  },
  'com.microsoft': { ...microsoft, ...fused },
  'ai.onnx.ml': learning,
};

/** The operator of a node; names come from files, so that those every object has (`constructor`) are not taken for operators. */
export function operatorFor({ domain, opType }: { readonly domain: string; readonly opType: string }): Operator | null {
  return own(own(operators, domain), opType);
}

/** Why an operator is refused, or null where nothing is known of it. */
export function refusalFor({ domain, opType }: { readonly domain: string; readonly opType: string }): Refusal | null {
  return own(own(refusals, domain), opType);
}

function own<T>(record: Readonly<Record<string, T>> | null, name: string): T | null {
  return record !== null && Object.hasOwn(record, name) ? record[name]! : null;
}

/** Standard operators that round: their gradients pass straight through, which whoever loads a model with one of them is told. */
export const straightThrough: ReadonlySet<string> = /* @__PURE__ */ (() => new Set(Object.keys(quantization)))();
