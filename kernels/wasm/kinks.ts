/** Convolutions of lines, computed where the lines change: a module of its own, which explanations by integrated gradients load where it pays. */
export { lineConv, padRows } from './lines/kinks-conv';
export { lineConvGrad } from './lines/kinks-grad';
export { lineKinks } from './lines/kinks-lines';
export { setScratch } from './simd';
