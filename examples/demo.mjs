/**
 * Explains texts, pictures and a table with five models, which Keras and transformers trained: `npm run demo`. Prints the texts with every
 * word coloured by what it did to the prediction, and writes examples/out/report.html and examples/out/digits.png.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { baselineEntropy, IntegratedGradients, loadModel, predictedClass, sumTokens, tensor } from '../dist/index.js';
import { encodeText, numbersOf, parseVocabulary, readCsv, readPng } from '../dist/inputs.js';
import { loadTransformer } from '../dist/transformers.js';
import { attributionGrid, encodePng, report, thresholdByMass, tokensToAnsi } from '../dist/visualize.js';

process.chdir(new URL('.', import.meta.url).pathname);
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const row = ({ data, shape: [, width] }, i) => Array.from(data.subarray(i * width, (i + 1) * width));
const lines = async (file) => (await readFile(file, 'utf8')).trim().split('\n');
const sections = [];

// Film reviews: words become numbers, and the model is explained where it turns these into vectors: at its layer 'embedding'.
// 'auto' takes as many steps as the attributions need to add up.
const sentences = await lines('sentences.txt');
const sentiments = ['negative', 'positive'];
const imdb = await loadModel('imdb-cnn.h5');
const reviews = await encoded(sentences, 'imdb-vocab.txt', { length: 100 });
const ofReviews = await new IntegratedGradients(imdb, { layer: 'embedding', nSteps: 'auto' }).explain(reviews.ids, {
  baselines: 0,
  target: predictedClass,
});
console.log('Film reviews, by a convolutional net:');
showTexts([ofReviews], sentences, reviews.tokens, sentiments, '<pad>');
section('Film reviews', 'imdb-cnn.h5', imdb, textItems(ofReviews, sentences, reviews.tokens, sentiments));

// The same by a transformer. The baseline keeps [CLS] and [SEP] and has [PAD] elsewhere; the attention mask hides what only fills
// the shorter texts up.
const distilbert = await loadTransformer('imdb-distilbert');
const { tokenizer } = distilbert;
const pieces = tokenizer.encode(sentences);
const ofPieces = await new IntegratedGradients(distilbert, { layer: 'distilbert/embeddings' }).explain(
  pieces.input_ids,
  {
    forwardKwargs: { attention_mask: pieces.attention_mask },
    baselines: tokenizer.baseline(),
    target: predictedClass,
  },
);
console.log('\nThe same, by a transformer:');
showTexts([ofPieces], sentences, pieces.tokens, sentiments, '[PAD]');
const special = '[CLS], [SEP] and padding';
section(
  'The same by a transformer',
  'imdb-distilbert/tf_model.h5',
  distilbert,
  textItems(ofPieces, sentences, pieces.tokens, sentiments, special, '[PAD]'),
);

// News of four kinds, by a recurrent net: what speaks for the class it predicts, and what for the one it finds next likely.
const headlines = await lines('headlines.txt');
const topics = ['World', 'Sports', 'Business', 'Sci/Tech'];
const agnews = await loadModel('agnews-bilstm.h5');
const news = await encoded(headlines, 'agnews-vocab.txt', { length: 60, truncating: 'post' });
const ofNews = new IntegratedGradients(agnews, { layer: 'embedding', nSteps: 'auto' });
const likely = (place) => (predictions) => headlines.map((_, i) => ranking(row(predictions, i))[place]);
const first = await ofNews.explain(news.ids, { baselines: 0, target: likely(0) });
const second = await ofNews.explain(news.ids, { baselines: 0, target: likely(1) });
console.log('\nNews, by a bidirectional LSTM: why the first class, and what speaks for the second:');
showTexts([first, second], headlines, news.tokens, topics, '<pad>');
const [itemsOfFirst, itemsOfSecond] = [first, second].map((one) => textItems(one, headlines, news.tokens, topics));
section(
  'News: the predicted class, and the next likely',
  'agnews-bilstm.h5',
  agnews,
  itemsOfFirst.flatMap((item, i) => [item, itemsOfSecond[i]]),
);

// Pictures: explained at the input itself, against a black picture.
const mnist = await loadModel('mnist-cnn.h5');
const digits = await Promise.all(
  Array.from({ length: 10 }, async (_, i) => readPng(await readFile(`digits/${i}.png`))),
);
const pixels = tensor(Float32Array.from(digits.flatMap(({ data }) => [...data])), [10, 28, 28, 1]);
const ofDigits = await new IntegratedGradients(mnist).explain(pixels, { baselines: 0, target: predictedClass });
console.log('\nDigits that we drew, by a convolutional net:');
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
const digitItems = pictures.map((picture, i) => ({
  ...facts(ofDigits, i, [...'0123456789'], 'a black picture'),
  ...picture,
  kind: 'image',
  title: `digits/${i}.png`,
}));
section('Digits', 'mnist-cnn.h5', mnist, digitItems);

// A table: 178 wines by 13 measurements. What the model saw on average is the baseline; the report has a summary over all wines.
const wine = await loadModel('wine-mlp.keras');
const table = await readCsv(await readFile('wine.csv'), 'wine.csv');
const measured = table.columns.filter((name) => name !== 'cultivar');
const wines = numbersOf(table, measured);
const X = tensor(Float32Array.from(wines.data), wines.shape);
const usual = measured.map((_, j) => table.rows.reduce((sum, _row, i) => sum + row(X, i)[j], 0) / table.rows.length);
const ofWines = await new IntegratedGradients(wine, { nSteps: 'auto' }).explain(X, {
  baselines: tensor(usual, [1, measured.length]),
  target: predictedClass,
});
const cultivars = ['cultivar 1', 'cultivar 2', 'cultivar 3'];
const truth = numbersOf(table, ['cultivar']).data;
const right = truth.filter((label, i) => label === ofWines.target.data[i]).length;
console.log(
  `\nWines, by a net on a table: ${right} of ${truth.length} right (it was trained on 118 of them). What counted most, on average over all:`,
);
const sizes = measured.map((name, j) => {
  const all = Array.from(truth, (_, i) => Math.abs(row(ofWines.attributions[0], i)[j]));
  return { name, size: all.reduce((sum, size) => sum + size, 0) / all.length };
});
for (const { name, size } of sizes.sort((a, b) => b.size - a.size).slice(0, 4))
  console.log(`  ${name.padEnd(18)} ${size.toFixed(3)}`);
const wineItems = Array.from(truth, (_, i) => ({
  ...facts(ofWines, i, cultivars, 'the mean of all wines'),
  kind: 'table',
  title: `wine ${i + 1}`,
  names: measured,
  values: row(X, i).map((value) => String(Number(value.toPrecision(4)))),
  scores: row(ofWines.attributions[0], i),
}));
section('Wines', 'wine-mlp.keras', wine, wineItems);

// One page and one picture to look at.
await mkdir('out', { recursive: true });
const scale = thresholdByMass(ofDigits.attributions[0].data, 5); // the few pixels beyond it would make all others pale
const grid = attributionGrid(pictures, { title: 'mnist-cnn: what makes it see this digit', scale });
await writeFile('out/digits.png', encodePng(grid));
await writeFile('out/report.html', report(sections));
console.log('\nLook at examples/out/report.html and examples/out/digits.png');

/** Ids `[texts, length]` and what they stand for. */
async function encoded(texts, vocabularyFile, options) {
  const vocabulary = parseVocabulary(await readFile(vocabularyFile, 'utf8'), vocabularyFile);
  const rows = texts.map((text) => encodeText(text, vocabulary, options));
  const data = Int32Array.from(rows.flatMap(({ ids }) => [...ids]));
  return { ids: tensor(data, [texts.length, options.length]), tokens: rows.map(({ tokens }) => tokens) };
}

/** Prints each text and, per explanation, its class and its words in colour. */
function showTexts(explanations, texts, tokens, labels, padding) {
  texts.forEach((text, i) => {
    console.log(`\n${text}`);
    for (const explanation of explanations) {
      const target = explanation.target.data[i];
      const share = percent(row(explanation.predictions, i)[target]);
      console.log(`  ${labels[target]} ${share}, completeness ${complete(explanation, i)}`);
      console.log(`  ${tokensToAnsi(tokens[i], scoresOf(explanation, i), { padding })}`);
    }
  });
}

function textItems(explanation, texts, tokens, labels, baseline = 'padding', padding = '<pad>') {
  return texts.map((title, i) => ({
    ...facts(explanation, i, labels, baseline),
    kind: 'text',
    title,
    tokens: tokens[i],
    scores: scoresOf(explanation, i),
    padding,
  }));
}

function section(title, file, model, items) {
  const summary = model.summary?.();
  sections.push({ title, model: { name: model.name, file, ...(summary && { summary }) }, items });
}

/** One number per token, from one per token and dimension of the embedding. */
function scoresOf({ attributions }, i) {
  return row(sumTokens(attributions[0]), i);
}

/** Classes from the likeliest down. */
function ranking(scores) {
  return scores.map((_, k) => k).sort((a, b) => scores[b] - scores[a]);
}

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
