/** What was found about an input as a report draws it: a text, a picture, a table, a series, or several of them by name. */
import { spelledOut } from '../visualize/charts/words.ts';
import type { ReportContent, ReportSeries } from '../visualize/report/types.ts';
import type { FoundPart, FoundTable, Scored } from './found-parts.ts';

const FEATURES = 40; // entries of an array that a report lists

/** What was found of one input, part by part and all together. */
export interface Found {
  /** The text itself, where it is one. */
  readonly title: string;
  readonly text?: Scored;
  readonly image?: FoundPart['image'];
  readonly parts: readonly FoundPart[];
  readonly table?: FoundTable;
  readonly features?: { readonly names: readonly string[]; readonly scores: readonly number[] };
}

export type Named = { readonly name: string; readonly content: ReportContent };

/** What the input consists of: one entry, or one per input of the model. All tables of a model are one. */
export function contentsOf(finding: Found): Named[] {
  const { parts, table, features, text, image, title } = finding;
  if (text) return [{ name: 'text', content: textOf(text, title) }];
  if (image) return [{ name: 'image', content: imageOf(image) }];
  const drawn = parts.flatMap((part): Named[] => {
    const content = partOf(part, finding);
    return content ? [{ name: part.name, content }] : [];
  });
  const tables = parts.filter((part) => part.table);
  if (table && tables.length > 1) {
    const others = drawn.filter(({ content }) => content.kind !== 'table');
    const name = others.length === 0 ? 'table' : tables.map((part) => part.name).join(', ');
    if (drawn.length === parts.length) return [{ name, content: tableOf(table) }, ...others];
  }
  if (drawn.length > 0 && drawn.length === parts.length) return drawn;
  return [{ name: 'entries', content: { kind: 'table', ...strongestOf(features!) } }];
}

function partOf({ text, image, table, series }: FoundPart, { title }: Found): ReportContent | null {
  if (text) return textOf(text, title);
  if (image) return imageOf(image);
  if (table) return tableOf(table);
  return series ? seriesOf(series) : null;
}

const tableOf = ({ names, shown, scores }: FoundTable): ReportContent => ({
  kind: 'table',
  names,
  ...(shown.some((value) => value !== '') && { values: shown }),
  scores,
});

/** Words in their spelling and place, where the title is the text that they were made of. */
function textOf({ tokens, scores }: Scored, title: string): ReportContent {
  const spelled = spelledOut(title, tokens);
  return { kind: 'text', tokens: spelled?.words ?? tokens, scores, ...(spelled && { between: spelled.between }) };
}

const imageOf = ({ view, attribution, shape }: NonNullable<FoundPart['image']>): ReportContent => ({
  kind: 'image',
  image: { data: view.data, shape: view.shape },
  attribution: { data: attribution, shape },
  range: [0, 1],
});

/** Steps x channels as a list of channels. */
function seriesOf({ steps, channels, rate, values, scores }: NonNullable<FoundPart['series']>): ReportSeries {
  const of = (data: ArrayLike<number>, c: number): Float64Array =>
    Float64Array.from({ length: steps }, (_, i) => data[i * channels.length + c]!);
  return {
    kind: 'series',
    channels: channels.map((name, c) => ({ name, values: of(values, c), attributions: of(scores, c) })),
    ...(rate !== null && { rate }),
  };
}

/** The entries of an array that count most, in their order. */
function strongestOf({ names, scores }: NonNullable<Found['features']>): { names: string[]; scores: number[] } {
  const order = names.map((_, i) => i).sort((a, b) => Math.abs(scores[b]!) - Math.abs(scores[a]!));
  const kept = order.slice(0, FEATURES).sort((a, b) => a - b);
  return { names: kept.map((i) => names[i]!), scores: kept.map((i) => scores[i]!) };
}
