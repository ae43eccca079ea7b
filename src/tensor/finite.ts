/**
 * The first index whose value is an infinity or NaN, or -1. A loop, not `findIndex`: its callback boxes every float, which for the weights of a
 * transformer is hundreds of megabytes of garbage.
 */
export function firstNotFinite(data: ArrayLike<number>): number {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i]!)) return i;
  return -1;
}
