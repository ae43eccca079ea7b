/** Models of real Keras, each explained by one command from the file that people have: predictions are Keras's, parts and features have names. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Explanation } from '../../src/attribution/index.ts';
import { loadModel } from '../../src/index.ts';
import { runCli, temporaryFolder } from '../support/cli.ts';

const test = suite('cli: tables, texts, sounds and several inputs');
const folder = temporaryFolder();
const at = (file: string): string => fileURLToPath(new URL(`../golden/inputs/${file}`, import.meta.url));
const expected = JSON.parse(readFileSync(at('expected.json'), 'utf8')) as Record<string, number[][]>;

interface Item {
  readonly title: string;
  readonly label?: string;
  readonly prediction: readonly { readonly label: string; readonly score: number }[];
  readonly completeness: { readonly ok: boolean; readonly attributionSum: number };
  readonly tokens?: readonly string[];
  readonly scores: readonly number[];
  readonly table?: {
    readonly names: readonly string[];
    readonly shown: readonly string[];
    readonly scores: readonly number[];
  };
  readonly inputs?: readonly { readonly name: string; readonly sum: number; readonly share: number }[];
}

async function explain(...argv: string[]): Promise<{ items: readonly Item[]; out: string; err: string; json: string }> {
  const json = folder.path('out.json');
  const { code, out, err } = await runCli(['explain', ...argv, '--json', json]);
  assert.is(code, 0, err);
  const { items } = JSON.parse(readFileSync(json, 'utf8')) as { items: readonly Item[] };
  return { items, out, err, json };
}

async function predict(...argv: string[]): Promise<number[][]> {
  const json = folder.path('predicted.json');
  const { code, err } = await runCli(['predict', ...argv, '--json', json]);
  assert.is(code, 0, err);
  const { items } = JSON.parse(readFileSync(json, 'utf8')) as { items: readonly { prediction: number[] }[] };
  return items.map(({ prediction }) => prediction);
}

/** Within `within` of the largest number of the golden values. */
function near(found: readonly (readonly number[])[], golden: readonly (readonly number[])[], within = 1e-5): void {
  assert.is(found.length, golden.length);
  const size = Math.max(...golden.flat().map(Math.abs));
  const off = Math.max(...golden.flatMap((row, i) => row.map((value, j) => Math.abs(value - found[i]![j]!))));
  assert.ok(off <= within * size, `${off} of ${size}`);
}

test('U6: predictions are those of Keras, from CSV, Parquet, NDJSON, pictures, texts, WAV, npz and the series of a CSV', async () => {
  near(await predict(at('houses.keras'), '--csv', at('houses.csv'), '--label', 'price'), expected['houses']!);
  near(await predict(at('houses.keras'), '--parquet', at('houses.parquet'), '--drop', 'price'), expected['houses']!);
  near(await predict(at('wines.keras'), '--ndjson', at('wines.ndjson'), '--label', 'cultivar'), expected['wines']!);
  near(await predict(at('reviews.keras'), '--text-file', at('reviews.txt')), expected['reviews']!);
  near(await predict(at('tones.keras'), '--wav', at('high.wav'), '--rate', '4000'), expected['tones']!);
  near(await predict(at('walks.keras'), '--npz', at('walks.npz')), expected['walks']!);
  near(await predict(at('walks.keras'), '--csv', at('walk.csv')), expected['walks']!.slice(0, 1));
  // Decoders of JPEG differ in the last bits of a pixel.
  near(await predict(at('colours.keras'), '--image', at('colours')), expected['colours']!, 0.02);
  near(await predict(at('colours.keras'), '--image', at('colours/red.png')), expected['colours']!.slice(2));
});

test('U5: a table with two inputs: one number per feature with its name and value, a category as one, inputs with their shares', async () => {
  const { items, out } = await explain(
    at('houses.keras'),
    '--csv',
    at('houses.csv'),
    '--label',
    'price',
    '--rows',
    '0:2',
  );
  const [first] = items;
  assert.equal(first!.table!.names, ['area', 'rooms', 'year', 'distance', 'city']);
  assert.equal(first!.table!.shown, ['148', '5', '1963', '8.9', 'Basel, Stadt']);
  assert.is(first!.label, '943.1');
  assert.equal(
    first!.inputs!.map(({ name }) => name),
    ['numbers', 'city'],
  );
  assert.ok(Math.abs(first!.inputs!.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-12);
  const sum = first!.table!.scores.reduce((total, score) => total + score, 0);
  assert.ok(Math.abs(sum - first!.completeness.attributionSum) < 1e-3 && first!.completeness.ok);
  assert.match(out, /baseline +the mean that the model normalizes by; zeros for other inputs/);
  assert.match(out, /inputs +numbers \+\S+ \(\S+ % of all\), city \+\S+ \(\S+ % of all\)/);
});

test('U5: categories that are embedded have gradients at their vectors; every kind of method explains them', async () => {
  const wines = [at('wines.keras'), '--ndjson', at('wines.ndjson'), '--label', 'cultivar', '--rows', '0:3'];
  for (const method of ['integrated-gradients', 'saliency', 'deep-lift', 'feature-ablation', 'gradient-shap']) {
    const { items } = await explain(...wines, '--explainer', method);
    const { table } = items[0]!;
    assert.equal(
      table!.names,
      ['region', 'alcohol', 'malic acid', 'magnesium', 'flavanoids', 'colour intensity'],
      method,
    );
    assert.is(table!.shown[0], 'valley');
    assert.ok(Math.abs(table!.scores[0]!) > 1e-6, `${method} sees the category`);
  }
  const compared = await runCli(['compare', ...wines, '--explainers', 'integrated-gradients,saliency']);
  assert.is(compared.code, 0, compared.err);
  assert.not.match(compared.out, /failed/);
});

test('U5: a file for each input, an .npz with their names, and what is missing or unknown', async () => {
  const measures = folder.path('measures.csv');
  writeFileSync(measures, 'a,b,c,d,e\n13.43,1.95,82.18,0.88,5.63\n');
  const region = folder.path('region.txt');
  writeFileSync(region, 'valley\n');
  const both = ['--input', `measures=${measures}`, '--input', `region=${region}`];
  near(await predict(at('wines.keras'), ...both), expected['wines']!.slice(0, 1));
  const failing = async (argv: string[], code: number, text: RegExp): Promise<void> => {
    const run = await runCli(['predict', at('wines.keras'), ...argv]);
    assert.is(run.code, code, run.err);
    assert.match(run.err, text);
  };
  await failing(both.slice(0, 2), 2, /--input: no file for 'region'/);
  await failing(
    ['--input', `measure=${measures}`],
    2,
    /--input: the model has no input 'measure'\nhint: did you mean 'measures'/,
  );
  await failing(
    ['--text', 'x'],
    1,
    /has 2 inputs .*\nhint: a file for each: --input measures=FILE --input region=FILE/,
  );
  await failing(['--csv', at('houses.csv')], 1, /which columns feed the inputs 'measures' and 'region'\?/);
  writeFileSync(region, 'valley\nhill\n');
  await failing(both, 1, /inputs have different numbers of rows/);
});

test('columns: named, too many, too few, unknown, and a category never seen', async () => {
  const csv = folder.path('h.csv');
  writeFileSync(csv, 'area,rooms,year,distance,city,note\n100,4,1990,5,Lugano,x\n');
  const columns = ['--columns', 'numbers=area,rooms,year,distance'];
  const { err } = await explain(at('houses.keras'), '--csv', csv, ...columns);
  assert.match(
    err,
    /note: city: 1 category is not in the vocabulary of layer 'city_code', so the model cannot see which: Lugano/,
  );
  const failing = async (argv: string[], text: RegExp, code = 1): Promise<void> => {
    const run = await runCli(['predict', at('houses.keras'), '--csv', csv, ...argv]);
    assert.is(run.code, code, run.err);
    assert.match(run.err, text);
  };
  await failing(
    [],
    /the input 'numbers' takes 4 numbers a row, and 5 columns are left for it .*\nhint: name the column of the answers \(--label\)/,
  );
  await failing(['--drop', 'note,area'], /and 3 columns are left .*\nhint: the file lacks columns/);
  await failing(['--label', 'notes'], /--label: .*has no column 'notes'\nhint: did you mean 'note'/, 2);
  await failing(['--columns', 'numbers=area,rooms,year,note'], /row 0, column 'note': 'x' is not a number/);
});

test('U3: a model with TextVectorization needs no vocabulary; one that contradicts its own is refused; the API gives the words', async () => {
  const { items } = await explain(at('reviews.keras'), '--text', 'What a superb, moving film!');
  assert.equal(items[0]!.tokens, ['what', 'a', 'superb', 'moving', 'film']);
  const foreign = await runCli([
    'predict',
    at('reviews.keras'),
    '--text',
    'superb',
    '--vocab',
    at('foreign-vocab.txt'),
  ]);
  assert.is(foreign.code, 2);
  assert.match(
    foreign.err,
    /--vocab: .*contradicts the model: id 2 is 'with' in the model, 'a' in the file\nhint: .*layer 'words'/,
  );
  const own = folder.path('own.txt');
  const words = expected['reviews vocabulary'] as unknown as string[];
  writeFileSync(own, ['<pad>', '[UNK]', ...words.slice(2)].join('\n'));
  near(await predict(at('reviews.keras'), '--text-file', at('reviews.txt'), '--vocab', own), expected['reviews']!);
  const model = await loadModel(at('reviews.keras'));
  const [ids] = model.encode([['superb film']]);
  const { lookup } = model.inputSources[0]!;
  assert.equal(
    [...ids!.data].slice(0, 2).map((id) => lookup!.tokens[id]),
    ['superb', 'film'],
  );
  near(
    [[...(await model.predictAll(ids!, { encoded: true }))[0]!.data]],
    [[...(await model.predictAll([['superb film']]))[0]!.data]],
  );
});

test('U6: series: WAV, rows of a CSV as steps; another rate, channels and lengths are refused by name', async () => {
  const { items, out } = await explain(at('walks.keras'), '--csv', at('walk.csv'));
  assert.is(items[0]!.scores.length, 80);
  assert.match(out, /walk\.csv \[0\]/);
  const failing = async (argv: string[], text: RegExp): Promise<void> => {
    const run = await runCli(['predict', ...argv]);
    assert.is(run.code, 1, run.err);
    assert.match(run.err, text);
  };
  await failing(
    [at('tones.keras'), '--wav', at('high.wav'), '--rate', '8000'],
    /high\.wav: has another rate than --rate says \(rate 4000, asked 8000\)/,
  );
  await failing([at('walks.keras'), '--wav', at('high.wav')], /high\.wav: has 1 channel, and 'motion' takes 2/);
  const short = folder.path('short.csv');
  writeFileSync(short, 'swing,drift\n1,2\n3,4\n');
  await failing([at('walks.keras'), '--csv', short], /rows are steps of 'motion', and a series has 40 \(rows 2\)/);
});

test('U9: many texts: a summary and the strongest, all in JSON without the numbers of every position, the same in chunks', async () => {
  const file = folder.path('many.txt');
  const texts = Array.from(
    { length: 300 },
    (_, i) => `The plot was ${i % 3 === 0 ? 'superb' : 'dull'} and so very ${i % 2 === 0 ? 'moving' : 'weak'}`,
  );
  writeFileSync(file, texts.join('\n'));
  const { items, out, json } = await explain(
    at('reviews.keras'),
    '--text-file',
    file,
    '--steps',
    '10',
    '--labels',
    'no,yes',
  );
  assert.is(items.length, 300);
  assert.ok(out.split('\n').length < 60, out);
  assert.match(
    out,
    /Over all 300 inputs \(the 5 with the largest numbers follow; --show all prints all; --json FILE has all\)/,
  );
  assert.match(out, /predicted +(no|yes) \d+/);
  assert.match(out, /strongest +\w+ \S+ \(mean \S+, in \d+\)/);
  assert.not.match(readFileSync(json, 'utf8'), /"attributions"/);
  const whole = await explain(
    at('reviews.keras'),
    '--text-file',
    file,
    '--steps',
    '10',
    '--labels',
    'no,yes',
    '--full',
    '--show',
    '0',
  );
  assert.equal(
    items.map(({ title }) => title),
    texts,
  );
  const off = Math.max(
    ...items.flatMap(({ scores }, i) => scores.map((score, t) => Math.abs(score - whole.items[i]!.scores[t]!))),
  );
  assert.ok(off < 1e-6, `${off}`);
  const { explanation } = JSON.parse(readFileSync(whole.json, 'utf8')) as { explanation: object };
  assert.is(Explanation.fromJSON(explanation).attributions[0]!.shape[0], 300);
  const few = await runCli(['explain', at('reviews.keras'), '--text', 'A superb film', '--strongest', '1']);
  assert.match(few.out, /strongest +superb \S+\n/);
});

test('U5: inspect lists the inputs as they are given, and how to explain several', async () => {
  const { code, out } = await runCli(['inspect', at('houses.keras')]);
  assert.is(code, 0);
  assert.match(out, /input +numbers \[any, 4\] float32\ninput +city \[any, 1\] string\n/);
  assert.match(out, /pathgrad explain \S+houses\.keras --csv FILE \(or --input NAME=FILE for each input\)/);
});

test('rows, folders and flags that do not go together', async () => {
  const failing = async (argv: string[], text: RegExp): Promise<void> => {
    const run = await runCli(['predict', at('houses.keras'), ...argv]);
    assert.is(run.code, 2, run.err);
    assert.match(run.err, text);
  };
  const csv = ['--csv', at('houses.csv'), '--label', 'price'];
  await failing([...csv, '--rows', '5:5'], /--rows: '5:5' holds no row/);
  await failing([...csv, '--rows', '5'], /--rows: '5' is no range of rows/);
  await failing([...csv, '--rows', '0:1', '--index', '0'], /--index: does not go with --rows/);
  await failing(['--npz', at('walks.npz'), '--label', 'x'], /--label: does not go with --npz/);
  await failing([...csv, '--size', 'x', '--rate', '1'], /--rate: is of --wav/);
  const run = await runCli(['predict', at('houses.keras'), '--csv', folder.path('none.csv')]);
  assert.match(run.err, /none\.csv: does not exist/);
});

test.run();
