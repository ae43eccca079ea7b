/**
 * What @tensorflow/tfjs itself predicts with the two layers models of nsfwjs for photographs of scikit-image.
 *
 *   npm install --prefix FOLDER @tensorflow/tfjs@4.22.0
 *   cd DOWNLOADS && npm pack nsfwjs@4.3.0 && pip download --no-deps scikit-image==0.26.0
 *   PATHGRAD_DOWNLOADS=DOWNLOADS NODE_PATH=FOLDER/node_modules node --import tsx test/golden/tfjs/make_nsfwjs.ts
 *
 * Writes nsfwjs.json beside this script. Predictions are of tfjs's cpu backend, in float32.
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type NsfwModel, nsfwFiles, readPhotographs, sizes } from '../../support/nsfwjs.ts';

interface TfTensor {
  dataSync(): Float32Array;
  dispose(): void;
}
interface Tfjs {
  readonly version: { readonly tfjs: string };
  setBackend(name: string): Promise<boolean>;
  tensor(data: Float32Array, shape: readonly number[]): TfTensor;
  loadLayersModel(handler: object): Promise<{ predict(x: TfTensor): TfTensor }>;
}
const tf = createRequire(import.meta.url)('@tensorflow/tfjs') as Tfjs;
await tf.setBackend('cpu');
const outputs: Record<string, Record<string, number[]>> = {};
for (const [name, size] of Object.entries(sizes) as [NsfwModel, number][]) {
  const files = nsfwFiles(name)!;
  const json = JSON.parse(await files.find((file) => file.name === 'model.json')!.text());
  const shards = await Promise.all(
    (json.weightsManifest as { paths: string[] }[])
      .flatMap(({ paths }) => paths)
      .map((path) => files.find((file) => file.name === path)!.arrayBuffer()),
  );
  const weightSpecs = (json.weightsManifest as { weights: object[] }[]).flatMap(({ weights }) => weights);
  const weightData = await new Blob(shards).arrayBuffer();
  const model = await tf.loadLayersModel({
    load: async () => ({ modelTopology: json.modelTopology, weightSpecs, weightData }),
  });
  outputs[name] = {};
  for (const [photograph, x] of readPhotographs(size)!) {
    const y = model.predict(tf.tensor(x.data as Float32Array, x.shape));
    outputs[name][photograph] = Array.from(y.dataSync());
    console.log(name, photograph, outputs[name][photograph]);
  }
}
const text = JSON.stringify({ tfjs: tf.version.tfjs, nsfwjs: '4.3.0', 'scikit-image': '0.26.0', outputs }, null, 1);
writeFileSync(new URL('nsfwjs.json', import.meta.url), `${text}\n`);
