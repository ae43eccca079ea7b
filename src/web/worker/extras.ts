/**
 * What few visitors need: files made of an explanation, and all methods but the usual one. One chunk, because esbuild cuts what chunks share into
 * a file for every set of them, and each file costs the engine more than this one costs who needs half of it.
 */

export { listMethods, methodNamed } from './explain/methods.ts';
export { edges } from './model/edges.ts';
export { makeFile } from './view/export.ts';
