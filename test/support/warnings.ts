/** The warnings of an explanation as lines of text. */
import { describeWarning, type Explanation } from '../../src/attribution/index.ts';

export const said = ({ warnings }: Pick<Explanation, 'warnings'>): string =>
  warnings.map((warning) => describeWarning(warning)).join('\n');
