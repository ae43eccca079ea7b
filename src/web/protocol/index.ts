/**
 * What the page and its engine worker say to each other. The page sends requests, each with a number; the worker answers
 * each exactly once, and may report progress before. All values are plain data that `postMessage` can copy.
 */

export type {
  CallError,
  CallName,
  Calls,
  ExportFormat,
  ReplyOf,
  RequestOf,
  Summary,
  TableScores,
  ToPage,
  ToWorker,
} from './calls.ts';
export type {
  FieldData,
  InputData,
  InputKind,
  PixelRange,
  Pixels,
  Predicted,
  SampleInput,
  SampleRow,
} from './input.ts';
export type { FieldInfo, LayerEdges, LayerView, ModelInfo, OutputInfo, TransformerParts } from './model.ts';
export type { ChartPart, Charts, Explained, Mark, Panel, Place, ResultView } from './result.ts';
export type { BaselineName, Capabilities, MethodInfo, Settings } from './settings.ts';
export type { Tunable, TunableLayer, Tuned, TuneExample, TunePoint, TuneRequest } from './tuning.ts';
