/** One step of each recurrent cell, forward and back; gates in Keras's order. `recurrent.ts` walks them over time. */
import { type CellLoops, column, row } from './recurrent.ts';

/** Kept: input, forget, cell and output gate, c before the step, the activation of c after it. */
export const lstm: CellLoops = {
  gates: 4,
  states: 2,
  weights: 1,
  kept: 6,
  forward(z, [kernel], states, kept, { units: u, act, gate }) {
    for (let j = 0; j < 4 * u; j++) {
      const x = z[j]! + column(states, 0, kernel!, u, 4 * u, j);
      kept[j] = j >= 2 * u && j < 3 * u ? act.of(x) : gate.of(x);
    }
    for (let j = 0; j < u; j++) {
      const before = states[u + j]!;
      const c = kept[u + j]! * before + kept[j]! * kept[2 * u + j]!;
      const shown = act.of(c);
      kept[4 * u + j] = before;
      kept[5 * u + j] = shown;
      states[j] = kept[3 * u + j]! * shown;
      states[u + j] = c;
    }
  },
  backward(dz, [kernel], d, kept, { units: u, act, gate }) {
    for (let j = 0; j < u; j++) {
      const [i, f, n, o] = [kept[j]!, kept[u + j]!, kept[2 * u + j]!, kept[3 * u + j]!];
      const [before, shown] = [kept[4 * u + j]!, kept[5 * u + j]!];
      const dc = d[u + j]! + d[j]! * o * act.slope(shown);
      dz[j] = dc * n * gate.slope(i);
      dz[u + j] = dc * before * gate.slope(f);
      dz[2 * u + j] = dc * i * act.slope(n);
      dz[3 * u + j] = d[j]! * shown * gate.slope(o);
      d[u + j] = dc * f;
    }
    for (let j = 0; j < u; j++) d[j] = row(dz, 0, kernel!, 4 * u, j, 0, 4 * u);
  },
};

/** Kept: the value. */
export const simpleRnn: CellLoops = {
  gates: 1,
  states: 1,
  weights: 1,
  kept: 1,
  forward(z, [kernel], states, kept, { units: u, act }) {
    for (let j = 0; j < u; j++) kept[j] = act.of(z[j]! + column(states, 0, kernel!, u, u, j));
    states.set(kept);
  },
  backward(dz, [kernel], d, kept, { units: u, act }) {
    for (let j = 0; j < u; j++) dz[j] = d[j]! * act.slope(kept[j]!);
    for (let j = 0; j < u; j++) d[j] = row(dz, 0, kernel!, u, j, 0, u);
  },
};

/** Kept: update, reset, new value, the product behind the reset gate, h before the step. */
export const gru: CellLoops = {
  gates: 3,
  states: 1,
  weights: 2,
  kept: 5,
  forward(z, [kernel, bias], states, kept, { units: u, act, gate }) {
    const inner = (j: number): number => bias![j]! + column(states, 0, kernel!, u, 3 * u, j);
    for (let j = 0; j < 2 * u; j++) kept[j] = gate.of(z[j]! + inner(j));
    for (let j = 0; j < u; j++) {
      kept[3 * u + j] = inner(2 * u + j);
      kept[2 * u + j] = act.of(z[2 * u + j]! + kept[u + j]! * kept[3 * u + j]!);
    }
    for (let j = 0; j < u; j++) {
      kept[4 * u + j] = states[j]!;
      states[j] = kept[j]! * states[j]! + (1 - kept[j]!) * kept[2 * u + j]!;
    }
  },
  backward(dz, [kernel], d, kept, { units: u, act, gate }) {
    const inner = new Float64Array(3 * u);
    for (let j = 0; j < u; j++) {
      const [update, reset, fresh] = [kept[j]!, kept[u + j]!, kept[2 * u + j]!];
      dz[j] = d[j]! * (kept[4 * u + j]! - fresh) * gate.slope(update);
      dz[2 * u + j] = d[j]! * (1 - update) * act.slope(fresh);
      dz[u + j] = dz[2 * u + j]! * kept[3 * u + j]! * gate.slope(reset);
      inner[j] = dz[j]!;
      inner[u + j] = dz[u + j]!;
      inner[2 * u + j] = dz[2 * u + j]! * reset;
    }
    for (let j = 0; j < u; j++) d[j] = d[j]! * kept[j]! + row(inner, 0, kernel!, 3 * u, j, 0, 3 * u);
  },
};

/** Kept: update, reset, new value, h before the step, reset times h. */
export const gruResetBefore: CellLoops = {
  gates: 3,
  states: 1,
  weights: 1,
  kept: 5,
  forward(z, [kernel], states, kept, { units: u, act, gate }) {
    for (let j = 0; j < 2 * u; j++) kept[j] = gate.of(z[j]! + column(states, 0, kernel!, u, 3 * u, j));
    for (let j = 0; j < u; j++) {
      kept[3 * u + j] = states[j]!;
      kept[4 * u + j] = kept[u + j]! * states[j]!;
    }
    for (let j = 0; j < u; j++) {
      kept[2 * u + j] = act.of(z[2 * u + j]! + column(kept, 4 * u, kernel!, u, 3 * u, 2 * u + j));
      states[j] = kept[j]! * states[j]! + (1 - kept[j]!) * kept[2 * u + j]!;
    }
  },
  backward(dz, [kernel], d, kept, { units: u, act, gate }) {
    for (let j = 0; j < u; j++) {
      dz[j] = d[j]! * (kept[3 * u + j]! - kept[2 * u + j]!) * gate.slope(kept[j]!);
      dz[2 * u + j] = d[j]! * (1 - kept[j]!) * act.slope(kept[2 * u + j]!);
    }
    for (let j = 0; j < u; j++) {
      const product = row(dz, 2 * u, kernel!, 3 * u, j, 2 * u, u);
      dz[u + j] = product * kept[3 * u + j]! * gate.slope(kept[u + j]!);
      d[j] = d[j]! * kept[j]! + product * kept[u + j]!;
    }
    for (let j = 0; j < u; j++) d[j]! += row(dz, 0, kernel!, 3 * u, j, 0, 2 * u);
  },
};
