/** The files of shared/cases/keras that real Keras and transformers wrote, with their outputs: training state, LoRA, shards, tied decoders. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { loadModel } from '../../../src/keras/load/load.ts';
import { slice } from '../../../src/ops/slicing.ts';
import { type Tensor, tensor } from '../../../src/tensor/tensor.ts';
import { loadTransformer } from '../../../src/transformers/index.ts';
import { faults, type Row } from '../../support/faults.ts';
import { sharedFolder } from '../../support/shared.ts';

const fault = faults('keras-weights, real files');
const cases = join(sharedFolder, 'cases', 'keras');

interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly dtype?: string;
}

const read = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;
const ints = ({ data, shape }: Numbers): Tensor => tensor(Int32Array.from(data), shape);
/** The largest difference, relative to the largest value where that is above 1. */
const worst = (got: ArrayLike<number>, wanted: readonly number[]): number =>
  wanted.length === got.length
    ? Math.max(...wanted.map((v, i) => Math.abs(v - got[i]!))) / Math.max(1, ...wanted.map(Math.abs))
    : Number.POSITIVE_INFINITY;

const folders: readonly (readonly [Row, string])[] = [
  ['K1', 'keras-archive-metrics'],
  ['K2', 'nested-compiled'],
  ['K8', 'lora'],
  ['K9', 'weight-shards'],
];

for (const [row, folder] of existsSync(cases) ? folders : []) {
  fault(row, `every file of ${folder} predicts what Keras predicted`, async () => {
    let files = 0;
    for (const name of readdirSync(join(cases, folder))) {
      const here = join(cases, folder, name);
      if (!existsSync(join(here, 'expected.json'))) continue;
      const expected = read<{
        files: readonly (string | { arch: string; weights: string })[];
        inputs: readonly Numbers[];
        outputs: readonly Numbers[];
      }>(join(here, 'expected.json'));
      for (const file of expected.files) {
        const model =
          typeof file === 'string'
            ? await loadModel(join(here, file))
            : await loadModel(join(here, file.arch), { weights: join(here, file.weights) });
        const x = expected.inputs.map(({ data, shape, dtype }) =>
          tensor(dtype === 'int32' ? Int32Array.from(data) : Float32Array.from(data), shape),
        );
        const outputs = await model.predictAll(x.length === 1 ? x[0]! : x);
        const off = expected.outputs.map(({ data }, i) => worst(outputs[i]!.data, data));
        assert.ok(Math.max(...off) < 1e-5, `${name}/${JSON.stringify(file)} is off by ${off}`);
        files++;
      }
    }
    assert.ok(files > 0);
  });
}

const encoder = join(cases, 'bert-masked-lm-encoder');
if (existsSync(encoder)) {
  fault('K3', 'the encoder of a masked-LM file gives the hidden states of transformers', async () => {
    const expected = read<{ ids: Numbers; mask: Numbers; hidden: Record<string, Numbers> }>(
      join(encoder, 'expected.json'),
    );
    for (const [name, { data }] of Object.entries(expected.hidden)) {
      if (!existsSync(join(encoder, name))) continue;
      const model = await loadTransformer(join(encoder, name), {
        head: ({ hidden }) => slice(hidden, { 1: [0, 1] }),
      });
      const y = await model.predict({ input_ids: ints(expected.ids), attention_mask: ints(expected.mask) });
      assert.ok(worst(y.data, data) < 1e-5, name);
    }
  });
}

const shards = join(cases, 'tf-model-shards');
if (existsSync(shards)) {
  fault('K9', 'a sharded tf_model.h5 gives the logits of transformers', async () => {
    const { calls } = read<{
      calls: readonly { ids: Numbers; kwargs: Record<string, Numbers>; logits: Numbers }[];
    }>(join(shards, 'expected.json'));
    const model = await loadTransformer(shards, { output: 'logits' });
    for (const { ids, kwargs, logits } of calls) {
      const given = Object.fromEntries(Object.entries(kwargs).map(([name, value]) => [name, ints(value)]));
      assert.ok(worst((await model.predict({ input_ids: ints(ids), ...given })).data, logits.data) < 1e-5);
    }
  });
}

if (!existsSync(cases)) console.log('skipped: the shared folder is not there');
fault.run();
