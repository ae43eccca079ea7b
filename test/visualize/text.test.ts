/** Tokens as HTML and ANSI: colours by sign and strength, escaping, readable contrast, and plain terminals. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { percent, plain, signed } from '../../src/visualize/format.ts';
import {
  colormap,
  colormapNames,
  colorSupport,
  contrast,
  type Rgb,
  readableOn,
  tokensToAnsi,
  tokensToHtml,
} from '../../src/visualize/index.ts';

const test: ReturnType<typeof suite> = suite('coloured text');
const ESC = '\u001b';

test('PiYG runs from pink over white to green; red-green is red below zero', () => {
  assert.equal(colormap('PiYG', -1), [142, 1, 82]);
  assert.equal(colormap('PiYG', 0), [255, 255, 255]);
  assert.equal(colormap('PiYG', 1), [39, 100, 25]);
  assert.equal(colormap('PiYG', 7), colormap('PiYG', 1));
  for (const name of colormapNames) {
    const [r, g] = colormap(name, 0.6);
    const [r2, g2] = colormap(name, -0.6);
    assert.ok(g > r && r2 > g2, name);
  }
});

test('there is no visible step at zero, and text reads on every colour', () => {
  for (const name of colormapNames) {
    for (const v of [-1e-6, 1e-6]) assert.ok(colormap(name, v).every((c) => c >= 254));
    for (let v = -1; v <= 1; v += 1 / 64) {
      const back = colormap(name, v);
      assert.ok(contrast(back, readableOn(back)) >= 4.5, `${name} at ${v}`);
    }
  }
  assert.ok(Math.abs(contrast([0, 0, 0], [255, 255, 255]) - 21) < 1e-9);
});

test('property: readable text on any background', () => {
  const channel = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(fc.tuple(channel, channel, channel), (back: Rgb) => contrast(back, readableOn(back)) >= 4.5),
    { seed: 11 },
  );
});

test('HTML: the strongest token gets the full colour, its number stands in the title', () => {
  const html = tokensToHtml(['good', 'film', 'bad'], [0.5, 0, -0.25]);
  assert.match(
    html,
    /^<span class="pathgrad-text" dir="ltr"><mark style="background:#276419;color:#ffffff;[^"]*" title="\+0\.5 \(100 % of the scale\)">good<\/mark> /,
  );
  assert.match(html, /<mark style="background:none;color:inherit;[^"]*" title="0">film<\/mark>/);
  assert.match(html, /underline dotted[^"]*" title="-0\.25 \(50 % of the scale\)">bad<\/mark><\/span>$/);
});

test('HTML: a given scale makes texts comparable, padding goes with its scores', () => {
  assert.match(tokensToHtml(['a'], [0.5], { scale: 1 }), /title="\+0\.5 \(50 % of the scale\)"/);
  const html = tokensToHtml(['<pad>', '<pad>', 'a'], [9, 9, 1], { padding: '<pad>' });
  assert.not.match(html, /pad&gt;/);
  assert.match(html, /\+1 \(100 %/);
});

test('HTML: tokens cannot become markup', () => {
  const html = tokensToHtml(['<s>', '<img src=x onerror=alert(1)>', `"'&`, '\u0000\n'], [1, -1, 0.5, 0]);
  assert.match(html, '>&lt;s&gt;</mark>');
  assert.match(html, '&lt;img src=x onerror=alert(1)&gt;');
  assert.match(html, '&quot;&#39;&amp;');
  assert.match(html, '\u2400\u240a');
  assert.is(html.match(/</g)?.length, 2 * (4 + 1));
});

test('HTML: all-zero scores show plain text', () => {
  assert.is((tokensToHtml(['a', 'b'], [0, 0]).match(/background:none/g) ?? []).length, 2);
});

test('ANSI: 24-bit and 256 colours, reset after each token', () => {
  const tokens = ['good', 'film', 'bad'];
  const scores = [1, 0, -1];
  const deep = tokensToAnsi(tokens, scores, { color: '24bit' });
  assert.is(
    deep,
    `${ESC}[48;2;39;100;25;38;2;255;255;255mgood${ESC}[0m film ${ESC}[48;2;142;1;82;38;2;255;255;255mbad${ESC}[0m`,
  );
  const few = tokensToAnsi(tokens, scores, { color: '256' });
  assert.is(few, `${ESC}[48;5;22;38;5;231mgood${ESC}[0m film ${ESC}[48;5;89;38;5;231mbad${ESC}[0m`);
});

test('ANSI without colour: signs and strength as text, no escape codes', () => {
  const text = tokensToAnsi(['a', 'b', 'c', 'd', 'e'], [1, 0.5, 0.2, 0.02, -1], { color: 'none' });
  assert.is(text, 'a[+++] b[++] c[+] d e[---]');
});

test('ANSI: a token cannot steer the terminal', () => {
  const text = tokensToAnsi([`${ESC}[2J`, '\u009b31m', 'x\r'], [1, 0, 0], { color: 'none' });
  assert.is(text, '\u241b[2J[+++] <U+009B>31m x\u240d');
});

test('colour support follows NO_COLOR, FORCE_COLOR, the terminal and its names', () => {
  assert.is(colorSupport({ TERM: 'xterm-256color' }, true), '256');
  assert.is(colorSupport({ TERM: 'xterm-256color', COLORTERM: 'truecolor' }, true), '24bit');
  assert.is(colorSupport({ TERM: 'xterm-256color', COLORTERM: 'truecolor', NO_COLOR: '1' }, true), 'none');
  assert.is(colorSupport({ TERM: 'xterm-256color', NO_COLOR: '' }, true), '256');
  assert.is(colorSupport({ TERM: 'xterm-256color' }, false), 'none');
  assert.is(colorSupport({ TERM: 'dumb' }, true), 'none');
  assert.is(colorSupport({ FORCE_COLOR: '3' }, false), '24bit');
  assert.is(colorSupport({ FORCE_COLOR: '1' }, false), '256');
  assert.is(colorSupport({ FORCE_COLOR: '0', TERM: 'xterm' }, true), 'none');
  assert.is(colorSupport({}, true), 'none');
});

test('numbers for people', () => {
  assert.equal(
    [0, 0.012345, -0.5, 1234567, -4.2e-7].map((v) => signed(v)),
    ['0', '+0.0123', '-0.5', '+1.23e+6', '-4.20e-7'],
  );
  assert.equal([0.971, 1, 0.9999, 0.0001, 0, 0.5].map(percent), [
    '97.1 %',
    '100 %',
    '> 99.9 %',
    '< 0.1 %',
    '0 %',
    '50 %',
  ]);
  assert.is(plain(Math.LN10), '2.3');
});

test('names what is wrong', () => {
  assert.throws(() => tokensToHtml(['a'], [1, 2]), 'scores: there must be one per token (tokens 1, scores 2)');
  assert.throws(() => tokensToAnsi(['a'], [Number.NaN]), 'scores: has a value that is not finite (index 0, value NaN)');
  assert.throws(() => colormap('PiGY' as 'PiYG', 1), "colormap: there is no 'PiGY'\nhint: did you mean 'PiYG'?");
});

test.run();
