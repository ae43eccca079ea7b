/** Recurrent nets on random sizes, every gradient, masks, directions and activations, against the float64 reference. */
import fc from 'fast-check';
import { suite } from 'uvu';
import type { Backend } from '../../src/backends/backend.ts';
import { grad } from '../../src/graph/grad.ts';
import { randomNormal } from '../../src/graph/random.ts';
import * as o from '../../src/ops/index.ts';
import { recurrentActivations } from '../../src/ops/recurrent-activations.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { agrees } from './support.ts';

const random = (shape: readonly number[], seed: number, scale: number): Tensor => {
  const values = randomNormal(
    shape.reduce((a, b) => a * b, 1),
    seed,
  );
  return tensor(
    Float32Array.from(values, (v) => v * scale),
    shape,
  );
};
const kinds = ['lstm', 'gru', 'gruResetBefore', 'simpleRnn'] as const;
const gates = { lstm: 4, gru: 3, gruResetBefore: 3, simpleRnn: 1 } as const;
type Kind = (typeof kinds)[number];

/** Per tensor of the net a gradient, all in one row: input, weights, initial states. */
function gradients(kind: Kind, xs: readonly Tensor[], options: o.RecurrentOptions): Tensor {
  const [z, kernel, bias, h, c, mask] = xs as readonly [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const all = { ...options, mask: options.mask ? mask : null, initialState: kind === 'lstm' ? [h, c] : [h] };
  const y =
    kind === 'lstm'
      ? o.lstm(z, kernel, all)
      : kind === 'simpleRnn'
        ? o.simpleRnn(z, kernel, all)
        : o.gru(z, kernel, kind === 'gru' ? bias : null, all);
  const flat = (x: Tensor): Tensor => o.reshape(x, [x.size]);
  return o.concat([flat(y), ...grad(o.sum(o.mul(y, o.tanh(y))), [z, kernel, bias, h, c]).map(flat)], 0);
}

export interface RecurrentShapes {
  /** How many nets of each kind, and their largest batch, number of steps and of units. */
  readonly numRuns: number;
  readonly largest: readonly [number, number, number];
  /** Sizes that are checked as well. */
  readonly sizes: readonly [number, number, number];
}

export function recurrentShapes(backend: Backend, { numRuns, largest, sizes: special }: RecurrentShapes): void {
  const test = suite(`${backend.name}: recurrent nets`);

  function compare(
    kind: Kind,
    sizes: readonly [number, number, number],
    seed: number,
    options: o.RecurrentOptions,
    damping = 1,
  ): void {
    const [batch, time, units] = sizes;
    const width = gates[kind] * units;
    const scale = damping / Math.sqrt(units);
    const states = [1, 2].map((i) => random([batch, units], seed + i, 0.5));
    const kept = Uint8Array.from(randomNormal(batch * time, seed + 9), (v) => Number(v > -0.5));
    const inputs = [
      ...[
        random([batch, time, width], seed, damping),
        random([units, width], seed + 3, scale),
        random([width], seed + 4, 0.3),
      ],
      ...states,
      tensor(kept, [batch, time]),
    ];
    agrees(backend, `${kind} ${sizes}`, (xs) => gradients(kind, xs, options), inputs);
  }

  for (const kind of kinds) {
    test(`${kind}: random sizes, masks and directions`, () => {
      const [b, t, u] = largest.map((max) => fc.integer({ min: 1, max })) as [
        fc.Arbitrary<number>,
        fc.Arbitrary<number>,
        fc.Arbitrary<number>,
      ];
      const seeds = fc.integer({ min: 1, max: 1000 });
      fc.assert(
        fc.property(b, t, u, seeds, fc.boolean(), fc.boolean(), (batch, time, units, seed, masked, reverse) => {
          const mask = masked ? tensor(new Uint8Array(1), [1]) : null;
          compare(kind, [batch, time, units], seed, { mask, reverse });
        }),
        { seed: 17, numRuns },
      );
    });

    test(`${kind}: ${special[2]} units, ${special[1]} steps`, () => {
      compare(kind, special, 5, {});
    });

    test(`${kind}: every activation`, () => {
      for (const name of Object.keys(recurrentActivations) as o.RecurrentActivation[]) {
        // Small numbers: an exponential of exponentials is nothing that float32 can hold.
        compare(kind, [5, 2, 6], 31, { activation: name, recurrentActivation: name }, 0.1);
      }
    });
  }

  test.run();
}
