/** The files that `explain` writes: report, pictures, numbers. All are made before the first is written. */
import { version } from '../attribution/index.ts';
import type { MethodRow } from '../attribution/methods/index.ts';
import { type AnyModel, titleOf as modelTitle, summaryOf } from '../open/model.ts';
import { plain } from '../visualize/format.ts';
import { attributionGrid, encodePng, type ReportItem, report } from '../visualize/index.ts';
import { sumOf } from './explainers.ts';
import { writeAll } from './files.ts';
import type { AnyExplanation, Context, Finding } from './findings.ts';
import { type Arguments, usage } from './flags.ts';
import { colorScale, formatScores, warningOf } from './print.ts';
import type { Batch } from './samples/batch.ts';
import type { Terminal } from './terminal.ts';

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

const FEATURES = 40; // entries of an array that a report lists

/** Writes what --html, --png and --json ask for; returns the names of the files. */
export function writeOutputs(args: Arguments, results: Results, terminal: Terminal): string[] {
  const makers = {
    html: () => makeHtml(results),
    png: () => makePng(results, args),
    json: () => makeJson(results, args),
  };
  return writeAll(args, makers, terminal);
}

function makeHtml({ path, model, batch, findings, explanations, context, news }: Results): string {
  const items = findings.map((finding) => reportItem(finding, explanations[0]!, context.row, news));
  const noun = { text: 'text', image: 'picture', array: 'row' }[batch.kind];
  const rows = batch.samples.length;
  const targets = explanations.length > 1 ? `, ${explanations.length} targets each` : '';
  const title = `${rows} ${noun}${rows > 1 ? 's' : ''}${targets}`;
  const section = { title, model: { name: model.name, file: path, summary: summaryOf(model) }, items };
  const labels = [...new Set(findings.map(({ target }) => target.label))];
  const name = modelTitle(model, path);
  const what = labels.length === 1 ? `${labels[0]} in ${name}` : `${labels.length} targets in ${name}`;
  return report([section], { title: `What moved ${what}` });
}

function titleOf({ title, at, other }: Finding): string {
  if (other !== undefined) return `${title} (as like: ${other})`;
  return at === undefined ? title : `${title} (at ${at})`;
}

function reportItem(finding: Finding, { meta }: AnyExplanation, row: MethodRow, news: readonly string[]): ReportItem {
  const { prediction, probabilities, target, baseline, completeness } = finding;
  const title = titleOf(finding);
  const explained = prediction.find(({ label }) => label === target.label);
  const score = probabilities || !explained ? '' : `, score ${plain(explained.score)}`;
  const auto = meta.params['nSteps'] === 'auto';
  const common = {
    title: finding.scale === null ? title : `${title}: ${target.label}`,
    ...(finding.scale !== null && { scale: finding.scale }),
    // The report reads predictions as probabilities; other scores are named with the target.
    prediction: probabilities ? prediction.map(({ label, score }) => ({ label, probability: score })) : [],
    target: `${target.label}${score}`,
    explainer: { name: row.name, says: row.says, sum: row.sum },
    ...(baseline && {
      baseline: {
        name: baseline.name,
        score: baseline.score,
        ...(baseline.entropy && { entropy: baseline.entropy.nats, entropyFraction: baseline.entropy.fraction }),
      },
    }),
    ...(row.name === 'IntegratedGradients' && {
      method: auto ? 'adaptive Gauss-Kronrod' : String(meta.params['method']),
      steps: completeness!.steps,
    }),
    ...(completeness && {
      completeness: { delta: completeness.delta, relative: completeness.relative, ok: completeness.ok },
    }),
    ...(finding.pairs && { pairs: finding.pairs }),
    warnings: !completeness || completeness.ok ? news : [warningOf(finding), ...news],
  };
  if (finding.image) {
    const { view, attribution, shape } = finding.image;
    const image = { data: view.data, shape: view.shape };
    return { ...common, kind: 'image', image, attribution: { data: attribution, shape }, range: [0, 1] };
  }
  const { tokens, scores } = finding.text ?? strongestOf(finding);
  return { ...common, kind: 'text', tokens, scores };
}

/** The entries of an array that count most, in their order. */
function strongestOf({ features }: Finding): { tokens: string[]; scores: number[] } {
  const { names, scores } = features!;
  const order = names.map((_, i) => i).sort((a, b) => Math.abs(scores[b]!) - Math.abs(scores[a]!));
  const kept = order.slice(0, FEATURES).sort((a, b) => a - b);
  return { tokens: kept.map((i) => names[i]!), scores: kept.map((i) => scores[i]!) };
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
