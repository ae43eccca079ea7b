import { visibleLines } from '../tensor/visible.ts';

/**
 * Everything the commands ask of their surroundings: where text goes, whether a person is watching, and the wish to stop.
 * Tests pass one of their own. Invariant: results go to `out`, all else (errors, notices, progress) to `err`.
 */

export interface Terminal {
  /** @param styled the text steers the terminal on purpose (colours, the progress bar), and its maker saw to what it quotes */
  out(text: string, styled?: 'styled'): void;
  err(text: string, styled?: 'styled'): void;
  readonly outIsTty: boolean;
  readonly errIsTty: boolean;
  /** Width of the screen in characters. */
  readonly columns: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** What `signal` is aborted with on Ctrl-C; the program then ends with code 130, as shells expect. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** A terminal that shows control characters of files, arguments and errors as signs, but for text that is styled on purpose. */
export function shielded(terminal: Terminal): Terminal {
  const safe = (text: string, styled?: 'styled'): string => (styled ? text : visibleLines(text));
  return {
    ...terminal,
    out: (text, styled) => terminal.out(safe(text, styled), styled),
    err: (text, styled) => terminal.err(safe(text, styled), styled),
  };
}

/** The terminal of this process. A first Ctrl-C asks the work to stop; a second one ends the process at once. */
export function processTerminal(): Terminal {
  const stop = new AbortController();
  process.on('SIGINT', () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new Interrupted('interrupted'));
  });
  // A reader that stops early (`pathgrad inspect m.h5 | head`) is no error.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit(0);
    });
  }
  return {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    outIsTty: process.stdout.isTTY === true,
    errIsTty: process.stderr.isTTY === true,
    columns: process.stdout.columns ?? 80,
    env: process.env,
    signal: stop.signal,
  };
}
