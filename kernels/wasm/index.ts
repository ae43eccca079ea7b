/** The module's exports: every kernel. The first two arguments of each are the range of its units of work. */
export { chain } from './elementwise/chain';
export * from './windows/conv';
export { depthwise, depthwiseGradInput } from './windows/depthwise';
export * from './elementwise/elementwise';
export { exactBinary, exactReduce, exactUnary, whereBytes } from './elementwise/exact';
export { gelu, geluGrad, softmaxRowsGrad, standardizeRows, standardizeRowsGrad } from './elementwise/fused';
export { matmul, packB } from './product/matmul';
export * from './elementwise/movement';
export { lerpMaxPool } from './lines/path';
export { lerpMaxPoolFour, lerpMaxPoolGradFour } from './lines/path-four';
export { lerpMaxPoolGrad } from './lines/path-grad';
export * from './windows/pool';
export * from './windows/pool-grad';
export { argmax, maxMiddle, minMiddle, sumColumns, sumRows } from './elementwise/reduce';
export { setScratch } from './simd';
export * from './elementwise/softmax';
export * from './elementwise/unary';
