/**
 * `npm run site`: the page, the documents and the API reference as plain files, with relative links only, so that any host can serve them
 * from any folder. A link that leads nowhere is an error.
 *
 *   node scripts/site.mjs [--out FOLDER] [--no-api]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildWeb } from './build-web.mjs';
import { writeDocuments } from './site/documents.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const help = `npm run site -- [OPTIONS]: the page, the documents and the API reference as plain files for any static host

  --out FOLDER  where to; dist/site by default. What is in it is replaced
  --no-api      leave out the API reference, whose generator is fetched by npm
  --help        this page
`;

/** typedoc over the entries of package.json, from an install of its own: it reads with an older compiler than the project's. */
function writeApi(out) {
  const own = join(root, 'scripts/site');
  const run = (command, args) => {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: own, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command} ${args[0]} failed\n${stdout}${stderr}`);
  };
  run('npm', ['ci', '--no-audit', '--no-fund']);
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const declared = [...JSON.stringify(exports).matchAll(/dist\/types\/(src\/[^"]+)\.d\.ts/g)];
  const entries = [...new Set(declared.map(([, path]) => join(root, `${path}.ts`)))];
  run(process.execPath, [
    'node_modules/typedoc/bin/typedoc',
    ...['--tsconfig', join(root, 'tsconfig.json'), '--out', join(out, 'api'), '--name', 'pathgrad'],
    ...['--readme', 'none', '--skipErrorChecking', '--excludePrivate', '--excludeInternal', '--disableSources'],
    ...['--validation.invalidLink', '--githubPages', 'false'],
    ...entries,
  ]);
}

async function main() {
  let values;
  try {
    const options = { out: { type: 'string' }, 'no-api': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } };
    ({ values } = parseArgs({ options }));
  } catch (error) {
    console.error(`site: ${error.message}; see: npm run site -- --help`);
    return 2;
  }
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const out = values.out ?? join(root, 'dist/site');
  if (existsSync(out) && readdirSync(out).length > 0 && !existsSync(join(out, 'style.css'))) {
    console.error(`site: ${out} holds something else: give an empty folder, or one that was made by this`);
    return 1;
  }
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const broken = writeDocuments(out, { api: !values['no-api'] });
  if (broken.length > 0) {
    console.error(`site: ${broken.length} links lead nowhere:\n${broken.join('\n')}`);
    return 1;
  }
  await buildWeb(join(out, 'app'));
  if (!values['no-api']) writeApi(out);
  console.log(`the site is in ${out}: any static host can serve it`);
  return 0;
}

process.exitCode = await main();
