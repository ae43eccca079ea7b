/**
 * A small static server for dist/web, with the headers that the page is meant to be served with: cross-origin isolation
 * (shared memory, so threads) and a strict Content-Security-Policy. Only for this machine: it listens on the loopback.
 */
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

/** The policy under which everything but GPU.js's `cpu` mode runs. docs/browser.md says what each part is for. */
export const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "img-src 'self' blob: data:",
  "style-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Serves a folder.
 * @param {string} folder
 * @param {{ port?: number, isolated?: boolean, csp?: string | null }} options `port` 0 takes any free one; `isolated` false
 * leaves out COOP and COEP; `csp` another policy, or null for none
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export function serve(folder, { port = 0, isolated = true, csp = policy } = {}) {
  const base = normalize(`${folder}/`);
  const server = createServer((request, response) => {
    const send = (status, text) => response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(405, 'only GET');
    let path;
    try {
      path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    } catch {
      return send(400, 'no such address');
    }
    const file = join(base, path.endsWith('/') ? `${path}index.html` : path);
    const found = file.startsWith(base) && !file.includes('\0') ? statSync(file, { throwIfNoEntry: false }) : undefined;
    if (!found?.isFile() || file.split(sep).some((part) => part.startsWith('.') && part.length > 2))
      return send(404, 'no such file');
    response.writeHead(200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-length': found.size,
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      ...(csp && { 'content-security-policy': csp }),
      ...(isolated && {
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
        'cross-origin-resource-policy': 'same-origin',
      }),
    });
    if (request.method === 'HEAD') response.end();
    else createReadStream(file).pipe(response);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const url = `http://localhost:${server.address().port}/`;
      const close = () =>
        new Promise((done) => {
          server.close(() => done());
          server.closeAllConnections();
        });
      resolve({ url, close });
    });
  });
}
