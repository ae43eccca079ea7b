/**
 * Explains sentences and digits with two models that Keras trained: `npm run demo`. Prints the sentences with every word
 * coloured by what it did to the prediction, and writes examples/out/report.html and examples/out/digits.png.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { baselineEntropy, IntegratedGradients, loadModel, predictedClass, sumTokens, tensor } from '../dist/index.js';
import { encodeText, parseVocabulary, readPng } from '../dist/inputs.js';
import { attributionGrid, encodePng, report, thresholdByMass, tokensToAnsi } from '../dist/visualize.js';

process.chdir(new URL('.', import.meta.url).pathname);
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const row = ({ data, shape: [, width] }, i) => Array.from(data.subarray(i * width, (i + 1) * width));

// Texts: words become numbers, and the model is explained where it turns these into vectors: at its layer 'embedding'.
// 'auto' takes as many steps as the attributions need to add up.
const imdb = await loadModel('imdb-cnn.h5');
const vocabulary = parseVocabulary(await readFile('imdb-vocab.txt', 'utf8'));
const sentences = (await readFile('sentences.txt', 'utf8')).trim().split('\n');
const texts = sentences.map((sentence) => encodeText(sentence, vocabulary, { length: 100 }));
const tokens = tensor(
  texts.map(({ ids }) => [...ids]),
  [texts.length, 100],
  'int32',
);

const ofText = await new IntegratedGradients(imdb, { layer: 'embedding', nSteps: 'auto' }).explain(tokens, {
  baselines: 0,
  target: predictedClass,
});
const words = sumTokens(ofText.attributions[0]); // one number per token, from one per token and dimension

sentences.forEach((sentence, i) => {
  const [negative, positive] = row(ofText.predictions, i);
  console.log(
    `\n${sentence}\n  ${positive > negative ? `positive ${percent(positive)}` : `negative ${percent(negative)}`}, completeness ${complete(ofText, i)}`,
  );
  console.log(`  ${tokensToAnsi(texts[i].tokens, row(words, i), { padding: '<pad>' })}`);
});

// Pictures: explained at the input itself, against a black picture.
const mnist = await loadModel('mnist-cnn.h5');
const digits = await Promise.all(
  Array.from({ length: 10 }, async (_, i) => readPng(await readFile(`digits/${i}.png`))),
);
const pixels = tensor(Float32Array.from(digits.flatMap(({ data }) => [...data])), [10, 28, 28, 1]);
const ofDigits = await new IntegratedGradients(mnist).explain(pixels, { baselines: 0, target: predictedClass });

console.log('\nDigits that we drew:');
const pictures = digits.map(({ data }, i) => {
  const scores = row(ofDigits.predictions, i);
  const target = ofDigits.target.data[i];
  console.log(`  digits/${i}.png is a ${target} (${percent(scores[target])}), completeness ${complete(ofDigits, i)}`);
  const attribution = { data: ofDigits.attributions[0].data.subarray(784 * i, 784 * (i + 1)), shape: [28, 28, 1] };
  return {
    image: { data, shape: [28, 28, 1] },
    attribution,
    label: [`digit ${i}`, `says ${target}`, percent(scores[target])],
  };
});

// One page and one picture to look at.
await mkdir('out', { recursive: true });
const scale = thresholdByMass(ofDigits.attributions[0].data, 5); // the few pixels beyond it would make all others pale
const grid = attributionGrid(pictures, { title: 'mnist-cnn: what makes it see this digit', scale });
await writeFile('out/digits.png', encodePng(grid));
const textItems = sentences.map((sentence, i) => ({
  ...facts(ofText, i, ['negative', 'positive'], 'padding'),
  kind: 'text',
  title: sentence,
  tokens: texts[i].tokens,
  scores: row(words, i),
  padding: '<pad>',
}));
const digitItems = pictures.map((picture, i) => ({
  ...facts(ofDigits, i, [...'0123456789'], 'a black picture'),
  ...picture,
  kind: 'image',
  title: `digits/${i}.png`,
}));
const page = report([
  { title: 'Sentences', model: { name: imdb.name, file: 'imdb-cnn.h5', summary: imdb.summary() }, items: textItems },
  { title: 'Digits', model: { name: mnist.name, file: 'mnist-cnn.h5', summary: mnist.summary() }, items: digitItems },
]);
await writeFile('out/report.html', page);
console.log('\nLook at examples/out/report.html and examples/out/digits.png');

/** How much of the change of the score the attributions account for. */
function complete({ completeness }, i) {
  return percent(1 + completeness[i].relative);
}

/** What the report says of one input. */
function facts(explanation, i, labels, baseline) {
  const { nats, fraction } = baselineEntropy(explanation.baselinePredictions)[i];
  return {
    prediction: row(explanation.predictions, i).map((probability, k) => ({ label: labels[k], probability })),
    target: labels[explanation.target.data[i]],
    baseline: { name: baseline, entropy: nats, entropyFraction: fraction },
    method: explanation.meta.params.nSteps === 'auto' ? 'adaptive Gauss-Kronrod' : explanation.meta.params.method,
    steps: explanation.completeness[i].steps,
    completeness: explanation.completeness[i],
  };
}
