/** The golden values belong to the models and inputs that are in examples/ now, and obey the identities they must obey. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { decode } from 'fast-png';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type GoldenModel, type GoldenRun, type Rule, readGolden } from './golden.ts';

const test = suite('golden values');

const imdb = readGolden('imdb-cnn.json.gz');
const mnist = readGolden('mnist-cnn.json.gz');
const own = readGolden('own-inputs.json.gz');
const accuracy = readGolden('accuracy.json');
const explained: Record<string, GoldenModel> = { imdb, mnist, sentences: own.sentences, digits: own.digits };

const example = (name: string): Buffer => readFileSync(new URL(`../../examples/${name}`, import.meta.url));
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const largest = (values: readonly number[]): number => Math.max(...values.map(Math.abs));

test('were made from the model files that are in examples/', () => {
  for (const { model, modelChecksum } of [...Object.values(explained), accuracy.imdb, accuracy.mnist])
    assert.is(createHash('sha256').update(example(model)).digest('hex'), modelChecksum, model);
});

test('the digits are 28 x 28 grey images, the ones that were explained', () => {
  const hash = createHash('sha256');
  for (let digit = 0; digit < 10; digit++) {
    const { width, height, channels, depth, data } = decode(example(`digits/${digit}.png`));
    assert.equal([width, height, channels, depth], [28, 28, 1, 8]);
    hash.update(data);
  }
  assert.is(hash.digest('hex'), own.digits.pixelChecksum);
});

test('every rule is there, for every sample', () => {
  const rules: Rule[] = ['gausslegendre', 'riemann_left', 'riemann_right', 'riemann_middle', 'riemann_trapezoid'];
  for (const [name, { runs, predictions }] of Object.entries(explained)) {
    assert.equal(
      runs.slice(0, 5).map((run) => run.method),
      rules,
      name,
    );
    const features = predictions[0]?.length === 2 ? 100 : 784;
    for (const run of runs) {
      assert.is(run.attributions.length, run.deltas.length);
      for (const row of [...run.attributions, ...run.attributions64]) {
        assert.is(row.length, features);
        assert.ok(row.every(Number.isFinite) && largest(row) > 0.01);
      }
    }
    const all = runs.filter((run) => run.attributions.length === predictions.length);
    assert.ok(all.length === (name === 'imdb' || name === 'mnist' ? 7 : 1), name);
  }
});

// sum(attributions) - delta = f(x) - f(baseline), which no rule changes: runs with one baseline agree on it.
test('attributions less deltas give the same change of the prediction under every rule', () => {
  const change = (run: GoldenRun, sample: number): number =>
    sum(run.attributions64[sample] ?? []) - (run.deltas64[sample] ?? Number.NaN);
  for (const [name, { runs }] of Object.entries(explained)) {
    for (const run of runs) {
      const first = runs.find((other) => other.baseline === run.baseline);
      run.deltas64.forEach((_, sample) => {
        const difference = Math.abs(change(run, sample) - change(first as GoldenRun, sample));
        assert.ok(difference < 1e-10, `${name} ${run.method} sample ${sample}: ${difference}`);
      });
    }
  }
});

test('float32 and float64 runs differ by the stored error', () => {
  for (const [name, { runs }] of Object.entries(explained)) {
    for (const run of runs) {
      run.attributions64.forEach((row, sample) => {
        const differences = row.map((value, i) => value - (run.attributions[sample]?.[i] ?? Number.NaN));
        const error = largest(differences) / largest(row);
        const stored = run.float32Error[sample] ?? Number.NaN;
        assert.ok(
          Math.abs(error - stored) < 0.06 * stored + 1e-8,
          `${name} ${run.method} ${sample}: ${error} ${stored}`,
        );
      });
    }
  }
});

test('the unsummed attributions of the first text add up to its tokens', () => {
  for (const { runs } of [imdb, own.sentences]) {
    for (const { raw = [], attributions } of runs) {
      assert.is(raw.length, 100 * 50);
      attributions[0]?.forEach((value, token) => {
        assert.ok(Math.abs(sum(raw.slice(token * 50, token * 50 + 50)) - value) < 1e-8);
      });
    }
  }
});

test('padding on the padding baseline gets nothing, and so do black pixels on black', () => {
  for (const run of own.sentences.runs)
    run.attributions.forEach((row, sample) => {
      const pads = row.filter((_, token) => own.sentences.tokens[sample]?.[token] === 0);
      assert.ok(pads.length > 50 && pads.every((value) => value === 0));
    });
  for (const run of own.digits.runs)
    for (const row of run.attributions) assert.ok(row.slice(0, 56).every((v) => v === 0));
});

test.run();
