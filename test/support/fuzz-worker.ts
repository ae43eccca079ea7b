/**
 * Child process of test/cli/fuzz.test.ts: damages a model file in seeded ways, loads it and predicts with it, and prints one
 * JSON line per case. The parent watches the clock; memory is this process's own high-water mark.
 *
 *   node --import tsx test/support/fuzz-worker.ts MODEL CASES
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { randomUniform } from '../../src/graph/random.ts';
import { loadModel } from '../../src/keras/load/load.ts';
import { PathgradError } from '../../src/tensor/errors.ts';

export interface FuzzCase {
  readonly damage: string;
  readonly outcome: 'answer' | 'error' | 'unforeseen';
  readonly message: string;
  readonly milliseconds: number;
  readonly megabytes: number;
}

const [path = '', count = '0'] = process.argv.slice(2);
const original = new Uint8Array(readFileSync(path));
const name = basename(path);
const STRUCTURE = 16_384; // headers, attributes and the config of these files lie in front

/** A third each: cut off somewhere, bytes flipped anywhere, bytes flipped where HDF5 keeps its structure (mostly in front). */
function damage(index: number): { bytes: Uint8Array; what: string } {
  const uniform = randomUniform(1000 + index);
  const below = (limit: number): number => Math.floor(uniform() * limit);
  if (index % 3 === 0) {
    const length = below(original.length);
    return { bytes: original.slice(0, length), what: `cut to ${length} bytes` };
  }
  const bytes = original.slice();
  const range = index % 3 === 1 ? bytes.length : Math.min(bytes.length, STRUCTURE);
  const places = Array.from({ length: 1 + below(4) }, () => below(range));
  for (const place of places) bytes[place]! ^= 1 + below(255);
  return { bytes, what: `flipped bytes ${places.join(', ')}` };
}

async function attempt(bytes: Uint8Array): Promise<Pick<FuzzCase, 'outcome' | 'message'>> {
  try {
    const model = await loadModel(bytes, { name });
    const shape = model.inputs.map((input) => [1, ...input.shape.slice(1).map((dim) => dim ?? 1)]);
    const inputs = shape.map((dims) => ({ data: new Float32Array(dims.reduce((a, b) => a * b, 1)), shape: dims }));
    await model.predict(inputs.length === 1 ? inputs[0]! : inputs);
    model.dispose();
    return { outcome: 'answer', message: '' };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const foreseen = error instanceof PathgradError && message.includes(name);
    return { outcome: foreseen ? 'error' : 'unforeseen', message };
  }
}

for (let index = 0; index < Number(count); index++) {
  const { bytes, what } = damage(index);
  const started = performance.now();
  const result = await attempt(bytes);
  const milliseconds = Math.round(performance.now() - started);
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(JSON.stringify({ damage: what, ...result, milliseconds, megabytes } satisfies FuzzCase));
}
