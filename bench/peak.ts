/**
 * The multiply-add peak of one core in WebAssembly, measured: what a kernel's GFLOP/s are a share of. A module assembled
 * here from bytes keeps 12 independent f32x4 accumulators busy with `acc = acc * a + b` in registers. Three forms: separate
 * mul and add (plain SIMD), and relaxed_madd (fused where the CPU can), where the engine has it; and relaxed_madd on 12 pairs of neighbours,
 * which V8 makes one instruction each where it was told to pair vectors.
 * Source of the encodings: the WebAssembly core specification 3.0, section 5 (binary format).
 */

const ACCUMULATORS = 12;
/** Loop iterations per call of `run`. */
const ITERATIONS = 2_000_000;

const uleb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...uleb(value >>> 7)]);
const sleb = (value: number): number[] => (value < 64 ? [value] : [(value & 127) | 128, ...sleb(value >>> 7)]);
const section = (id: number, body: readonly number[]): number[] => [id, ...uleb(body.length), ...body];
const simd = (opcode: number): number[] => [0xfd, ...uleb(opcode)];
const localGet = (index: number): number[] => [0x20, ...uleb(index)];
const localSet = (index: number): number[] => [0x21, ...uleb(index)];
const f32Const = (value: number): number[] => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)];

const I32 = 0x7f;
const F32 = 0x7d;
const V128 = 0x7b;
const splat = simd(0x13);
const extractLane0 = [...simd(0x1f), 0];
const add = simd(0xe4);
const mul = simd(0xe6);
const relaxedMadd = simd(0x105);
const v128Load = simd(0x00);
const v128Store = simd(0x0b);
const load32Splat = simd(0x09);

/** A module exporting `run(iterations: i32) -> f32`. */
function assemble(relaxed: boolean): Uint8Array<ArrayBuffer> {
  // Locals: 0 the counter, 1 the factor a, 2 the addend b, 3.. the accumulators.
  const accumulators = Array.from({ length: ACCUMULATORS }, (_, i) => 3 + i);
  const step = (acc: number): number[] => {
    const operands = [...localGet(acc), ...localGet(1)];
    const sum = relaxed ? [...operands, ...localGet(2), ...relaxedMadd] : [...operands, ...mul, ...localGet(2), ...add];
    return [...sum, ...localSet(acc)];
  };
  const body = [
    // a < 1 and a fixed point b / (1 - a) of 1: values neither overflow nor become denormal.
    ...f32Const(0.999), ...splat, ...localSet(1),
    ...f32Const(0.001), ...splat, ...localSet(2),
    ...accumulators.flatMap((acc, i) => [...f32Const(i), ...splat, ...localSet(acc)]),
    0x03, 0x40, // loop
    ...accumulators.flatMap(step),
    ...localGet(0), 0x41, 1, 0x6b, 0x22, 0, // counter -= 1, keeping it on the stack
    0x0d, 0, 0x0b, // br_if loop, end
    ...localGet(3),
    ...accumulators.slice(1).flatMap((acc) => [...localGet(acc), ...add]),
    ...extractLane0,
    0x0b,
  ]; // biome-ignore format: one instruction group a line
  const code = [1, ...uleb(2 + ACCUMULATORS), V128, ...body];
  return new Uint8Array([
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [1, 0x60, 1, I32, 1, F32]),
    ...section(3, [1, 0]),
    ...section(7, [1, 3, ...new TextEncoder().encode('run'), 0, 0]),
    ...section(10, [1, ...uleb(code.length), ...code]),
  ]); // biome-ignore format: the sections of a module
}

/**
 * The same with each accumulator twice, side by side in memory before and after: what V8 pairs begins at two stores next to each other. Factor and
 * addend are read in each turn, as the kernels' are; where nothing pairs, the sums do not fit in the registers.
 */
function assemblePaired(): Uint8Array<ArrayBuffer> {
  // Locals: 0 the counter, 1 the factor, 2 the addend, 3.. the accumulators. Memory: accumulators, all 0, then factor and addend.
  const accumulators = Array.from({ length: 2 * ACCUMULATORS }, (_, i) => 3 + i);
  const constants = 16 * accumulators.length;
  const at = (offset: number): number[] => [2, ...uleb(offset)];
  const zero = [0x41, 0];
  const body = [
    ...accumulators.flatMap((acc, i) => [...zero, ...v128Load, ...at(16 * i), ...localSet(acc)]),
    0x03, 0x40, // loop
    ...zero, ...load32Splat, ...at(constants), ...localSet(1),
    ...zero, ...load32Splat, ...at(constants + 4), ...localSet(2),
    ...accumulators.flatMap((acc) => [...localGet(acc), ...localGet(1), ...localGet(2), ...relaxedMadd, ...localSet(acc)]),
    ...localGet(0), 0x41, 1, 0x6b, 0x22, 0, // counter -= 1, keeping it on the stack
    0x0d, 0, 0x0b, // br_if loop, end
    ...accumulators.flatMap((acc, i) => [...zero, ...localGet(acc), ...v128Store, ...at(16 * i)]),
    ...zero, 0x2a, ...at(0), // f32.load of a sum
    0x0b,
  ]; // biome-ignore format: one instruction group a line
  const code = [1, ...uleb(2 + accumulators.length), V128, ...body];
  const data = [...new Uint8Array(Float32Array.of(0.999, 0.001).buffer)];
  return new Uint8Array([
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [1, 0x60, 1, I32, 1, F32]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [1, 3, ...new TextEncoder().encode('run'), 0, 0]),
    ...section(10, [1, ...uleb(code.length), ...code]),
    ...section(11, [1, 0, 0x41, ...sleb(constants), 0x0b, data.length, ...data]),
  ]); // biome-ignore format: the sections of a module
}

export interface Peak {
  /** `plain`: mul and add; `relaxed`: fused. Null where the engine lacks it. */
  readonly plain: number | null;
  readonly relaxed: number | null;
  /** Fused, on vectors that V8 pairs: of a process that was told to. */
  readonly wide?: number | null;
}

/**
 * GFLOP/s of one core, the best of `rounds` short runs each.
 * @param wide whether V8 was told to pair vectors: the third figure
 */
export function measurePeak(wide = false, rounds = 5): Peak {
  return {
    plain: gflops(assemble(false), ACCUMULATORS, rounds),
    relaxed: gflops(assemble(true), ACCUMULATORS, rounds),
    ...(wide && { wide: gflops(assemblePaired(), 2 * ACCUMULATORS, rounds) }),
  };
}

export const shownPeak = ({ plain, relaxed, wide }: Peak): string => {
  const shown = { plain, relaxed, ...(wide !== undefined && { wide }) };
  return Object.entries(shown)
    .map(([kind, value]) => `${kind} SIMD ${value?.toFixed(1) ?? 'none'}`)
    .join(', ');
};

function gflops(bytes: Uint8Array<ArrayBuffer>, accumulators: number, rounds: number): number | null {
  if (!WebAssembly.validate(bytes)) return null;
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as { run(n: number): number };
  let best = 0;
  // The first rounds run in V8's baseline code; later ones in optimized code, which tier-up swaps in between calls.
  for (let round = 0; round < rounds + 2; round++) {
    const started = performance.now();
    const value = run(ITERATIONS);
    const seconds = (performance.now() - started) / 1000;
    if (!Number.isFinite(value)) return null;
    best = Math.max(best, (ITERATIONS * accumulators * 4 * 2) / seconds / 1e9);
  }
  return best;
}
