/**
 * Bidirectional: one recurrent layer forward, one backward, and their outputs merged. The weights of both lie with the wrapper,
 * the forward layer's first. In TensorFlow's and Keras 3's version the sequences have zeros at masked steps, in standalone Keras
 * before 2.4 they repeat what was before. Source: `Bidirectional` of Keras 2.3, 2.15 and 3.15.
 */
import { add, div, mul } from '../../../ops/binary.ts';
import { concat } from '../../../ops/slicing.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { defineLayer, type LayerClass, type Mask, type WeightRule, type Weights } from '../layer.ts';
import type { Options } from '../options.ts';
import { convRecurrentClasses, convRecurrentLayer } from './conv-lstm.ts';
import {
  callRecurrent,
  initialStates,
  maskOf,
  nested,
  type RecurrentLayer,
  recurrent,
  recurrentLayer,
  recurrentParameters,
} from './rnn.ts';

const merges: Readonly<Record<string, (a: Tensor, b: Tensor) => Tensor>> = {
  concat: (a, b) => concat([a, b], -1),
  sum: add,
  mul,
  ave: (a, b) => div(add(a, b), 2),
};

export const bidirectional: LayerClass = defineLayer({
  classes: ['Bidirectional'],
  create: (o) => {
    const [forward, backward] = directions(o);
    const mode = mergeMode(o);
    const { returnSequences, returnState, cell } = forward;
    const rules = (layer: RecurrentLayer, ...given: Parameters<typeof cell.rules>): readonly WeightRule[] =>
      layer.cell.rules(...given);
    return {
      many: true,
      parameters: recurrentParameters(o),
      ...(cell.drops || backward.cell.drops ? { trainingMatters: 'drops' as const } : {}),
      weights: ([x], stored) => {
        const half = stored.length / 2;
        return [
          ...named('forward_layer', rules(forward, x!, stored.slice(0, half))),
          ...named('backward_layer', rules(backward, x!, stored.slice(half))),
        ];
      },
      call: (xs, w, masks, args) => {
        const mask = maskOf(o, masks, args);
        const count = forward.cell.states;
        const initial = initialStates(o.subject, xs, args, count + backward.cell.states);
        const run = (
          layer: RecurrentLayer,
          name: string,
          states: readonly Tensor[] | null,
          turned: boolean,
        ): Tensor[] => callRecurrent(layer, xs[0]!, own(w, name), states, mask, turned, args.drops);
        const [a, ...left] = run(forward, 'forward_layer', initial?.slice(0, count) ?? null, false);
        // The backward sequence is turned round again, so that both are in one order.
        const [b, ...right] = run(backward, 'backward_layer', initial?.slice(count) ?? null, true);
        return [...(mode === null ? [a!, b!] : [merges[mode]!(a!, b!)]), ...left, ...right];
      },
      mask: (_, [given]) => {
        const mask: Mask = returnSequences ? (given ?? null) : null;
        const states = returnState ? new Array<Mask>(forward.cell.states + backward.cell.states).fill(null) : [];
        return [...(mode === null ? [mask, mask] : [mask]), ...states];
      },
    };
  },
});

function mergeMode(o: Options): string | null {
  // `raw` answers null and absence alike; Keras writes the option always, and null means a list of both outputs.
  const value = o.raw('merge_mode');
  if (value === undefined) return o.has('merge_mode') ? null : 'concat';
  if (typeof value !== 'string' || !Object.hasOwn(merges, value)) {
    throw o.wrong('merge_mode', value, `null or one of ${Object.keys(merges).join(', ')}`);
  }
  return value;
}

/** Forward and backward layer, with what Bidirectional changes of them. */
function directions(o: Options): [RecurrentLayer, RecurrentLayer] {
  const wrapped = o.wrapped ? { class_name: o.wrapped.className, config: o.wrapped.config } : o.raw('layer');
  o.ignore('layer');
  const forward = inner(o, 'layer', wrapped);
  const other = o.raw('backward_layer');
  const backward =
    other === undefined ? { ...forward, goBackwards: !forward.goBackwards } : inner(o, 'backward_layer', other);
  if (backward.returnSequences !== forward.returnSequences || backward.returnState !== forward.returnState) {
    throw o.wrong('backward_layer', other, 'a layer that returns what the forward layer returns');
  }
  if (backward.goBackwards === forward.goBackwards)
    throw o.wrong('backward_layer', other, 'a layer in the other direction');
  if (!zeroesMasked(o)) return [forward, backward];
  const zeroed = { zeroOutputForMask: forward.returnSequences };
  return [
    { ...forward, ...zeroed },
    { ...backward, ...zeroed },
  ];
}

function inner(o: Options, key: string, value: Parameters<typeof nested>[2]): RecurrentLayer {
  const { className, options } = nested(o, key, value);
  const convolutional = convRecurrentClasses.includes(className);
  if (!convolutional && !recurrent.classes.includes(className)) {
    throw o.wrong(key, className, `one of ${[...recurrent.classes, ...convRecurrentClasses].join(', ')}`);
  }
  const layer = convolutional ? convRecurrentLayer(options) : recurrentLayer(options);
  options.finish();
  return layer;
}

/** Standalone Keras, up to 2.3 without `-tf`, had no zero_output_for_mask. */
function zeroesMasked({ dialect: { major, version } }: Options): boolean {
  if (major !== 2) return major === 3;
  return version === null || version.includes('tf') || !/^2\.[0-3](\.|$)/.test(version);
}

function named(part: string, rules: readonly WeightRule[]): WeightRule[] {
  return rules.map((rule) => ({ ...rule, name: `${part}/${rule.name}` }));
}

function own(weights: Weights, part: string): Weights {
  const found = Object.entries(weights).filter(([name]) => name.startsWith(`${part}/`));
  return Object.fromEntries(found.map(([name, weight]) => [name.slice(part.length + 1), weight]));
}
