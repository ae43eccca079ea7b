/** The report's kinds: tables, series, several inputs, pairs; headings that say what numbers are; paging of very many items. */
import { inflateSync } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ReportItem, type ReportTableItem, report } from '../../src/visualize/index.ts';

const test: ReturnType<typeof suite> = suite('report: kinds');

const page = (items: readonly ReportItem[]): string => report([{ title: 'Items', model: { name: 'm' }, items }]);

const frame = {
  explainer: { name: 'IntegratedGradients', says: 'what moved the score', sum: 'f(x) - f(b)' },
  baseline: { name: 'zeros', score: 10 },
  score: 15,
  completeness: { delta: 0, relative: 0, ok: true },
  target: 'price',
  prediction: [{ label: 'price', score: 15 }],
};

const table: ReportTableItem = {
  ...frame,
  kind: 'table',
  title: 'house',
  names: ['rooms', 'area'],
  values: ['4', '120'],
  scores: [2, 3],
};

test('U7: a regression has its score, and no empty table; a heading says probability only of probabilities', () => {
  const html = page([table]);
  assert.match(html, /predicted <b>price<\/b>, 15<\/p>/);
  assert.match(
    html,
    /<caption>Prediction<\/caption><thead><tr><th scope="col">output<\/th><td><\/td><th scope="col" class="n">score<\/th>.*?<bdi>price<\/bdi>.*?<td class="n">15<\/td>/,
  );
  assert.not.match(html, /probability/);
  const labels = page([
    {
      ...table,
      prediction: [
        { label: 'joy', probability: 0.9 },
        { label: 'fear', probability: 0.8 },
      ],
      target: 'joy',
    },
  ]);
  assert.match(labels, /class<\/th><td><\/td><th scope="col" class="n">probability<\/th>.*joy.*90 %.*fear.*80 %/);
  const none = page([{ ...table, prediction: [] }]);
  assert.not.match(none, /Prediction|<tbody><\/tbody>|<p class="said"/, 'nothing is said of what is not known');
});

test('a table: a waterfall where numbers add up, bars where they need not, and all numbers as a table', () => {
  const html = page([table]);
  assert.match(html, /aria-label="house\. From the base value 10 to price 15; most: area = 120 \+3, rooms = 4 \+2\."/);
  assert.match(
    html,
    /All 2 features as a table<\/summary>.*<bdi>rooms<\/bdi><\/th><td class="n">4<\/td><td class="n">\+2<\/td>/,
  );
  const { baseline: _, completeness: __, ...rest } = table;
  assert.match(
    page([{ ...rest, explainer: { name: 'Saliency', says: 'slopes', sum: null } }]),
    /aria-label="house\. Strongest: area \+3, rooms \+2\."/,
  );
});

test('several rows of a table have a summary for each target: means and points, coloured by numbers', () => {
  const rows = [table, { ...table, scores: [-4, 1], values: ['2', 'large'] }, { ...table, target: 'rent' }];
  const html = page(rows);
  assert.match(html, /All 2 rows explained for price/);
  assert.match(html, /<bdi>rooms<\/bdi><\/th><td class="n">3<\/td>.*<bdi>area<\/bdi><\/th><td class="n">2<\/td>/);
  assert.not.match(html, /explained for rent/, 'one row is no summary');
  assert.not.match(page([table]), /class="card summary"/);
});

test('a series, several inputs with their shares, pairs as a matrix', () => {
  const series: ReportItem = {
    ...frame,
    kind: 'series',
    rate: 2,
    channels: [
      { name: 'x', values: [1, 2], attributions: [5, 0] },
      { name: 'y', values: [0, 1], attributions: [0, -5] },
    ],
  };
  assert.match(page([series]), /Series 1[\s\S]*2 channels of 2 steps, 1 s at 2 per second/);
  assert.match(page([series]), /<caption>By channel<\/caption>.*<bdi>x<\/bdi>.*\+5/);
  assert.match(
    page([series]),
    /<bdi>0\.5 s<\/bdi><\/th><td class="n">2<\/td><td class="n">0<\/td><td class="n">1<\/td><td class="n">-5<\/td>/,
  );
  const text = { kind: 'text', tokens: ['quiet', 'flat'], scores: [1, 4] } as const;
  const both: ReportItem = {
    ...frame,
    kind: 'parts',
    parts: [
      { name: 'facts', content: { kind: 'table', names: ['rooms'], scores: [-5] } },
      { name: 'advert <1>', content: text },
    ],
  };
  const html = page([both]);
  assert.match(html, /<bdi>facts<\/bdi> <span>50 % of all, adds -5<\/span>/);
  assert.match(html, /<bdi>advert &lt;1&gt;<\/bdi> <span>50 % of all, adds \+5<\/span>/);
  assert.match(html, /script-src/, 'words among them are reached by arrow keys');
  const pairs = page([{ ...table, matrix: { names: ['a', 'b'], values: [1, 2, 2, 3] } }]);
  assert.match(pairs, /data-keys><svg[^>]*role="group"[\s\S]*aria-label="b with a: \+4"/);
});

test('what all items share is said once, and each says the rest', () => {
  const html = page([
    { ...table, warnings: ['baseline is odd'] },
    { ...table, score: 16, warnings: ['baseline is odd', 'this row is odd'] },
  ]);
  assert.is(html.match(/<td>IntegratedGradients<\/td>/g)?.length, 1);
  assert.is(html.match(/baseline is odd/g)?.length, 1);
  assert.is(html.match(/this row is odd/g)?.length, 1);
  assert.not.match(html, /<caption>How it was explained/);
});

test('U9: more than 200 items are paged, packed, in order, and none is lost', () => {
  const texts = (count: number): ReportItem[] =>
    Array.from({ length: count }, (_, i) => ({
      ...frame,
      kind: 'text',
      title: `text ${i}`,
      tokens: [`word${i}`, 'good', 'film'],
      scores: [i / 1000, 0.2, -0.1],
    }));
  const html = page(texts(230));
  assert.is(html.match(/<article/g)?.length, 50);
  assert.match(html, /1 to 50 of 230/);
  assert.match(html, /The first 50 of 230 items: the others need JavaScript/);
  const packed = [...html.matchAll(/<script type="text\/plain">([^<]*)<\/script>/g)].map(([, text]) =>
    new TextDecoder().decode(inflateSync(Uint8Array.from(atob(text!), (c) => c.charCodeAt(0)))),
  );
  assert.is(packed.length, 4);
  const titles = [...`${html}${packed.join('')}`.matchAll(/<h3 dir="auto">([^<]*)/g)].map(([, title]) => title);
  assert.equal(
    titles,
    Array.from({ length: 230 }, (_, i) => `text ${i}`),
  );
  assert.is(page(texts(200)).match(/<article/g)?.length, 200);
  assert.not.match(page(texts(200)), /<nav|text\/plain/);
  const unpaged = page(texts(200)).length / 200;
  const growth = (page(texts(600)).length - html.length) / 370;
  assert.ok(growth < unpaged / 6, `${growth} characters for one more item, ${unpaged} unpacked`);
});

test.run();
