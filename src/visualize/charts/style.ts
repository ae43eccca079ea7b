/**
 * How charts look: one style sheet of custom properties, light by default and dark where the reader's system is. A file carries it inside; a page
 * that shows many charts carries it once. Every colour is a property, so that a page may set its own.
 * Invariant: strengths are opacities of one colour over the card, linear in the number, the same rule on light and dark pages.
 */
import { type ColormapName, colormap, DARK_PAGE, darkColormap, hex } from '../colors.ts';

/** Colours of feature values from low to high, of middling lightness: 3:1 and more on light and on dark pages. */
export const VALUE_COLORS: readonly string[] = ['#2679d8', '#5f76c8', '#8b70b0', '#b96a78', '#dd6420'];

/** The style sheet of all charts for one colour map, to be put into a page that shows charts made with `width: 'fluid'`. */
export function chartStyle(map: ColormapName = 'PiYG'): string {
  const light = (v: number): string => hex(colormap(map, v));
  const dark = (v: number): string => hex(darkColormap(map, v, DARK_PAGE));
  return `.pg{--pg-ink:#181a1f;--pg-muted:#5b626e;--pg-line:#d4d9e0;--pg-soft:#eef0f4;--pg-card:#fff;--pg-accent:#33598f;--pg-plus:${light(0.72)};--pg-minus:${light(-0.65)};--pg-rest:#8a93a1;--pg-on:#181a1f;\
font:13px/1.3 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;fill:var(--pg-ink);display:block;max-width:100%}
@media (prefers-color-scheme:dark){.pg{--pg-ink:#e8eaee;--pg-muted:#a3abb8;--pg-line:#414855;--pg-soft:#2a2f39;--pg-card:${hex(DARK_PAGE)};--pg-accent:#8fb2e6;--pg-plus:${dark(0.92)};--pg-minus:${dark(-0.92)};--pg-rest:#828b99;--pg-on:#101216}}
.pg text{dominant-baseline:central}.pg .m{fill:var(--pg-muted)}.pg .s{font-size:12px}.pg .b{font-weight:600}.pg .h{font-size:15px;font-weight:600}.pg .e{text-anchor:end}.pg .c{text-anchor:middle}.pg .n{font-variant-numeric:tabular-nums}
.pg .p{fill:var(--pg-plus)}.pg .q{fill:var(--pg-minus)}.pg .r{fill:var(--pg-rest)}.pg .a{fill:var(--pg-accent)}.pg .o{fill:var(--pg-soft)}.pg .card{fill:var(--pg-card)}
.pg .l{stroke:var(--pg-line);stroke-width:1;fill:none}.pg .g{stroke:var(--pg-line)}.pg .halo{paint-order:stroke;stroke:var(--pg-card);stroke-width:4px;stroke-linejoin:round}.pg .d{stroke:var(--pg-muted);stroke-width:1;stroke-dasharray:2 3;fill:none}.pg .k{stroke:var(--pg-ink);stroke-width:1;fill:none;stroke-linejoin:round;vector-effect:non-scaling-stroke}
.pg .seg{stroke:var(--pg-card);stroke-width:1}.pg .in{fill:var(--pg-card);font-weight:600}.pg .on{fill:var(--pg-on)}.pg .tip{visibility:hidden}.pg .f:hover .tip,.pg .f:focus .tip{visibility:visible}.pg .f{outline:none}.pg .f:hover .w,.pg .f:focus .w{stroke:var(--pg-ink);stroke-width:2}`;
}
