/** U11: types compile without DOM, without Node's types and with `skipLibCheck: false`, however a program finds them. */
import { writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inResolution, resolutions, typescripts } from './matrix.ts';
import { project, run } from './support.ts';

const test = suite('install: types');

/** Uses of every entry point, some with the types that the web has and this program has not. */
const program = `
import { IntegratedGradients, loadModel, tensor } from 'pathgrad';
import * as gpu from 'pathgrad/gpu';
import * as inputs from 'pathgrad/inputs';
import * as methods from 'pathgrad/methods';
import * as metrics from 'pathgrad/metrics';
import * as onnx from 'pathgrad/onnx';
import * as transformers from 'pathgrad/transformers';
import * as visualize from 'pathgrad/visualize';
export const all = { gpu, inputs, methods, metrics, onnx, transformers, visualize };
export async function explain(source: Parameters<typeof loadModel>[0]): Promise<number[]> {
  const explanation = await new IntegratedGradients(await loadModel(source)).explain(tensor([[1, 2]]), { target: 0 });
  return Array.from(explanation.attributions[0]!.data);
}
// @ts-expect-error: a number is no source of a model
void explain(7);
`;

for (const version of typescripts) {
  const folder = project(`typescript-${version}`, { typescript: version }, { type: 'module' });
  for (const way of resolutions) {
    if (!inResolution(version, way)) continue;
    const title = `TypeScript ${version}, ${way.name}`;
    if (folder === null) {
      test.skip(title, () => {});
      continue;
    }
    test(title, () => {
      writeFileSync(`${folder}/${way.file}`, program);
      for (const lib of [['es2022'], ['es2022', 'dom']]) {
        const compilerOptions = {
          ...{ module: way.module, moduleResolution: way.resolution, target: 'es2022', lib, types: [] },
          ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true },
        };
        writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, files: [way.file] }));
        const { status, out, err } = run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], folder);
        assert.is(status, 0, `${lib.join()}: ${out}${err}`);
      }
    });
  }
}
test.run();
