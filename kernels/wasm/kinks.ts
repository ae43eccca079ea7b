/** Convolutions of lines, computed where the lines change: a module of its own, which explanations by integrated gradients load where it pays. */
export { lineConv, padRows } from './kinks-conv';
export { lineConvGrad } from './kinks-grad';
export { lineKinks } from './kinks-lines';
export { setScratch } from './simd';
