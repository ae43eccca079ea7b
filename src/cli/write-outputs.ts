/** The files that `explain` writes: report, pictures, numbers. All are made before the first is written. */
import { version } from '../attribution/index.ts';
import { type AnyModel, titleOf as modelTitle, summaryOf } from '../open/model.ts';
import { attributionGrid, encodePng, type ReportItem, report } from '../visualize/index.ts';
import { sumOf } from './explainers.ts';
import { writeAll } from './files.ts';
import type { AnyExplanation, Context, Finding } from './findings.ts';
import { type Arguments, usage } from './flags/flags.ts';
import { reportItem } from './outputs/items.ts';
import { svgFiles } from './outputs/svg.ts';
import { colorScale, formatScores } from './print/print.ts';
import type { Terminal } from './print/terminal.ts';
import type { Batch } from './samples/batch.ts';

export interface Results {
  readonly path: string;
  readonly model: AnyModel;
  readonly batch: Batch;
  /** One per target. */
  readonly explanations: readonly AnyExplanation[];
  readonly findings: readonly Finding[];
  readonly context: Context;
  /** Warnings about the explanation as a whole. */
  readonly news: readonly string[];
}

/** Writes what --html, --png and --json ask for; returns the names of the files. */
export function writeOutputs(args: Arguments, results: Results, terminal: Terminal): string[] {
  const makers = {
    html: () => makeHtml(results),
    png: () => makePng(results, args),
    svg: () => svgFiles(args.text('svg')!, itemsOf(results)),
    json: () => makeJson(results, args),
  };
  return writeAll(args, makers, terminal);
}

function itemsOf({ findings, explanations, context, news }: Results): ReportItem[] {
  return findings.map((finding) => reportItem(finding, explanations[0]!, context.row, news));
}

function makeHtml(results: Results): string {
  const { path, model, batch, explanations, findings } = results;
  const items = itemsOf(results);
  const noun = nounOf(batch, findings);
  const rows = batch.samples.length;
  const targets = explanations.length > 1 ? `, ${explanations.length} targets each` : '';
  const title = `${rows} ${rows > 1 ? noun[1] : noun[0]}${targets}`;
  const section = { title, model: { name: model.name, file: path, summary: summaryOf(model) }, items };
  const labels = [...new Set(findings.map(({ target }) => target.label))];
  const name = modelTitle(model, path);
  const what = labels.length === 1 ? `${labels[0]} in ${name}` : `${labels.length} targets in ${name}`;
  return report([section], { title: `What moved ${what}` });
}

function nounOf({ kind, samples }: Batch, findings: readonly Finding[]): readonly [one: string, many: string] {
  if (kind === 'text') return ['text', 'texts'];
  if (kind === 'image') return ['picture', 'pictures'];
  if ((samples[0]?.parts.length ?? 1) > 1 && !findings[0]?.table) return ['sample', 'samples'];
  return samples[0]?.parts[0]?.kind === 'series' ? ['series', 'series'] : ['row', 'rows'];
}

function makePng({ findings, model, context: { row } }: Results, args: Arguments): Uint8Array {
  const samples = findings.map(({ image, title, prediction, probabilities, target }) => {
    if (!image) throw usage('--png', 'draws attributions of pixels, not of a layer', 'leave --layer out');
    const { data, shape } = image.view;
    const label = [ascii(title), formatScores(prediction.slice(0, 1), probabilities), `explained: ${target.label}`].map(
      ascii,
    );
    return { image: { data, shape }, attribution: { data: image.attribution, shape: image.shape }, label };
  });
  const scale = colorScale(args);
  const title = ascii(row.name === 'IntegratedGradients' ? model.name : `${model.name}: ${row.name}`);
  const caption = row.sum === null ? { meaning: ascii(`${row.says}; ${sumOf(row)}`) } : {};
  return encodePng(
    attributionGrid(samples, { title, range: [0, 1], ...caption, ...(scale !== undefined && { scale }) }),
  );
}

/** The font of the pictures has ASCII only. */
function ascii(text: string): string {
  return text.normalize('NFKD').replace(/[^\x20-\x7e]/g, (c) => (/\p{M}/u.test(c) ? '' : '?'));
}

function makeJson({ path, findings, explanations, context }: Results, args: Arguments): string {
  const items = findings.map(
    ({ title, label, at, other, prediction, target, baseline, completeness, text, features, pairs, parts, table }) => ({
      title,
      ...(label !== undefined && { label }),
      ...(at !== undefined && { at }),
      ...(other !== undefined && { other }),
      prediction,
      target,
      baseline,
      completeness,
      ...(text && { tokens: (text.pieces ?? text).tokens, scores: (text.pieces ?? text).scores }),
      ...(text?.pieces && { words: text.tokens, wordScores: text.scores }),
      ...(features && { features: features.names, scores: features.scores }),
      ...(pairs && { pairs: pairs.names, pairScores: pairs.scores }),
      ...(table && { table }),
      ...(parts.length > 1 && { inputs: parts.map(({ name, kind, sum, share }) => ({ name, kind, sum, share })) }),
    }),
  );
  const { name, says, sum, source } = context.row;
  const [explanation] = explanations;
  const content = {
    pathgrad: version,
    model: path,
    explainer: { name, says, sum, source },
    labels: context.output.listed === undefined ? context.output.labels : null,
    items,
    // All numbers, with --full. Several targets: one explanation each, in the order of the targets.
    ...(args.has('full') && (explanations.length > 1 ? { explanations } : { explanation })),
  };
  return `${JSON.stringify(content)}\n`;
}
