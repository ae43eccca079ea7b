/** A progress bar on stderr, for a person who waits: nothing is drawn unless stderr is a terminal, or under `--quiet`. */
import type { Terminal } from './terminal.ts';

const WIDTH = 24;
const REDRAW_AFTER_MS = 60;
const SHOW_AFTER_MS = 300; // work that is over sooner needs no bar

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
    const full = Math.round(share * WIDTH);
    const bar = '█'.repeat(full) + '░'.repeat(WIDTH - full);
    this.terminal.err(`\r\x1b[K${this.label} ${bar} ${String(Math.floor(share * 100)).padStart(3)} %`, 'styled');
  }

  /** Takes the bar off the screen. */
  clear(): void {
    if (this.drawn) this.terminal.err('\r\x1b[K', 'styled');
    this.drawn = false;
  }
}
