import { compareAll, readMethodGolden, explainRecord, differenceOf } from './test/support/method-golden.ts';
const [file, method] = process.argv.slice(2);
for (const r of readMethodGolden(file!).records) { if (method && r.method !== method) continue;
  for (const dtype of ['float64','float32'] as const) {
    try { const t = performance.now(); const f = await explainRecord(r, dtype); console.log(r.method, r.net, JSON.stringify(r.options).slice(0,90), dtype, differenceOf(f, r.attributions).toExponential(2), (performance.now()-t).toFixed(0)+'ms'); }
    catch (e: any) { console.log(r.method, r.net, JSON.stringify(r.options), e.message.slice(0,300)); }
  } }
