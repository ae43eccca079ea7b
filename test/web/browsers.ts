/** Where the browser of the tests is: Chromium, or Firefox with `PATHGRAD_BROWSER=firefox`. It needs nothing installed, so that the runner can ask. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const programs = {
  chromium: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  firefox: ['firefox-esr', 'firefox'],
} as const;
export type BrowserName = keyof typeof programs;

/** The browser that the tests are to run in. */
export function chosenBrowser(): BrowserName {
  const name = process.env['PATHGRAD_BROWSER'] ?? 'chromium';
  if (name !== 'chromium' && name !== 'firefox') throw new Error(`PATHGRAD_BROWSER: chromium or firefox, not ${name}`);
  return name;
}

/** The browser's program, or null where there is none on PATH. */
export function findBrowser(name: BrowserName = chosenBrowser()): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const program of programs[name]) {
      try {
        accessSync(join(folder, program), constants.X_OK);
        return join(folder, program);
      } catch {
        // Not here.
      }
    }
  }
  return null;
}

/** What is said where there is none. */
export function missingBrowser(name: BrowserName = chosenBrowser()): string {
  return `no ${name} on PATH (apt-get install ${programs[name][0]})`;
}
