/** The method that is asked for, as a row of the table in attribution/methods. */
import type { MethodRow } from '../../../attribution/methods/index.ts';
import { usual } from '../../../attribution/methods/usual.ts';
import type { MethodInfo } from '../../protocol/index.ts';

/** What the page needs to know of a method. */
export const infoOf = ({ name, says, sum, baselines, layer }: MethodRow): MethodInfo => ({
  name,
  says,
  sum,
  baselines,
  layer: layer === true ? 'named' : layer ? 'chosen' : null,
});

/** The row of this name; all but the usual one are fetched first. */
export async function methodOf(name: string): Promise<MethodRow> {
  return name === usual.name ? usual : (await import('../extras.ts')).methodNamed(name);
}
