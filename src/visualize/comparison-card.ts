/** One input of a comparison: the methods' texts below each other, their pictures beside each other, or their bars in columns. */

import { largest } from '../tensor/largest.ts';
import { asImage, sumChannels } from './arrays.ts';
import { dataUri } from './charts/picture.ts';
import type { ColormapName } from './colors.ts';
import { DARK_PAGE } from './colors.ts';
import type { ComparisonSample } from './comparison-types.ts';
import { directionOf } from './direction.ts';
import { aspectAttribute } from './flat.ts';
import { escapeHtml, plain, signed } from './format.ts';
import { tokensToThemedHtml } from './html.ts';
import { attributionRaster, imageRaster } from './image.ts';
import { thresholdByMass } from './normalize.ts';
import { encodePng, type Raster } from './raster.ts';
import type { ReportExplainer } from './report/types.ts';

/** Entries of a table that are listed. */
const FEATURES = 15;

/** Per cent of a picture's attribution beyond full colour: a few strong pixels would make all others pale. */
const OUTLIERS = 5;

export function sampleCard(sample: ComparisonSample, methods: readonly ReportExplainer[], map: ColormapName): string {
  const body = { text: textLines, image: pictures, table: bars }[sample.kind];
  return `<article class="card">
<div class="head"><h3>${escapeHtml(sample.title)}</h3><p class="said">${escapeHtml(sample.said)}</p></div>
${body(sample as never, methods, map)}
</article>`;
}

type Of<K extends ComparisonSample['kind']> = Extract<ComparisonSample, { kind: K }>;

/** `full colour 0.12` */
const fullColour = (scale: number, of = 'colour'): string => (scale === 0 ? 'all 0' : `full ${of} ${plain(scale)}`);

const scaleOf = (values: ArrayLike<number>): number => largest(Array.from(values, Math.abs), 0);

const otherShape = '<span class="note">has numbers of another shape</span>';

function textLines({ tokens, scores }: Of<'text'>, methods: readonly ReportExplainer[], map: ColormapName): string {
  const lines = methods.map(({ name }, m) => {
    const own = scores[m];
    const marks = own ? tokensToThemedHtml(tokens, own, { colormap: map, darkPage: DARK_PAGE }) : otherShape;
    return `<div class="by"><b>${escapeHtml(name)}</b><span>${own ? fullColour(scaleOf(own)) : ''}</span></div><p class="text" dir="${directionOf(tokens)}">${marks}</p>`;
  });
  return `<div class="lines">${lines.join('\n')}</div>`;
}

/** Seen on screens that are too narrow for so many columns. */
export const scrollHint = (columns: number): string =>
  columns > 2
    ? `<p class="hint${columns > 6 ? ' long' : ''}">The table goes on to the right: scroll it sideways. →</p>`
    : '';

/** A name that may go on in a new line where a word of it begins, as in `Integrated|Gradients`. */
const breakable = (name: string): string => escapeHtml(name).replace(/([a-z])(?=[A-Z])/g, '$1<wbr>');

function pictures(sample: Of<'image'>, methods: readonly ReportExplainer[], map: ColormapName): string {
  const figure = (raster: Raster, title: string, words: string): string => {
    const size = `width="${raster.width}" height="${raster.height}"`;
    const alt = escapeHtml(`${sample.title}: ${title}`);
    return `<figure><img alt="${alt}" ${size} src="${dataUri(encodePng(raster))}"><figcaption><b>${breakable(title)}</b><span>${words}</span></figcaption></figure>`;
  };
  const maps = methods.map(({ name }, m) => {
    const own = sample.attributions[m];
    if (!own) return `<figure>${otherShape}<figcaption><b>${breakable(name)}</b></figcaption></figure>`;
    const scale = thresholdByMass(sumChannels(asImage(own, 'attribution')), OUTLIERS);
    return figure(attributionRaster(own, { colormap: map, shared: scale }), name, fullColour(scale));
  });
  const raster = imageRaster(sample.image, { range: sample.range });
  const original = figure(raster, 'input', 'the picture itself');
  return `<div class="pictures many"${aspectAttribute(raster)}>${[original, ...maps].join('\n')}</div>`;
}

/** The entries that any method finds strong, each method's as a bar of its own scale. */
function bars({ names, scores }: Of<'table'>, methods: readonly ReportExplainer[]): string {
  const scales = methods.map((_, m) => scaleOf(scores[m] ?? []));
  const share = (m: number, i: number): number => (scores[m] && scales[m]! > 0 ? scores[m]![i]! / scales[m]! : 0);
  const strength = (i: number): number => methods.reduce((most, _, m) => Math.max(most, Math.abs(share(m, i))), 0);
  const order = names.map((_, i) => ({ i, strength: strength(i) })).sort((a, b) => b.strength - a.strength);
  const kept = order.slice(0, FEATURES).map(({ i }) => i);
  const head = methods.map(
    ({ name }, m) =>
      `<th scope="col"><b>${escapeHtml(name)}</b><br><small>${fullColour(scales[m]!, 'bar')}</small></th>`,
  );
  const rows = kept.map((i) => {
    const cells = methods.map((_, m) => {
      if (!scores[m]) return `<td>${otherShape}</td>`;
      const size = (100 * Math.min(1, Math.abs(share(m, i)))).toFixed(1);
      const bar = share(m, i) < 0 ? 'minus' : 'plus';
      return `<td><span class="two"><span class="${bar}" style="width:${size}%"></span></span><small>${signed(scores[m]![i]!)}</small></td>`;
    });
    return `<tr><th scope="row">${escapeHtml(names[i]!)}</th>${cells.join('')}</tr>`;
  });
  const rest =
    names.length > kept.length
      ? `<p class="note">The ${kept.length} entries of ${names.length} that any method finds strongest.</p>`
      : '';
  return `${scrollHint(methods.length)}<div class="wide"><table class="features"><thead><tr><th></th>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>${rest}`;
}
