/**
 * Showing attributions: text as HTML and ANSI, images as pictures and PNG, and a report in one page. Pure functions of plain data; nothing
 * here reads files, touches a page or needs the engine. Its own entry point, so that the engine does without colour maps and PNG.
 */

export { type AnsiTokenOptions, type ColorSupport, colorSupport, tokensToAnsi } from './ansi.ts';
export type { ArrayLikeWithShape } from './arrays.ts';
export { type ColormapName, colormap, colormapNames, contrast, type Rgb, readableOn } from './colors.ts';
export { comparisonReport } from './comparison.ts';
export type { Comparison, ComparisonSample, ComparisonTable } from './comparison-types.ts';
export { escapeHtml, percent, plain, signed } from './format.ts';
export { attributionGrid, type GridOptions, type GridSample } from './grid.ts';
export { type HtmlTokenOptions, tokensToHtml } from './html.ts';
export {
  type AttributionImageOptions,
  attributionRaster,
  type ImageOptions,
  type ImageRange,
  imageRaster,
  type OverlayOptions,
  overlay,
} from './image.ts';
export {
  type AttributionSign,
  type NormalizedAttributions,
  type NormalizeOptions,
  normalizeAttributions,
  sharedScale,
  thresholdByMass,
} from './normalize.ts';
export { encodePng, magnify, type Raster } from './raster.ts';
export { report } from './report/report.ts';
export type {
  ReportBaseline,
  ReportCompleteness,
  ReportExplainer,
  ReportImageItem,
  ReportItem,
  ReportOptions,
  ReportPrediction,
  ReportSection,
  ReportTextItem,
} from './report/types.ts';
export type { ScoredToken, TokenOptions } from './tokens.ts';
