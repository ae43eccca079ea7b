/** The flags of `pathgrad job`. */
import {
  batch,
  changed,
  classes,
  explaining,
  inputs,
  json,
  last,
  model,
  ofIntegratedGradients,
  reading,
  target,
  top,
} from '../commands/shared.ts';
import type { FlagGroup } from '../flags/flags.ts';
import { ownFlags } from '../flags/own-flags.ts';

/** `--output` is the folder of a job: the output of a model that has several goes by another name. */
const ofModel = changed(model, 'output', { name: 'model-output' });
/** Sounds are no input of jobs. */
const ofReading = reading.flags.filter(({ name }) => name !== 'rate');

export const jobGroups: readonly FlagGroup[] = [
  {
    title: 'What to explain (job run)',
    flags: [
      {
        name: 'input',
        value: 'FILE',
        instead: inputs.flags
          .map(({ name }) => name)
          .filter((name) => !['input', 'index', 'rows', 'tokens'].includes(name)),
        help: 'rows: .ndjson, .csv, .tsv, .parquet, .npy, .txt (a text per line), or a folder of pictures; also https://, s3://, and - for the standard input',
      },
      {
        name: 'output',
        value: 'FOLDER',
        instead: ['out', 'json', 'html', 'svg', 'png'],
        help: 'where parts, manifest and dead letters go: a new folder, or that of the same job, which is gone on with',
      },
      {
        name: 'where',
        value: 'CONDITION',
        many: 'repeat',
        help: 'explain only rows of a table for which it holds: "age >= 40", "country = DE"; repeated, all must hold',
      },
      { name: 'keep', value: 'A,B', help: 'columns of the table that the output repeats: the ids of rows' },
    ],
  },
  { ...reading, flags: ofReading },
  ofModel,
  {
    title: 'How to explain',
    flags: [
      {
        name: 'explainer',
        value: 'NAME',
        help: 'the method: IntegratedGradients (default), or another of pathgrad methods',
      },
      target,
      { ...classes, help: 'several classes, each explained for every row: 0,3' },
      { ...top, help: "each row's K classes of highest score" },
      ...explaining,
      ofIntegratedGradients.method,
      ...ownFlags,
      { ...batch, help: 'rows that go through the model at a time; 100 if left out' },
      ofIntegratedGradients.compat,
    ],
  },
  {
    title: 'How to run',
    flags: [
      {
        name: 'format',
        value: 'FORMAT',
        help: 'of the parts: ndjson (default), csv or parquet (needs hyparquet-writer)',
      },
      { name: 'full', help: 'all attributions in the output, not only one number per word or feature' },
      { name: 'chunk', value: 'ROWS', help: 'rows of a chunk, the unit of work and of a part file; 1000 if left out' },
      { name: 'workers', value: 'N', help: 'threads; as many as cores and memory allow if left out' },
      { name: 'max-failures', value: 'N', help: 'failed rows at which the job ends; 1000 if left out' },
      {
        name: 'queue',
        value: 'URL',
        help: 'redis://[:PASSWORD@]HOST:PORT or rediss:// (TLS): chunks go to workers (job worker) over BullMQ; needs bullmq and ioredis',
      },
      { name: 'html', value: 'FILE', help: 'job report: the page; report.html in the folder if left out' },
      { ...json, help: 'job status: what is known, as JSON; - prints it' },
      ...last,
    ],
  },
];
