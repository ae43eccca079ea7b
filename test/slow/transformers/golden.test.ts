/**
 * transformers' own values on PyTorch for every encoder and head, in float64 and float32: outputs to 1e-5, gradients at the embeddings and
 * captum's integrated gradients to 1e-4 of the largest. Then files of two bytes a value and in shards, which hold the same weights.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadTransformer } from '../../../src/transformers/index.ts';
import { writeSafetensors } from '../../support/safetensors.ts';
import { arraysOf, compareCase, goldenEncoder, notYet, openCase } from '../../support/transformer-golden.ts';

const test = suite('transformers: all golden values');
/** What docs/transformers.md says; `UPDATE=1` writes it. */
const recordFile = new URL('../../golden/transformers/differences.json', import.meta.url);
type Off = Record<'outputs' | 'gradient' | 'attributions', number>;
type Recorded = Record<string, { family: string; heads: Record<string, Record<string, Off>> }>;
const measured: Recorded = {};
const folder = new URL('../../golden/transformers/encoders/', import.meta.url);
const names = readdirSync(folder).map((file) => file.replace('.json.gz', ''));

function rounded(outputs: number, { gradient, attributions }: Omit<Off, 'outputs'>): Off {
  const [a, b, c] = [outputs, gradient, attributions].map((value) => Number(value.toExponential(1)));
  return { outputs: a!, gradient: b!, attributions: c! };
}

test('every encoder is there, and none is left out', () => {
  assert.ok(names.length >= 19, `${names.length} files`);
  assert.equal(notYet, []);
});

for (const name of names) {
  const golden = goldenEncoder(name);
  if (notYet.includes(golden.family)) continue;
  for (const found of golden.cases) {
    for (const dtype of ['float64', 'float32'] as const) {
      test(`${name}, ${found.head}, ${dtype}`, async () => {
        const off = await compareCase(golden, found, dtype);
        if (process.env['FIGURES']) console.log(`row: ${name}, ${found.head}, ${dtype}: ${JSON.stringify(off)}`);
        // In float32, scores of words add up to 20: a share of the largest.
        const bound = dtype === 'float64' ? 1e-5 : 1e-5 * Math.max(1, off.largest);
        const one = (measured[name] ??= { family: golden.family, heads: {} });
        (one.heads[found.head] ??= {})[dtype] = rounded(
          off.outputs / (dtype === 'float64' ? 1 : Math.max(1, off.largest)),
          off,
        );
        assert.ok(off.outputs <= bound, `outputs off by ${off.outputs} of ${off.largest}`);
        assert.ok(off.gradient <= 1e-4, `gradients off by ${off.gradient}`);
        assert.ok(off.attributions <= 1e-4, `attributions off by ${off.attributions}`);
      });
    }
  }
}

test('docs/transformers.md tells the differences', () => {
  const text = `${JSON.stringify(measured, null, 1)}\n`;
  if (process.env['UPDATE']) writeFileSync(recordFile, text);
  const recorded = JSON.parse(readFileSync(recordFile, 'utf8')) as Recorded;
  assert.equal(Object.keys(measured), Object.keys(recorded));
  for (const [name, { heads }] of Object.entries(measured)) {
    const told = recorded[name]!.heads;
    assert.equal(Object.keys(heads), Object.keys(told), name);
    for (const dtype of ['float64', 'float32']) {
      for (const key of ['outputs', 'gradient', 'attributions'] as const) {
        const most = (of: typeof heads): number => Math.max(...Object.values(of).map((by) => by[dtype]![key]));
        // Engines with and without fused products round differently.
        assert.ok(most(heads) <= 4 * most(told), `${name}, ${dtype}, ${key}: ${most(heads)}, told ${most(told)}`);
      }
    }
  }
});

for (const name of ['bert', 'albert', 'deberta-v2', 'modernbert']) {
  const golden = goldenEncoder(name);
  const found = golden.cases.find(({ head }) => head === 'masked')!;
  const ids = golden.inputs['input_ids'] as number[][];
  for (const as of ['F16', 'BF16'] as const) {
    test(`${name}: a file of ${as} holds the same weights`, async () => {
      const wanted = await (await openCase(golden, found, 'float32')).predict(ids);
      const got = await (await openCase(golden, found, 'float32', as)).predict(ids);
      assert.equal([...got.data], [...wanted.data]);
    });
  }

  test(`${name}: a folder of three shards and their index`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pathgrad-shards-'));
    try {
      const arrays = Object.entries(arraysOf(found, golden.prefix));
      const file = (i: number): string => `model-0000${i + 1}-of-00003.safetensors`;
      for (let i = 0; i < 3; i++) {
        writeFileSync(
          join(folder, file(i)),
          writeSafetensors(Object.fromEntries(arrays.filter((_, j) => j % 3 === i))),
        );
      }
      const weight_map = Object.fromEntries(arrays.map(([array], j) => [array, file(j % 3)]));
      writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map }));
      writeFileSync(join(folder, 'config.json'), JSON.stringify(found.config));
      const wanted = await (await openCase(golden, found, 'float32')).predict(ids);
      const got = await (await loadTransformer(folder, { output: 'logits' })).predict(ids);
      assert.equal([...got.data], [...wanted.data]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test.run();
