/**
 * Reads one hostile file with a built pathgrad and prints what came of it as a line of JSON; the parent watches clock and memory.
 *
 *   node test/support/hostile-child.mjs DIST CALL FILE
 *
 * CALL: L loadModel, P load and predict, T TextTokenizer and encode, R readReference, I readIdx, N readNpy, G readPng, V verify,
 * `start` reads the file and no more.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';

const [dist, call, path] = process.argv.slice(2);
const name = basename(path);
const [engine, inputs, transformers] = await Promise.all(
  ['index', 'inputs', 'transformers'].map((file) => import(pathToFileURL(`${dist}/${file}.js`).href)),
);
const stored = readFileSync(path);
const bytes = name.endsWith('.h5.gz') ? gunzipSync(stored) : stored;

function zeros({ shape, dtype }) {
  const dims = [1, ...shape.slice(1).map((dim) => dim ?? 1)];
  const size = dims.reduce((a, b) => a * b, 1);
  return dtype === 'string'
    ? dims.reduceRight((value, dim) => new Array(dim).fill(value), 'aaaa')
    : { data: new Float32Array(size), shape: dims };
}

async function predict() {
  const model = await engine.loadModel(bytes, { name });
  const fed = model.rawInputs.map(zeros);
  await model.predict(fed.length === 1 ? fed[0] : fed);
}

const calls = {
  start: () => {},
  L: () => engine.loadModel(bytes, { name }),
  P: predict,
  V: async () => (await engine.loadModel(bytes, { name })).verify(),
  T: () => new transformers.TextTokenizer(JSON.parse(bytes.toString()), { name }).encode(`${'a'.repeat(40)}!`),
  R: () => engine.readReference(bytes, name),
  I: () => inputs.readIdx(bytes, name),
  N: () => inputs.readNpy(bytes, name),
  G: () => inputs.readPng(bytes, name),
};

const started = performance.now();
let outcome = 'answer';
let message = '';
try {
  await calls[call]();
} catch (error) {
  outcome = error?.name === 'PathgradError' ? 'error' : 'unforeseen';
  message = String(error?.message ?? error);
}
const milliseconds = Math.round(performance.now() - started);
const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
console.log(JSON.stringify({ outcome, message, milliseconds, megabytes }));
process.exit(0);
