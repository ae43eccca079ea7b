/** ContrastLimitedAdaptiveHistogramEqualization: Keras's values (test/golden/make_clahe.py), no gradient, and pictures too small for their tiles. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../../src/graph/compile.ts';
import { grad } from '../../../src/graph/grad.ts';
import { IntegratedGradients } from '../../../src/index.ts';
import { add } from '../../../src/ops/binary.ts';
import { sum } from '../../../src/ops/reduce.ts';
import { placeholder } from '../../../src/tensor/tensor.ts';
import { modelFrom } from '../../support/keras-models.ts';

const test = suite('CLAHE');

interface Case {
  readonly name: string;
  readonly shape: readonly number[];
  readonly config: object;
  readonly top: number;
  readonly output: readonly number[];
}
const cases = JSON.parse(
  String(gunzipSync(readFileSync(new URL('../../golden/clahe.json.gz', import.meta.url)))),
) as Case[];

const modelOf = (config: object, shape: readonly number[]) => {
  const layer = { class_name: 'ContrastLimitedAdaptiveHistogramEqualization', config: { name: 'layer', ...config } };
  const input = {
    class_name: 'InputLayer',
    config: { name: 'in', batch_shape: [null, ...shape.slice(1)], dtype: 'float32' },
  };
  const config_ = { name: 'm', layers: [input, layer] };
  return modelFrom({ class_name: 'Sequential', config: config_, keras_version: '3.15.1', backend: 'tensorflow' }, {});
};

/** The script's pictures. */
function picture(shape: readonly number[], top: number): Float32Array {
  const size = shape.reduce((a, b) => a * b, 1);
  return Float32Array.from(
    { length: size },
    (_, i) => (((i * i * 7 + i * 131 + Math.floor(i / 37) * 59) % 509) / 512) * top,
  );
}

test("Keras's values", async () => {
  assert.is(cases.length, 7);
  for (const { name, shape, config, top, output } of cases) {
    const [y] = await modelOf(config, shape).predictAll({ data: picture(shape, top), shape: [...shape] });
    const worst = Math.max(...output.map((v, i) => Math.abs(v - y!.data[i]!)));
    assert.ok(worst <= 1e-5 * top, `${name}: ${worst}`);
    assert.is(y!.data.length, output.length);
  }
});

test('no gradient passes, beside a way that has one, too', async () => {
  const shape = [1, 8, 8, 1];
  const x = placeholder(shape);
  const [y] = modelOf({ tile_grid_size: [2, 2] }, shape).apply([x]);
  const [g] = compile(grad(sum(add(y!, x)), [x]), [x]).runSync([picture(shape, 255)]);
  assert.ok([...g!].every((v) => v === 1));
  const ig = new IntegratedGradients(modelOf({ tile_grid_size: [2, 2] }, shape));
  const explained = await ig.explain({ data: picture(shape, 255), shape }, { target: [[0, 0, 0]] });
  assert.ok(explained.attributions[0]!.data.every((v) => v === 0));
  assert.equal(explained.warnings, [{ code: 'input-disconnected', values: { name: 'in' } }]);
});

test('a picture that is mirrored further than it goes is refused, as are options that say nothing', async () => {
  const wrong = async (config: object, shape: number[], pattern: RegExp): Promise<void> => {
    try {
      await modelOf(config, shape).predictAll({ data: picture(shape, 255), shape });
    } catch (error) {
      assert.is((error as Error).name, 'PathgradError');
      return assert.match((error as Error).message, pattern);
    }
    assert.unreachable(String(pattern));
  };
  await wrong({}, [1, 3, 8, 1], /too small for its tiles/);
  await wrong({ tile_grid_size: [0, 2] }, [1, 8, 8, 1], /'tile_grid_size'/);
  await wrong({ value_range: [1, 1] }, [1, 8, 8, 1], /'value_range'/);
});

test.run();
