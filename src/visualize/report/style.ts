/** The report's style sheet: system fonts, light and dark by the reader's preference, one column on narrow screens, plain in print. */

import { PANEL_STYLE } from '../charts/picture.ts';
import { chartStyle } from '../charts/style.ts';
import { textStyle } from '../charts/text-plot.ts';
import { type ColormapName, colormap, DARK_PAGE, darkColormap, hex, type Rgb } from '../colors.ts';
import { PANELS_STYLE } from '../flat.ts';

/** Nine stops from negative to positive, as a CSS gradient from left to right. */
function gradient(color: (v: number) => Rgb): string {
  const stops = Array.from({ length: 9 }, (_, i) => hex(color(i / 4 - 1)));
  return `linear-gradient(90deg,${stops.join(',')})`;
}

/** The whole style sheet for one colour map. */
export function reportStyle(map: ColormapName): string {
  const light = (v: number): string => hex(colormap(map, v));
  const dark = (v: number): string => hex(darkColormap(map, v, DARK_PAGE));
  return `
:root{color-scheme:light dark;--page:#f5f6f8;--card:#fff;--ink:#181a1f;--muted:#5b626e;--line:#dfe3e9;--soft:#eef0f4;
--accent:#33598f;--warn:#7a4b00;--warnback:#fff4dc;--warnline:#e9c46a;--plus:${light(0.75)};--minus:${light(-0.75)};
--ramp:${gradient((v) => colormap(map, v))}}
@media (prefers-color-scheme:dark){:root{--page:#14161b;--card:${hex(DARK_PAGE)};--ink:#e8eaee;--muted:#a3abb8;--line:#363b46;
--soft:#262a33;--accent:#8fb2e6;--warn:#f5d58f;--warnback:#362c16;--warnline:#705a23;--plus:${dark(0.9)};--minus:${dark(-0.9)};
--ramp:${gradient((v) => darkColormap(map, v, DARK_PAGE))}}
mark[style]{background:var(--d);color:var(--dt)}}
@media not (prefers-color-scheme:dark){mark[style]{background:var(--l);color:var(--lt)}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:62rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 1.5rem}
h2{font-size:1.3rem;line-height:1.25;margin:2.5rem 0 .25rem}
h3{font-size:1.05rem;margin:0}
p{margin:.5rem 0}
.model{color:var(--muted);margin:0 0 .75rem}
code,pre{font:.86em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre{overflow-x:auto;background:var(--soft);border-radius:.5rem;padding:.9rem 1rem;margin:.5rem 0}
summary{cursor:pointer;color:var(--accent)}
.card{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1.25rem 1.4rem 1.4rem;margin:1rem 0}
.head{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:baseline;justify-content:space-between}
.head .said{margin:0;color:var(--muted)}
.said b{color:var(--ink)}
.text{font-size:1.06rem;line-height:2.05;margin:.9rem 0 1.1rem;overflow-wrap:anywhere}
mark{padding:.16em .28em;border-radius:.28em}
mark.none{background:none;color:inherit;padding-inline:0}
mark.minus{text-decoration:underline dotted 1.5px;text-underline-offset:.22em}
.cols>*{min-width:0}
.cols{display:grid;grid-template-columns:1fr 1fr;gap:1.25rem 2rem;align-items:start;border-top:1px solid var(--line);padding-top:1rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}
caption{text-align:left;font-weight:600;padding:0 0 .35rem}
th,td{text-align:left;font-weight:400;padding:.2rem .6rem .2rem 0;vertical-align:top}
.facts th{color:var(--muted);width:8.5rem;white-space:nowrap}
.bars th{max-width:11rem;overflow-wrap:anywhere}
.bars td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;padding-right:0;width:5.5rem}
.bars td.b{width:45%;vertical-align:middle}
.bars thead th{color:var(--muted);font-size:.85rem}
.bars thead th.n{text-align:right;padding-right:0}
.bar{display:block;height:.7rem;border-radius:.2rem;background:var(--accent);min-width:1px}
.bar.plus{background:var(--plus)}.bar.minus{background:var(--minus)}
.chart{max-width:46rem;margin:1rem 0 .6rem}
.shared{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1rem 1.4rem;margin:1rem 0}
.numbers{margin:.4rem 0 .8rem;font-size:.92rem}.numbers .wide{overflow:auto;max-height:26rem}.numbers table{width:auto;margin:.5rem 0}.numbers td.n{text-align:right;font-variant-numeric:tabular-nums;padding-left:1rem}.numbers thead th{color:var(--muted);font-size:.85rem;position:sticky;top:0;background:var(--card)}
h4{font-size:.95rem;margin:.6rem 0 .7rem}h4 span{font-weight:400;color:var(--muted)}
.parts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(22rem,100%),1fr));gap:1rem 2rem}.part{min-width:0;border-top:1px solid var(--line)}.part .cols{grid-template-columns:1fr;border:0;padding-top:0}
.scale{display:flex;flex-wrap:wrap;gap:.3rem 1rem;align-items:center;color:var(--muted);font-size:.85rem;margin:0 0 1rem}.scale svg{flex:none}
.pages nav{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:1rem 0;font-size:.92rem}.pages nav[hidden]{display:none}.pages button,.pages input{font:inherit;color:var(--ink);background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.3rem .7rem;min-height:2.25rem}.pages button:disabled{opacity:.45}.pages input{width:5.5rem}.where{color:var(--muted)}
.panel{border:1px solid var(--line);border-radius:.25rem}
.pictures{display:grid;gap:1rem;margin:1rem 0 1.2rem}
${PANELS_STYLE}
figure{margin:0;min-width:0}
figure img{display:block;width:100%;height:auto;image-rendering:pixelated;border:1px solid var(--line);border-radius:.25rem}
figcaption{font-size:.85rem;color:var(--muted);margin-top:.35rem}
.warn{background:var(--warnback);color:var(--warn);border:1px solid var(--warnline);border-radius:.5rem;padding:.6rem .9rem;margin:.9rem 0}
.legend{display:grid;grid-template-columns:minmax(10rem,16rem) 1fr;gap:.5rem 1.25rem;align-items:center;font-size:.92rem;color:var(--muted)}
.legend p{margin:0}
.ramp{height:.8rem;border-radius:.2rem;background:var(--ramp);border:1px solid var(--line)}
/* Pictures keep their light colours on dark pages, and so does the scale beside them. */
.ramp.light{background:${gradient((v) => colormap(map, v))}}

.chart-ramp{background:linear-gradient(90deg,var(--pg-minus),var(--card),var(--pg-plus))}
.ends{display:flex;justify-content:space-between;font-size:.8rem}
@media (max-width:44rem){main{padding:1.5rem .8rem 3rem}.cols,.legend{grid-template-columns:1fr}.card{padding:1rem}
.facts th{width:7rem}.bars td.b{width:30%}}
@media print{body{background:#fff}.card{break-inside:avoid}mark,.bar,.ramp,.pg{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
${chartStyle(map)}
${textStyle(map)}
${PANEL_STYLE}
`.trim();
}
