/**
 * Showing attributions: text as HTML and ANSI, images as pictures and PNG, and a report in one page. Pure functions of plain data; nothing
 * here reads files, touches a page or needs the engine. Its own entry point, so that the engine does without colour maps and PNG.
 */

export { type AnsiTokenOptions, type ColorSupport, colorSupport, tokensToAnsi } from './ansi.ts';
export type { ArrayLikeWithShape } from './arrays.ts';
export { type PairsTable, pairsMatrix, pairsShown } from './charts/matrix.ts';
export { type Outline, type OutlineOptions, outlines } from './charts/outlines.ts';
export { type PartNumbers, type PartShare, shares, sharesChart } from './charts/parts.ts';
export {
  type Panel,
  type PictureData,
  type PictureMode,
  type PictureScale,
  pictureChart,
  picturePanels,
  pictureScale,
} from './charts/picture.ts';
export { type ScoreSteps, scoreBar } from './charts/score-bar.ts';
export { type Series, type SeriesChannel, type SeriesColumn, seriesChart, seriesColumns } from './charts/series.ts';
export { chartStyle } from './charts/style.ts';
export { beeswarm, type FeatureMean, meanAbsolute, meanAbsoluteBars, type TableRows } from './charts/summary.ts';
export type { ChartOptions } from './charts/svg.ts';
export { type TextData, textChart } from './charts/text-chart.ts';
export { textPlot, textStyle } from './charts/text-plot.ts';
export {
  attributionBars,
  type BarsRow,
  type Step,
  type TableRow,
  waterfall,
  waterfallSteps,
} from './charts/waterfall.ts';
export { type ScoredText, spelledOut } from './charts/words.ts';
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
  ReportContent,
  ReportExplainer,
  ReportImage,
  ReportImageItem,
  ReportItem,
  ReportOptions,
  ReportPartsItem,
  ReportPrediction,
  ReportSection,
  ReportSeries,
  ReportSeriesItem,
  ReportTable,
  ReportTableItem,
  ReportText,
  ReportTextItem,
} from './report/types.ts';
export type { ScoredToken, TokenOptions } from './tokens.ts';
