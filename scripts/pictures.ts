/**
 * Makes the pictures of docs/pictures.md, each by the command that stands beside it there: `node --import tsx scripts/pictures.ts`. A test
 * (test/slow/pictures.test.ts) makes them again elsewhere and compares.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../src/cli/main.ts';
import type { Terminal } from '../src/cli/print/terminal.ts';
import { sharesChart } from '../src/visualize/index.ts';

const inputs = 'test/golden/inputs';

/** The name of each picture, and the command that makes it: `OUT` stands for its file. */
export const commands: Readonly<Record<string, string>> = {
  text: 'explain examples/imdb-cnn.h5 --vocab examples/imdb-vocab.txt --labels negative,positive --text "A wonderful film: the acting is superb, the story is moving, and I loved every minute of it." --svg OUT',
  review: `explain ${inputs}/reviews.keras --text-file ${inputs}/reviews.txt --index 1 --svg OUT`,
  house: `explain ${inputs}/houses.keras --csv ${inputs}/houses.csv --label price --svg OUT`,
  walk: `explain ${inputs}/walks.keras --npz ${inputs}/walks.npz --index 1 --svg OUT`,
  digit: 'explain examples/mnist-cnn.h5 --image examples/digits/3.png --svg OUT',
  colours: `explain ${inputs}/colours.keras --image ${inputs}/colours/red-blue.png --svg OUT`,
  pairs:
    'explain examples/imdb-cnn.h5 --vocab examples/imdb-vocab.txt --labels negative,positive --text "Not a bad film, but not a good one." --explainer integrated-hessians --svg OUT',
};

/** Files of several that a command writes, which the page shows. */
const kept: Readonly<Record<string, readonly string[]>> = { house: ['house-01', 'house-means', 'house-rows'] };

/** Runs all commands into a folder. @returns the names of the pictures and their text */
export async function makePictures(): Promise<Map<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'pathgrad-pictures-'));
  const made = new Map<string, string>();
  try {
    for (const [name, command] of Object.entries(commands)) {
      const argv = (command.match(/"[^"]*"|\S+/g) ?? []).map((word) =>
        word === 'OUT' ? join(folder, `${name}.svg`) : word.replace(/^"|"$/g, ''),
      );
      let said = '';
      const code = await main(
        [...argv, '--quiet'],
        quietTerminal((text) => (said += text)),
      );
      if (code !== 0) throw new Error(`${command}: ${said}`);
    }
    for (const name of Object.keys(commands).flatMap((one) => kept[one] ?? [one]))
      made.set(name, readFileSync(join(folder, `${name}.svg`), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
  return made.set('shares', shares());
}

/** Several inputs: numbers made up for the page. */
function shares(): string {
  const parts = [
    { name: 'photo', attributions: [24, -9, 3] },
    { name: 'measurements', attributions: [31, 12, -4] },
    { name: 'description', attributions: [-11, 2] },
  ];
  return sharesChart(parts, { title: 'A flat of three inputs (made-up numbers)' });
}

function quietTerminal(hear: (text: string) => void): Terminal {
  return {
    out: () => {},
    err: hear,
    file: () => {},
    outIsTty: false,
    errIsTty: false,
    columns: 80,
    env: {},
    signal: new AbortController().signal,
  };
}

if (process.argv[1]?.endsWith('pictures.ts')) {
  const made = await makePictures();
  mkdirSync('docs/pictures', { recursive: true });
  for (const old of readdirSync('docs/pictures')) rmSync(join('docs/pictures', old));
  for (const [name, svg] of made) writeFileSync(`docs/pictures/${name}.svg`, svg);
  console.log(`${made.size} pictures in docs/pictures`);
}
