/**
 * An optimizer made of its rule. In Keras's order: accumulated gradients, clipping, weight decay, the rule, the moving average of the
 * weights. Everything that depends on the number of the step is a number computed in double (`numbers`); the rest is a graph.
 * Source: `BaseOptimizer` of Keras 3.15 and its subclass for TensorFlow.
 */

import { add, greater, mul, sub, where } from '../../ops/binary.ts';
import { full, type Tensor } from '../../tensor/tensor.ts';
import { checkNumber, configOf } from '../settings.ts';
import type { ConfigValue, Optimizer, OptimizerSlot, Schedule, StepNumbers } from '../types.ts';
import { clipOf, type Elementwise, elementwiseOf } from './gradients.ts';
import { commonConfig, type OptimizerOptions, type Settings, settingsOf } from './options.ts';

type Slots = { readonly [name: string]: Tensor };
type Updated = { readonly parameter: Tensor; readonly slots: Slots };

/** What is one optimizer's own. */
export interface Rule {
  /** Keras's class name, and how it names an object of the class. */
  readonly className: string;
  readonly name: string;
  /** 0.001 by default. */
  readonly learningRate?: number;
  /** Own options with their values, as Keras's config has them behind the common ones. */
  readonly config: Readonly<Record<string, ConfigValue>>;
  /** Groups counted from 0. */
  readonly slots: readonly OptimizerSlot[];
  /** Numbers of update `t` (from 1) beside `learningRate`, which is `rate`. */
  numbers?(t: number, rate: number): StepNumbers;
  update(parameter: Tensor, gradient: Tensor, slots: Slots, numbers: Slots, of: Elementwise): Updated;
  /** What Keras keeps beside the slots, after `updates` updates. */
  variables?(updates: number): readonly { readonly name: string; readonly value: number }[];
}

/** The optimizer of a rule. @throws PathgradError for common options that make no sense */
export function optimizer(options: OptimizerOptions, rule: Rule): Optimizer {
  const settings = settingsOf(rule.className, rule.name, options, rule.learningRate ?? 0.001);
  const { learningRate, gradientAccumulationSteps: steps, useEma } = settings;
  const before = [...(useEma ? ['average'] : []), ...(steps === null ? [] : ['gradient_accumulator'])];
  const updatesBefore = (step: number): number => (steps === null ? step : Math.floor(step / steps));
  const { variables } = rule;
  const clip = clipOf(settings);
  return {
    name: rule.className,
    config: configOf({ ...commonConfig(settings), ...rule.config }),
    learningRate,
    slots: [
      ...before.map((name, group) => ({ name, initial: 0, group })),
      ...rule.slots.map((slot) => ({ ...slot, group: slot.group + before.length })),
    ],
    ...(useEma && { finalSlot: 'average' }),
    ...(variables && { variables: (count: number) => variables(updatesBefore(count)) }),
    ...(clip && { clip }),
    numbers(step, rate) {
      checkNumber(rule.className, 'the step', step, { from: 0, whole: true });
      const now = rate ?? (typeof learningRate === 'number' ? learningRate : (learningRate as Schedule).at(step));
      const done = updatesBefore(step);
      return {
        learningRate: now,
        ...rule.numbers?.(done + 1, now),
        ...(steps !== null && { updates: (step + 1) % steps === 0 ? 1 : 0 }),
        ...averageNumbers(settings, step, done),
      };
    },
    update({ path, tensor: parameter }, gradient, slots, numbers) {
      const start = decays(settings, path)
        ? sub(parameter, mul(mul(parameter, settings.weightDecay!), numbers['learningRate']!))
        : parameter;
      const own = Object.fromEntries(rule.slots.map(({ name }) => [name, slots[name]!]));
      let next: Updated = rule.update(start, gradient, own, numbers, elementwiseOf(settings));
      if (steps !== null) next = accumulated(parameter, gradient, own, next, numbers['updates']!);
      return useEma ? averaged(settings, parameter, slots['average']!, next, numbers) : next;
    },
  };
}

function decays({ weightDecay, excludeFromWeightDecay }: Settings, path: string): boolean {
  if (weightDecay === null || weightDecay === 0) return false;
  return !excludeFromWeightDecay.some((one) =>
    typeof one === 'string' ? path.includes(one) : new RegExp(one.source, one.flags.replace(/[gy]/g, '')).test(path),
  );
}

/** All stays but the sum of gradients, unless the step is the last of those that are accumulated. */
function accumulated(parameter: Tensor, gradient: Tensor, own: Slots, next: Updated, updates: Tensor): Updated {
  const last = greater(updates, 0.5);
  const kept = Object.keys(own).map((name) => [name, where(last, next.slots[name]!, own[name]!)] as const);
  const accumulator = where(last, 0, gradient);
  return {
    parameter: where(last, next.parameter, parameter),
    slots: { ...Object.fromEntries(kept), gradient_accumulator: accumulator },
  };
}

function averageNumbers(settings: Settings, step: number, done: number): StepNumbers {
  const { useEma, emaMomentum, emaOverwriteFrequency: every, semantics } = settings;
  if (!useEma) return {};
  const early = semantics === 'keras2' || semantics === 'legacy';
  return {
    emaMomentum: early || done > 0 ? emaMomentum : 0,
    // tf_keras's average begins at the weights before the first step.
    ...(early && { emaBegins: step === 0 ? 1 : 0 }),
    ...(every !== null && { emaOverwrites: (done + 1) % every === 0 ? 1 : 0 }),
  };
}

function averaged(settings: Settings, before: Tensor, slot: Tensor, next: Updated, numbers: Slots): Updated {
  const { emaMomentum: momentum, emaBegins, emaOverwrites } = numbers;
  const past = emaBegins ? where(greater(emaBegins, 0.5), before, slot) : slot;
  const average = add(mul(past, momentum!), mul(next.parameter, sub(full([], 1, before.dtype), momentum!)));
  const slots = { ...next.slots, average };
  if (settings.emaOverwriteFrequency === null) return { parameter: next.parameter, slots };
  return { parameter: where(greater(emaOverwrites!, 0.5), average, next.parameter), slots };
}
