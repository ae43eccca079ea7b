/** The recurrent ops as one kernel call each: recurrent kernels packed once, groups of six-row blocks as units of work. */

import type { RecurrentGradAttrs, RecurrentOp } from '../../../ops/recurrent.ts';
import { recurrentActivations } from '../../../ops/recurrent-activations.ts';
import { failure } from '../../../tensor/errors.ts';
import { packed as module } from '../recurrent.generated.ts';
import { type BindContext, type Binder, lacksType, type Operand, type OwnKernels } from '../step.ts';
import { packColumns, panelColumns, panelRows } from './panels.ts';

interface Layout {
  readonly gates: number;
  readonly states: 1 | 2;
  /** Numbers kept per step and unit for the way back. */
  readonly kept: number;
  readonly bias: boolean;
  /** The way back multiplies the last gate by itself. */
  readonly splitBack: boolean;
}

const lstmLayout: Layout = { gates: 4, states: 2, kept: 6, bias: false, splitBack: false };
const gruLayout: Layout = { gates: 3, states: 1, kept: 5, bias: true, splitBack: false };
const gruBeforeLayout: Layout = { gates: 3, states: 1, kept: 5, bias: false, splitBack: true };
const simpleLayout: Layout = { gates: 1, states: 1, kept: 1, bias: false, splitBack: false };

/** Groups at most: what threads can share. Fewer where the rooms would take more than 64 MiB; from 8 down, than 512 MiB. */
const mostGroups = 64;
const fewGroups = 8;
const [roomy, tight] = [2 ** 26, 2 ** 29];
/** The linear memory ends at 4 GiB, and offsets in it are int32. */
const largestRoom = 2 ** 30;

interface Groups {
  readonly count: number;
  readonly blocks: number;
  readonly roomBytes: number;
  /** Where all blocks keep what is needed of each step, or 0. */
  readonly kept: number;
}

function groupsFor(ctx: BindContext, layout: Layout, batch: number, time: number, units: number): Groups {
  const back = ctx.op.endsWith('Grad');
  const all = Math.max(1, Math.ceil(batch / panelRows));
  const row = Math.ceil(units / panelColumns) * panelColumns * 4;
  const kept = ctx.kept(all * time * layout.kept * panelRows * row);
  // States and their gradients, all gates, and what is kept of each step (see `setRoom` and `scanBack`).
  const steps = kept !== 0 ? 0 : back ? time : 1;
  const perRow = 4 + layout.gates * (back ? 2 : 1) + steps * layout.kept;
  const roomBytes = perRow * row * panelRows + 64;
  if (roomBytes > largestRoom) {
    const hint = 'a shorter sequence fits; so does the reference backend';
    throw failure(
      ctx.op,
      'the values kept for the way back take too much memory',
      { bytes: roomBytes, time, units },
      hint,
    );
  }
  const within = (bytes: number): number => Math.max(1, Math.floor(bytes / roomBytes));
  const limit = Math.max(Math.min(fewGroups, within(tight)), Math.min(mostGroups, within(roomy)));
  const blocks = Math.ceil(all / limit);
  return { count: Math.ceil(all / blocks), blocks, roomBytes, kept };
}

// @__NO_SIDE_EFFECTS__
const recurrent =
  (layout: Layout): Binder =>
  (ctx) => {
    if (ctx.out.dtype !== 'float32') throw lacksType(ctx.op, ctx.out.dtype);
    const back = ctx.op.endsWith('Grad');
    const { activation, recurrentActivation, reverse, of } = ctx.attrs as unknown as RecurrentGradAttrs;
    const inputs = [...ctx.inputs];
    const next = (): Operand => inputs.shift()!;
    const [z, kernel] = [next(), next()];
    const [batch, time] = z.shape as readonly [number, number];
    const [units, width] = kernel.shape as readonly [number, number];
    const bias = layout.bias ? next().at() : 0;
    const h0 = next().at();
    const c0 = layout.states === 2 ? next().at() : 0;
    const gradient = back ? next() : null;
    const g = gradient ? [gradient.at()] : [];
    const several = gradient && batch > 0 ? gradient.shape[0]! / batch : 1;
    const mask = inputs.length > 0 ? next().at() : 0;
    const groups = groupsFor(ctx, layout, batch, time, units);
    const matrices = Array.from({ length: layout.gates }, (_, i) => i * units * 4);
    const packed = packColumns(ctx, { operand: kernel, at: 0, row: width * 4, col: 4, matrices }, units, units);
    /** The transpose of the gates' columns `[from, to)`. */
    const turned = (from: number, to: number): number =>
      packColumns(ctx, { operand: kernel, at: from * units * 4, row: 4, col: width * 4 }, (to - from) * units, units);
    const { gates, splitBack } = layout;
    const transposed = back ? [turned(0, splitBack ? gates - 1 : gates), splitBack ? turned(gates - 1, gates) : 0] : [];
    const codes = [recurrentActivations[activation].code, recurrentActivations[recurrentActivation].code];
    const sizes = ctx.table([
      ...[batch, time, units, groups.blocks, groups.roomBytes],
      ...[...codes, Number(reverse), Number(of === 'state'), several],
    ]);
    const work = ctx.work(groups.count * groups.roomBytes);
    const args = [ctx.out.at(), z.at(), packed, ...transposed, bias, h0, c0, ...g, mask, sizes, work, groups.kept];
    ctx.call(ctx.op, args, batch === 0 ? 0 : groups.count);
  };

const lstm: OwnKernels = { module, bind: recurrent(lstmLayout) };
const gru: OwnKernels = { module, bind: recurrent(gruLayout) };
const gruBefore: OwnKernels = { module, bind: recurrent(gruBeforeLayout) };
const simple: OwnKernels = { module, bind: recurrent(simpleLayout) };

/** What the recurrent ops bring along for this backend. */
export const recurrentKernels = {
  lstm,
  lstmGrad: lstm,
  gru,
  gruGrad: gru,
  gruResetBefore: gruBefore,
  gruResetBeforeGrad: gruBefore,
  simpleRnn: simple,
  simpleRnnGrad: simple,
} as const satisfies Record<RecurrentOp, OwnKernels>;
