/** Tokenizers that are damaged or meant to do harm: named errors, in bounded time. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PathgradError } from '../../../src/index.ts';
import { TextTokenizer } from '../../../src/transformers/index.ts';
import { seeded } from '../../support/seeded.ts';
import { tokenizersOfHuggingFace } from '../../transformers/golden-tokenizers.ts';

type Json = Record<string, unknown>;

const test = suite('transformers: hostile tokenizers');
const golden = Object.fromEntries(tokenizersOfHuggingFace().map((one) => [one.name, one]));
const open = (json: unknown): TextTokenizer => new TextTokenizer(json, { name: 't.json' });
const of = (name: string, change: Json): Json => ({ ...golden[name]!.json, ...change });
const model = (name: string, change: Json): Json =>
  of(name, { model: { ...(golden[name]!.json['model'] as Json), ...change } });

function refused(json: unknown, pattern: RegExp): void {
  const started = performance.now();
  assert.throws(
    () => open(json).encode([`${'a'.repeat(40)}! ﬁ`]),
    (error: Error) => {
      assert.instance(error, PathgradError);
      assert.match(error.message, pattern);
      return true;
    },
  );
  assert.ok(performance.now() - started < 1000, 'takes too long');
}

test('models', () => {
  refused(model('roberta', { merges: 'none' }), /t\.json: has merges that are no list/);
  refused(model('roberta', { merges: [['a', 'b'], ['c']] }), /a merge that is no pair of tokens \(merge 1/);
  refused(model('roberta', { continuing_subword_prefix: '@@' }), /continuing_subword_prefix, which is not supported/);
  refused(model('roberta', { vocab: { '<pad>': -1 } }), /an id that cannot be used/);
  refused(model('xlm-roberta', { vocab: [['a', 'b']] }), /no token with its score/);
  refused(model('xlm-roberta', { vocab: [['a', null]] }), /no token with its score/);
  refused(model('xlm-roberta', { vocab: [['a'.repeat(300), 1]] }), /no token with its score/);
  refused(model('xlm-roberta', { byte_fallback: true }), /byte_fallback, which is not supported/);
  refused(model('xlm-roberta', { type: 'WordLevel' }), /WordLevel/);
  refused(model('bert cased', { vocab: null }), /lacks a vocabulary/);
  refused(of('bert cased', { model: undefined }), /is not a tokenizer of Hugging Face/);
  refused([], /is not a tokenizer of Hugging Face/);
});

test('steps that multiply a text, or are not known', () => {
  const bytes = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
  refused(of('roberta', { pre_tokenizer: { type: 'Sequence', pretokenizers: new Array(30).fill(bytes) } }), /multiply/);
  const { normalizer } = golden['xlm-roberta']!.json as { normalizer: Json };
  refused(
    of('xlm-roberta', { normalizer: { type: 'Sequence', normalizers: [normalizer, normalizer, normalizer] } }),
    /multiply/,
  );
  refused(of('xlm-roberta', { normalizer: { type: 'Prepend', prepend: 'x'.repeat(1000) } }), /too much before a text/);
  refused(
    of('xlm-roberta', { normalizer: { type: 'Lowercas' } }),
    /'Lowercas', which is not supported[\s\S]*did you mean 'Lowercase'/,
  );
  refused(
    of('roberta', { pre_tokenizer: { type: 'Bytelevel' } }),
    /'Bytelevel', which is not supported[\s\S]*'ByteLevel'/,
  );
  refused(
    of('roberta', { post_processor: { type: 'Robertaprocessing' } }),
    /'Robertaprocessing', which is not supported/,
  );
  refused(
    of('roberta', { pre_tokenizer: { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated' } }),
    /harmless/,
  );
  refused(of('roberta', { pre_tokenizer: { type: 'Split', pattern: {}, behavior: 'Isolated' } }), /without a pattern/);
  refused(of('roberta', { pre_tokenizer: { type: 'Punctuation', behavior: 'Isolate' } }), /unknown way, 'Isolate'/);
});

test('templates', () => {
  const text = { Sequence: { id: 'A', type_id: 0 } };
  const second = { Sequence: { id: 'B', type_id: 0 } };
  const template = (single: unknown, pair: unknown = [text, second]): Json =>
    of('xlm-roberta', { post_processor: { type: 'TemplateProcessing', single, pair, special_tokens: {} } });
  refused(template([text, text]), /template 'single' that does not hold each text once/);
  refused(template([text], [text, text]), /template 'pair' that does not hold each text once/);
  refused(template([]), /each text once/);
  refused(template([{ SpecialToken: { id: '<none>', type_id: 0 } }, text]), /'<none>', which is not in the vocabulary/);
  refused(template([...new Array(100).fill({ SpecialToken: { id: '<s>', type_id: 0 } }), text]), /too many tokens/);
  refused(template([{ Sequence: { id: 'A', type_id: 1e9 } }]), /unusable type_id/);
});

test('character maps that are cut, or point outside', () => {
  const map = (golden['xlm-roberta']!.json['normalizer'] as { normalizers: Json[] }).normalizers ?? [];
  const base64 = String(map.find((step) => step['type'] === 'Precompiled')?.['precompiled_charsmap']);
  const bytes = Buffer.from(base64, 'base64');
  assert.ok(bytes.length > 1000);
  const withMap = (value: unknown): Json =>
    of('xlm-roberta', { normalizer: { type: 'Precompiled', precompiled_charsmap: value } });
  open(withMap(base64)).encode('é ﬁ');
  refused(withMap(7), /precompiled_charsmap: is no text in base64/);
  refused(withMap('?'), /is no text in base64/);
  refused(withMap(bytes.subarray(0, 1000).toString('base64')), /does not hold its own trie/);
  refused(withMap(Buffer.alloc(3).toString('base64')), /does not hold its own trie/);
  const size = bytes.readUInt32LE(0);
  refused(withMap(bytes.subarray(0, 4 + size).toString('base64')), /points outside its texts/);
  const random = seeded(5);
  for (let i = 0; i < 6; i++) {
    const wrong = Buffer.from(bytes);
    for (let n = 0; n < 400; n++) wrong[4 + Math.floor(random() * (wrong.length - 4))] = Math.floor(random() * 256);
    attempt(withMap(wrong.toString('base64')));
  }
});

function attempt(json: unknown): void {
  const started = performance.now();
  try {
    open(json).encode(["Cafe\u0301 ﬁne 我 👨\u200d👩 don't", ['a', 'b']]);
  } catch (error) {
    assert.instance(error, PathgradError, String(error));
  }
  assert.ok(performance.now() - started < 2000, 'takes too long');
}

/** Long texts stay the same text. */
function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copied);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copied(item)]));
}

/** Something in the JSON, vocabularies aside, replaced by something else. */
function mutated(json: Json, random: () => number): Json {
  const copy = copied({ ...json, model: { ...(json['model'] as Json), vocab: null, merges: null } }) as Json;
  const places: { holder: Json; key: string }[] = [];
  const walk = (holder: Json): void => {
    for (const [key, value] of Object.entries(holder)) {
      places.push({ holder, key });
      if (typeof value === 'object' && value !== null) walk(value as Json);
    }
  };
  walk(copy);
  const { vocab, merges } = json['model'] as Json;
  Object.assign(copy['model'] as Json, { vocab, ...(merges === undefined ? {} : { merges }) });
  const { holder, key } = places[Math.floor(random() * places.length)]!;
  const values = [null, 0, -1, 1e12, '', 'x', '<s>', [], {}, true, false, [[]], { type: 'Sequence' }, Number.NaN];
  holder[key] = values[Math.floor(random() * values.length)];
  return copy;
}

test('72 mutants of twelve tokenizers: an error of ours, or tokens', () => {
  const random = seeded(11);
  const all = Object.values(golden);
  for (let i = 0; i < 72; i++) attempt(mutated(all[i % all.length]!.json, random));
});

test('a long text takes time that is linear in it', () => {
  for (const name of ['bert uncased', 'roberta', 'xlm-roberta']) {
    const { tokenizer } = golden[name]!;
    // Of the processor, the better of two: other processes take none of it.
    const time = (n: number): number => {
      const text = "don't ".repeat(n) + 'x'.repeat(n);
      const once = (): number => {
        const before = process.cpuUsage();
        tokenizer.encode(text);
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1000;
      };
      return Math.min(once(), once());
    };
    time(500);
    const [short, long] = [time(500), time(4000)];
    assert.ok(long < 40 * Math.max(4, short), `${name}: ${short} ms and ${long} ms`);
  }
});

test.run();
