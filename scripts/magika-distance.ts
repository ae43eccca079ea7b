/**
 * How far magika's probabilities lie from onnxruntime's, over many files: `node --import tsx scripts/magika-distance.ts MODEL.onnx FILES.json [EXACT]`.
 * FILES.json is written by `test/golden/onnx/magika_files.py`. EXACT is how many of the inputs that differ most are computed in float64 as well, to
 * see which of the two is nearer.
 */
import { readFileSync } from 'node:fs';
import { loadOnnx } from '../src/onnx/index.ts';

interface Case {
  readonly bytes: number;
  readonly padding: number;
  readonly read: readonly number[];
  readonly scores: readonly number[];
}

const [path = '', list = '', exact = '0'] = process.argv.slice(2);
const { cases, onnxruntime } = JSON.parse(readFileSync(list, 'utf8')) as { cases: Case[]; onnxruntime: string };
const rowOf = ({ read }: Case): { data: Int32Array; shape: number[] } => ({
  data: Int32Array.from(read),
  shape: [1, read.length],
});
const far = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));

const model = await loadOnnx(path);
const found: { one: Case; scores: ArrayLike<number>; distance: number }[] = [];
for (const one of cases) {
  const [scores] = await model.predictAll(rowOf(one));
  found.push({ one, scores: scores!.data, distance: far(scores!.data, one.scores) });
}
model.dispose();

const groups: Readonly<Record<string, (one: Case) => boolean>> = {
  'no padding (2,048 bytes and more)': ({ padding }) => padding === 0,
  'up to half padding': ({ padding }) => padding > 0 && padding <= 1024,
  'more than half padding': ({ padding }) => padding > 1024,
};
console.log(`onnxruntime ${onnxruntime}; largest difference of a probability per input`);
for (const [name, belongs] of Object.entries(groups)) {
  const own = found.filter(({ one }) => belongs(one)).map(({ distance }) => distance);
  own.sort((a, b) => a - b);
  if (own.length === 0) continue;
  const at = (share: number): string => own[Math.min(own.length - 1, Math.floor(share * own.length))]!.toExponential(1);
  const within = own.filter((distance) => distance <= 1e-5).length;
  console.log(
    `${name}: n ${own.length}, median ${at(0.5)}, 95 % ${at(0.95)}, largest ${at(1)}, within 1e-5: ${within}`,
  );
}

const worst = [...found].sort((a, b) => b.distance - a.distance).slice(0, Number(exact));
if (worst.length > 0) {
  const double = await loadOnnx(path, { dtype: 'float64' });
  for (const { one, scores, distance } of worst) {
    const [y] = await double.predictAll(rowOf(one));
    const [ours, theirs] = [far(scores, y!.data), far(one.scores, y!.data)];
    const text = [distance, ours, theirs].map((v) => v.toExponential(1));
    console.log(`${one.bytes} bytes: apart ${text[0]}; from float64: pathgrad ${text[1]}, onnxruntime ${text[2]}`);
  }
}
