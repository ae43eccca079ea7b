/** What `pathgrad inspect` says of a transformer: the encoder, the tokenizer, the classes, and the layers with their parameters. */
import { embeddingsOf, outputsOf, type Transformer } from '../../open/model.ts';
import { shortened, visible } from '../../tensor/visible.ts';
import type { TransformerLayer } from '../../transformers/index.ts';
import type { Terminal } from '../print/terminal.ts';

export async function inspectTransformer(model: Transformer, path: string, terminal: Terminal): Promise<void> {
  const { config, tokenizer, labels } = model;
  const { architecture, layers, width, heads, positions } = config;
  terminal.out(`${visible(path)}: ${shortened(model.name)}, a transformer (${architecture}) that transformers saved\n`);
  terminal.out(`encoder    ${layers} layers of width ${width}, ${heads} heads, up to ${positions} tokens\n`);
  const reads = tokenizer ? `${tokenizer.vocabulary.toLocaleString('en-US')} tokens` : 'none: texts cannot be given';
  terminal.out(`tokenizer  ${reads}\n`);
  // Any config has names of classes, an encoder's as well.
  const names =
    /classification$/.test(model.task) && labels.length > 0
      ? `: ${labels.slice(0, 20).join(', ')}${labels.length > 20 ? ', …' : ''}`
      : '';
  for (const { name, shape } of outputsOf(model))
    terminal.out(`output     ${name} [${shape.map((dim) => dim ?? 'any').join(', ')}]${visible(names)}\n`);
  if (model.task === 'own') {
    terminal.out(`task       none: an encoder without a head\n\n${await table(model)}\n\n`);
    terminal.out('It gives vectors of words; to predict or explain, open a model that was trained for a task.\n');
    return;
  }
  terminal.out(`task       ${model.task.replaceAll('-', ' ')}\n\n`);
  terminal.out(`${await table(model)}\n\n`);
  terminal.out(`Texts are explained at ${embeddingsOf(model)}, unless --layer names another layer.\n`);
  terminal.out(`This model can be run and explained: pathgrad explain ${visible(path)} --text "…"\n`);
}

/** Layers as a tree; parameters of each with all that is inside it. */
async function table(model: Transformer): Promise<string> {
  const sizes: { readonly layer: string; readonly size: number }[] = [];
  await model.withWeights!(({ layer, tensor }) => {
    sizes.push({ layer, size: tensor.size });
    return null;
  });
  const sum = (path: string): number =>
    sizes.reduce((all, { layer, size }) => (layer === path || layer.startsWith(`${path}/`) ? all + size : all), 0);
  const lines = (layer: TransformerLayer, depth: number): [string, string, string][] => [
    [`${'  '.repeat(depth)}${layer.name}`, layer.className, sum(layer.path).toLocaleString('en-US')],
    ...layer.layers.flatMap((inside) => lines(inside, depth + 1)),
  ];
  const total = sizes.reduce((all, { size }) => all + size, 0);
  const rows = [['layer', 'class', 'parameters'], ...model.layers.flatMap((layer) => lines(layer, 0))];
  const [first = 0, second = 0, third = 0] = [0, 1, 2].map((i) => Math.max(...rows.map((row) => row[i]!.length)));
  const shown = rows.map(
    ([name, kind, count]) => `${name!.padEnd(first)}  ${kind!.padEnd(second)}  ${count!.padStart(third)}`,
  );
  shown.splice(1, 0, `${'─'.repeat(first)}  ${'─'.repeat(second)}  ${'─'.repeat(third)}`);
  return [...shown, '', `Total parameters: ${total.toLocaleString('en-US')}`].join('\n');
}
