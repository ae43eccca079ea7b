/** `npm run web`: builds the page into dist/web and serves it on this machine until Ctrl-C. `--help` says what it takes. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildWeb } from './build-web.mjs';
import { serve } from './serve-web.mjs';

const help = `npm run web -- [OPTIONS]: builds the page into dist/web and serves it on this machine

  --port N      where to listen; 8080 by default, 0 for any free port
  --no-build    serve what was built before
  --help        this page
`;

/** @param {number} code 2 for usage, 1 for what went wrong */
function fail(text, code = 1) {
  console.error(`web: ${text}`);
  process.exit(code);
}

let values;
try {
  ({ values } = parseArgs({
    options: { port: { type: 'string' }, 'no-build': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  }));
} catch (error) {
  fail(`${error.message}; see: npm run web -- --help`, 2);
}
if (values.help) {
  process.stdout.write(help);
  process.exit(0);
}
const port = Number(values.port ?? 8080);
if (!Number.isInteger(port) || port < 0 || port > 65535) fail(`--port: '${values.port}' is not a port (0 to 65535)`, 2);
const folder = fileURLToPath(new URL('../dist/web', import.meta.url));
if (values['no-build'] && !existsSync(`${folder}/index.html`)) fail('nothing is built yet: leave out --no-build');
try {
  // The port first: that it is taken is said before anything is built.
  const { url, close } = await serve(folder, { port });
  if (!values['no-build']) await buildWeb(folder);
  console.log(`pathgrad's page is at ${url} (Ctrl-C ends it)`);
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, async () => {
      await close();
      process.exit(0);
    });
  }
} catch (error) {
  if (error.code === 'EADDRINUSE') fail(`port ${port} is taken: give another one with --port, or 0 for any free one`);
  if (error.code === 'EACCES') fail(`port ${port} may not be used here: give one above 1023 with --port`);
  throw error;
}
