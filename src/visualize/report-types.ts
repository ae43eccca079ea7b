/** What a report shows, as plain data: a list of sections (one per model), each with explained texts or images. */

import type { ArrayLikeWithShape } from './arrays.ts';
import type { ColormapName } from './colors.ts';
import type { ImageRange } from './image.ts';

/** A class and its probability. */
export type ReportPrediction = {
  readonly label: string;
  /** In [0, 1]. */
  readonly probability: number;
};

/** The baseline of an item, as the report tells it. */
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

/** How well an item's attributions add up. */
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
  /** Class probabilities; the largest five are shown. */
  readonly prediction: readonly ReportPrediction[];
  /** The output that is explained, e.g. a class name. */
  readonly target: string;
  readonly explainer?: ReportExplainer | undefined;
  /**
   * Attribution that gets the full colour; default the largest of the item. One for the several classes of an input lets their strengths be
   * compared.
   */
  readonly scale?: number | undefined;
  /** Left out for methods that compare with none. */
  readonly baseline?: ReportBaseline | undefined;
  /** Name of the quadrature rule, for methods that have one. */
  readonly method?: string | undefined;
  readonly steps?: number | undefined;
  /** Left out for methods whose attributions need not add up. */
  readonly completeness?: ReportCompleteness | undefined;
  /** Pairs of features and what they did together, the strongest first; ten are shown. */
  readonly pairs?: { readonly names: readonly string[]; readonly scores: ArrayLike<number> } | undefined;
  readonly warnings?: readonly string[] | undefined;
};

/** An explained text. */
export type ReportTextItem = ReportItemBase & {
  readonly kind: 'text';
  readonly tokens: readonly string[];
  /** One attribution per token. */
  readonly scores: ArrayLike<number>;
  /** Tokens that are not shown, e.g. `<pad>`. */
  readonly padding?: string | readonly string[] | undefined;
};

/** An explained picture. */
export type ReportImageItem = ReportItemBase & {
  readonly kind: 'image';
  readonly image: ArrayLikeWithShape;
  readonly attribution: ArrayLikeWithShape;
  readonly range?: ImageRange | undefined;
};

/** One explained sample of a report. */
export type ReportItem = ReportTextItem | ReportImageItem;

/** The items of one model. */
export type ReportSection = {
  readonly title: string;
  readonly model: { readonly name: string; readonly file?: string | undefined; readonly summary?: string | undefined };
  readonly items: readonly ReportItem[];
  /** What the colours mean; default a sentence for the colour map. */
  readonly legend?: string | undefined;
};

/** Title, colours and language of a report. */
export type ReportOptions = {
  /** Title of the page, default `Explanations`. */
  readonly title?: string | undefined;
  readonly colormap?: ColormapName | undefined;
  /** Language of the page's own text and, most likely, of the tokens; default `en`. */
  readonly lang?: string | undefined;
};
