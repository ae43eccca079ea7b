import type { Arguments } from '../flags.ts';
import type { Terminal } from '../terminal.ts';
export async function runCompare(_args: Arguments, _path: string, _terminal: Terminal): Promise<void> {}
