/** A matrix turned over, which is how linear layers lie in a file. */
import type { Shape } from '../../tensor/shape.ts';

type Floats = Float32Array | Float64Array;

/** The values of the transpose of `data [rows, columns]`. */
export function transposeOf(data: Floats, [rows, columns]: Shape): Floats {
  const out = new (data.constructor as Float32ArrayConstructor)(data.length) as Floats;
  for (let r = 0; r < rows!; r++) for (let c = 0; c < columns!; c++) out[c * rows! + r] = data[r * columns! + c]!;
  return out;
}
