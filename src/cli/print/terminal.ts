/**
 * Everything the commands ask of their surroundings: where text goes, whether a person is watching, and the wish to stop.
 * Tests pass one of their own. Invariant: results go to `out`, all else (errors, notices, progress) to `err`.
 */
import { visibleLines } from '../../tensor/visible.ts';
import { reasonOf } from '../files.ts';

export interface Terminal {
  /** @param styled the text steers the terminal on purpose (colours, the progress bar), and its maker saw to what it quotes */
  out(text: string, styled?: 'styled'): void;
  err(text: string, styled?: 'styled'): void;
  /** A whole file to where results go, byte by byte: what `--json -` asks for. */
  file(content: Uint8Array | string): void;
  readonly outIsTty: boolean;
  readonly errIsTty: boolean;
  /** Width of the screen in characters. */
  readonly columns: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C, from when it is first asked for: before that nothing has been begun, and Ctrl-C ends the process. */
  readonly signal: AbortSignal;
  /** Ctrl-C ends the process again, until the signal is next asked for: for work that hears nothing and leaves nothing. */
  letGo?(): void;
}

/** Hears a Ctrl-C of the work before; then nothing is left half done until files are written, and the process may end at once. */
export async function lastWord(terminal: Terminal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  terminal.signal.throwIfAborted();
  terminal.letGo?.();
}

/** What `signal` is aborted with on Ctrl-C; the program then ends with code 130, as shells expect. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  /** What was written before, as the end of a sentence. */
  readonly kept: string;

  constructor(message: string, kept = 'nothing was written') {
    super(message);
    this.kept = kept;
  }
}

/**
 * A terminal that shows control characters of files, arguments and errors as signs, but for text that is styled on purpose; and what pathgrad draws
 * (lines, bars, arrows) in ASCII where the locale says that nothing else can be shown. Words of files and users stay as they are.
 */
export function shielded(terminal: Terminal): Terminal {
  const plain = asciiAlone(terminal.env);
  const safe = (text: string, styled?: 'styled'): string => {
    const shown = styled ? text : visibleLines(text);
    return plain ? shown.replace(drawn, (sign) => inAscii[sign]!) : shown;
  };
  const out: Terminal['out'] = (text, styled) => terminal.out(safe(text, styled), styled);
  const err: Terminal['err'] = (text, styled) => terminal.err(safe(text, styled), styled);
  return withOwn(terminal, { out, err });
}

/** The terminal with some of its parts replaced. All else stays its own: a copy would ask for its signal, and keep its width. */
export function withOwn(terminal: Terminal, own: Partial<Pick<Terminal, 'out' | 'err'>>): Terminal {
  return Object.assign(Object.create(terminal) as Terminal, own);
}

/** What pathgrad draws with, and what stands for it. */
const inAscii: Readonly<Record<string, string>> = {
  ...{
    '─': '-',
    '━': '-',
    '│': '|',
    '┃': '|',
    '┌': '+',
    '┐': '+',
    '└': '+',
    '┘': '+',
    '├': '+',
    '┤': '+',
    '┬': '+',
    '┴': '+',
  },
  ...{
    '┼': '+',
    '╇': '+',
    '╈': '+',
    '┏': '+',
    '┓': '+',
    '┗': '+',
    '┛': '+',
    '┡': '+',
    '┩': '+',
    '┳': '+',
    '┻': '+',
    '═': '=',
  },
  ...{ '█': '#', '░': '.', '↑': '^', '↓': 'v', '±': '+-', '×': 'x', '…': '...', '→': '->', '≤': '<=', '≥': '>=' },
};
const drawn = new RegExp(`[${Object.keys(inAscii).join('')}]`, 'g');

/**
 * Whether the locale is C or POSIX, or of another encoding than UTF-8; one that is not set says nothing, as on Windows.
 * Source: POSIX, 8.2: LC_ALL goes before LC_CTYPE, LC_CTYPE before LANG; an empty value is none.
 */
function asciiAlone({ LC_ALL, LC_CTYPE, LANG }: Terminal['env']): boolean {
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  const [, encoding] = locale.split('.');
  return /^(C|POSIX)$/.test(locale) || (encoding !== undefined && !/^utf-?8(@|$)/i.test(encoding));
}

/** The terminal of this process. A first Ctrl-C asks the work to stop; a second one ends the process at once. While nothing asks for the signal, the first does. */
export function processTerminal(): Terminal {
  const stop = new AbortController();
  const onInterrupt = (): void => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new Interrupted('interrupted'));
  };
  const err = writer(process.stderr, () => process.exit(1));
  const out = writer(process.stdout, (error) => {
    err(`pathgrad: standard output: ${reasonOf(error)}\n`);
    process.exit(1);
  });
  return {
    out,
    err,
    file: out,
    outIsTty: process.stdout.isTTY === true,
    errIsTty: process.stderr.isTTY === true,
    // What is watched may be either, and is made wider and narrower meanwhile; some say 0.
    get columns() {
      return process.stdout.columns || process.stderr.columns || 80;
    },
    env: process.env,
    get signal() {
      if (!process.listeners('SIGINT').includes(onInterrupt)) process.on('SIGINT', onInterrupt);
      return stop.signal;
    },
    letGo: () => process.off('SIGINT', onInterrupt),
  };
}

/** What a stream must be able to do: those of the process, and those of tests. */
type Sink = Pick<NodeJS.WriteStream, 'write' | 'on'>;

/**
 * Writes to a stream until it takes no more. A reader that stops early (`pathgrad inspect m.h5 | head`) is no error: what follows is dropped, and the
 * files that were asked for are still written.
 * @param failed what to do about anything else, once: a full disk behind the stream
 */
export function writer(stream: Sink, failed: (error: NodeJS.ErrnoException) => void) {
  let open = true;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    const told = !open;
    open = false;
    if (error.code !== 'EPIPE' && !told) failed(error);
  });
  return (content: Uint8Array | string): void => {
    if (open) stream.write(content);
  };
}
