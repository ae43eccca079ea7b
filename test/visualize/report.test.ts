/** The report: what it must say, that it needs nothing from outside, and that no text can become markup. */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { decode } from 'fast-png';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ReportItem, type ReportSection, type ReportTextItem, report } from '../../src/visualize/index.ts';
import { keysScript, pagesScript } from '../../src/visualize/report/scripts.ts';

const test: ReturnType<typeof suite> = suite('report');

const text: ReportTextItem = {
  kind: 'text',
  prediction: [
    { label: 'negative', probability: 0.029 },
    { label: 'positive', probability: 0.971 },
  ],
  target: 'positive',
  baseline: { name: 'PAD tokens', entropy: 0.6801, entropyFraction: 0.981, score: 0.58 },
  method: 'gausslegendre',
  steps: 50,
  completeness: { delta: 0.0012, relative: 0.0031, ok: true },
  tokens: ['a', 'superb', 'film', 'awful', '<pad>'],
  scores: [0.001, 0.33, 0, -0.27, 5],
  padding: '<pad>',
};

const picture: ReportItem = {
  ...text,
  kind: 'image',
  title: 'digit',
  image: { data: [0, 1, 1, 0, 0, 1], shape: [2, 3, 1] },
  attribution: { data: [0, 1, -1, 0, 0, 0], shape: [2, 3, 1] },
};

function page(items: readonly ReportItem[], section: Partial<ReportSection> = {}): string {
  return report([{ title: 'Reviews', model: { name: 'imdb', file: 'imdb.h5' }, items, ...section }]);
}

test('says prediction, target, baseline and its entropy, steps and completeness', () => {
  const html = page([text]);
  for (const part of [
    'predicted <b>positive</b>, 97.1 %',
    '<th scope="row">Explained</th><td>positive</td>',
    '<th scope="row">Baseline</th><td>PAD tokens</td>',
    '0.68 nats, 98.1 % of ln K',
    '<td>0.58</td>',
    'gausslegendre, 50 steps',
    'off by 0.3 % (+0.0012)',
    'Green: moving from the baseline to this input raises the score',
    'Pink, also underlined: it lowers the score',
  ]) {
    assert.ok(html.includes(part), part);
  }
  assert.not.match(html, /class="warn"/);
});

test('the strongest tokens are listed with their numbers, padding is not', () => {
  const html = page([text]);
  assert.match(html, /Raise the score most<\/caption>.*?superb<\/bdi>.*?width:100\.0%.*?\+0\.33.*?>a<\/bdi>/s);
  assert.match(html, /Lower the score most<\/caption>.*?awful<\/bdi>.*?width:81\.8%.*?-0\.27/s);
  assert.not.match(html, /&lt;pad&gt;/);
});

test('warns when completeness is off by more than 5 %, once, and passes warnings on', () => {
  const off = { ...text, completeness: { delta: -0.03, relative: -0.0891, ok: false } };
  assert.match(
    page([off]),
    /<b>Warning:<\/b> The attributions miss the change of score by 8\.9 %; up to 5 % is usual\. Use more steps/,
  );
  assert.match(
    page([{ ...off, completeness: { delta: 0.2, relative: 0.06, ok: true } }]),
    /miss the change of score by 6 %/,
  );
  assert.match(page([{ ...off, completeness: { delta: 0.2, ok: false } }]), /miss the change of score by 0\.2;/);
  const told = page([{ ...off, warnings: ['completeness: 8.9 % off', 'flat <baseline>'] }]);
  assert.is(told.match(/class="warn"/g)?.length, 2);
  assert.match(told, 'flat &lt;baseline&gt;');
});

test('a method without baseline, sum and path: its line is said, and nothing is made up', () => {
  const says = 'how steep the score is';
  const { baseline: _, completeness: __, method: ___, steps: ____, ...rest } = text;
  const html = page([{ ...rest, explainer: { name: 'Saliency', says, sum: null } }]);
  assert.match(html, /<th scope="row">Its numbers<\/th><td>how steep the score is; they need not add up<\/td>/);
  assert.match(html, /<th scope="row">Completeness<\/th><td>not promised<\/td>/);
  assert.match(html, /<span>negative<\/span><span>0<\/span><span>positive<\/span>/);
  assert.not.match(html, /<th scope="row">(Baseline|Quadrature)|class="warn"|raises|undefined|NaN/);
  const magnitudes = { ...rest, scores: [1, 2, 3, 4, 5], explainer: { name: 'Saliency', says, sum: null } };
  assert.not.match(page([magnitudes]), /Most negative/, 'no empty list of what has no sign');
  assert.match(
    page([{ ...text, explainer: { name: 'DeepLift', says, sum: 'f(x) - f(b)' } }]),
    /they add up to f\(x\) - f\(b\)/,
  );
});

test('pairs are listed, the ten strongest', () => {
  const names = Array.from({ length: 12 }, (_, i) => `a with ${i}`);
  const html = page([{ ...text, pairs: { names, scores: names.map((_, i) => (i % 2 ? -1 : 1) / (i + 1)) } }]);
  assert.match(
    html,
    /Pairs that count most<\/caption>[\s\S]*?a with 0<\/bdi>.*?bar plus[\s\S]*?a with 1<\/bdi>.*?bar minus/,
  );
  assert.ok(html.includes('a with 9<') && !html.includes('a with 10<'));
});

test('images are data: PNGs of their own size with a text in their place', () => {
  const html = page([picture]);
  const images = [
    ...html.matchAll(
      /aria-label="([^"]+)" class="panel" width="100%" viewBox="0 0 3 2"><title>[^<]+<\/title><image href="data:image\/png;base64,([^"]+)" width="3" height="2"\/>/g,
    ),
  ];
  assert.is(images.length, 6);
  assert.is(images[3]![1], 'digit: all attributions');
  const { data, width, height } = decode(Uint8Array.from(atob(images[3]![2]!), (c) => c.charCodeAt(0)));
  assert.equal([width, height, ...data.slice(3, 9)], [3, 2, 39, 100, 25, 142, 1, 82]);
});

test('needs nothing from outside and runs nothing but its own script, by its hash', () => {
  const html = page([text, picture], { model: { name: 'm', summary: 'a <b>\nline' } });
  assert.match(html, /content="default-src 'none'; style-src 'unsafe-inline'; img-src data:;/);
  assert.is(html.match(/<script/g)?.length, 1);
  assert.match(html, `; script-src 'sha256-${keysScript.hash}'"`);
  assert.match(html, `<script>${keysScript.text}</script>`);
  assert.not.match(page([picture]), /<script|script-src/, 'pictures need none');
  for (const { text: script, hash } of [keysScript, pagesScript])
    assert.is(createHash('sha256').update(script).digest('base64'), hash);
  assert.not.match(html, /<link|<iframe|https?:|url\(|@import|\son\w+=/i);
  assert.match(html, /^<!doctype html>\n<html lang="en">/);
  assert.match(html, 'a &lt;b&gt;\nline</pre>');
  assert.match(html, /prefers-color-scheme:dark/);
});

test('the same input gives the same page; an empty one says so', () => {
  assert.is(page([text, picture]), page([text, picture]));
  assert.match(page([]), 'Nothing was explained.');
});

test('property: no text becomes markup, wherever it comes from', () => {
  const tags = (html: string): string[] =>
    html.replace(/<style>.*?<\/style>/s, '').match(/<\/?[a-z!][a-z0-9]*/gi) ?? [];
  const expected = (tokens: number): string[] => tags(build('x', new Array(tokens).fill('x')));
  const build = (any: string, tokens: readonly string[]): string => {
    const scores = tokens.map((_, i) => i + 1);
    const item = {
      ...text,
      title: any,
      target: any,
      method: any,
      warnings: [any, 'adds up'],
      tokens,
      scores,
      padding: [],
    };
    const named = { ...item, baseline: { name: any }, prediction: [{ label: any, probability: 1 }] };
    return report([{ title: any, legend: any, model: { name: any, file: any, summary: any }, items: [named] }], {
      title: any,
      lang: any,
    });
  };
  const nasty = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '<img src=x onerror=alert(1)>',
      '"><script>alert(1)</script>',
      "' onload='x",
      '</style><b>',
      '<!--',
      '&lt;',
      '<s>',
    ),
  );
  fc.assert(
    fc.property(nasty, fc.array(nasty, { minLength: 1, maxLength: 4 }), (any, tokens) => {
      const html = build(any, tokens);
      assert.equal(tags(html), expected(tokens.length));
      assert.not.match(html, /=(["'])[^"']*\1\s+on\w+=/i);
    }),
    { numRuns: 60, seed: 11 },
  );
});

test('refuses what does not fit', () => {
  assert.throws(() => page([{ ...text, scores: [1] }]), 'scores: there must be one per token (tokens 5, scores 1)');
  assert.throws(
    () => page([{ ...picture, attribution: { data: [1], shape: [1, 1] } } as ReportItem]),
    /^attribution: must have the height/,
  );
});

test.run();
