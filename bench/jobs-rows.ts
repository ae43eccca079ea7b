/**
 * A job of millions of rows of a table through examples/wine-mlp.keras: rows per second, and whether memory stays flat. On what `npm run build` made:
 *
 *   node --import tsx bench/jobs-rows.ts [--rows 5000000] [--workers 2] [--steps 50] [--chunk 10000] [--format csv] [--folder FOLDER]
 */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { failure } from '../src/tensor/errors.ts';
import { example, measured, writeWine } from './jobs-wine.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '5000000' },
    workers: { type: 'string', default: '2' },
    steps: { type: 'string', default: '50' },
    chunk: { type: 'string', default: '10000' },
    format: { type: 'string', default: 'csv' },
    folder: { type: 'string', default: tmpdir() },
  },
});
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
if (!existsSync(cli)) throw failure('bench: jobs-rows', 'dist is missing', {}, 'npm run build');
const rows = Number(values.rows);
const folder = mkdtempSync(`${values.folder}/pathgrad-rows-`);
const mb = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
try {
  await writeWine(`${folder}/rows.csv`, rows);
  const output = `${folder}/out`;
  const chunks = Math.ceil(rows / Number(values.chunk));
  const settings = ['label', 'cultivar', 'drop', 'id', 'keep', 'id', 'steps', values.steps];
  const flags = [...settings, 'chunk', values.chunk, 'workers', values.workers, 'format', values.format];
  const argv = flags.map((word, i) => (i % 2 === 0 ? `--${word}` : word));
  const { code, text, seconds, cpuSeconds, peaks } = await measured(
    [cli, 'job', 'run', example('wine-mlp.keras'), '--input', `${folder}/rows.csv`, '--output', output, ...argv],
    () => (existsSync(`${output}/chunks`) ? readdirSync(`${output}/chunks`).length / chunks : 0),
  );
  if (code !== 0) throw failure('bench: jobs-rows', `the job ended with ${code}`, {}, text.slice(-500));
  const parts = readdirSync(output, { recursive: true, encoding: 'utf8' }).filter((name) => /part-\d+\./.test(name));
  const bytes = parts.reduce((sum, name) => sum + statSync(`${output}/${name}`).size, 0);
  console.log(
    `${rows} rows of ${mb(statSync(`${folder}/rows.csv`).size)} MB, ${values.steps} steps, ${values.workers} threads, Node ${process.version}: ` +
      `${seconds.toFixed(0)} s, ${(rows / seconds).toFixed(0)} rows/s; ${(rows / cpuSeconds).toFixed(0)} rows per second of processor time; ` +
      `${parts.length} parts, ${mb(bytes)} MB; largest resident set in MB at each twentieth: ${peaks.map(mb).join(' ')}`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
