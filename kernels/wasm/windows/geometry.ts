/**
 * The sizes of a windowed op over three spatial axes, as the host lays them out: 20 int32 in the order of the
 * fields. Lower ranks have sizes of 1 in front.
 */

/** A pointer to the sizes, with names for them. */
@unmanaged
export class Geometry {
  channels: i32;
  multiplier: i32;
  inputD: i32;
  inputH: i32;
  inputW: i32;
  outputD: i32;
  outputH: i32;
  outputW: i32;
  windowD: i32;
  windowH: i32;
  windowW: i32;
  strideD: i32;
  strideH: i32;
  strideW: i32;
  beforeD: i32;
  beforeH: i32;
  beforeW: i32;
  dilationD: i32;
  dilationH: i32;
  dilationW: i32;

  /** Whether there is one window, of all positions. */
  coversAll(): bool {
    const all = this.windowD == this.inputD && this.windowH == this.inputH && this.windowW == this.inputW;
    return all && this.outputD * this.outputH * this.outputW == 1 && (this.beforeD | this.beforeH | this.beforeW) == 0;
  }
}
