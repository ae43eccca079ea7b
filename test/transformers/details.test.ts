/** What small golden models hardly show, held against transformers' own functions: activations by name, buckets of far distances. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluate } from '../../src/graph/evaluate.ts';
import { tensor } from '../../src/tensor/tensor.ts';
import { activationNamed, activations } from '../../src/transformers/activations.ts';
import { logBucket } from '../../src/transformers/encoders/disentangled.ts';
import { bucketOf } from '../../src/transformers/encoders/mpnet.ts';

const test = suite('transformers: activations and distances');
const golden = JSON.parse(readFileSync(new URL('../golden/transformers/details.json', import.meta.url), 'utf8')) as {
  x: number[];
  activations: Record<string, number[]>;
  learned: string[];
  from: number;
  mpnet: number[];
  deberta: Record<string, number[]>;
};

test('every activation that transformers knows by name has its values', () => {
  const x = tensor(Float64Array.from(golden.x), [golden.x.length]);
  for (const [name, wanted] of Object.entries(golden.activations)) {
    const got = evaluate(activationNamed(name, 'config.json')(x)).data;
    wanted.forEach((value, i) => {
      assert.ok(Math.abs(Number(got[i]) - value) < 1e-9, `${name}(${golden.x[i]}): ${got[i]} and ${value}`);
    });
  }
  assert.equal(Object.keys(activations).sort(), Object.keys(golden.activations).sort());
});

test('activations with weights of their own are refused by name', () => {
  for (const name of golden.learned)
    assert.throws(() => activationNamed(name, 'config.json'), new RegExp(`the activation '${name}' is not known`));
});

test("MPNet's 32 buckets and DeBERTa's logarithmic ones, near and far", () => {
  golden.mpnet.forEach((bucket, i) => {
    const distance = golden.from + i;
    assert.is(bucketOf(distance, 32), bucket, `distance ${distance}`);
  });
  for (const [sizes, list] of Object.entries(golden.deberta)) {
    const [buckets, farthest] = sizes.split(',').map(Number) as [number, number];
    list.forEach((bucket, i) => {
      const distance = golden.from + i;
      assert.is(logBucket(distance, buckets, farthest) + 0, bucket, `${sizes}: distance ${distance}`);
    });
  }
});

test.run();
