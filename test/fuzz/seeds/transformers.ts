/** Intact transformers and tokenizers, small. */
import { readFileSync } from 'node:fs';
import { strToU8 } from 'fflate';
import { bertTokenizerJson } from '../../../src/transformers/index.ts';
import { writeSafetensors } from '../../support/safetensors.ts';
import { arraysOf, goldenEncoder, type HeadName, type StoredAs } from '../../support/transformer-golden.ts';
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
  seeds.push(...torchSeeds());
  for (const one of sentenceModels()) {
    if (['dense', 'lowercased, with a prompt'].includes(one.name)) {
      seeds.push({ format: 'transformer', name: `sentences: ${one.name}`, parts: sentenceFiles(one) });
    }
  }
  return seeds;
}

/** As PyTorch's classes save them, in every float type, whole and in two shards. */
function torchSeeds(): Seed[] {
  const wanted: readonly (readonly [encoder: string, head: HeadName, as: StoredAs, shards: number])[] = [
    ['bert', 'single', 'F16', 1],
    ['roberta', 'token', 'BF16', 1],
    ['albert', 'question', 'F32', 2],
    ['electra', 'masked', 'F32', 1],
    ['mpnet', 'multi', 'F32', 1],
    ['deberta-v2', 'single', 'F16', 2],
    ['modernbert', 'token', 'F32', 1],
  ];
  return wanted.map(([encoder, head, as, shards]): Seed => {
    const golden = goldenEncoder(encoder);
    const found = golden.cases.find((one) => one.head === head)!;
    const arrays = Object.entries(arraysOf(found, golden.prefix, as));
    const file = (i: number): string =>
      shards === 1 ? 'model.safetensors' : `model-0000${i + 1}-of-0000${shards}.safetensors`;
    const parts: Record<string, Uint8Array> = {
      'config.json': json(found.config),
      'tokenizer.json': json(bertTokenizerJson(words.join('\n'))),
    };
    for (let i = 0; i < shards; i++) {
      parts[file(i)] = writeSafetensors(Object.fromEntries(arrays.filter((_, j) => j % shards === i)));
    }
    const map = Object.fromEntries(arrays.map(([name], j) => [name, file(j % shards)]));
    if (shards > 1) parts['model.safetensors.index.json'] = json({ metadata: {}, weight_map: map });
    return { format: 'transformer', name: `${encoder}, ${head}, ${as}`, parts };
  });
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
