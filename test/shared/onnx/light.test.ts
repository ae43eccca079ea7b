/**
 * The nine light CNNs of the onnx package: outputs as onnxruntime computed them, which lie beside the models. PATHGRAD_ONNX_TESTS names folders of
 * its unpacked wheels (`test/shared/onnx/download.sh`).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Guard } from '../../../src/guard/guard.ts';
import { parseTensor } from '../../../src/onnx/file/parse.ts';
import { valuesOf } from '../../../src/onnx/file/values.ts';
import { loadOnnx } from '../../../src/onnx/index.ts';

const test = suite('light CNNs of onnx');
const folder = (process.env['PATHGRAD_ONNX_TESTS'] ?? '')
  .split(':')
  .filter((path) => path !== '')
  .map((path) => `${path}/onnx/backend/test/data/light`)
  .find((path) => filesIn(path).length > 0);

function filesIn(path: string): string[] {
  try {
    return readdirSync(path).filter((name) => name.endsWith('.onnx'));
  } catch {
    return [];
  }
}

if (!folder) test.skip('the light CNNs of onnx are not here: PATHGRAD_ONNX_TESTS names an unpacked wheel', () => {});
else {
  for (const name of filesIn(folder)) {
    test(name, async () => {
      const path = `${folder}/${name.replace('.onnx', '_output_0.pb')}`;
      const bytes = readFileSync(path);
      const reader = { file: path, guard: new Guard(path, bytes.length), depth: 0 };
      const expected = valuesOf(parseTensor(bytes, reader), path, 'float32', () => null);
      const model = await loadOnnx(`${folder}/${name}`);
      const shape = model.inputs[0]!.shape.map((dim, axis) => (axis === 0 ? 1 : dim!));
      const size = shape.reduce((a, b) => a * b, 1);
      // The input that the test suite of onnx makes: rising from 0 to 1.
      const data = Float32Array.from({ length: size }, (_, i) => i / size);
      const [y] = await model.predictAll({ data, shape });
      const error = Math.max(...Array.from(y!.data, (value, i) => Math.abs(value - expected.data[i]!)));
      console.log(`note: ${name}: ${error.toExponential(1)}, ${model.layers.length} nodes`);
      assert.ok(error <= 1e-5, `off by ${error}`);
      model.dispose();
    });
  }
  test('all nine are there', () => assert.is(filesIn(folder).length, 9));
}

test.run();
