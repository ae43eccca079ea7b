/** What only numbers need, of tables, series and several inputs: a chunk of its own, fetched with the first of them. */
export { embedded, normalMeans } from '../../open/embedded.ts';
export { attribute, summary } from './explain/many.ts';
export { fieldsSample, numbersSample, sound } from './sample/fields.ts';
export { chartsOf, spanOf } from './view/charts.ts';
export { found } from './view/found.ts';
