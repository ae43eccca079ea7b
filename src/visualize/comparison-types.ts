/** What a comparison of methods shows, as plain data. */
import type { ArrayLikeWithShape } from './arrays.ts';
import type { ImageRange } from './image.ts';
import type { ReportExplainer } from './report/types.ts';

/** A table of measures: a text per method and column, or the reason why there is none. */
export type ComparisonTable = {
  readonly columns: readonly string[];
  /** Cells, or the reason why the method did not run. */
  readonly rows: readonly (
    | { readonly name: string; readonly cells: readonly (string | { readonly reason: string })[] }
    | { readonly name: string; readonly reason: string }
  )[];
};

type SampleBase = {
  readonly title: string;
  /** What was predicted, and what is explained. */
  readonly said: string;
};

/** One input; each list of attributions has an entry per method, null where the method has numbers of another shape. */
export type ComparisonSample =
  | (SampleBase & {
      readonly kind: 'text';
      readonly tokens: readonly string[];
      readonly scores: readonly (ArrayLike<number> | null)[];
    })
  | (SampleBase & {
      readonly kind: 'image';
      readonly image: ArrayLikeWithShape;
      readonly range?: ImageRange | undefined;
      readonly attributions: readonly (ArrayLikeWithShape | null)[];
    })
  | (SampleBase & {
      readonly kind: 'table';
      readonly names: readonly string[];
      readonly scores: readonly (ArrayLike<number> | null)[];
    });

/** What a comparison of methods shows, as plain data. */
export type Comparison = {
  readonly title: string;
  readonly model: { readonly name: string; readonly file?: string | undefined; readonly summary?: string | undefined };
  readonly table: ComparisonTable;
  /** How the numbers came about. */
  readonly notes: readonly string[];
  /** What each metric's numbers mean. */
  readonly metrics: readonly { readonly name: string; readonly says: string }[];
  /** The methods whose attributions are shown, in the order of the samples' lists. */
  readonly methods: readonly ReportExplainer[];
  readonly samples: readonly ComparisonSample[];
};
