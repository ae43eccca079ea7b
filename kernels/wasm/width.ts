/**
 * Whether this build is for engines that pair two neighbouring vectors into one of 256 bits, as V8 can on x64 (`--experimental-wasm-revectorize`).
 * Kernels then take twice as many lanes at a time, in an order that pairs: a vector and the one behind it, loaded, computed and stored side by
 * side. Elements are the same sums in the same order, so both builds give the same bits. scripts/build-wasm.mjs sets it.
 */
export const WIDE: bool = false;

/** Where in the scratch memory the sums of an incomplete wide tile go: behind the pointers to its rows. */
export const WIDE_SUMS_AT: usize = 64;
/** Where six pointers into a packed panel are listed for it. */
export const WIDE_RUN_AT: usize = 32;
/**
 * Longest inner block of products in which zeros are looked for: elsewhere as all others, here so short that what a strip of 64 columns reads of
 * B fits the first-level cache.
 */
export const SPARSE_KC: i32 = WIDE ? 128 : 512;
/** Rows of sparse tiles that are kept until they are multiplied together, and where their pointers are: then as many ends of lists. */
export const WIDE_ROWS: i32 = 24;
export const WIDE_ROWS_AT: usize = 448;
/** The first byte of scratch memory that no tile needs. */
export const AFTER_TILES: usize = WIDE ? WIDE_ROWS_AT + WIDE_ROWS * 8 : 256;
/** Where lists of kept rows begin: behind the longest panel of A. */
export const WIDE_LISTS_AT: usize = AFTER_TILES + 12544;
