/** The recurrent ops on the loops of `kernels/reference/recurrent.ts`; they bring these kernels along. */
import { type CellLoops, type ScanGeometry, scan, scanBack } from '../../../kernels/reference/recurrent.ts';
import * as cells from '../../../kernels/reference/recurrent-cells.ts';
import type { Attrs } from '../../graph/op.ts';
import type { RecurrentGradAttrs, RecurrentOp } from '../../ops/recurrent.ts';
import { recurrentActivations } from '../../ops/recurrent-activations.ts';
import type { TensorSpec } from '../../tensor/tensor.ts';
import type { Kernel } from './shared.ts';

function geometryOf(z: TensorSpec, attrs: Attrs, cell: CellLoops): ScanGeometry {
  const { activation, recurrentActivation, reverse } = attrs as unknown as RecurrentGradAttrs;
  const [batch, time, width] = z.shape as readonly [number, number, number];
  const code = { activation: recurrentActivations[activation].code };
  return {
    ...code,
    batch,
    time,
    units: width / cell.gates,
    reverse,
    recurrentActivation: recurrentActivations[recurrentActivation].code,
  };
}

// @__NO_SIDE_EFFECTS__
const forward =
  (cell: CellLoops): Kernel =>
  (_, [z], attrs) => {
    const geometry = geometryOf(z!, attrs, cell);
    return (y, operands) => scan(y, operands, cell, geometry);
  };

// @__NO_SIDE_EFFECTS__
const back =
  (cell: CellLoops): Kernel =>
  (_, [z], attrs) => {
    const geometry = geometryOf(z!, attrs, cell);
    return (y, operands) => scanBack(y, operands, cell, geometry, attrs['of'] === 'state');
  };

export const recurrentKernels = /* @__PURE__ */ (() =>
  ({
    lstm: forward(cells.lstm),
    lstmGrad: back(cells.lstm),
    gru: forward(cells.gru),
    gruGrad: back(cells.gru),
    gruResetBefore: forward(cells.gruResetBefore),
    gruResetBeforeGrad: back(cells.gruResetBefore),
    simpleRnn: forward(cells.simpleRnn),
    simpleRnnGrad: back(cells.simpleRnn),
  }) as const satisfies Record<RecurrentOp, Kernel>)();
