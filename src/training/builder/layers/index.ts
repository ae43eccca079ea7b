/** Keras's layers by name, in camel case; options as Keras's arguments. */
export * from './attention.ts';
export * from './convolution.ts';
export * from './core.ts';
export * from './merge.ts';
export * from './normalization.ts';
export * from './pictures.ts';
export * from './pooling.ts';
export * from './preprocessing.ts';
export * from './recurrent.ts';
export * from './regularization.ts';
export * from './reshaping.ts';
