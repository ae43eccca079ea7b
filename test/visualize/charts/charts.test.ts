/** Charts: what is drawn are the numbers of the data, for any data; no name becomes markup; what cannot be drawn is refused. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ticks } from '../../../src/visualize/charts/scale.ts';
import { fitted, measured } from '../../../src/visualize/charts/svg.ts';
import { scoresOf } from '../../../src/visualize/charts/waterfall.ts';
import {
  attributionBars,
  beeswarm,
  chartStyle,
  contrast,
  meanAbsolute,
  meanAbsoluteBars,
  pairsMatrix,
  pairsShown,
  scoreBar,
  seriesChart,
  seriesColumns,
  shares,
  sharesChart,
  waterfall,
  waterfallSteps,
} from '../../../src/visualize/index.ts';
import { elements, part, texts, wellFormed } from './support.ts';

const test: ReturnType<typeof suite> = suite('charts');
const near = (a: number, b: number, within: number): void => assert.ok(Math.abs(a - b) <= within, `${a} is not ${b}`);

const row = {
  names: ['a', 'b', 'c', 'd'],
  values: ['1', 'x', '', '4 mm'],
  attributions: [0.1, -0.4, 0.05, 0.2],
  base: 0.5,
  prediction: 0.45,
};

test('a waterfall steps from base to prediction, the strongest first, the rest and what is missing each a step', () => {
  const steps = waterfallSteps({ ...row, most: 2 });
  assert.equal(
    steps.map(({ name, kind }) => [name, kind]),
    [
      ['b = x', 'feature'],
      ['d = 4 mm', 'feature'],
      ['2 other features', 'rest'],
    ],
  );
  assert.is(steps[0]!.from, 0.5);
  near(steps.at(-1)!.to, 0.45, 1e-12);
  const off = waterfallSteps({ ...row, prediction: 0.6 });
  assert.equal([off.at(-1)!.name, off.at(-1)!.kind], ['not accounted for', 'missing']);
  near(off.at(-1)!.to, 0.6, 1e-12);
  assert.is(waterfallSteps(row).length, 4, 'one feature too many is shown, not called 1 other');
});

test('waterfalls beside each other have one axis where they are given the scores of both', () => {
  const other = { ...row, base: 10, prediction: 9.95 };
  const span = [...scoresOf(row), ...scoresOf(other)];
  const axis = (svg: string): string[] => texts(svg).slice(-5);
  assert.is.not(axis(waterfall(row)).join(), axis(waterfall(other)).join());
  assert.equal(axis(waterfall({ ...row, span })), axis(waterfall({ ...other, span })));
  assert.throws(() => waterfall({ ...row, span: [Number.NaN] }), /^span: is not finite/);
});

test('scores of thousands are written to the unit, as they are beside the chart', () => {
  const svg = waterfall({ ...row, base: 447.4, prediction: 1508.2 });
  assert.ok(texts(svg).includes('1508'), texts(svg).join());
});

test('a waterfall: places on the scale are linear in the numbers, and the numbers stand beside them', () => {
  const svg = waterfall(row, { title: 'Row' });
  wellFormed(svg);
  const bars = elements(svg, 'rect').filter(({ height, class: style }) => height === '14' && style !== 'card');
  const wide = bars.filter(({ width }) => width!.endsWith('%')).map(({ x, width }) => [part(x), part(width)] as const);
  const steps = waterfallSteps(row);
  assert.is(wide.length, steps.length);
  // Two places of the scale give all others.
  const unit = wide[0]![1] / 0.4;
  steps.forEach(({ from, to }, i) => {
    near(wide[i]![1], Math.abs(to - from) * unit, 2e-4);
    near(wide[i]![0] - wide[0]![0], (Math.min(from, to) - Math.min(steps[0]!.from, steps[0]!.to)) * unit, 2e-4);
  });
  const said = texts(svg);
  for (const text of ['Row', 'base value', '0.5', 'b = x', '-0.4', 'd = 4 mm', '+0.2', 'score', '0.45'])
    assert.ok(said.includes(text), text);
});

test('any numbers: one feature, none, a thousand, zeros, tiny and huge ones are drawn within the width', () => {
  const any = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }), { maxLength: 30 });
  fc.assert(
    fc.property(
      any,
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }),
      (attributions, base) => {
        const names = attributions.map((_, i) => `f${i}`);
        const prediction = attributions.reduce((sum, v) => sum + v, base);
        if (!Number.isFinite(prediction)) return;
        for (const svg of [
          waterfall({ names, attributions, base, prediction }),
          attributionBars({ names, attributions }),
          scoreBar({ names, attributions, base, prediction }),
          sharesChart(names.map((name, i) => ({ name, attributions: [attributions[i]!] }))),
          meanAbsoluteBars({ names, attributions: [attributions, attributions] }),
          beeswarm({ names, attributions: [attributions] }),
          seriesChart({ channels: [{ name: 's', values: attributions, attributions }] }),
        ]) {
          wellFormed(svg);
          for (const { x, width, cx } of [...elements(svg, 'rect'), ...elements(svg, 'circle')]) {
            for (const place of [x, width, cx]) {
              if (place?.endsWith('%')) assert.ok(part(place) >= -1e-9 && part(place) <= 1 + 1e-9, place);
            }
          }
        }
      },
    ),
    { numRuns: 60, seed: 3 },
  );
  const many = Array.from({ length: 1000 }, (_, i) => Math.sin(i));
  const names = many.map((_, i) => `feature ${i}`);
  assert.match(waterfall({ names, attributions: many, base: 0, prediction: 1 }), /988 other features/);
  assert.match(attributionBars({ names, attributions: many }), /988 weaker features are not drawn/);
  assert.ok(pairsMatrix({ names: names.slice(0, 40), values: new Float64Array(1600) }).includes('12 of 40 features'));
});

test('no name, value or title becomes markup, and none steers the text around it', () => {
  const nasty = [
    '<script>alert(1)</script>',
    '"><svg onload=x>',
    "' onclick='x",
    '</text><image href="//x"/>',
    '&lt;',
    '\u202eab\u0000',
    ']]>',
  ];
  const numbers = nasty.map((_, i) => i + 1);
  for (const name of nasty) {
    const options = { title: name };
    for (const svg of [
      waterfall({ names: nasty, values: nasty, attributions: numbers, base: 0, prediction: 28, score: name }, options),
      attributionBars({ names: nasty, attributions: numbers }, options),
      scoreBar({ names: nasty, attributions: numbers, base: 0, prediction: 28, score: name }, options),
      meanAbsoluteBars({ names: nasty, attributions: [numbers] }, options),
      beeswarm({ names: nasty, attributions: [numbers], values: [numbers] }, options),
      seriesChart({ channels: [{ name, values: [1, 2], attributions: [1, 2], unit: name }] }, options),
      pairsMatrix({ names: nasty, values: new Float64Array(49).fill(1) }, options),
      sharesChart(
        nasty.map((one) => ({ name: one, attributions: [1] })),
        options,
      ),
    ]) {
      wellFormed(svg);
      assert.not.match(svg, /<script|<image|\u202e|\0/);
    }
  }
});

test('what cannot be drawn is refused by name', () => {
  assert.throws(
    () => waterfall({ ...row, attributions: [1] }),
    'attributions: there must be one per name (names 4, values 1)',
  );
  assert.throws(() => waterfall({ ...row, values: ['1'] }), /^values: there must be one per name/);
  assert.throws(() => waterfall({ ...row, base: Number.NaN }), /^base: is not finite/);
  assert.throws(
    () => attributionBars({ names: ['a'], attributions: [Infinity] }),
    /^attributions: has a value that is not finite/,
  );
  assert.throws(
    () => meanAbsolute({ names: ['a'], attributions: [[1], [1, 2]] }),
    /^attributions: there must be one per name in every row \(row 1/,
  );
  assert.throws(
    () => beeswarm({ names: ['a'], attributions: [[1]], values: [] }),
    /^values: there must be as many rows/,
  );
  assert.throws(() => pairsMatrix({ names: ['a', 'b'], values: [1] }), /^pairs: must be a square table/);
  assert.throws(
    () => seriesChart({ channels: [{ name: 'a', values: [1], attributions: [1, 2] }] }),
    /^attributions: there must be one per name/,
  );
  assert.throws(() => seriesChart({ channels: [], rate: 0 }), /^rate: must be a number above 0/);
  assert.throws(() => waterfall(row, { width: 10 }), /^width: must lie in 240 to 8192 pixels/);
  assert.throws(() => waterfall(row, { widht: 500 } as never), /widht/);
});

test('mean absolute attributions over rows, and points where the numbers are, of one row and of many', () => {
  const rows = {
    names: ['a', 'b'],
    attributions: [
      [1, -4],
      [-3, 4],
    ],
    values: [
      [0, Number.NaN],
      [10, Number.NaN],
    ],
  };
  assert.equal(
    meanAbsolute(rows).map(({ name, mean }) => [name, mean]),
    [
      ['b', 4],
      ['a', 2],
    ],
  );
  const svg = beeswarm(rows);
  const points = elements(svg, 'circle');
  assert.is(points.length, 4);
  const [b0, b1, a0, a1] = points.map(({ cx }) => part(cx));
  near((a1! - a0!) / (b1! - b0!), -4 / 8, 1e-3);
  assert.equal(
    points.map(({ class: style, fill }) => style ?? fill),
    ['r', 'r', '#2679d8', '#dd6420'],
    'no number, no colour; low and high',
  );
  wellFormed(beeswarm({ names: ['a'], attributions: [[0]] }));
  const many = Array.from({ length: 5000 }, (_, i) => [Math.sin(i) * i]);
  const drawn = elements(beeswarm({ names: ['x'], attributions: many }), 'circle');
  assert.is(drawn.length, 400);
  assert.match(beeswarm({ names: ['x'], attributions: many }), /400 of 5000 rows drawn, with the extremes/);
  const places = drawn.map(({ cx }) => part(cx));
  near(Math.min(...places), 0.02, 1e-4);
  near(Math.max(...places), 0.98, 1e-4);
});

test('a series of thousands of steps keeps every extreme, and no band is stronger than its number', () => {
  const steps = 7001;
  const values = Float64Array.from({ length: steps }, (_, i) => (i === 4321 ? 9 : i === 17 ? -7 : Math.sin(i)));
  const attributions = Float64Array.from({ length: steps }, (_, i) => (i === 100 ? 0.5 : i === 101 ? -0.25 : 0));
  const columns = seriesColumns(values, attributions);
  assert.is(columns.length, 600);
  assert.is(Math.max(...columns.map(({ high }) => high)), 9);
  assert.is(Math.min(...columns.map(({ low }) => low)), -7);
  assert.equal(
    columns.filter(({ up, down }) => up !== 0 || down !== 0).map(({ up, down }) => [up, down]),
    [[0.5, -0.25]],
  );
  const svg = seriesChart({ channels: [{ name: 'x', values, attributions, unit: 'mV' }], rate: 1000 });
  wellFormed(svg);
  const bands = elements(svg, 'path').filter((path) => path['fill-opacity'] !== undefined);
  assert.equal(
    bands.map((path) => [path['class'], path['fill-opacity']]),
    [
      ['p', '1'],
      ['q', '0.5'],
    ],
  );
  assert.match(bands[0]!['d']!, /^M8 0h1v50h-1z$/, 'both signs in one column share its height');
  const said = texts(svg);
  for (const text of ['-7 to 9 mV', '1000 steps per second', '+0.5', '-0.5', '2 s'])
    assert.ok(said.includes(text), text);
  assert.ok(svg.length < 40_000, `${svg.length} characters`);
});

test('a series with gaps, of one step, of none, all zero', () => {
  const gap = seriesChart({ channels: [{ name: 'x', values: [1, Number.NaN, 2, 3], attributions: [0, 0, 0, 0] }] });
  assert.match(gap, /d="M0\.5 [\d.]+h\.4M2\.5 /, 'a gap is no line');
  assert.match(gap, /all attributions are 0/);
  for (const values of [[5], [], [Number.NaN]])
    wellFormed(seriesChart({ channels: [{ name: 'x', values, attributions: values.map(() => 1) }] }));
  wellFormed(seriesChart({ channels: [] }));
});

test('a matrix of pairs: own effects on the diagonal, both halves of a pair in one cell, each cell with its name and number', () => {
  const names = ['a', 'b', 'c'];
  const values = [1, 0.25, 0, 0.25, -2, 0.5, 0, 0.5, 0];
  const svg = pairsMatrix({ names, values });
  wellFormed(svg);
  const cells = elements(svg, 'g').map((g) => g['aria-label']);
  assert.equal(cells, ['a: +1', 'b with a: +0.5', 'b: -2', 'c with a: 0', 'c with b: +1', 'c: 0']);
  assert.equal(
    elements(svg, 'g').map(({ tabindex }) => tabindex),
    ['0', '-1', '-1', '-1', '-1', '-1'],
    'one stop of the Tab key',
  );
  const opacities = elements(svg, 'rect')
    .filter((rect) => /^[pq] w g$/.test(rect['class'] ?? ''))
    .map((rect) => rect['fill-opacity']);
  assert.equal(opacities, ['0.5', '0.25', '1', '0', '0.5', '0']);
  assert.equal(pairsShown({ names, values, most: 2 }), [0, 1]);
});

test('shares of several inputs add up to one, sums are signed', () => {
  const found = shares([
    { name: 'x', attributions: [1, -1] },
    { name: 'y', attributions: [-6] },
  ]);
  assert.equal(found, [
    { name: 'x', sum: 0, share: 0.25 },
    { name: 'y', sum: -6, share: 0.75 },
  ]);
  assert.equal(shares([{ name: 'x', attributions: [0] }])[0]!.share, 0);
});

test('round numbers on axes, within it; text is cut to its room', () => {
  assert.equal(ticks(0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.equal(ticks(-41000, 41000), [-40000, -20000, 0, 20000, 40000]);
  assert.equal(ticks(3, 3), [3]);
  fc.assert(
    fc.property(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.double({ min: 1e-3, max: 1e9, noNaN: true }),
      (low, span) => {
        const list = ticks(low, low + span);
        assert.ok(list.length <= 9 && list.every((v) => v >= low - span * 1e-6 && v <= low + span * (1 + 1e-6)));
      },
    ),
    { numRuns: 200, seed: 5 },
  );
  assert.is(fitted('short', 100), 'short');
  assert.ok(measured(fitted('x'.repeat(200), 100)) <= 100);
});

test('colours of charts can be told from light and dark pages', () => {
  const rgb = (hex: string): [number, number, number] =>
    [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16)) as [number, number, number];
  const [light, dark] = chartStyle().split('@media') as [string, string];
  const of = (sheet: string, name: string): string =>
    sheet.match(new RegExp(`--pg-${name}:(#\\w+)`))![1]!.replace(/^#(.)(.)(.)$/, '#$1$1$2$2$3$3');
  for (const sheet of [light, dark]) {
    const card = rgb(of(sheet, 'card'));
    for (const name of ['ink', 'muted']) assert.ok(contrast(rgb(of(sheet, name)), card) >= 4.5, name);
    for (const name of ['plus', 'minus', 'accent', 'rest'])
      assert.ok(contrast(rgb(of(sheet, name)), card) > 3, `${name} ${contrast(rgb(of(sheet, name)), card)}`);
    for (const name of ['plus', 'minus'])
      assert.ok(contrast(rgb(of(sheet, 'on')), rgb(of(sheet, name))) >= 4.5, `text on ${name}`);
  }
});

test('the pair chart cut names of rows where there was room for them', () => {
  const names = [
    'nonflavanoid_phenols',
    'alcalinity_of_ash',
    'ash',
    'a feature whose name is as long as a sentence of this test',
  ];
  const table = { names, values: new Float64Array(16).fill(1) };
  const wide = texts(pairsMatrix(table));
  for (const name of names.slice(0, 3)) assert.is(wide.filter((text) => text === name).length, 2, name);
  // In a column of a page there are 300 pixels at least: two lines, and then an ellipsis with the whole name as title.
  const narrow = pairsMatrix(table, { width: 'fluid' });
  const shown = texts(narrow);
  assert.ok(shown.includes('nonflavanoid_') && shown.includes('phenols'), shown.join('|'));
  assert.ok(shown.includes('alcalinity_of_') && shown.includes('ash'), shown.join('|'));
  assert.ok(narrow.includes(`<title>${names[3]}</title>`));
  for (const text of shown.slice(0, 20))
    assert.ok(!/^.{40}/.test(text) || text.includes('…') || text.includes('with') || text === names[3], text);
});

test('the pair chart cut names of columns at 21 letters, and left out one of 13 features', () => {
  const names = Array.from({ length: 12 }, (_, i) => `a name of more than 21 letters, ${i}`);
  names.push('od280/od315_of_diluted_wines');
  const table = { names, values: new Float64Array(169).fill(1) };
  assert.is(pairsShown(table).length, 13);
  for (const width of [640, 'fluid'] as const) {
    // Columns stand upright.
    const columns = [...pairsMatrix(table, { width }).matchAll(/rotate\(-90\)"[^>]*>([^<]*)</g)].map(
      ([, text]) => text,
    );
    const letters = (all: readonly (string | undefined)[]): string => all.join('').replaceAll(' ', '');
    assert.is(letters(columns), letters(names), String(width));
  }
  // Few columns have room for two lines.
  const two = { names: names.slice(0, 2).map((name) => `${name} which is longer than a line`), values: [1, 1, 1, 1] };
  const columns = [...pairsMatrix(two).matchAll(/rotate\(-90\)"[^>]*>([^<]*)</g)].map(([, text]) => text);
  assert.is(columns.length, 4, columns.join('|'));
});

test('names of a wide chart are cut to its width, not to that of a phone', () => {
  const name = 'a feature with a name of some length, about half a line of a wide chart';
  const row = { names: [name], attributions: [1], base: 0, prediction: 1 };
  assert.ok(texts(waterfall(row, { width: 900 })).includes(name));
  assert.ok(!texts(waterfall(row, { width: 'fluid' })).includes(name));
  assert.ok(texts(attributionBars(row, { width: 900 })).includes(name));
});

test.run();
