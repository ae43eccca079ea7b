/**
 * Which bytes of a file made magika call it what it does: `node examples/magika.mjs MODEL.onnx FILE`. MODEL.onnx lies in the wheel of magika
 * (PyPI), in `magika/models/standard_v3_3`, with the `config.min.json` that names its labels. The model reads the first and the last 1,024
 * bytes; they become numbers with a gradient where each is one-hot, and there integrated gradients are taken. Source: magika 1.0.3.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { IntegratedGradients, tensor } from '../dist/index.js';
import { loadOnnx } from '../dist/onnx.js';
import { tokensToAnsi } from '../dist/visualize.js';

const [path, file] = process.argv.slice(2);
if (!path || !file) {
  console.error('usage: node examples/magika.mjs MODEL.onnx FILE');
  process.exit(2);
}
const config = JSON.parse(await readFile(join(dirname(path), 'config.min.json'), 'utf8'));
const {
  beg_size: head,
  end_size: tail,
  padding_token: padding,
  block_size: block,
  target_labels_space: labels,
} = config;

const content = await readFile(file);
const isSpace = (byte) => byte === 32 || (byte >= 9 && byte <= 13);
const stripped = content.subarray(0, block);
const start = stripped.findIndex((byte) => !isSpace(byte));
const last = content.subarray(-block);
const end = last.findLastIndex((byte) => !isSpace(byte)) + 1;
if (start < 0) throw new Error(`${file} holds nothing but spaces`);
const small = content.length <= block;
const first = (small ? content.subarray(start, end) : stripped.subarray(start)).subarray(0, head);
const final = (small ? content.subarray(start, end) : last.subarray(0, end)).subarray(-tail);
const ids = new Int32Array(head + tail).fill(padding);
ids.set(first, 0);
ids.set(final, head + tail - final.length);
const X = tensor(ids, [1, head + tail]);

const model = await loadOnnx(path);
const [probabilities] = await model.predictAll(X);
const ranked = labels.map((label, i) => ({ label, i, share: probabilities.data[i] })).sort((a, b) => b.share - a.share);
const percent = (share) => `${(100 * share).toFixed(1)} %`;
console.log(
  `${file}: ${ranked
    .slice(0, 3)
    .map(({ label, share }) => `${label} ${percent(share)}`)
    .join(', ')}`,
);

// The first layer that gives floats: the bytes, one-hot. The baseline is a file of padding only.
const layer = model.layers.find(
  ({ className, path: name }) => className === 'Cast' && /one_hot/.test(name) && !/shape|Reshape/.test(name),
);
const explainer = new IntegratedGradients(model, { layer: layer.path, nSteps: 64 });
const { attributions, completeness } = await explainer.explain(X, {
  baselines: padding,
  target: ranked[0].i,
});
const [{ data, shape }] = attributions;
const width = shape.at(-1);
const scores = Array.from(ids, (_, at) => data.subarray(at * width, (at + 1) * width).reduce((a, b) => a + b, 0));

// Bytes of one word stand together.
function words(from, bytes) {
  const found = [];
  bytes.forEach((byte, i) => {
    const kind =
      byte === 10
        ? 'line'
        : isSpace(byte)
          ? 'space'
          : /\w/.test(String.fromCharCode(byte)) || byte > 127
            ? 'word'
            : 'sign';
    const before = found.at(-1);
    if (before && before.kind === kind && (kind === 'word' || kind === 'space')) before.bytes.push(byte);
    else found.push({ kind, bytes: [byte], score: 0 });
    found.at(-1).score += scores[from + i];
  });
  return found.map(({ kind, bytes: own, score }) => ({
    text: new TextDecoder().decode(Uint8Array.from(own)),
    kind,
    score,
  }));
}

function show(title, from, bytes, scale) {
  console.log(`\n${title}`);
  let line = [];
  const flush = () => {
    if (line.length > 0) {
      console.log(
        tokensToAnsi(
          line.map(({ text }) => text),
          line.map(({ score }) => score),
          { scale },
        ),
      );
    }
    line = [];
  };
  for (const word of words(from, bytes)) {
    if (word.kind === 'line') flush();
    else if (word.kind !== 'space' || line.length > 0) line.push(word);
  }
  flush();
}

const all = [...words(0, first), ...words(head + tail - final.length, final)];
const scale = all.reduce((most, { score }) => Math.max(most, Math.abs(score)), 0);
show(`The first ${first.length} bytes, green for '${ranked[0].label}', pink against it:`, 0, first, scale);
show(`The last ${final.length} bytes:`, head + tail - final.length, final, scale);
const strongest = all
  .filter(({ kind }) => kind !== 'line')
  .sort((a, b) => b.score - a.score)
  .slice(0, 5);
console.log(
  `\nStrongest: ${strongest.map(({ text, score }) => `${JSON.stringify(text)} ${score.toFixed(3)}`).join(', ')}`,
);
// The path is steep: where this is far from 0 %, more steps help.
console.log(`Attributions add up to within ${percent(Math.abs(completeness[0].relative))}.`);
