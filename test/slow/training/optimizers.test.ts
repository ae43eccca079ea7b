/**
 * Every optimizer, with every option and every schedule, beside what real Keras made of the same weights and gradients: weights and slots
 * after 1, 10 and 100 steps, 1e-10 of the largest in float64 (Nadam 2e-8), weights 1e-5 in float32 on the default backend.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { optimizerOf, scheduleOf } from '../../../src/training/index.ts';
import type { Optimizer } from '../../../src/training/types.ts';
import { apart, golden, type OptimizerCase, type OptimizerGolden, trained } from '../../golden/training/golden.ts';

const test = suite('training: optimizers beside Keras');
const data = golden<OptimizerGolden>('optimizers.json.gz');
const keras2 = golden<readonly OptimizerCase[]>('optimizers-keras2.json');

/** Keras takes these through float32 wherever it computes in float64. */
const narrow: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  Adagrad: { initial_accumulator_value: Math.fround(0.1) },
  Ftrl: { initial_accumulator_value: Math.fround(0.1) },
  PolynomialDecay: { end_learning_rate: Math.fround(1e-4) },
};

function made({ name, options, schedule }: OptimizerCase, semantics?: string): Optimizer {
  const { exclude, ...config } = options as { exclude?: readonly string[] };
  const extra = { ...(exclude && { excludeFromWeightDecay: exclude }), ...(semantics && { semantics }) };
  const rate = schedule && {
    learning_rate: { ...schedule, config: { ...narrow[schedule.class_name], ...schedule.config } },
  };
  return optimizerOf({ class_name: name, config: { ...narrow[name], ...config, ...rate, ...extra } as never });
}

for (const dtype of ['float64', 'float32'] as const) {
  const tolerance = dtype === 'float64' ? 1e-10 : 1e-5;
  for (const kind of ['constant', 'rows', 'schedules'] as const) {
    test(`${dtype}, ${kind}`, () => {
      let worst = 0;
      for (const one of data[dtype][kind]) {
        const steps = Object.keys(one.after).map(Number);
        const label = `${one.name} ${JSON.stringify(one.options)} ${one.schedule?.class_name ?? ''}`;
        // Nadam's 0.96 is a constant of Keras that goes through float32.
        const allowed = one.name === 'Nadam' ? Math.max(tolerance, 2e-8) : tolerance;
        const optimizer = made(one, kind === 'rows' ? 'keras3-tensorflow' : undefined);
        const got = trained(optimizer, dtype, steps, kind === 'rows');
        for (const step of steps) {
          const { weights, variables } = one.after[String(step)]!;
          for (const [i, wanted] of weights.entries()) {
            const off = apart(got.get(step)!.weights[i]!, wanted);
            worst = Math.max(worst, off);
            assert.ok(off <= allowed, `${label} step ${step}, weight ${i}: ${off}`);
          }
          if (variables) compareVariables(optimizer, label, step, got.get(step)!.slots, variables, allowed);
        }
      }
      console.log(
        `${dtype} ${kind}: ${data[dtype][kind].length} cases, at most ${worst.toExponential(1)} of the largest`,
      );
    });
  }
}

/** All of Keras's variables behind iteration and rate, in its order. */
function compareVariables(
  optimizer: Optimizer,
  label: string,
  step: number,
  slots: readonly Record<string, ArrayLike<number>>[],
  variables: readonly [string, number[]][],
  tolerance: number,
): void {
  const groups = [...new Set(optimizer.slots.map(({ group }) => group))];
  const ours: [string, ArrayLike<number>][] = groups.flatMap((group) =>
    slots.flatMap((of) =>
      optimizer.slots
        .filter((slot) => slot.group === group)
        .map(({ name }): [string, ArrayLike<number>] => [name, of[name]!]),
    ),
  );
  for (const { value } of optimizer.variables?.(step) ?? []) ours.push(['variable', [value]]);
  assert.equal(
    ours.map(([name]) => name),
    variables.map(([name]) => name.replace(/_\d+$/, '')),
    label,
  );
  for (const [i, [name, wanted]] of variables.entries()) {
    const off = apart(ours[i]![1], wanted);
    assert.ok(off <= tolerance, `${label} step ${step}, ${name}: ${off}`);
  }
}

test('configs are what get_config() gives', () => {
  for (const one of data.float64.constant) {
    const { exclude: _, ...options } = one.options;
    const ours = optimizerOf({ class_name: one.name, config: options as never }).config;
    assert.equal(ours, one.config, one.name);
    assert.equal(Object.keys(ours), Object.keys(one.config!), one.name);
  }
});

test('schedules, 101 rates each, in float64', () => {
  for (const { class_name, config, rates } of data.rates) {
    assert.equal(scheduleOf({ class_name, config }).config, config, class_name);
    const schedule = scheduleOf({ class_name, config: { ...(config as object), ...narrow[class_name] } });
    assert.ok(
      apart(
        rates.map((_, step) => schedule.at(step)),
        rates,
      ) <= 1e-13,
      class_name,
    );
  }
});

test('tf_keras and its legacy optimizers, from their own configs', () => {
  for (const one of keras2) {
    const optimizer = optimizerOf({ class_name: one.name, config: one.config! });
    const got = trained(optimizer, 'float64', [1, 10, 100]);
    for (const step of [1, 10, 100]) {
      for (const [i, wanted] of one.after[String(step)]!.weights.entries()) {
        const off = apart(got.get(step)!.weights[i]!, wanted);
        // tf_keras takes its hyperparameters through float32 even in float64.
        assert.ok(off <= 1e-6, `${one.name} ${JSON.stringify(one.config)} step ${step}, weight ${i}: ${off}`);
      }
    }
  }
});

test.run();
