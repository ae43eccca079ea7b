/** The largest of any number of values, and at least `least`: a call takes only so many arguments, so that `Math.max(...list)` throws for long lists. */
export function largest(values: Iterable<number>, least = -Infinity): number {
  let most = least;
  for (const value of values) if (value > most) most = value;
  return most;
}
