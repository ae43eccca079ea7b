/**
 * What few visitors need: files made of an explanation, and all methods but the usual one. One chunk, because esbuild cuts what chunks share into
 * a file for every set of them, and each file costs the engine more than this one costs who needs half of it.
 */
export { makeFile } from './export.ts';
export { listMethods, methodNamed } from './methods.ts';
