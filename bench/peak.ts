/**
 * The multiply-add peak of one core in WebAssembly, measured: what a kernel's GFLOP/s are a share of. A module assembled
 * here from bytes keeps 12 independent f32x4 accumulators busy with `acc = acc * a + b` in registers. Two forms: separate
 * mul and add (plain SIMD), and relaxed_madd (fused where the CPU can), where the engine has it.
 * Source of the encodings: the WebAssembly core specification 3.0, section 5 (binary format).
 */

const ACCUMULATORS = 12;
/** Loop iterations per call of `run`. */
const ITERATIONS = 2_000_000;

const uleb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...uleb(value >>> 7)]);
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

export interface Peak {
  /** `plain`: mul and add; `relaxed`: fused. Null where the engine lacks it. */
  readonly plain: number | null;
  readonly relaxed: number | null;
}

/** GFLOP/s of one core, the best of `rounds` short runs each. */
export function measurePeak(rounds = 5): Peak {
  return { plain: gflops(assemble(false), rounds), relaxed: gflops(assemble(true), rounds) };
}

function gflops(bytes: Uint8Array<ArrayBuffer>, rounds: number): number | null {
  if (!WebAssembly.validate(bytes)) return null;
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as { run(n: number): number };
  let best = 0;
  // The first rounds run in V8's baseline code; later ones in optimized code, which tier-up swaps in between calls.
  for (let round = 0; round < rounds + 2; round++) {
    const started = performance.now();
    const value = run(ITERATIONS);
    const seconds = (performance.now() - started) / 1000;
    if (!Number.isFinite(value)) return null;
    best = Math.max(best, (ITERATIONS * ACCUMULATORS * 4 * 2) / seconds / 1e9);
  }
  return best;
}
