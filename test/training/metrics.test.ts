/** Metrics beside Keras's, over three batches with and without weights; names and configs; what is refused. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../src/graph/compile.ts';
import { type NestedArray, placeholder, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { auc, f1Score, lossMetric, meanAbsoluteError, metricOf, precision } from '../../src/training/index.ts';
import type { Metric } from '../../src/training/types.ts';
import { golden } from '../golden/training/golden.ts';

const test = suite('training: metrics');

interface MetricCase {
  readonly name: string;
  readonly options: Readonly<Record<string, never>>;
  readonly truth: string;
  readonly predicted: string;
  readonly results: Readonly<Record<'none' | 'weights' | 'step_weights', number>>;
  readonly config: Readonly<Record<string, unknown>>;
}
const data = golden<{
  readonly inputs: Readonly<Record<string, readonly NestedArray[]>>;
  readonly cases: readonly MetricCase[];
}>('metrics.json');

/** What Keras computes in float32 in part, in float64 too. */
const narrow = ['LogCoshError', 'MeanIoU'];

const isClasses = (name: string): boolean => name.includes('classes') || name === 'column';

/** The number after all batches: sums of a plan, added up in double. */
function measured(metric: Metric, batches: readonly { truth: Tensor; predicted: Tensor; weights: Tensor }[]): number {
  const first = batches[0]!;
  const inputs = [first.truth, first.predicted, first.weights].map((one) => placeholder(one.shape, one.dtype));
  const plan = compile(metric.sums(inputs[0]!, inputs[1]!, inputs[2]!), inputs);
  let totals: Float64Array[] = [];
  for (const { truth, predicted, weights } of batches) {
    const sums = plan.runSync([truth.data, predicted.data, weights.data]);
    totals = sums.map((sum, i) => Float64Array.from(sum, (value, k) => value + (totals[i]?.[k] ?? 0)));
  }
  plan.dispose();
  return metric.result(totals);
}

for (const [dtype, tolerance] of [
  ['float64', 1e-10],
  ['float32', 1e-5],
] as const) {
  test(`${data.cases.length} metrics as Keras gives them, in ${dtype}`, () => {
    for (const one of data.cases) {
      const metric = metricOf({ class_name: one.name, config: one.options });
      for (const [kind, wanted] of Object.entries(one.results)) {
        const batches = [0, 1, 2].map((b) => {
          const input = (name: string): Tensor =>
            tensor(data.inputs[name]![b]!, undefined, isClasses(name) ? 'int32' : dtype);
          const predicted = input(one.predicted);
          const whole = one.name === 'MeanIoU';
          const given = kind === 'none' ? new Array(predicted.shape[0]).fill(1) : (data.inputs[kind]![b] as number[]);
          const weights = tensor(whole && kind !== 'none' ? scaled(given) : given, undefined, dtype);
          return {
            truth: input(one.truth),
            predicted: isClasses(one.predicted) ? floats(predicted, dtype) : predicted,
            weights,
          };
        });
        // Keras has in_top_k in float32 alone.
        const value = measured(metric, batches);
        const off = one.name.includes('TopK') ? 1e-6 : Math.max(tolerance, narrow.includes(one.name) ? 1e-7 : 0);
        assert.ok(
          Math.abs(value - wanted) <= off * Math.max(1, Math.abs(wanted)),
          `${one.name} ${JSON.stringify(one.options)} ${one.truth} ${one.predicted} ${kind}: ${value} for ${wanted}`,
        );
      }
    }
  });
}

/** Weights in thirds as whole numbers, rounded as Python does: halves to even. */
function scaled(given: NestedArray): NestedArray {
  if (typeof given === 'number') {
    const [tripled, half] = [given * 3, Math.floor(given * 3)];
    return tripled - half === 0.5 ? half + (half % 2) : Math.round(tripled);
  }
  return (given as readonly NestedArray[]).map(scaled);
}

const floats = (x: Tensor, dtype: 'float32' | 'float64'): Tensor => tensor([...x.data], x.shape, dtype);

test('configs are what get_config() gives', () => {
  for (const { name, options, config } of data.cases) {
    const ours = metricOf({ class_name: name, config: options }).config;
    // A wrapped function's options come without a config of their own in Keras.
    for (const [key, value] of Object.entries(config)) {
      if (key === 'name') assert.is(ours[key], String(value).replace(/_\d+$/, ''), name);
      else assert.equal(ours[key], value, `${name} ${key}`);
    }
  }
});

test('accuracy is chosen by shapes, and keeps its name', () => {
  const shapes = (truth: number[], predicted: number[]) => ({ truth, predicted });
  assert.is(metricOf('accuracy', shapes([8], [8, 1])).className, 'BinaryAccuracy');
  assert.is(metricOf('acc', shapes([8], [8, 3])).className, 'SparseCategoricalAccuracy');
  assert.is(metricOf('acc', shapes([8, 1], [8, 3])).name, 'acc');
  assert.is(metricOf('accuracy', shapes([8, 3], [8, 3])).className, 'CategoricalAccuracy');
  assert.throws(() => metricOf('accuracy'), /'accuracy' depends on the shapes of labels and predictions/);
});

test('names and configs: Keras 3, Keras 2, unknown ones, options without sense', () => {
  assert.is(metricOf('mae').name, 'mae');
  assert.is(metricOf('AUC').name, 'AUC');
  assert.is(metricOf({ class_name: 'AUC', config: { name: 'auc', dtype: 'float32' } }).name, 'auc');
  const wrapped = { name: 'accuracy', dtype: 'float32', fn: 'sparse_categorical_accuracy' };
  const accuracy = metricOf({ class_name: 'MeanMetricWrapper', config: wrapped });
  assert.equal([accuracy.name, accuracy.className], ['accuracy', 'SparseCategoricalAccuracy']);
  assert.is(lossMetric(meanAbsoluteError()).name, 'mean_absolute_error');
  assert.throws(() => metricOf('precison'), /unknown metric 'precison'\nhint: did you mean 'Precision'/);
  assert.throws(() => precision({ thresholds: [0.2, 0.4] }), /2 thresholds\nhint: make one for each/);
  assert.throws(() => auc({ numThresholds: 1 }), /numThresholds is a whole number from 2/);
  assert.throws(() => auc({ curve: 'roc' as never }), /curve is one of 'ROC'/);
  const matrix = placeholder([5, 3]);
  assert.throws(() => f1Score().sums(matrix, matrix, placeholder([5])), /without average there are 3 scores/);
  assert.throws(
    () => precision({ topK: 4 }).sums(matrix, matrix, placeholder([5])),
    /topK is 4, of 3 predictions a row/,
  );
  assert.throws(
    () => precision().sums(placeholder([5]), matrix, placeholder([5])),
    /labels do not fit the predictions/,
  );
});

test.run();
