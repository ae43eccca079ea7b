/** The files made of the explanation that is shown: a report, a picture, or its numbers. A chunk of its own. */
import { type Meta, version } from '../../attribution/index.ts';
import { failure } from '../../tensor/errors.ts';
import { plain } from '../../visualize/format.ts';
import { attributionGrid } from '../../visualize/grid.ts';
import { encodePng } from '../../visualize/raster.ts';
import { report } from '../../visualize/report.ts';
import type { ReportItem } from '../../visualize/report-types.ts';
import type { ModelInfo, ReplyOf, RequestOf } from '../protocol.ts';
import { summaryOf } from './pieces.ts';
import { isTransformer, type Shown, type State } from './state.ts';

/** Entries of an array that a report lists. */
const FEATURES = 40;

export function makeFile(state: State, { format }: RequestOf<'export'>): ReplyOf<'export'> {
  const { info, shown } = state;
  if (!info || !shown) throw failure('export', 'there is no explanation yet', {}, 'give the model an input first');
  const stem = `${info.file.replace(/\.(h5|hdf5|keras|json)$/i, '').replace(/[^\w.-]+/g, '-')}-explanation`;
  switch (format) {
    case 'html':
      return { name: `${stem}.html`, file: new Blob([htmlOf(state, info, shown)], { type: 'text/html' }) };
    case 'png':
      return { name: `${stem}.png`, file: new Blob([pngOf(info.name, shown)], { type: 'image/png' }) };
    case 'json':
      return { name: `${stem}.json`, file: new Blob([jsonOf(info.file, shown)], { type: 'application/json' }) };
  }
}

function htmlOf({ model }: State, { name, file }: ModelInfo, shown: Shown): string {
  const summary = isTransformer(model!) ? summaryOf(model) : model!.summary();
  const title = { text: 'Text', image: 'Picture', numbers: 'Numbers' }[shown.sample.kind];
  return report([{ title, model: { name, file, summary }, items: [itemOf(shown)] }], { title: `What moved ${name}` });
}

function itemOf({ view, sample, explanation, tokens, scores, attribution }: Shown): ReportItem {
  const { prediction, probabilities, target, baseline, completeness } = view;
  const { delta, relative, ok, steps } = completeness;
  const explained = prediction.find(({ label }) => label === target.label);
  const common = {
    title: sample.title,
    // The report reads predictions as probabilities; other scores are named with the target.
    prediction: probabilities ? prediction.map(({ label, score }) => ({ label, probability: score })) : [],
    target: probabilities || !explained ? target.label : `${target.label}, score ${plain(explained.score)}`,
    baseline: {
      name: baseline.name,
      score: baseline.score,
      ...(baseline.entropy && { entropy: baseline.entropy.nats, entropyFraction: baseline.entropy.fraction }),
    },
    method: methodOf(explanation.meta),
    steps,
    completeness: { delta, relative, ok },
    warnings: view.warnings,
  };
  if (sample.image && attribution) {
    const { data, height, width, channels } = sample.image.pixels;
    const shape = [height, width, channels];
    return {
      ...common,
      kind: 'image',
      image: { data, shape },
      attribution: { data: attribution, shape },
      range: [0, 1],
    };
  }
  const order = scores!.map((_, i) => i).sort((a, b) => Math.abs(scores![b]!) - Math.abs(scores![a]!));
  const kept = sample.text ? order.map((_, i) => i) : order.slice(0, FEATURES).sort((a, b) => a - b);
  return { ...common, kind: 'text', tokens: kept.map((i) => tokens![i]!), scores: kept.map((i) => scores![i]!) };
}

function pngOf(model: string, { view, sample, attribution }: Shown): Uint8Array<ArrayBuffer> {
  if (!sample.image || !attribution) throw failure('PNG', 'shows pixels, and this input has none', {}, 'export HTML');
  const { data, height, width, channels } = sample.image.pixels;
  const shape = [height, width, channels];
  const [first] = view.prediction;
  const label = [
    sample.title,
    `says ${first!.label}`,
    view.probabilities ? `${(100 * first!.score).toFixed(1)} %` : plain(first!.score),
    `explained: ${view.target.label}`,
  ];
  const row = { image: { data, shape }, attribution: { data: attribution, shape }, label: label.map(ascii) };
  return new Uint8Array(encodePng(attributionGrid([row], { title: ascii(model), range: [0, 1] })));
}

/** The font of the pictures has ASCII only. */
function ascii(text: string): string {
  return text.normalize('NFKD').replace(/[^\x20-\x7e]/g, (c) => (/\p{M}/u.test(c) ? '' : '?'));
}

function jsonOf(model: string, { view, sample, explanation, tokens, scores }: Shown): string {
  const { prediction, probabilities, target, baseline, completeness, warnings, backend } = view;
  const item = { title: sample.title, prediction, probabilities, target, baseline, completeness, warnings };
  const content = {
    pathgrad: version,
    model,
    backend,
    item: { ...item, ...(tokens && { tokens, scores }) },
    explanation: explanation.toJSON(),
  };
  return `${JSON.stringify(content)}\n`;
}

const methodOf = ({ name, params }: Meta): string =>
  params['nSteps'] === 'auto' ? 'adaptive Gauss-Kronrod' : String(params['method'] ?? name);
