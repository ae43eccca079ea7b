/** docs/pictures.md: its pictures are what its commands make today, and each is on the page. */
import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commands, makePictures } from '../../scripts/pictures.ts';
import { elements } from '../visualize/charts/support.ts';

const test: ReturnType<typeof suite> = suite('docs/pictures');

/** Numbers apart: machines with other vector units round the last bits in another way. PNG bytes likewise. */
function apart(svg: string): { words: string; numbers: number[] } {
  const numbers: number[] = [];
  const words = svg.replace(/href="data:[^"]*"/g, '').replace(/[+-]?\d+(\.\d+)?(e-?\d+)?/g, (number) => {
    numbers.push(Number(number));
    return '#';
  });
  return { words, numbers };
}

test('pictures are those that the commands make', async () => {
  const made = await makePictures();
  assert.equal(
    readdirSync('docs/pictures').sort(),
    [...made.keys()].map((name) => `${name}.svg`).sort(),
    'make them again: node --import tsx scripts/pictures.ts',
  );
  for (const [name, svg] of made) {
    const [now, then] = [apart(svg), apart(readFileSync(`docs/pictures/${name}.svg`, 'utf8'))];
    assert.is(now.words, then.words, `${name} is stale: node --import tsx scripts/pictures.ts`);
    now.numbers.forEach((number, i) => {
      const other = then.numbers[i]!;
      assert.ok(Math.abs(number - other) <= 0.02 + 0.01 * Math.abs(other), `${name}: ${number} was ${other}`);
    });
  }
});

test('the page shows every picture, with words for those who do not see it, and the commands that made them', () => {
  const page = readFileSync('docs/pictures.md', 'utf8');
  const shown = [...page.matchAll(/!\[([^\]]{20,})\]\(pictures\/([\w-]+\.svg)\)/g)].map(([, , file]) => file!);
  assert.equal(shown.sort(), readdirSync('docs/pictures').sort());
  const flat = page.replace(/\s*\\\n\s*/g, ' ').replace(/[\w/]*\//g, '');
  for (const [name, command] of Object.entries(commands)) {
    const said = `pathgrad ${command.replace('OUT', `${name}.svg`)}`.replace(/[\w/]*\//g, '');
    assert.ok(flat.includes(said), said);
  }
});

test('pictures are small and say what they show', () => {
  for (const file of readdirSync('docs/pictures')) {
    const svg = readFileSync(`docs/pictures/${file}`, 'utf8');
    assert.ok(svg.length < 60_000, `${file}: ${svg.length}`);
    assert.ok(elements(svg, 'svg')[0]!['aria-label']!.length > 20, file);
    assert.match(svg, /<desc>[^<]{20,}<\/desc>/);
  }
});

test.run();
