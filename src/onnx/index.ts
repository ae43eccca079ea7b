/** ONNX models: loading, and what of a file is supported. */
export { inspectOnnx, loadOnnx, type OnnxOptions, type OnnxReport } from './load.ts';
export type { OnnxLayer } from './model/layer.ts';
export type { UnsupportedOperator } from './open/supported.ts';
