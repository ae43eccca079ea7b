/**
 * pathgrad: tensors, reverse-mode autodiff and integrated gradients for Keras models. Everything here runs in Node and in
 * the browser; pictures and reports are in `pathgrad/visualize`.
 */

// First in a bundle: gzip has trouble with code that follows the packed kernels in its window, and the rest is 2 kB smaller.
import './backends/wasm/modules.generated.ts';

export * from './attribution/index.ts';
export type { Backend, Executable } from './backends/backend.ts';
export { reference } from './backends/reference/index.ts';
export { hasSimd, type WasmBackend, wasmBackend } from './backends/wasm/index.ts';
export type {
  ApplyOptions,
  CallableModel,
  InputInfo,
  LayerCall,
  LayerInfo,
  Pruned,
} from './graph/callable.ts';
export { type CheckGradsOptions, type CheckGradsResult, checkGrads } from './graph/check-grads.ts';
export { type CompileOptions, compile, type Plan, type PlanStats } from './graph/compile.ts';
export { evaluate } from './graph/evaluate.ts';
export { exampleInputs } from './graph/examples.ts';
export {
  type GradOptions,
  grad,
  isConnected,
  jvp,
  type VjpRule,
  type VjpRules,
  valueAndGrad,
} from './graph/grad.ts';
export { batchRules } from './graph/named-batch-rules.ts';
export {
  type Attr,
  type Attrs,
  type BatchAxis,
  type BatchRule,
  defineOp,
  type Example,
  type ExampleInput,
  type Op,
  type OpDefinition,
  type OpFunction,
  type Placed,
  type Thunk,
} from './graph/op.ts';
export {
  type CallArgument,
  type CustomContext,
  type CustomLayer,
  type CustomLayers,
  type CustomWeight,
  registerLayer,
  type SubCall,
  type SubLayer,
  unregisterLayer,
} from './keras/custom/custom.ts';
export { inspectModel, type LoadOptions, loadModel } from './keras/load/load.ts';
export { Model } from './model/model.ts';
export { type Reference, type ReferenceSource, readReference } from './model/verify/reference.ts';
export type { VerifyItem, VerifyOptions, VerifyReport } from './model/verify/verify.ts';
export * from './ops/index.ts';
export * from './quadrature/index.ts';
export type { DType, FloatDType, TypedArray } from './tensor/dtype.ts';
export { PathgradError } from './tensor/errors.ts';
export type { Shape } from './tensor/shape.ts';
export {
  arange,
  full,
  type NestedArray,
  ones,
  placeholder,
  Tensor,
  type TensorSpec,
  tensor,
  zeros,
} from './tensor/tensor.ts';
