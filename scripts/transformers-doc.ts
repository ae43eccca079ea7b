/**
 * Writes docs/transformers.md: every encoder and head of transformers and whether it is supported, asked of the code itself.
 * `node --import tsx scripts/transformers-doc.ts`. The classes are those of transformers-classes.json, made by transformers_classes.py; the
 * differences are those that `UPDATE=1 npm run test:slow -- transformers` measured.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { activations } from '../src/transformers/activations.ts';
import { type Architecture, families } from '../src/transformers/encoders/index.ts';
import { headClasses } from '../src/transformers/heads/index.ts';
import { poolingNames } from '../src/transformers/sentence/pooling.ts';
import { normalizers } from '../src/transformers/tokenizer/normalizers.ts';
import { preTokenizers } from '../src/transformers/tokenizer/pre-tokenizers.ts';
import { postProcessors } from '../src/transformers/tokenizer/template.ts';
import { otherEncoders, otherHeads, refused } from './transformers-reasons.ts';

interface Classes {
  readonly transformers: string;
  readonly encoders: Readonly<
    Record<string, { readonly title: string; readonly classes: Readonly<Record<string, string>> }>
  >;
}

/** Largest differences of one golden model from transformers' values. */
export interface Off {
  readonly outputs: number;
  readonly gradient: number;
  readonly attributions: number;
}
type Measured = Readonly<
  Record<string, { readonly family: string; readonly heads: Readonly<Record<string, Readonly<Record<string, Off>>>> }>
>;

const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
export const list = read('transformers-classes.json') as Classes;
const measured = read('../test/golden/transformers/differences.json') as Measured;

/** Heads of the golden values by the class that they are of. */
const headsOf: Readonly<Record<string, readonly string[]>> = {
  Model: ['base'],
  ForSequenceClassification: ['single', 'multi', 'regression'],
  ForTokenClassification: ['token'],
  ForQuestionAnswering: ['question'],
  ForMaskedLM: ['masked'],
};

const isSupported = (type: string): type is Architecture => Object.hasOwn(families, type);
const worst = (values: readonly number[]): string => (values.length ? Math.max(...values).toExponential(1) : '');

/** All that was measured of a family and a class. */
function off(family: string, kind: string | null, dtype: string): Off[] {
  const own = Object.values(measured).filter((one) => one.family === family);
  return own.flatMap(({ heads }) =>
    Object.entries(heads).flatMap(([head, by]) => (kind === null || headsOf[kind]!.includes(head) ? [by[dtype]!] : [])),
  );
}

function encoderTable(): string {
  const kinds = Object.keys(headsOf);
  const head = `| encoder | \`model_type\` | encoder alone | ${kinds.slice(1).join(' | ')} |\n|${'---|'.repeat(kinds.length + 2)}`;
  const lines = Object.keys(families).map((type) => {
    const { title, classes } = list.encoders[type]!;
    const cells = kinds.map((kind) => {
      if (!Object.hasOwn(classes, kind)) return 'transformers has none';
      if (kind !== 'Model' && !headClasses.includes(kind)) return 'no';
      const found = off(type, kind, 'float64').map(({ outputs }) => outputs);
      if (found.length === 0) throw new Error(`no golden value of ${type}, ${kind}`);
      return `yes, ${worst(found)}`;
    });
    return `| ${title} | \`${type}\` | ${cells.join(' | ')} |`;
  });
  return `${head}\n${lines.join('\n')}`;
}

function differenceTable(): string {
  const columns = ['outputs', 'gradient', 'attributions'] as const;
  const head = `| encoder | models | ${['float64', 'float32'].map((dtype) => columns.map((name) => `${name}, ${dtype}`).join(' | ')).join(' | ')} |`;
  const lines = Object.keys(families).map((type) => {
    const all = ['float64', 'float32'].map((dtype) => off(type, null, dtype));
    const cells = all.flatMap((found) => columns.map((name) => worst(found.map((one) => one[name]))));
    return `| ${list.encoders[type]!.title} | ${all[0]!.length} | ${cells.join(' | ')} |`;
  });
  return `${head}\n|${'---|'.repeat(8)}\n${lines.join('\n')}`;
}

function headTable(): string {
  const lines = Object.entries(otherHeads).map(([ending, why]) => {
    const names = Object.keys(families).flatMap((type) => list.encoders[type]!.classes[ending] ?? []);
    const own = [...new Set(names)].filter((name) => !headClasses.some((known) => name.endsWith(known)));
    return `| ${own.map((name) => `\`${name}\``).join(', ')} | ${why} |`;
  });
  return `| class | why not |\n|---|---|\n${lines.join('\n')}`;
}

function otherTable(): string {
  const lines = Object.entries(list.encoders).flatMap(([type, { title }]) =>
    isSupported(type) ? [] : [`| ${title} | \`${type}\` | ${otherEncoders[type] ?? 'no reason'} |`],
  );
  return `| encoder | \`model_type\` | why not |\n|---|---|---|\n${lines.join('\n')}`;
}

const names = (of: readonly string[]): string => of.map((name) => `\`${name}\``).join(', ');

/** The whole page. */
export function transformersPage(): string {
  const count = Object.keys(list.encoders).length;
  const supported = Object.keys(list.encoders).filter(isSupported).length;
  const refusals = refused.map(([what, instead]) => `| ${what} | ${instead} |`).join('\n');
  return `# Transformers: what is read

Written by \`scripts/transformers-doc.ts\` from the code; how to explain a text is [another page](transformers-guide.md). The encoders and classes are those
of transformers ${list.transformers}.

## Files

A folder, a URL of one, or the files themselves: \`config.json\`; the weights; \`tokenizer.json\` or BERT's \`vocab.txt\`, with
\`tokenizer_config.json\` and \`special_tokens_map.json\` where they are; and what sentence-transformers adds.

Weights are \`model.safetensors\` (float64, float32, float16, bfloat16) or \`tf_model.h5\`, whole or in shards with their index. **Where a folder has
both, \`model.safetensors\` is read**, then \`model.safetensors.index.json\`, \`tf_model.h5\`, \`tf_model.h5.index.json\`: one of them, never a mixture.
Safetensors files are read by range, one tensor after another: all-MiniLM-L6-v2 takes 0.5 s and 1.24 times
its 90.9 MB at the peak (\`npm run bench:transformer\`, n = 9), saved in float16 0.6 s and 2.5 times its 45.4 MB (n = 5), since its
values are computed with as float32: 2.0 times the file, and about 22 MB that reading takes for a model of either type. Of a tensor that is left over, missing, twice, overlapping
or of another shape than \`config.json\` implies, the message says its name.

## Encoders and heads

Values are compared with transformers' PyTorch classes on small models of random weights (\`test/golden/transformers\`): outputs, the gradient at the
embeddings, and captum's integrated gradients there. The number is the largest difference of outputs in float64; golden values are stored to seven
decimals or so.

${encoderTable()}

\`ForSequenceClassification\` is one label of several, several labels at once, or a regression, as \`problem_type\` says; the encoder alone (\`…Model\`) takes a
\`head\` of one's own, or is the first module of a sentence-transformers folder: any of these encoders. Classes of TensorFlow are called \`TF…\` and read the same.

Largest differences of all golden models of a family, gradients and attributions relative to the largest, outputs in float32 relative to the largest where that is above 1:

${differenceTable()}

Other classes of these encoders are refused by name; their encoder can be used with the option \`head\`.

${headTable()}

## Other encoders

${supported} of the ${count} encoders of transformers that have a masked language model are supported. The others are refused by their \`model_type\`:

${otherTable()}

Decoders (GPT-2, Llama and the like) and everything else that transformers has are refused in the same way.

## Options of a config that are refused

| what | instead |
|---|---|
${refusals}

Activations: ${names(Object.keys(activations))}. Others are refused by name.

## Tokenizers

\`tokenizer.json\` with a model of WordPiece, BPE or Unigram, and \`vocab.txt\` of BERT. Steps, in a \`Sequence\` or alone:

- normalizers: ${names(Object.keys(normalizers))}
- pre-tokenizers: ${names(Object.keys(preTokenizers))}; \`Split\` and \`Replace\` by the patterns that are known to take linear time
- post-processors: ${names(postProcessors)}

Refused by name: \`WordLevel\`, byte fallback of Unigram, BPE with prefixes, suffixes or dropout, any other step. Folders that have only
\`sentencepiece.bpe.model\`, \`spiece.model\`, \`spm.model\` or \`vocab.json\` with \`merges.txt\` open without a tokenizer, and where a text is asked for the
message says how to write \`tokenizer.json\`: \`AutoTokenizer.from_pretrained(folder, use_fast=True).save_pretrained(folder)\`.

## sentence-transformers

Modules: \`Transformer\`, \`Pooling\` (${names(Object.keys(poolingNames))}, several side by side), \`Dense\`, \`Normalize\`, \`Dropout\`. Refused: poolings that leave out the
prompt (\`include_prompt: false\`), other modules, and folders that do not start with a \`Transformer\`. \`all-MiniLM-L6-v2\` gives the
similarities of sentence-transformers to 1e-5 for 20 pairs (\`test/shared/minilm.test.ts\`).
`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(new URL('../docs/transformers.md', import.meta.url), transformersPage());
}
