/** The files that show an explanation: --svg, --png and --html of tables, series, pictures and texts. Models of real Keras, test/golden/inputs. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { decode } from 'fast-png';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { example, npy, runCli, temporaryFolder } from '../support/cli.ts';
import { wellFormed } from '../visualize/charts/support.ts';

const test = suite('cli: pictures');
const folder = temporaryFolder();
const golden = (name: string): string => `test/golden/inputs/${name}`;
const houses = ['explain', golden('houses.keras'), '--csv', golden('houses.csv'), '--label', 'price', '--steps', '5'];
const read = (name: string): string => readFileSync(folder.path(name), 'utf8');
const filesOf = (stem: string): string[] => readdirSync(folder.path('.')).filter((name) => name.startsWith(stem));

test('U6, U7: a table as waterfall with names and values; a report of a regression has scores and a summary', async () => {
  const { code, err } = await runCli([
    ...houses,
    '--index',
    '0,1',
    '--svg',
    folder.path('house.svg'),
    '--html',
    folder.path('house.html'),
  ]);
  assert.is(code, 0, err);
  assert.equal(filesOf('house-').sort(), ['house-1.svg', 'house-2.svg', 'house-means.svg', 'house-rows.svg']);
  const svg = read('house-1.svg');
  wellFormed(svg);
  for (const text of ['city = Basel, Stadt', 'area = 148', 'base value']) assert.ok(svg.includes(`>${text}`), text);
  const html = read('house.html');
  assert.match(html, /<h1>What moved price in houses<\/h1>/);
  assert.match(html, /predicted <b>price<\/b>, 931/);
  assert.match(html, /class="n">score<\/th>/);
  assert.not.match(html, /probability/);
  assert.match(html, /All 2 rows explained for price/);
});

test('one explanation is one file, under the name that was given, and - is standard output', async () => {
  const { out, code, err } = await runCli([...houses, '--index', '0', '--svg', '-']);
  assert.is(code, 0, err);
  assert.match(out, /^<svg [^>]*>/);
  wellFormed(out);
  await runCli([...houses, '--index', '0', '--svg', folder.path('one.svg')]);
  assert.ok(existsSync(folder.path('one.svg')));
  const two = await runCli([...houses, '--index', '0,1', '--svg', '-']);
  assert.is(two.code, 2);
  assert.match(two.err, /--svg: would be 4 files, and '-' is one/);
});

test('more files than a folder is good for are refused, and nothing is written', async () => {
  writeFileSync(folder.path('many.txt'), 'good film\n'.repeat(201));
  const argv = [
    'explain',
    example('imdb-cnn.h5'),
    '--vocab',
    example('imdb-vocab.txt'),
    '--text-file',
    folder.path('many.txt'),
    '--steps',
    '1',
  ];
  const { code, err } = await runCli([...argv, '--svg', folder.path('many.svg')]);
  assert.is(code, 2);
  assert.match(err, /--svg: would write 201 files, and 200 are the most/);
  assert.equal(filesOf('many-'), []);
});

test('a series has its line, a picture its panels, a text its words; classes of one input one scale', async () => {
  const svgs = async (...argv: string[]): Promise<string[]> => {
    const stem = `s${argv[0]!.replace(/\W/g, '')}`;
    const { code, err } = await runCli(['explain', ...argv, '--steps', '5', '--svg', folder.path(`${stem}.svg`)]);
    assert.is(code, 0, err);
    return filesOf(stem).sort().map(read);
  };
  const [series] = await svgs(golden('walks.keras'), '--npz', golden('walks.npz'), '--index', '0');
  assert.match(series!, /2 channels of 40 steps/);
  const pictures = await svgs(golden('colours.keras'), '--image', golden('colours/red.png'), '--top', '2');
  assert.is(pictures.length, 2);
  const scales = pictures.map((svg) => svg.match(/>full colour ([\d.e-]+)/)![1]);
  assert.is(scales[0], scales[1]);
  const [text] = await svgs(golden('reviews.keras'), '--text', 'What a SUPERB, moving film!');
  assert.match(text!, />SUPERB</);
  for (const svg of [series!, ...pictures, text!]) wellFormed(svg);
});

test('U6: rows of a colour .npy are pictures for a model of pictures, whatever their range', async () => {
  const png = folder.path('colour.png');
  const data = Float32Array.from({ length: 2 * 16 * 16 * 3 }, (_, i) => ((i * 7) % 11) / 5.5 - 1);
  writeFileSync(folder.path('colour.npy'), npy('<f4', '(2, 16, 16, 3)', data));
  const { code, err } = await runCli([
    'explain',
    golden('colours.keras'),
    '--npy',
    folder.path('colour.npy'),
    '--steps',
    '3',
    '--png',
    png,
  ]);
  assert.is(code, 0, err);
  assert.ok(decode(readFileSync(png)).width > 400);
});

test('a series, or a layer of a picture, is no picture of pixels: --png says what draws it', async () => {
  const { code, err } = await runCli([
    'explain',
    golden('walks.keras'),
    '--npz',
    golden('walks.npz'),
    '--png',
    folder.path('walk.png'),
  ]);
  assert.is(code, 2);
  assert.match(err, /--png: draws pictures, but the inputs are none\nhint: --svg draws texts, tables and series/);
});

test.run();
