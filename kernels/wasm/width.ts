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
/** The first byte of scratch memory that no tile needs. */
export const AFTER_TILES: usize = WIDE ? 448 : 256;
