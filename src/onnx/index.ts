/** ONNX models: loading, and what of a file is supported. */
export { inspectOnnx, loadOnnx, type OnnxOptions, type OnnxReport, type UnsupportedOperator } from './load.ts';
export type { OnnxLayer } from './model.ts';
