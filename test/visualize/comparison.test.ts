/** The page of a comparison: one scale a method and input, reasons, and no markup from outside. */
import { decode } from 'fast-png';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Comparison, type ComparisonSample, comparisonReport } from '../../src/visualize/index.ts';

const test = suite('comparison');

const base: Comparison = {
  title: 'Side by side',
  model: { name: 'm', file: 'm.h5' },
  table: {
    columns: ['ms', 'deletion ↓'],
    rows: [
      { name: 'A', cells: ['1.5', '0.2 ± 0.1'] },
      { name: 'B', cells: ['2.5', { reason: 'need not add up' }] },
      { name: 'C', reason: 'needs a layer' },
      { name: 'D', cells: ['3', { reason: 'need not add up' }] },
    ],
  },
  notes: ['times are rough'],
  metrics: [{ name: 'deletion', says: 'how fast it falls' }],
  methods: [
    { name: 'A', says: 'parts of the score', sum: 'f(x) - f(b)' },
    { name: 'B', says: 'slopes', sum: null },
  ],
  samples: [],
};

const page = (...samples: ComparisonSample[]): string => comparisonReport({ ...base, samples });
const words: ComparisonSample = {
  kind: 'text',
  title: 'a text',
  said: 'predicted x',
  tokens: ['good', 'bad'],
  scores: [
    [0.5, -0.25],
    [1000, 0],
  ],
};

test('measures in a table; each reason once, by number; meanings with what must add up', () => {
  const html = page(words);
  assert.match(html, /<td class="n">0\.2 ± <span class="sd">0\.1<\/span><\/td>/);
  assert.is(html.match(/– <sup>1<\/sup>/g)?.length, 2);
  assert.match(html, /<td class="none" colspan="2">did not run <sup>2<\/sup><\/td>/);
  assert.match(html, /<li>need not add up<\/li><li>needs a layer<\/li>/);
  assert.match(html, /<dt>A<\/dt><dd>parts of the score; they add up to f\(x\) - f\(b\)<\/dd>/);
  assert.match(html, /<dt>B<\/dt><dd>slopes; they need not add up<\/dd>/);
  assert.match(html, /one scale of its own on each input/);
});

test('texts: the strongest word of each method has the full colour of its own scale', () => {
  const html = page(words);
  assert.match(html, /<b>A<\/b><span>full colour 0\.5<\/span>/);
  assert.match(html, /<b>B<\/b><span>full colour 1000<\/span>/);
  const full = [...html.matchAll(/<mark style="([^"]+)" title="[^"]*100 % of the scale[^"]*">good/g)].map(
    ([, style]) => style,
  );
  assert.is(full.length, 2);
  assert.is(full[0], full[1], 'half and a thousand look alike');
  assert.match(html, /class="minus"[^>]*>bad/);
});

test('pictures: the picture and a map per method; a method of another shape says so', () => {
  const image = { data: [0, 1, 1, 0], shape: [2, 2, 1] };
  const map = { data: [0, 2, -1, 0], shape: [2, 2, 1] };
  const html = page({ kind: 'image', title: 'seven', said: '', image, attributions: [map, null] });
  const pictures = [...html.matchAll(/<img alt="([^"]+)" width="2" height="2" src="data:image\/png;base64,([^"]+)"/g)];
  assert.equal(
    pictures.map(([, alt]) => alt),
    ['seven: input', 'seven: A'],
  );
  assert.match(html, /has numbers of another shape/);
  const { data } = decode(Uint8Array.from(atob(pictures[1]![2]!), (c) => c.charCodeAt(0)));
  assert.equal([...data.slice(3, 6)], [39, 100, 25], 'the largest is the end of the colour map');
  assert.equal([...data.slice(0, 3)], [255, 255, 255], '0 is white');
});

test('rows of numbers: bars to both sides, the strongest entries in any method first', () => {
  const names = Array.from({ length: 20 }, (_, i) => `x${i}`);
  const scores = [names.map((_, i) => (i === 3 ? -1 : 0.01)), names.map((_, i) => (i === 7 ? 5 : 0))];
  const html = page({ kind: 'table', title: 'row', said: '', names, scores });
  assert.match(html, /<tbody><tr><th scope="row">x3<\/th><td>.*?class="minus" style="width:100\.0%"/);
  assert.match(html, /<tr><th scope="row">x7<\/th>.*?class="plus" style="width:100\.0%"/);
  assert.match(html, /The 15 entries of 20/);
});

test('all zeros are white, and no text becomes markup', () => {
  const zero = page({ ...words, scores: [[0, 0], null] } as ComparisonSample);
  assert.match(zero, /<b>A<\/b><span>all 0<\/span>/);
  const evil = '<img src=x onerror=alert(1)>';
  const html = comparisonReport({
    ...base,
    title: evil,
    notes: [evil],
    table: { columns: [evil], rows: [{ name: evil, reason: evil }] },
    methods: [{ name: evil, says: evil, sum: evil }],
    metrics: [{ name: evil, says: evil }],
    samples: [{ ...words, title: evil, said: evil, tokens: [evil, 'b'], scores: [[1, 2]] } as ComparisonSample],
  });
  assert.not.match(html, /<img src=x/);
  assert.not.match(html, /<script/);
});

test.run();
