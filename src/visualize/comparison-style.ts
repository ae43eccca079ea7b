/** What the page of a comparison has beyond the report's style. */
import { panelColumns } from './flat.ts';

export const comparisonStyle = `
main{max-width:76rem}
.wide{overflow-x:auto;margin:1rem 0;background:linear-gradient(90deg,var(--under) 30%,transparent) 0 0/3rem 100% no-repeat local,
linear-gradient(270deg,var(--under) 30%,transparent) 100% 0/3rem 100% no-repeat local,
linear-gradient(90deg,var(--shade),transparent) 0 0/1rem 100% no-repeat scroll,linear-gradient(270deg,var(--shade),transparent) 100% 0/1rem 100% no-repeat scroll}
:root{--under:var(--page);--shade:#0004}.card{--under:var(--card)}
.hint{display:none;color:var(--muted);font-size:.85rem;margin:.6rem 0 0}
.measures{width:auto;min-width:60%}
.measures th,.measures td{padding:.35rem .9rem .35rem 0;border-bottom:1px solid var(--line);white-space:nowrap}
.measures .n{text-align:right;font-variant-numeric:tabular-nums}
.measures thead th{color:var(--muted);font-size:.85rem}
.measures .none{color:var(--muted)}
.sd{display:inline-block;min-width:4.7ch;text-align:left}
.reasons{color:var(--muted);font-size:.88rem;margin:.6rem 0;padding-left:1.4rem}
.note{color:var(--muted);font-size:.92rem;max-width:62rem}
.meanings{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.2rem;font-size:.92rem;margin:.6rem 0}
.meanings dt{font-weight:600}
.meanings dd{margin:0;color:var(--muted)}
.lines{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.2rem;align-items:baseline;margin:.9rem 0 0}
.lines .text{margin:0}
.by b{display:block;font-weight:600;font-size:.92rem}
.by span,figcaption span{color:var(--muted);font-size:.8rem}
figcaption b{display:block;color:var(--ink);font-weight:600}
.pictures.many{grid-template-columns:${panelColumns('auto-fill', '8.5rem')}}
figcaption b{overflow-wrap:anywhere;font-size:.82rem;line-height:1.25}
.features th,.features td{padding:.2rem .9rem .2rem 0}
.features thead th{vertical-align:bottom}
.features td{min-width:9rem}
.two{display:grid;grid-template-columns:1fr 1fr;height:.7rem;border-radius:.2rem;background:var(--soft)}
.two span{display:block;height:100%}
.two .minus{justify-self:end;background:var(--minus)}
.two .plus{grid-column:2;background:var(--plus)}
.features small{color:var(--muted);font-variant-numeric:tabular-nums}
@media (max-width:44rem){.lines,.meanings{grid-template-columns:1fr}.meanings dd{margin-bottom:.4rem}.hint{display:block}
.pictures.many{grid-template-columns:${panelColumns('auto-fill', '6.5rem')}}
.wide th:first-child{position:sticky;left:0;background:var(--under)}}
@media (max-width:70rem){.hint.long{display:block}}
`.trim();
