/** The files made of the explanation that is shown: a report, a picture, or its numbers. Fetched when one is asked for. */
import { version } from '../../../attribution/index.ts';
import { usual } from '../../../attribution/methods/usual.ts';
import { contentsOf } from '../../../open/contents.ts';
import { failure } from '../../../tensor/errors.ts';
import { plain } from '../../../visualize/format.ts';
import { attributionGrid } from '../../../visualize/grid.ts';
import { encodePng } from '../../../visualize/raster.ts';
import { report } from '../../../visualize/report/report.ts';
import type { ReportItem } from '../../../visualize/report/types.ts';
import type { ReplyOf, RequestOf } from '../../protocol/index.ts';
import type { Shown, State } from '../state.ts';
import { commonScale, commonSpan } from './beside.ts';

/** Entries of an array that a report lists. */
const FEATURES = 40;

export async function makeFile(state: State, { format }: RequestOf<'export'>): Promise<ReplyOf<'export'>> {
  const { info, shown, pinned } = state;
  if (!info || !shown) throw failure('export', 'there is no explanation yet', {}, 'give the model an input first');
  const stem = `${info.file.replace(/\.(h5|hdf5|keras|json)$/i, '').replace(/[^\w.-]+/g, '-')}-explanation`;
  switch (format) {
    case 'html':
      return { name: `${stem}.html`, file: new Blob([await htmlOf(shown, pinned)], { type: 'text/html' }) };
    case 'png':
      return { name: `${stem}.png`, file: new Blob([pngOf(shown)], { type: 'image/png' }) };
    case 'json':
      return { name: `${stem}.json`, file: new Blob([jsonOf(info.file, shown)], { type: 'application/json' }) };
  }
}

/** What is on the screen: the explanation, and the one that is kept beside it, on one scale. */
async function htmlOf(shown: Shown, pinned: Shown | null): Promise<string> {
  const both = pinned && pinned !== shown ? [shown, pinned] : [shown];
  const scale = both.length > 1 ? commonScale(...both) : undefined;
  const span = both.length > 1 ? await commonSpan(...both) : [];
  const names = [...new Set(both.map(({ of }) => of.name))];
  const sections = both.map(({ sample, of, ...rest }, i) => {
    const kind = { text: 'Text', image: 'Picture', numbers: 'Numbers', fields: 'Inputs' }[sample.kind];
    const title = both.length > 1 ? `${kind}, ${i === 0 ? 'now' : 'kept beside'}` : kind;
    return { title, model: of, items: [{ ...itemOf({ sample, of, ...rest }, scale), span }] };
  });
  return report(sections, { title: `What moved ${names.join(' and ')}` });
}

function itemOf({ view, sample, explanation, attribution, ...shown }: Shown, scale: number | undefined): ReportItem {
  const tokens = shown.units?.map(({ name }) => name) ?? shown.tokens;
  const scores = shown.units?.map(({ score }) => score) ?? shown.scores;
  const { prediction, probabilities, target, baseline, completeness, explainer } = view;
  const explained = prediction.find(({ label }) => label === target.label);
  const common = {
    title: sample.title,
    scale,
    // The report reads predictions as probabilities; other scores are named with the target.
    prediction: probabilities ? prediction.map(({ label, score }) => ({ label, probability: score })) : [],
    target: probabilities || !explained ? target.label : `${target.label}, score ${plain(explained.score)}`,
    score: target.score,
    ...(shown.pairs && { matrix: shown.pairs }),
    explainer: { name: explainer.name, says: explainer.says, sum: explainer.sum },
    ...(baseline && {
      baseline: {
        name: baseline.name,
        score: baseline.score,
        ...(baseline.entropy && { entropy: baseline.entropy.nats, entropyFraction: baseline.entropy.fraction }),
      },
    }),
    ...quadratureOf(explanation),
    ...(completeness && {
      completeness: { delta: completeness.delta, relative: completeness.relative, ok: completeness.ok },
    }),
    warnings: view.warnings,
  };
  if (sample.image && attribution) {
    const { data, height, width, channels } = sample.image.pixels;
    const shape = [height, width, channels];
    return {
      ...common,
      kind: 'image',
      image: { data, shape },
      attribution,
      range: [0, 1],
    };
  }
  if (shown.found) {
    const contents = contentsOf(shown.found);
    if (contents.length === 1) return { ...common, ...contents[0]!.content };
    return { ...common, kind: 'parts', parts: contents };
  }
  const order = scores!.map((_, i) => i).sort((a, b) => Math.abs(scores![b]!) - Math.abs(scores![a]!));
  const kept = view.marks ? order.map((_, i) => i) : order.slice(0, FEATURES).sort((a, b) => a - b);
  return { ...common, kind: 'text', tokens: kept.map((i) => tokens![i]!), scores: kept.map((i) => scores![i]!) };
}

function pngOf({ view, sample, attribution, of: { name: model } }: Shown): Uint8Array<ArrayBuffer> {
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
  const row = { image: { data, shape }, attribution, label: label.map(ascii) };
  const { name, says, sum } = view.explainer;
  const title = ascii(name === usual.name ? model : `${model}: ${name}`);
  const meaning = sum === null ? { meaning: ascii(`${says}; they need not add up`) } : {};
  return new Uint8Array(encodePng(attributionGrid([row], { title, range: [0, 1], ...meaning })));
}

/** The font of the pictures has ASCII only. */
function ascii(text: string): string {
  return text.normalize('NFKD').replace(/[^\x20-\x7e]/g, (c) => (/\p{M}/u.test(c) ? '' : '?'));
}

function jsonOf(model: string, { view, sample, explanation, tokens, scores }: Shown): string {
  const { prediction, probabilities, target, baseline, completeness, warnings, backend, explainer } = view;
  const item = { title: sample.title, prediction, probabilities, target, baseline, completeness, warnings };
  const content = {
    pathgrad: version,
    model,
    backend,
    explainer: { name: explainer.name, says: explainer.says, sum: explainer.sum },
    item: { ...item, ...(tokens && { tokens, scores }) },
    explanation: explanation.toJSON(),
  };
  return `${JSON.stringify(content)}\n`;
}

function quadratureOf({ meta, completeness: [judged] }: Shown['explanation']): Pick<ReportItem, 'method' | 'steps'> {
  if (meta.name !== usual.name || !judged) return {};
  const auto = meta.params['nSteps'] === 'auto';
  return { method: auto ? 'adaptive Gauss-Kronrod' : String(meta.params['method']), steps: judged.steps };
}
