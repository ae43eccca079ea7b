/** The help of `pathgrad job`. */
import { jobGroups } from '../job/flags.ts';
import type { Command } from './command.ts';

export const job: Command = {
  name: 'job',
  summary: 'explain a million rows: a job that resumes, on this machine or many',
  about:
    'job run explains every row of a file and writes parts, chunk by chunk; killed at any moment, job resume FOLDER goes on and leaves the same bytes. job status FOLDER says how far it is, job report FOLDER draws what moved the predictions over all rows. With --queue chunks go through Redis to any number of machines, each of which runs job worker. MODEL may be a CONFIG: a JSON file {"model": …, "input": …, "output": …} with flags by their names.',
  usage:
    'pathgrad job run MODEL --input FILE --output FOLDER [OPTIONS] | status|resume|report FOLDER | worker --queue URL',
  model: false,
  positionals: true,
  groups: jobGroups,
  examples: [
    [
      'pathgrad job run examples/wine-mlp.keras --input examples/wine.csv --label cultivar --output wine-job',
      'all rows of a table',
    ],
    [
      'pathgrad job run examples/imdb-cnn.h5 --vocab examples/imdb-vocab.txt --input reviews.parquet --columns text --keep id --format parquet --output reviews-job',
      'a column of texts of a Parquet file',
    ],
    ['pathgrad job resume reviews-job', 'goes on where it was killed'],
  ],
};
