/** Models of other formats on the command line: ONNX files and TensorFlow.js's are explained and inspected; what goes wrong is said by name, with the right code. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { example, npy, runCli, temporaryFolder } from '../support/cli.ts';
import { ints, node, nodeOf, model as onnxModel, typedValue } from '../support/onnx-writer.ts';
import { onnxPictures, onnxTable, onnxTwo } from '../support/tiny-onnx.ts';

const test = suite('cli: other formats');
const folder = temporaryFolder();

function written(name: string, bytes: Uint8Array): string {
  writeFileSync(folder.path(name), bytes);
  return folder.path(name);
}

test('ONNX: pictures and rows are explained, predicted and compared', async () => {
  const pictures = written('pictures.onnx', onnxPictures);
  const png = folder.path('out.png');
  const { code, out, err } = await runCli(['explain', pictures, '--image', example('digits/7.png'), '--png', png]);
  assert.is(code, 0, err);
  assert.match(out, /^pictures: 1 picture of 192 values, explained at the input/);
  assert.match(out, /prediction +class \d \d.*%/);
  assert.match(out, /complete +(9[89]|10[01])\.\d\d %/);
  const rows = npy(
    '<f4',
    '(2, 5)',
    Float32Array.from({ length: 10 }, (_, i) => i / 10),
  );
  const [table, values] = [written('table', onnxTable), written('rows.npy', rows)];
  const explained = await runCli(['explain', table, '--npy', values, '--steps', 'auto']);
  assert.match(explained.out, /table: 2 rows of 5 values[\s\S]*prediction +y -?\d/);
  const compared = await runCli(['compare', table, '--npy', values, '--explainers', 'saliency', '--metrics', 'none']);
  assert.is(compared.code, 0, compared.err);
  const at = await runCli([
    'explain',
    pictures,
    '--image',
    example('digits/7.png'),
    '--explainer',
    'grad-cam-plus-plus',
  ]);
  assert.is(at.code, 0, at.err);
});

test('ONNX: inspect lists operators and layers', async () => {
  const { out } = await runCli(['inspect', written('inspected.onnx', onnxPictures)]);
  assert.match(out, /inspected\.onnx: model 'pictures', ONNX \(format 8; opset ai\.onnx 17\), written by test\n/);
  assert.match(out, /operators +Conv 1, Flatten 1, Gemm 1, GlobalAveragePool 1, Relu 1, Softmax 1\n/);
  assert.match(out, /conv \(Conv\) +\[\?, 4, 8, 8\] +112\n[\s\S]*can be run and explained: pathgrad explain/);
});

test('ONNX: inspect says of a model whose batch size is fixed that it predicts alone', async () => {
  // Three samples of two numbers become two rows of three: nothing keeps the samples apart.
  const mixing = onnxModel('mixing', {
    nodes: [nodeOf('Transpose', ['x'], ['t'], { attributes: [] }), node('Reshape', ['t', 'shape'], 'y')],
    initializers: [ints('shape', [2], [3, 2])],
    inputs: [typedValue('x', [3, 2])],
    outputs: [typedValue('y', [3, 2])],
  });
  const { code, out, err } = await runCli(['inspect', written('mixing.onnx', mixing)]);
  assert.is(code, 0, err);
  assert.match(out, /note: the model runs 3 samples at a time and cannot be shown to keep more apart: it predicts/);
  assert.match(out, /This model can be run: pathgrad predict .*mixing\.onnx …\n$/);
  const open = await runCli(['inspect', written('open.onnx', onnxTable)]);
  assert.not.match(open.out, /at a time/);
});

test('TensorFlow.js: the folder, or its model.json', async () => {
  const packed = readFileSync(new URL('../golden/tfjs/own.json.gz', import.meta.url));
  const { cases } = JSON.parse(gunzipSync(packed).toString()) as {
    cases: { name: string; files: Record<string, string> }[];
  };
  mkdirSync(folder.path('tfjs'));
  for (const [name, text] of Object.entries(cases.find(({ name: each }) => each === 'tfjs-nested')!.files))
    written(`tfjs/${name}`, Buffer.from(text, 'base64'));
  const rows = written('three.npy', npy('<f4', '(1, 3)', new Float32Array([0.1, 0.2, 0.3])));
  const whole = await runCli(['explain', folder.path('tfjs'), '--npy', rows, '--steps', '5']);
  assert.is(whole.code, 0, whole.err);
  const file = await runCli(['explain', folder.path('tfjs/model.json'), '--npy', rows, '--steps', '5']);
  assert.is(file.out, whole.out);
  const inspected = await runCli(['inspect', folder.path('tfjs')]);
  assert.match(inspected.out, /tfjs, written by Keras tfjs-layers/);
});

test('what goes wrong: the message and the code', async () => {
  const [two, table] = [written('two.onnx', onnxTwo), written('whole.onnx', onnxTable)];
  const rows = written('row.npy', npy('<f4', '(1, 5)', new Float32Array(5)));
  const cases: readonly (readonly [argv: string[], code: number, message: RegExp])[] = [
    [['explain', two, '--npy', rows], 1, /two: has 2 inputs \(inputs \[a,b\]\)/],
    [['explain', written('cut.onnx', onnxTable.subarray(0, 200)), '--npy', rows], 1, /cut\.onnx/],
    [['explain', table, '--npy', rows, '--weights', 'x.h5'], 1, /is a file of ONNX, which takes no other weights/],
    [['inspect', table, '--verify', rows], 2, /--verify: is for files of Keras/],
    [['explain', table, '--npy', rows, '--text-pair', 'x'], 2, /--text-pair: needs --text/],
    [['explain', folder.path('none'), '--npy', rows], 1, /none: no such file\nhint: check the path/],
    [['explain', written('x.pt', Uint8Array.from([0x80, 2, 0x7d])), '--npy', rows], 1, /x\.pt: is a pickle of Python/],
  ];
  for (const [argv, code, message] of cases) {
    const run = await runCli(argv);
    assert.match(run.err, message);
    assert.is(run.code, code, run.err);
  }
});

test.run();
