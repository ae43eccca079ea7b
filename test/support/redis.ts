/** A real `redis-server` (Debian's package) on loopback, for tests of queues and the benchmark of jobs. It ends with the process. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

export const hasRedis = (): boolean => spawnSync('redis-server', ['--version']).status === 0;

const servers: ChildProcess[] = [];
/** Ends all servers at once: one that is left keeps the process of a test that failed. */
export function endServers(): void {
  for (const one of servers) one.kill('SIGKILL');
}
process.on('exit', endServers);

/**
 * A port that nobody listens on, and that no system gives to outgoing connections: while a server is away, one of those could take its place, and
 * a client that asks for it again and again could even reach itself.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(18_000 * Math.random());
    const server = createServer().listen(port, '127.0.0.1');
    const free = await new Promise<boolean>((resolve) => {
      server.once('listening', () => resolve(true));
      server.once('error', () => resolve(false));
    });
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

/** Its files, for TLS: a certificate of 127.0.0.1 that signs itself. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** Made anew by openssl. */
export function makeCertificate(folder: string): Certificate {
  const [certificate, key] = [join(folder, 'redis.crt'), join(folder, 'redis.key')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', certificate];
  execFileSync('openssl', [...made, ...subject], { stdio: 'pipe' });
  return { certificate, key };
}

/** With an append-only file, which holds what it was told before it was ended. @param folder for its files */
export async function startRedis(
  folder: string,
  port: number,
  { password, tls }: { readonly password?: string; readonly tls?: Certificate } = {},
): Promise<ChildProcess> {
  const dir = join(folder, `redis-${port}`);
  mkdirSync(dir, { recursive: true });
  const ports = tls
    ? ['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no']
    : ['--port', String(port)];
  const files = tls ? ['--tls-cert-file', tls.certificate, '--tls-key-file', tls.key] : [];
  const own = ['--bind', '127.0.0.1', ...ports, ...files, '--dir', dir];
  const kept = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const server = spawn('redis-server', [...own, ...(password ? ['--requirepass', password] : []), ...kept], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  servers.push(server);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    server.stdout!.on('data', (text) => {
      said += text;
      if (said.includes('Ready to accept connections')) resolve();
    });
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}: ${said}`)));
  });
  return server;
}

/** Ends it as a machine that is switched off in order does: what it was told is in its file. */
export async function stopRedis(server: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  await gone;
}
