/** The table that `model.summary()` prints: layers with output shapes, parameters and, for branched models, what feeds them. */
import { sizeOf } from '../tensor/shape.ts';
import { shortened } from '../tensor/visible.ts';
import type { Layer, SymbolicShape } from './layer.ts';
import { allLayers } from './lookup.ts';

/** Parameters of a layer and of the layers inside it. */
export function parametersOf(layer: Layer, which: 'all' | 'trainable' = 'all'): number {
  let count = 0;
  for (const each of allLayers([layer])) {
    for (const weight of each.weights) if (which === 'all' || weight.trainable) count += sizeOf(weight.shape);
  }
  return count;
}

/** `(None, 28, 28)` as Keras writes it would be Python; open sizes are `?` here. */
export function formatShape(shapes: readonly SymbolicShape[]): string {
  if (shapes.length === 0) return '?';
  return shapes.map((shape) => `[${shape.map((dim) => dim ?? '?').join(', ')}]`).join(', ');
}

/** @param sourcesOf what feeds a layer, as a column of its own */
export function summarize<L extends Layer>(
  name: string,
  layers: readonly L[],
  sourcesOf: ((layer: L) => string) | null,
): string {
  const header = ['Layer (type)', 'Output shape', 'Parameters', ...(sourcesOf ? ['Connected to'] : [])];
  const rows = layers.flatMap((layer) => rowsOf(layer, 0, sourcesOf ? [sourcesOf(layer)] : []));
  const widths = header.map((text, i) => Math.max(text.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((text, i) => (i === 2 ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  const rule = '─'.repeat(widths.reduce((a, b) => a + b + 2, -2));
  const total = layers.reduce((n, layer) => n + parametersOf(layer), 0);
  const trainable = layers.reduce((n, layer) => n + parametersOf(layer, 'trainable'), 0);
  return [
    `Model: ${shortened(name)}`,
    rule,
    line(header),
    rule,
    ...rows.map(line),
    rule,
    `Parameters: ${group(total)} (${group(trainable)} trainable, ${group(total - trainable)} not)`,
  ].join('\n');
}

function rowsOf(layer: Layer, depth: number, sources: readonly string[]): string[][] {
  const row = [
    `${'  '.repeat(depth)}${shortened(layer.name)} (${shortened(layer.className)})`,
    formatShape(layer.outputShapes),
    group(parametersOf(layer)),
    ...sources,
  ];
  return [row, ...layer.layers.flatMap((inner) => rowsOf(inner, depth + 1, []))];
}

function group(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
