/**
 * What holds for all methods that walk a path of their own: a sample's attributions do not depend on its neighbours, on how rows are cut into
 * batches or on which other targets are explained; several inputs, layers, backends and both float types work alike.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Explanation } from '../../src/attribution/index.ts';
import {
  BlurIG,
  DiscretizedIG,
  GuidedIG,
  IDGI,
  IntegratedHessians,
  SequentialIG,
  XRAI,
} from '../../src/attribution/methods/index.ts';
import { gpuBackend } from '../../src/backends/gpu/index.ts';
import { reference } from '../../src/backends/reference/index.ts';
import type { FloatDType } from '../../src/tensor/dtype.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { f64 } from '../attribution/tiny-models.ts';
import { loadNet, type NetName, netSamples } from '../support/method-golden.ts';

type Options = { readonly internalBatchSize?: number; readonly backend?: never };
// biome-ignore lint/suspicious/noExplicitAny: rows of one table construct different classes
type Any = any;
const rows: readonly (readonly [name: string, net: NetName, baselines: boolean, make: (m: Any, o?: Options) => Any])[] =
  [
    ['GuidedIG', 'cnn', true, (m, o) => new GuidedIG(m, { nSteps: 6, maxDistance: 0.2, ...o })],
    ['GuidedIG', 'table2', true, (m, o) => new GuidedIG(m, { nSteps: 9, maxDistance: 1, ...o })],
    ['IDGI', 'table2', true, (m, o) => new IDGI(m, { nSteps: 5, ...o })],
    ['IDGI guided', 'mlp', true, (m, o) => new IDGI(m, { nSteps: 5, path: 'guided', ...o })],
    ['IDGI of a layer', 'lstm', false, (m, o) => new IDGI(m, { nSteps: 4, layer: 'embedding', ...o })],
    ['BlurIG', 'residual', false, (m, o) => new BlurIG(m, { nSteps: 5, maxSigma: 3, ...o })],
    ['XRAI', 'residual', false, (m, o) => new XRAI(m, { nSteps: 4, minPixels: 2, segments: stripes, ...o })],
    [
      'XRAI of a layer',
      'cnn',
      true,
      (m, o) => new XRAI(m, { nSteps: 4, layer: 'relu2', minPixels: 1, segments: stripes, ...o }),
    ],
    [
      'DiscretizedIG',
      'text',
      false,
      (m, o) => new DiscretizedIG(m, { nSteps: 6, neighbors: 5, layer: 'embedding', ...o }),
    ],
    ['SequentialIG', 'text', false, (m, o) => new SequentialIG(m, { nSteps: 4, layer: 'embedding', ...o })],
    ['IntegratedHessians', 'table2', true, (m, o) => new IntegratedHessians(m, { nSteps: 4, ...o })],
    [
      'IntegratedHessians of words',
      'lstm',
      false,
      (m, o) => new IntegratedHessians(m, { nSteps: 3, pairs: 'words', layer: 'embedding', ...o }),
    ],
  ];

function stripes(picture: Tensor): Tensor {
  const [height = 1, width = 1] = picture.shape;
  return tensor(
    Int32Array.from({ length: height * width }, (_, i) => Math.floor((i % width) / 2)),
    [height, width],
  );
}

const test = suite('methods along paths of their own');

const some = (list: readonly Tensor[], first: number, count: number): Tensor[] =>
  list.map((t) => {
    const width = t.size / t.shape[0]!;
    return tensor(t.data.slice(first * width, (first + count) * width), [count, ...t.shape.slice(1)], t.dtype);
  });
const given = (list: readonly Tensor[]): Any => (list.length === 1 ? list[0] : list);

for (const [name, net, baselines, make] of rows) {
  test(`${name} of ${net}: alone, in batches of any size and among other targets, a sample gets the same`, async () => {
    const { inputs, baselines: b, targets } = netSamples(net, 'float32');
    const model = await loadNet(net, 'float32');
    const options = (from: number, count: number): object => ({
      target: targets.slice(from, from + count),
      ...(baselines && { baselines: given(some(b, from, count)) }),
    });
    const all: Explanation = await make(model).explain(given(inputs), options(0, targets.length));
    const small: Explanation = await make(model, { internalBatchSize: 3 }).explain(
      given(inputs),
      options(0, targets.length),
    );
    const one: Explanation = await make(model).explain(given(some(inputs, 1, 1)), options(1, 1));
    const every: Explanation[] = await make(model).explain(given(inputs), {
      ...options(0, targets.length),
      target: 'all',
    });
    all.attributions.forEach((t, i) => {
      assert.is(t.dtype, 'float64');
      assert.ok(t.data.some((value) => value !== 0) && t.data.every(Number.isFinite));
      // Quadrature adds up blocks of rows, so that their size is seen in the last bits.
      const largest = Math.max(...Array.from(t.data, Math.abs));
      assert.ok(
        Array.from(t.data).every((value, at) => Math.abs(value - small.attributions[i]!.data[at]!) <= 1e-6 * largest),
        'another internalBatchSize',
      );
      assert.equal(one.attributions[i]!.data, some([t], 1, 1)[0]!.data, 'alone');
      assert.equal(
        some([every[targets[1]!]!.attributions[i]!], 1, 1)[0]!.data,
        some([t], 1, 1)[0]!.data,
        'all targets',
      );
    });
    assert.is(all.names.length, all.attributions.length);
  });

  test(`${name} of ${net}: all backends agree`, async () => {
    const found = async (dtype: FloatDType, backend?: unknown): Promise<number[]> => {
      const { inputs, baselines: b, targets } = netSamples(net, dtype, [0, 1]);
      const explainer = make(await loadNet(net, dtype), { backend: backend as never });
      const options = { target: targets, ...(baselines && { baselines: given(b) }) };
      const { attributions }: Explanation = await explainer.explain(given(inputs), options);
      return attributions.flatMap((t) => [...t.data]);
    };
    const exact = await found('float64');
    const largest = Math.max(...exact.map(Math.abs));
    const gpu = await gpuBackend({ mode: 'cpu' });
    for (const backend of [undefined, reference, gpu]) {
      const values = await found('float32', backend);
      const off = Math.max(...values.map((value, i) => Math.abs(value - exact[i]!)));
      assert.ok(off <= 1e-5 * largest, `${off / largest} of the largest`);
    }
    gpu.dispose();
  });
}

test('an input of integers is held, and what has another shape than the inputs is named by what moves', async () => {
  const f = (x: Tensor, ids: Tensor): Tensor => (x.shape.length === ids.shape.length ? x : x);
  const explainer = new IntegratedHessians(f as never, { nSteps: 2 });
  const X = [f64([[1], [2]]), tensor(Int32Array.of(3, 4), [2, 1])];
  const { names, attributions } = await explainer.explain(X);
  assert.equal([names, attributions.map(({ shape }) => shape)], [['input_0'], [[2, 1, 1]]]);
});

test.run();
