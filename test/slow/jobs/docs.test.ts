/** docs/jobs.md does what it says: its program and its first commands as written, the flags of all others, its YAML, and the tables of the simulation. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseAllDocuments } from 'yaml';
import { tables } from '../../../bench/jobs-simulation.ts';
import { parseFlags } from '../../../src/cli/flags/flags.ts';
import { jobGroups } from '../../../src/cli/job/flags.ts';
import { built } from '../../support/built.ts';
import { temporaryFolder } from '../../support/cli.ts';
import { examplesOf, runExamples } from '../../support/run-docs.ts';

const test = suite('docs/jobs.md');
const root = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(`${root}docs/jobs.md`, 'utf8');
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, text]) => text!);

/** Words of a command, quotes taken off, without what is behind a `#`. */
const words = (command: string): string[] =>
  [...command.replace(/\s+#.*$/, '').matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);

/** @throws for a verb or a flag that there is not */
function checkCommand(command: readonly string[]): void {
  assert.equal(command.slice(0, 2), ['pathgrad', 'job'], command.join(' '));
  assert.ok(['run', 'status', 'resume', 'report', 'worker'].includes(command[2]!), command.join(' '));
  const args = parseFlags(command.slice(3), jobGroups, 'job');
  if (command[2] === 'run') for (const flag of ['input', 'output']) assert.ok(args.has(flag), command.join(' '));
  if (command[2] === 'worker') assert.ok(args.has('queue'), command.join(' '));
}

test('the program prints what is written', () => {
  const examples = examplesOf('docs/jobs.md');
  assert.is(examples.length, 1);
  for (const [i, { stdout, stderr }] of runExamples(examples).entries()) assert.is(stdout, examples[i]!.output, stderr);
});

test('the first commands do what they say', () => {
  const folder = temporaryFolder();
  symlinkSync(`${root}examples`, folder.path('examples'));
  const [first] = blocks('sh');
  const commands = first!.trim().split('\n').map(words);
  assert.is(commands.length, 3);
  for (const [name, ...argv] of commands) {
    assert.is(name, 'pathgrad');
    const run = spawnSync(process.execPath, [`${built()}/cli.js`, ...argv], {
      cwd: folder.path('.'),
      encoding: 'utf8',
    });
    assert.is(run.status, 0, run.stderr);
    if (argv[1] === 'status') assert.match(run.stdout, /state +finished/);
  }
  for (const name of ['part-000000.ndjson', 'part-000001.ndjson', 'manifest.json', 'report.html'])
    assert.ok(existsSync(folder.path(`wine-job/${name}`)), name);
});

test('all other commands have flags that there are', () => {
  const commands = blocks('sh')
    .slice(1)
    .flatMap((block) => block.trim().split('\n'))
    .map(words);
  assert.is(commands.length, 4);
  for (const command of commands) checkCommand(command);
});

interface Compose {
  readonly services: Readonly<
    Record<string, { readonly image: string; readonly command: string; readonly volumes?: string[] }>
  >;
}
interface Kubernetes {
  readonly kind: string;
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: { readonly args: string[] }[]; readonly restartPolicy: string };
    };
  };
}

test('the YAML is YAML: compose and Kubernetes start commands that there are', () => {
  const [compose, job] = blocks('yaml').map((text) => {
    const [document, ...more] = parseAllDocuments(text);
    assert.is(more.length, 0);
    assert.equal(document!.errors, []);
    return document!.toJS() as unknown;
  });
  const { services } = compose as Compose;
  assert.equal(Object.keys(services), ['redis', 'worker', 'run']);
  for (const name of ['worker', 'run'] as const) {
    checkCommand(words(services[name]!.command));
    assert.match(services[name]!.command, /redis:\/\/redis:6379/);
    assert.equal(services[name]!.volumes, ['./shared:/shared']);
  }
  assert.match(services['redis']!.command, /^redis-server --appendonly yes --maxmemory-policy noeviction$/);
  const { kind, spec } = job as Kubernetes;
  assert.is(kind, 'Job');
  assert.is(spec.template.spec.restartPolicy, 'OnFailure');
  checkCommand(spec.template.spec.containers[0]!.args);
});

test('the tables of the simulation are those that it prints', () => {
  for (const table of tables().split('\n\n')) assert.ok(page.includes(table), table);
});

test.run();
