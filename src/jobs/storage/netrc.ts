/** Users of machines, as curl, wget and git keep them: `machine HOST login USER password PASSWORD` in ~/.netrc, or the file that NETRC names. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What to say to a host: the value of `authorization`, or null where the file names neither it nor a default. */
export function authorizationFor(host: string): string | null {
  let text: string;
  try {
    text = readFileSync(process.env['NETRC'] || join(homedir(), '.netrc'), 'utf8');
  } catch {
    return null;
  }
  const words = text
    .split('\n')
    .filter((line) => !line.trim().startsWith('#'))
    .join('\n')
    .split(/\s+/);
  for (let at = 0; at < words.length; at++) {
    const named = words[at] === 'machine' && words[at + 1] === host;
    if (!named && words[at] !== 'default') continue;
    const found = new Map<string, string>();
    for (let i = named ? at + 2 : at + 1; i + 1 < words.length && !/^(machine|default|macdef)$/.test(words[i]!); i += 2)
      found.set(words[i]!, words[i + 1]!);
    if (!found.has('login') && !found.has('password')) return null;
    return `Basic ${Buffer.from(`${found.get('login') ?? ''}:${found.get('password') ?? ''}`).toString('base64')}`;
  }
  return null;
}
