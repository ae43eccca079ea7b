/**
 * Every method on the four example models, at the inputs and at layers: whatever is refused is refused in words that someone without the library can
 * follow, and what is about a flag that was given ends with 2.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { methods } from '../../../src/attribution/methods/index.ts';
import { example, runCli } from '../../support/cli.ts';

const test = suite('cli: hints');

const models: Readonly<Record<string, { readonly argv: readonly string[]; readonly layers: readonly string[] }>> = {
  mnist: {
    argv: [example('mnist-cnn.h5'), '--image', example('digits/7.png')],
    layers: ['image', 'conv_2', 'hidden', 'digit'],
  },
  imdb: {
    argv: [example('imdb-cnn.h5'), '--vocab', example('imdb-vocab.txt'), '--text', 'A superb film'],
    layers: ['tokens', 'embedding', 'conv', 'hidden'],
  },
  agnews: {
    argv: [example('agnews-bilstm.h5'), '--vocab', example('agnews-vocab.txt'), '--text', 'Stocks fall'],
    layers: ['embedding', 'hidden'],
  },
  distilbert: {
    argv: [example('imdb-distilbert'), '--text', 'A superb film'],
    layers: ['distilbert/embeddings', 'distilbert/embeddings/word_embeddings', 'pre_classifier'],
  },
};

let refusals = 0;

/** Names of options and how JavaScript says them. */
const library =
  /\bn(Steps|Samples)\b|stdevs|[a-z]+[A-Z]\w+(?=[ ,:])|\{ ?\w+|\b\w+: (true|false|null|\[|'|\{)|\boption \w|leave (?!--)\w+ out/;
/** Names of what is no option: classes of layers and methods, dtypes. */
const words = /Tensor\(.*?\)|\b[A-Z]\w+/g;

for (const [name, { argv, layers }] of Object.entries(models)) {
  for (const row of methods) {
    test(`${row.name} on ${name}`, async () => {
      // A few draws and points are enough for what is refused; what goes on is stopped.
      const few = [
        ...(row.draws && !['KernelShap', 'ShapleyValueSampling'].includes(row.name) ? ['--samples', '4'] : []),
        ...(row.name.startsWith('Integrated') || /IG$|XRAI|Layer(Con)|Internal/.test(row.name) ? ['--steps', '3'] : []),
      ];
      for (const layer of [null, ...layers]) {
        const signal = AbortSignal.timeout(1500);
        const at = layer === null ? [] : ['--layer', layer];
        const { code, err } = await runCli(['explain', ...argv, '--explainer', row.name, ...at, ...few], { signal });
        if (signal.aborted || code === 0) continue;
        refusals++;
        const [, message = '', hint = ''] = /^pathgrad: ([^\n]*)(?:\nhint: ([^\n]*))?/m.exec(err) ?? [];
        assert.not.match(hint.replace(words, ''), library, `${layer}: ${err}`);
        assert.is(code, message.startsWith('--') ? 2 : 1, err);
      }
    });
  }
}

test('DiscretizedIG asked for an option of the library where the model is a transformer', async () => {
  const run = await runCli([
    ...['explain', example('imdb-distilbert'), '--text', 'A superb film', '--explainer', 'discretized-ig'],
    ...['--steps', '20', '--json', '-'],
  ]);
  assert.is(run.code, 0, run.err);
  const [{ words, wordScores, tokens, scores }] = JSON.parse(run.out).items;
  assert.equal(words, ['A', 'superb', 'film']);
  assert.ok(wordScores[1] > 0.1, String(wordScores));
  // Special tokens stay where they are.
  assert.equal([tokens[0], scores[0], scores.at(-1)], ['[CLS]', 0, 0]);
});

test('pairs of a table and of a flat layer were refused for want of words', async () => {
  const flags = ['--explainer', 'integrated-hessians', '--layer', 'hidden', '--steps', '2', '-q'];
  const { code, err, out } = await runCli(['explain', ...models['mnist']!.argv, ...flags]);
  assert.is(code, 0, err);
  assert.match(out, /pairs +\[\d+\] with \[\d+\]/);
});

test('many were refused: a machine too slow to come that far tests nothing', () => {
  assert.ok(refusals > 60, String(refusals));
});

test.run();
