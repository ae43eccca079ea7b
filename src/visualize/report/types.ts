/** What a report shows, as plain data: a list of sections (one per model), each with explained texts, pictures, tables, series, or several of them. */

import type { ArrayLikeWithShape } from '../arrays.ts';
import type { Series } from '../charts/series.ts';
import type { ColormapName } from '../colors.ts';
import type { ImageRange } from '../image.ts';

/** A class with its probability, in [0, 1], or an output with its score, which is any number. */
export type ReportPrediction =
  | { readonly label: string; readonly probability: number }
  | { readonly label: string; readonly score: number };

/** What the input was compared with. */
export type ReportBaseline = {
  /** What the baseline is, e.g. `PAD tokens` or `black`. */
  readonly name: string;
  /** Entropy of the class probabilities at the baseline, in nats. */
  readonly entropy?: number | undefined;
  /** The same as a share of ln K, the entropy of K equally likely classes. */
  readonly entropyFraction?: number | undefined;
  /** Score of the target at the baseline. */
  readonly score?: number | undefined;
};

/** How closely attributions add up. */
export type ReportCompleteness = {
  /** Sum of attributions - (f(x) - f(baseline)). */
  readonly delta: number;
  /** delta over the change of score; undefined where the score does not change. */
  readonly relative?: number | undefined;
  /** Whether the attributions add up well enough. */
  readonly ok: boolean;
};

/** How attributions were computed, and what they mean. */
export type ReportExplainer = {
  /** The method, e.g. `Saliency`. */
  readonly name: string;
  /** What its numbers mean, in a line. */
  readonly says: string;
  /** What they add up to; null where they need not add up to anything. */
  readonly sum: string | null;
};

type ReportItemBase = {
  readonly title?: string | undefined;
  /** What the model said: all probabilities, or all scores; the largest five are shown. */
  readonly prediction: readonly ReportPrediction[];
  /** The output that is explained, e.g. a class name. */
  readonly target: string;
  /** Score of the target at the input: with the baseline's, the ends of the bar from base value to prediction. */
  readonly score?: number | undefined;
  readonly explainer?: ReportExplainer | undefined;
  /**
   * Attribution that gets the full colour; default the largest of the item. One for the several classes of an input lets their strengths be
   * compared.
   */
  readonly scale?: number | undefined;
  /** Scores that the axis of the item's waterfall covers at least; the same for several items makes their axes one. */
  readonly span?: readonly number[] | undefined;
  /** Left out for methods that compare with none. */
  readonly baseline?: ReportBaseline | undefined;
  /** Name of the quadrature rule, for methods that have one. */
  readonly method?: string | undefined;
  readonly steps?: number | undefined;
  /** Left out for methods whose attributions need not add up. */
  readonly completeness?: ReportCompleteness | undefined;
  /** Pairs of features and what they did together, the strongest first; ten are shown. */
  readonly pairs?: { readonly names: readonly string[]; readonly scores: ArrayLike<number> } | undefined;
  /** All pairs of a few features, for a matrix; row-major, a row per name. */
  readonly matrix?: { readonly names: readonly string[]; readonly values: ArrayLike<number> } | undefined;
  readonly warnings?: readonly string[] | undefined;
};

/** A text, as tokens with their attributions. */
export type ReportText = {
  readonly kind: 'text';
  readonly tokens: readonly string[];
  /** One attribution per token. */
  readonly scores: ArrayLike<number>;
  /** Tokens that are not shown, e.g. `<pad>`. */
  readonly padding?: string | readonly string[] | undefined;
  /** What the text has before each token and after the last, so that it is shown as it was written; default a space between two. */
  readonly between?: readonly string[] | undefined;
};

/** A picture with its attributions. */
export type ReportImage = {
  readonly kind: 'image';
  readonly image: ArrayLikeWithShape;
  readonly attribution: ArrayLikeWithShape;
  readonly range?: ImageRange | undefined;
};

/** A row of a table: features with their values and attributions. */
export type ReportTable = {
  readonly kind: 'table';
  /** The features. */
  readonly names: readonly string[];
  /** Their values as they are read, one per feature; numbers among them colour the summary of all rows. */
  readonly values?: readonly string[] | undefined;
  /** One attribution per feature. */
  readonly scores: ArrayLike<number>;
};

/** A time series: channels with their values and attributions. */
export type ReportSeries = { readonly kind: 'series' } & Pick<Series, 'channels' | 'rate'>;

/** What one input of a model is, with its attributions. */
export type ReportContent = ReportText | ReportImage | ReportTable | ReportSeries;

/** An explained text. */
export type ReportTextItem = ReportItemBase & ReportText;
/** An explained picture. */
export type ReportImageItem = ReportItemBase & ReportImage;
/** An explained row of a table. */
export type ReportTableItem = ReportItemBase & ReportTable;
/** An explained time series. */
export type ReportSeriesItem = ReportItemBase & ReportSeries;

/** Several inputs of one model, each with its name. */
export type ReportPartsItem = ReportItemBase & {
  readonly kind: 'parts';
  readonly parts: readonly { readonly name: string; readonly content: ReportContent }[];
};

/** One explained input. */
export type ReportItem = ReportTextItem | ReportImageItem | ReportTableItem | ReportSeriesItem | ReportPartsItem;

/** What is said of one model. */
export type ReportSection = {
  readonly title: string;
  readonly model: { readonly name: string; readonly file?: string | undefined; readonly summary?: string | undefined };
  readonly items: readonly ReportItem[];
  /** What the colours mean; default a sentence for the colour map. */
  readonly legend?: string | undefined;
};

/** What a report is called, and how it looks. */
export type ReportOptions = {
  /** Title of the page, default `Explanations`. */
  readonly title?: string | undefined;
  readonly colormap?: ColormapName | undefined;
  /** Language of the page's own text and, most likely, of the tokens; default `en`. */
  readonly lang?: string | undefined;
};
