/** The server of `npm run web`: headers, what it refuses, and errors about its port. Needs no browser. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { policy, serve } from '../../scripts/serve-web.mjs';
import { temporaryFolder } from '../support/cli.ts';

const test = suite('npm run web');
const folder = temporaryFolder();
mkdirSync(folder.path('site/sub'), { recursive: true });
writeFileSync(folder.path('site/index.html'), '<p>here</p>');
writeFileSync(folder.path('site/sub/a.js'), '1');
writeFileSync(folder.path('site/.hidden'), 'secret');
writeFileSync(folder.path('outside.txt'), 'secret');

/** Status and body of a path sent as it is: `fetch` would tidy `..` away. */
function get(url: string, path: string, method = 'GET'): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: new URL(url).port, path, method }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.on('error', reject).end();
  });
}

const run = (...args: string[]) =>
  spawnSync(process.execPath, [fileURLToPath(new URL('../../scripts/web.mjs', import.meta.url)), ...args], {
    encoding: 'utf8',
  });

test('sends files with a strict policy and cross-origin isolation', async () => {
  const { url, close } = await serve(folder.path('site'));
  const page = await fetch(url);
  assert.is(await page.text(), '<p>here</p>');
  assert.is(page.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.is(page.headers.get('content-security-policy'), policy);
  assert.is(page.headers.get('cross-origin-opener-policy'), 'same-origin');
  assert.is(page.headers.get('cross-origin-embedder-policy'), 'require-corp');
  assert.is((await fetch(`${url}sub/a.js`)).headers.get('content-type'), 'text/javascript; charset=utf-8');
  assert.not.match(policy, /unsafe-inline|'unsafe-eval'|\*/);
  await close();
});

test('without isolation or policy where a test asks for that', async () => {
  const { url, close } = await serve(folder.path('site'), { isolated: false, csp: null });
  const { headers } = await fetch(url);
  assert.is(headers.get('cross-origin-opener-policy'), null);
  assert.is(headers.get('content-security-policy'), null);
  await close();
});

test('sends nothing from outside the folder, no hidden files, and takes no uploads', async () => {
  const { url, close } = await serve(folder.path('site'));
  for (const path of [
    '/../outside.txt',
    '/%2e%2e/outside.txt',
    '/sub/..%2f..%2foutside.txt',
    '/.hidden',
    '/sub',
    '/no',
    '/%00',
  ]) {
    assert.is((await get(url, path)).status, 404, path);
  }
  assert.is((await get(url, '/%E0%A4%A')).status, 400);
  assert.is((await get(url, '/', 'POST')).status, 405);
  await close();
});

test('--help says what it takes; a wrong flag or port is an error that says so', () => {
  const help = run('--help');
  assert.is(help.status, 0);
  assert.match(help.stdout, /^npm run web/);
  assert.match(help.stdout, /--port N/);
  const flag = run('--prot', '1');
  assert.is(flag.status, 2);
  assert.match(flag.stderr, /^web: .*--prot/);
  for (const port of ['abc', '70000', '1.5']) {
    const wrong = run('--port', port);
    assert.is(wrong.status, 2);
    assert.match(wrong.stderr, new RegExp(`^web: --port: '${port}' is not a port`));
  }
});

test('a port that is taken is an error that says what to do', async () => {
  const { url, close } = await serve(folder.path('site'));
  const { port } = new URL(url);
  const { status, stderr } = run('--port', port);
  await close();
  assert.is(status, 1);
  assert.is(stderr, `web: port ${port} is taken: give another one with --port, or 0 for any free one\n`);
});

test.run();
