/** Intact vocabularies, reference values with their model, and an explanation. */
import { readFileSync } from 'node:fs';
import { strToU8 } from 'fflate';
import { IntegratedGradients } from '../../../src/attribution/index.ts';
import { square } from '../../../src/ops/index.ts';
import { sum } from '../../../src/ops/reduce.ts';
import { tensor } from '../../../src/tensor/tensor.ts';
import type { Seed } from '../formats.ts';
import { madeModels } from './models.ts';
import { networks } from './networks.ts';

const json = (value: unknown): Uint8Array => strToU8(JSON.stringify(value));
export async function textSeeds(): Promise<Seed[]> {
  const lines = readFileSync(new URL('../../../examples/imdb-vocab.txt', import.meta.url), 'utf8')
    .split('\n')
    .slice(0, 200)
    .join('\n');
  const model = (await madeModels(networks.slice(0, 1)))[0]!.parts['model.h5']!;
  const reference = {
    ...{ format: 'pathgrad-reference', version: 1, madeWith: 'keras 3.4.0' },
    inputs: [{ name: null, shape: [2, 3], data: [1, 2, 3, 4, 5, 6] }],
    outputs: [{ shape: [2, 2], dtype: 'float32', data: 'AACAPwAAAEAAAIA/AAAAQA==' }],
    gradients: [
      {
        output: 0,
        input: 0,
        shape: [2, 3],
        data: [0, 0, 0, 0, 0, 0],
        cotangent: { shape: [2, 2], data: [1, 0, 0, 1] },
      },
    ],
  };
  const explanation = await new IntegratedGradients((x) => sum(square(x), { axes: 1 }), { nSteps: 3 }).explain(
    tensor([
      [1, 2],
      [3, -4],
    ]),
  );
  return [
    { format: 'vocabulary', name: 'list', parts: { 'vocabulary.txt': strToU8(lines) } },
    {
      format: 'vocabulary',
      name: 'word index',
      parts: { 'vocabulary.txt': json({ the: 1, good: 2, film: 3, end: 4 }) },
    },
    {
      format: 'reference',
      name: 'JSON',
      parts: { 'reference.json': json(reference), 'model.h5': model },
      fixed: ['model.h5'],
    },
    { format: 'explanation', name: 'of a function', parts: { 'explanation.json': json(explanation) } },
  ];
}
