/** Intact transformers and tokenizers, small. */
import { readFileSync } from 'node:fs';
import { strToU8 } from 'fflate';
import { bertTokenizerJson } from '../../../src/transformers/index.ts';
import { sentenceFiles, sentenceModels } from '../../transformers/golden-sentences.ts';
import { tokenizersOfHuggingFace } from '../../transformers/golden-tokenizers.ts';
import { makeFiles, small } from '../../transformers/support.ts';
import type { Seed } from '../formats.ts';

const json = (value: unknown): Uint8Array => strToU8(JSON.stringify(value));
const words = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  'a',
  'good',
  'film',
  'not',
  'the',
  'end',
  'of',
  'it',
  '.',
  ',',
  '!',
  '##s',
  '##ing',
  'b',
  'c',
];

export async function transformerSeeds(): Promise<Seed[]> {
  const seeds: Seed[] = [];
  const vocab = words.join('\n');
  const tokenizer = json(bertTokenizerJson(vocab));
  for (const kind of ['distilbert', 'bert'] as const) {
    const { config, weights } = await makeFiles({ ...small, kind, layers: 1 });
    const parts = { 'config.json': json(config), 'tf_model.h5': weights as Uint8Array };
    seeds.push({
      format: 'transformer',
      name: `${kind} with tokenizer.json`,
      parts: {
        ...parts,
        'tokenizer.json': tokenizer,
        'tokenizer_config.json': json({ do_lower_case: true, pad_token: '[PAD]' }),
      },
    });
    seeds.push({
      format: 'transformer',
      name: `${kind} with vocab.txt`,
      parts: { ...parts, 'vocab.txt': strToU8(vocab) },
    });
  }
  for (const one of sentenceModels()) {
    if (['dense', 'lowercased, with a prompt'].includes(one.name)) {
      seeds.push({ format: 'transformer', name: `sentences: ${one.name}`, parts: sentenceFiles(one) });
    }
  }
  return seeds;
}

export function tokenizerSeeds(): Seed[] {
  const vocab = words.join('\n');
  const example = JSON.parse(
    readFileSync(new URL('../../../examples/imdb-distilbert/tokenizer.json', import.meta.url), 'utf8'),
  ) as {
    model: { vocab: Record<string, number> };
  };
  example.model.vocab = Object.fromEntries(Object.entries(example.model.vocab).filter(([, id]) => id < 300));
  return [
    { format: 'tokenizer', name: 'of a vocab.txt', parts: { 'tokenizer.json': json(bertTokenizerJson(vocab)) } },
    { format: 'tokenizer', name: 'of imdb-distilbert', parts: { 'tokenizer.json': json(example) } },
    ...tokenizersOfHuggingFace()
      .filter(({ name }) => ['roberta', 'albert'].includes(name))
      .map(
        ({ name, json: whole }): Seed => ({
          format: 'tokenizer',
          name: `of ${name}`,
          parts: { 'tokenizer.json': json(whole) },
        }),
      ),
    { format: 'tokenizer', name: 'vocab.txt', parts: { 'vocab.txt': strToU8(vocab) } },
  ];
}
