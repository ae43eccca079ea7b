/** The module's exports: every kernel. The first two arguments of each are the range of its units of work. */
export { chain } from './chain';
export * from './conv';
export { depthwise, depthwiseGradInput } from './depthwise';
export * from './elementwise';
export { exactBinary, exactReduce, exactUnary, whereBytes } from './exact';
export { gelu, geluGrad, softmaxRowsGrad, standardizeRows, standardizeRowsGrad } from './fused';
export { matmul, packB } from './matmul';
export * from './movement';
export { lerpMaxPool } from './path';
export { lerpMaxPoolFour, lerpMaxPoolGradFour } from './path-four';
export { lerpMaxPoolGrad } from './path-grad';
export * from './pool';
export * from './pool-grad';
export { argmax, maxMiddle, minMiddle, sumColumns, sumRows } from './reduce';
export { setScratch } from './simd';
export * from './softmax';
export * from './unary';
