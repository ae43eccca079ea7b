/** What only references need: those given to `verify`, and those inside model files. Loaded for them. */

export { embeddedReference } from './verify/reference.ts';
export { verifyModel } from './verify/verify.ts';
