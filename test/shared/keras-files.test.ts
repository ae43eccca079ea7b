/** Every model file of the shared corpus opens, normalises and binds; the counts are those of the corpus. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ModelSpec } from '../../src/keras/config/spec.ts';
import { type KerasFile, parseArchitecture } from '../../src/keras/load/container.ts';
import { bindWeights } from '../../src/keras/weights/bind.ts';
import type { LayerWeights } from '../../src/keras/weights/store.ts';
import { specOf } from '../support/keras-spec.ts';
import { openAny } from '../support/open-keras.ts';
import { sharedFolder } from '../support/shared.ts';

const corpus = join(sharedFolder, 'keras-corpus');
const test = suite('keras files');

interface Listed {
  readonly file: string;
}

const read = (path: string): KerasFile => openAny(new Uint8Array(readFileSync(path)), path.slice(corpus.length + 1));

/** Arrays bound, over all layers; each must have as many values as its shape says. */
async function bind(file: KerasFile, spec: ModelSpec): Promise<number> {
  let arrays = 0;
  for (const [layer, weights] of await bindWeights(file, spec)) {
    for (const array of weights.arrays) {
      arrays++;
      const size = array.shape.reduce((a, b) => a * b, 1);
      assert.is(array.data.length, size, `${layer.name} ${array.path}`);
    }
  }
  return arrays;
}

function storedCount(file: KerasFile): number {
  const { weights } = file;
  if (weights.layout === 'none') return 0;
  // Beside the layers lies what training left: no layer's.
  if (weights.layout === 'paths')
    return weights.entries.filter(({ key }) => !/^(optimizer|metrics)\//.test(key)).length;
  return weights.layers.reduce((sum, layer) => sum + layer.entries.length, 0);
}

function listed(): string[] {
  const named = JSON.parse(readFileSync(join(corpus, 'index.json'), 'utf8')) as (Listed & { slug: string })[];
  const bulk = JSON.parse(readFileSync(join(corpus, 'dl4j-index.json'), 'utf8')) as { files: Listed[] };
  return [
    ...named.map(({ slug, file }) => join(corpus, slug, file)),
    ...bulk.files.map(({ file }) => join(corpus, 'dl4j', file)),
  ];
}

test('every listed file opens; every config normalises; every weight is bound once', async () => {
  const counts = { files: 0, configs: 0, weightsOnly: 0, arrays: 0 };
  for (const path of listed()) {
    const file = read(path);
    counts.files++;
    if (file.config === null) {
      counts.weightsOnly++;
      continue;
    }
    const spec = specOf(file);
    counts.configs++;
    const arrays = await bind(file, spec);
    assert.is(arrays, storedCount(file), path);
    counts.arrays += arrays;
  }
  console.log(JSON.stringify(counts));
  assert.is(counts.files, 448);
  assert.is(counts.configs + counts.weightsOnly, 448);
});

test('the three formats of a generated model hold the same weights', async () => {
  const folder = join(corpus, 'generated');
  let compared = 0;
  for (const name of readdirSync(folder)) {
    const path = (file: string): string => join(folder, name, file);
    const legacy = read(path('model.h5'));
    const spec = specOf(legacy);
    const expected = await bindWeights(legacy, spec);
    const architecture = parseArchitecture(
      readFileSync(path('architecture.json'), 'utf8'),
      `${name}/architecture.json`,
    );
    for (const file of ['model.keras', 'model.weights.h5']) {
      if (!existsSync(path(file))) continue;
      const other = read(path(file));
      const otherSpec = specOf(other.config === null ? architecture : other, other);
      const bound = await bindWeights(other, otherSpec);
      const summary = ({ arrays }: LayerWeights): unknown[] =>
        arrays.map(({ name: weight, part, shape, dtype, data }) => ({
          weight,
          part,
          shape,
          dtype,
          data: Array.from(data),
        }));
      const table = (map: typeof bound): Map<string, unknown[]> =>
        new Map([...map].map(([layer, weights]): [string, unknown[]] => [layer.name, summary(weights)]).sort());
      const [got, want] = [table(bound), table(expected)];
      assert.equal([...got.keys()], [...want.keys()], `${name}/${file}: layers`);
      for (const [layer, arrays] of got) assert.equal(arrays, want.get(layer), `${name}/${file}: ${layer}`);
      compared++;
    }
  }
  console.log(`${compared} files agree with their model.h5`);
  assert.ok(compared >= 28);
});

test('weights-only files bind to an architecture given separately', async () => {
  let bound = 0;
  for (const path of listed()) {
    const weights = read(path);
    if (weights.config !== null) continue;
    const beside = architectureBeside(path);
    if (beside === undefined) continue;
    const file = /\.json$/.test(beside) ? parseArchitecture(readFileSync(beside, 'utf8'), beside) : read(beside);
    assert.is(await bind(weights, specOf(file, weights)), storedCount(weights), path);
    bound++;
  }
  console.log(`${bound} weights-only files bound`);
  assert.is(bound, 27);
});

/** `x_architecture.json`, `x_config.json` or `x_model.h5` for `x_weights.h5`. */
function architectureBeside(path: string): string | undefined {
  const stem = path.replace(/_weights\.h5$/, '');
  const candidates = ['_architecture.json', '_config.json', '.json', '_model.h5'].map((end) => stem + end);
  return stem === path ? undefined : candidates.find((candidate) => existsSync(candidate));
}

test.run();
