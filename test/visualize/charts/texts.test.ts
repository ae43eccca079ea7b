/** Texts: words in their spelling and order in any script, the number of each, line breaks, the bar from base value to prediction. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { scoreBar, spelledOut, textChart, textPlot, tokensToHtml } from '../../../src/visualize/index.ts';
import { elements, part, texts, wellFormed } from './support.ts';

const test: ReturnType<typeof suite> = suite('texts as pictures');

test('words come back in the spelling of the text, with what stands between them', () => {
  const text = 'An EXCELLENT film,\nisn’t it? "Superb!"';
  const tokens = ['<start>', 'an', 'excellent', 'film', 'isn’t', 'it', 'superb'];
  const found = spelledOut(text, tokens)!;
  assert.equal(found.words, ['<start>', 'An', 'EXCELLENT', 'film', 'isn’t', 'it', 'Superb']);
  assert.is(
    found.between
      .slice(1)
      .map((gap, i) => gap + (found.words[i + 1] ?? ''))
      .join('')
      .trim(),
    text,
  );
  assert.is(spelledOut('other words', ['an', 'excellent', 'film']), null);
  assert.equal(spelledOut('the he', ['he'])!.between, ['the ', ''], 'no part of a longer word');
  assert.equal(spelledOut('我喜欢', ['我', '喜欢'])!.words, ['我', '喜欢'], 'scripts without spaces');
  assert.equal(spelledOut('a b', ['a', '[MASK]', 'b'])!.between, ['', ' ', ' ', '']);
});

test('each word has its number, line breaks stay, nothing becomes markup', () => {
  const html = textPlot({
    words: ['One', '<b>two</b>', 'three'],
    scores: [0.5, -0.25, 0],
    between: ['', '\n& ', ' ', '!'],
  });
  assert.is(
    html,
    '<p class="text" dir="ltr" data-keys><mark class="p20" tabindex="0" title="+0.5">One</mark><br>&amp; <mark class="q10" tabindex="-1" title="-0.25">&lt;b&gt;two&lt;/b&gt;</mark> <mark tabindex="-1" title="0">three</mark>!</p>',
  );
  assert.match(
    textPlot({ words: ['a'], scores: [1], base: 0, prediction: 1, score: 'positive' }),
    /^<svg[^>]*aria-label="From the base value 0 to positive 1: raised by \+1, lowered by 0\."/,
  );
  assert.throws(() => textPlot({ words: ['a'], scores: [] }), /^scores: there must be one per word/);
  assert.throws(() => textPlot({ words: ['a'], scores: [1], between: [''] }), /^between: must have one entry more/);
});

test('a sign at the start of a text, which stands for no word, does not say which way the text runs', () => {
  const words = ['<start>', 'הסרט', 'נפלא'];
  for (const html of [textPlot({ words, scores: [0, 1, 2] }), tokensToHtml(words, [0, 1, 2])])
    assert.match(html, /dir="rtl"/);
  assert.match(tokensToHtml(['[CLS]', 'a', 'film'], [0, 1, 2]), /dir="ltr"/);
});

test('U8: words that run from right to left stand in their order', () => {
  const words = ['הסרט', 'הזה', 'נפלא', 'with', 'English', 'words', 'בסוף'];
  const scores = words.map((_, i) => i + 1);
  for (const html of [textPlot({ words, scores }), tokensToHtml(words, scores)]) {
    assert.match(html, /dir="rtl"/);
    // An isolated word is a neutral sign to its neighbours: of a Hebrew quotation in an English text the words would change places.
    assert.not.match(html, /isolate|dir="ltr"/);
    assert.equal(
      [...html.matchAll(/<mark[^>]*>([^<]*)/g)].map(([, word]) => word),
      words,
    );
  }
  const placed = (list: readonly string[]): string[] => {
    const svg = textChart({ words: list, scores: list.map((_, i) => i + 1) });
    wellFormed(svg);
    const ends = [...svg.matchAll(/<text x="([\d.]+)" y="[\d.]+" style="([^"]*)" textLength="([\d.]+)"[^>]*>([^<]*)/g)];
    const left = ([, x, style, width]: RegExpMatchArray): number =>
      Number(x) - (style!.includes('rtl') ? Number(width) : 0);
    return ends.sort((a, b) => left(a) - left(b)).map(([, , , , word]) => word!);
  };
  assert.equal(
    placed(words),
    ['בסוף', 'with', 'English', 'words', 'נפלא', 'הזה', 'הסרט'],
    'read from the right, English from the left',
  );
  assert.equal(placed(['He', 'said', 'שלום', 'עולם', 'today']), ['He', 'said', 'עולם', 'שלום', 'today']);
});

test('a text as SVG: every word once, within the width, with its number; lines break where the text breaks', () => {
  const words = Array.from({ length: 80 }, (_, i) => `word${i}`);
  const svg = textChart(
    {
      words,
      scores: words.map((_, i) => (i % 7) - 3),
      between: words.map((_, i) => (i === 40 ? '\n' : ' ')).concat([''] as never),
    },
    { width: 400 },
  );
  wellFormed(svg);
  const drawn = texts(svg).filter((text) => text.startsWith('word'));
  assert.equal(drawn, words);
  for (const { x, textLength } of elements(svg, 'text').filter((text) => text['textLength']))
    assert.ok(Number(x) >= 0 && Number(x) + Number(textLength) <= 368.01);
  const y = (word: string): string => svg.match(new RegExp(`y="([\\d.]+)"[^>]*>${word}<`))![1]!;
  assert.ok(Number(y('word40')) > Number(y('word39')));
  assert.match(svg, /<title>word2 -1<\/title>/);
  for (const none of [
    { words: [], scores: [] },
    { words: ['a'], scores: [0] },
    { words: [''], scores: [1] },
  ])
    wellFormed(textChart(none));
  wellFormed(textChart({ words: ['x'.repeat(500), '<script>'], scores: [1, 2] }, { title: '<b>' }));
  assert.throws(
    () => textChart({ words: ['a'], scores: [1] }, { width: 'fluid' }),
    /^width: cannot be 'fluid' for a text/,
  );
});

test('the bar from base value to prediction begins and ends there', () => {
  const data = { names: ['a', 'b', 'c'], attributions: [0.4, -0.1, 0.2], base: 0.2, prediction: 0.7 };
  const svg = scoreBar(data);
  const bars = elements(svg, 'rect').filter(({ class: style }) => style?.endsWith('seg'));
  const ends = bars.map(({ x, width }) => [part(x), part(x) + part(width)] as const);
  const unit = (ends[0]![1] - ends[0]![0]) / 0.4;
  const at = (v: number): number => ends[0]![0] + (v - 0.2) * unit;
  const close = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 2e-4, `${a} ${b}`);
  close(ends[1]![1], at(0.8));
  close(ends[2]![0], at(0.7));
  const many = {
    names: Array.from({ length: 50 }, (_, i) => `w${i}`),
    attributions: new Float64Array(50).fill(1),
    base: 0,
    prediction: 50,
  };
  assert.match(scoreBar(many), /<title>26 others \+26<\/title>/);
});

test.run();
