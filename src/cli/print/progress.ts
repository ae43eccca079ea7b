/** A progress bar on stderr, for a person who waits: nothing is drawn unless stderr is a terminal, or under `--quiet`. */
import type { Terminal } from './terminal.ts';

const WIDTH = 24;
const REDRAW_AFTER_MS = 60;
const SHOW_AFTER_MS = 300; // work that is over sooner needs no bar

/** Fewer cells than these are no bar. */
const LEAST = 4;

/** Shorter than a line of the screen: what goes on in the next one cannot be taken off. Where there is no room the bar goes first, then the label. */
export function barOf(label: string, share: number, columns: number): string {
  const percent = `${String(Math.floor(share * 100)).padStart(3)} %`;
  const room = columns - 1 - [...label].length - percent.length - 2;
  if (room < LEAST) return room < -1 ? percent.trim().slice(0, Math.max(0, columns - 1)) : `${label} ${percent}`;
  const width = Math.min(WIDTH, room);
  const full = Math.round(share * width);
  return `${label} ${'█'.repeat(full)}${'░'.repeat(width - full)} ${percent}`;
}

export class ProgressBar {
  private readonly terminal: Terminal;
  private readonly label: string;
  private readonly active: boolean;
  private readonly started = performance.now();
  private drawnAt = 0;
  private drawn = false;

  constructor(terminal: Terminal, label: string, quiet: boolean) {
    this.terminal = terminal;
    this.label = label;
    this.active = terminal.errIsTty && !quiet;
  }

  update(done: number, total: number): void {
    const now = performance.now();
    const soon = now - this.started < SHOW_AFTER_MS || now - this.drawnAt < REDRAW_AFTER_MS;
    if (!this.active || total <= 0 || soon) return;
    this.drawnAt = now;
    this.drawn = true;
    const share = Math.min(1, done / total);
    this.terminal.err(`\r\x1b[K${barOf(this.label, share, this.terminal.columns)}`, 'styled');
  }

  /** Takes the bar off the screen. */
  clear(): void {
    if (this.drawn) this.terminal.err('\r\x1b[K', 'styled');
    this.drawn = false;
  }
}
