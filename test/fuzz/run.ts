/**
 * npm run fuzz: damaged files of every format that is read, in processes that are watched from outside. No input may hang (5 s), take
 * more than 500 MB, end the process, or fail with anything but a PathgradError; no bit flip in a `.keras` archive may change what it
 * predicts. What does is saved with how it was made, and can be run again. `--help` lists the options.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Fault, type Plan, partsOf, runCampaign, tableOf } from './campaign.ts';
import { type Format, formats, isFault, type Parts } from './formats.ts';
import { Pool } from './pool.ts';
import { makeSeeds } from './seeds/index.ts';

const help = `npm run fuzz -- [options]

  --minutes N     for so long (default 1, unless --count or --flips is given)
  --count N       so many inputs
  --flips N       so many single bit flips in .keras archives, which must not change a prediction
  --seed N        another seed, other inputs (default 1); the same seed gives the same inputs on every machine
  --from N        begin at this index, to go on where a campaign ended
  --format NAME   only this format; may be repeated: ${formats.join(', ')}
  --jobs N        so many processes at a time (default: one per core)
  --shared        also damage the files below 200 kB in the folder of real files beside the project
  --out FOLDER    where faults are saved (default: a folder in the temporary one)
  --replay PATH   run a saved fault again: its folder, or a file of it; with --format any file
  --help

Ends with code 1 where a fault was found, 2 where an option is wrong.`;

function usage(problem: string): never {
  console.error(`${problem}\n\n${help}`);
  process.exit(2);
}

function options() {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      options: {
        ...{ minutes: text, count: text, flips: text, seed: text, from: text, jobs: text, out: text, replay: text },
        ...{ format: { type: 'string', multiple: true }, shared: flag, help: flag },
      },
    }).values;
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
}

const values = options();
if (values.help) {
  console.log(help);
  process.exit(0);
}

function number(name: 'minutes' | 'count' | 'flips' | 'seed' | 'from' | 'jobs', least: number): number | undefined {
  const given = values[name];
  if (given === undefined) return undefined;
  const value = Number(given);
  const whole = name === 'minutes' || Number.isInteger(value);
  return given.trim() !== '' && whole && value >= least
    ? value
    : usage(`--${name}: '${given}' is not a number from ${least} up`);
}

const chosen = values.format?.map((name) => {
  if (!formats.includes(name as Format)) usage(`--format: '${name}' is not one of ${formats.join(', ')}`);
  return name as Format;
});
const [count, flips, seed = 1, from = 0] = [
  number('count', 0),
  number('flips', 0),
  number('seed', 0),
  number('from', 0),
];
const minutes =
  number('minutes', 0) ?? (count === undefined && flips === undefined && values.replay === undefined ? 1 : undefined);
const jobs = number('jobs', 1) ?? availableParallelism();

if (values.replay !== undefined) process.exit(await replay(values.replay));
process.exit(await campaign());

async function campaign(): Promise<number> {
  const seeds = await makeSeeds(values.shared ?? false);
  const started = performance.now();
  const until = minutes === undefined ? undefined : started + 60_000 * minutes;
  const plan: Plan = { seeds, seed, from, formats: chosen, count, flips, until, jobs };
  console.log(`seed ${seed}, ${seeds.length} intact files, ${jobs} processes`);
  const out = values.out ?? join(tmpdir(), `pathgrad-fuzz-seed-${seed}`);
  let shown = performance.now();
  const report = await runCampaign(
    plan,
    (fault) => save(plan, fault, out),
    (done) => {
      if (performance.now() - shown < 20_000) return;
      shown = performance.now();
      console.log(`${done} inputs in ${Math.round((shown - started) / 1000)} s`);
    },
  );
  console.log(tableOf(report));
  const { faults } = report;
  console.log(
    `${faults.length} faults, ${Math.round((performance.now() - started) / 1000)} s${faults.length > 0 ? `; saved in ${out}` : ''}`,
  );
  return faults.length > 0 ? 1 : 0;
}

function save(plan: Plan, { job, result }: Fault, out: string): void {
  const name = `${job.kind === 'flip' ? 'flip' : result.format}-${plan.seed}-${'index' in job ? job.index : 0}`;
  const folder = join(out, name);
  mkdirSync(folder, { recursive: true });
  for (const [file, bytes] of Object.entries(partsOf(plan, job))) writeFileSync(join(folder, file), bytes);
  const replayed = `npm run fuzz -- --replay ${folder}`;
  writeFileSync(
    join(folder, 'fault.json'),
    JSON.stringify({ seed: plan.seed, job, ...result, replay: replayed }, null, 2),
  );
  console.log(
    `FAULT ${result.outcome}: ${result.message.split('\n')[0]!.slice(0, 200)}\n  ${result.changes.join('; ')}\n  ${replayed}`,
  );
}

/** Runs saved files again. Of a bit flip it says what loading and predicting say; the difference is in its fault.json. */
async function replay(path: string): Promise<number> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) usage(`--replay: ${path} is not there`);
  const folder = found.isDirectory() ? path : dirname(path);
  const names = readdirSync(folder);
  const saved = names.includes('fault.json')
    ? (JSON.parse(readFileSync(join(folder, 'fault.json'), 'utf8')) as { format: Format })
    : null;
  const format = chosen?.[0] ?? saved?.format ?? usage(`--replay: ${path} is no saved fault; say what it is: --format`);
  const parts = saved === null && !found.isDirectory() ? await asParts(format, path) : readParts(folder, names);
  const pool = new Pool({ seed: 0, weights: {}, seeds: [] });
  const queue = [{ kind: 'parts', format, parts } as const];
  let code = 0;
  await pool.run(
    () => queue.pop() ?? null,
    1,
    (_, { outcome, message, stack, milliseconds, megabytes }) => {
      code = isFault(outcome) ? 1 : 0;
      console.log(`${outcome}, ${milliseconds} ms, ${megabytes ?? '?'} MB\n${stack ?? message}`);
    },
  );
  return code;
}

function readParts(folder: string, names: readonly string[]): Parts {
  const files = names.filter((name) => name !== 'fault.json');
  return Object.fromEntries(files.map((name) => [basename(name), new Uint8Array(readFileSync(join(folder, name)))]));
}

/** A file of any name in place of the one that a format's first seed has. */
async function asParts(format: Format, path: string): Promise<Parts> {
  const { parts, fixed = [] } = (await makeSeeds()).find((each) => each.format === format)!;
  const name = Object.keys(parts).find((each) => !fixed.includes(each))!;
  return { ...parts, [name]: new Uint8Array(readFileSync(path)) };
}
