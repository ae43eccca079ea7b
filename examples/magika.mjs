/**
 * Which bytes made a file Python? Explains magika's file types (an ONNX model) and prints the file with every word coloured by what it did.
 *
 *   pip download --no-deps magika==1.0.3 && unzip magika-*.whl -d magika
 *   node examples/magika.mjs magika/magika/models/standard_v3_3 FILE
 *
 * The model reads the first and the last 1,024 bytes, without white space before and behind, and 256 where there are fewer.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IntegratedGradients, sumTokens, tensor } from '../dist/index.js';
import { loadOnnx } from '../dist/onnx.js';
import { tokensToAnsi } from '../dist/visualize.js';

const [folder, file] = process.argv.slice(2);
if (!folder || !file) {
  console.error('usage: node examples/magika.mjs FOLDER_OF_THE_MODEL FILE');
  process.exit(2);
}
process.on('uncaughtException', ({ message }) => {
  console.error(message);
  process.exit(1);
});
const config = JSON.parse(await readFile(join(folder, 'config.min.json'), 'utf8'));
const model = await loadOnnx(join(folder, 'model.onnx'));
const bytes = await readFile(file);
const { beg_size: first, end_size: last, block_size: block, padding_token: padding } = config;

// Where each number that the model reads stands in the file; -1 for padding.
const white = (at) => [9, 10, 11, 12, 13, 32].includes(bytes[at]);
let start = 0;
while (start < Math.min(block, bytes.length) && white(start)) start++;
let end = bytes.length;
while (end > Math.max(0, bytes.length - block) && white(end - 1)) end--;
const places = [
  ...Array.from({ length: first }, (_, i) => (start + i < Math.min(block, bytes.length) ? start + i : -1)),
  ...Array.from({ length: last }, (_, i) =>
    end - last + i >= Math.max(0, bytes.length - block) ? end - last + i : -1,
  ),
];
if (places.every((at) => at < 0)) {
  console.error(`${file}: holds nothing but white space, of which the model reads nothing`);
  process.exit(1);
}
const X = tensor(
  Int32Array.from(places, (at) => (at < 0 ? padding : bytes[at])),
  [1, first + last],
);

const scores = (await model.predict(X)).data;
const order = Array.from(scores, (_, label) => label).sort((a, b) => scores[b] - scores[a]);
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const name = (label) => config.target_labels_space[label];
console.log(
  order
    .slice(0, 3)
    .map((label) => `${name(label)} ${percent(scores[label])}`)
    .join(', '),
);

// Bytes are no numbers to go along: the path goes between the vectors that the first product makes of them.
const layer = model.layers.find(({ className }) => className === 'MatMul').path;
const explainer = new IntegratedGradients(model, { layer, nSteps: 'auto' });
const { attributions, completeness } = await explainer.explain(X, { baselines: padding, target: order[0] });
const [{ relative, steps }] = completeness;
console.log(
  `what spoke for ${name(order[0])}, against a file of padding; ${steps} steps, complete to ${percent(Math.abs(relative))}\n`,
);

// A byte of a short file is read twice: what it did is the sum.
const values = new Float64Array(bytes.length);
sumTokens(attributions[0]).data.forEach((value, i) => {
  if (places[i] >= 0) values[places[i]] += value;
});
const text = bytes.toString('latin1');
const wordsOf = (line, from) =>
  [...line.matchAll(/\w+|[^\w\s]+/g)].map(({ index, 0: word }) => {
    const at = from + index;
    return { word, value: values.subarray(at, at + word.length).reduce((a, b) => a + b, 0) };
  });
let from = 0;
const lines = text.split('\n').map((line) => {
  const found = { indent: /^\s*/.exec(line)[0], words: wordsOf(line, from) };
  from += line.length + 1;
  return found;
});
const scale = Math.max(...lines.flatMap(({ words }) => words.map(({ value }) => Math.abs(value))));
for (const { indent, words } of lines.slice(0, 30)) {
  console.log(
    indent +
      tokensToAnsi(
        words.map(({ word }) => word),
        words.map(({ value }) => value),
        { scale },
      ),
  );
}
const read = new Set(places.filter((at) => at >= 0)).size;
if (read < bytes.length) console.log(`\n(of ${bytes.length} bytes the model read ${read})`);
