/** Versions of installed npm peers, for the results file. */
import { readFileSync } from 'node:fs';
import { peersFolder } from './peer.ts';

export function versionsOf(...packages: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    packages.map((name) => {
      const text = readFileSync(`${peersFolder}node_modules/${name}/package.json`, 'utf8');
      return [name, (JSON.parse(text) as { version: string }).version];
    }),
  );
}
