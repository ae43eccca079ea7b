/** An explanation as the page shows it: plain data, with its colours. */
import type { Completeness, Entropy } from '../../attribution/index.ts';
import type { MethodInfo } from './settings.ts';

/** A piece of the first text (0) or the second (1): UTF-16 indices. */
export interface Place {
  readonly part: 0 | 1;
  readonly start: number;
  readonly end: number;
}

/** Colours of a token: background and text, on light and on dark pages. */
export interface Mark {
  readonly token: string;
  readonly score: number;
  readonly strength: number;
  /** Whether it stands at what is before it, without a space. */
  readonly joined: boolean;
  /** The pieces that a word was read as, with their scores; empty where it is one. */
  readonly pieces: readonly { readonly token: string; readonly score: number }[];
  /** A special token, which stands for no word; the baseline keeps it. */
  readonly fixed: boolean;
  /** Where it stands in the text as it was typed, or in the second text; null for what nobody typed. */
  readonly place: Place | null;
  readonly light: readonly [back: string, text: string] | null;
  readonly dark: readonly [back: string, text: string] | null;
}

export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** One input of the model as a chart, or as words. */
export interface ChartPart {
  readonly name: string;
  /** Its share of all attributions, in words; empty where there is one input. */
  readonly said: string;
  /** SVG text that fills the width; null for words. */
  readonly svg: string | null;
  readonly marks: readonly Mark[] | null;
}

/** The charts of an explanation, and the style sheet that all of them need. */
export interface Charts {
  readonly style: string;
  /** What each of several inputs has of the whole. */
  readonly shares: string | null;
  readonly parts: readonly ChartPart[];
  /** Pairs of features. */
  readonly matrix: string | null;
}

/** An explanation, and the one that is kept, both coloured on the larger of their scales. */
export interface Explained extends ResultView {
  /** Null where none is kept. The same as the explanation itself until there is another. */
  readonly beside: (ResultView & { readonly sameInput: boolean }) | null;
}

export interface ResultView {
  /** Every explanation of this page has another. */
  readonly id: number;
  /** The text, or what the picture is called. */
  readonly title: string;
  /** What people call the model, and its file. */
  readonly model: string;
  readonly file: string;
  /** The layer that was looked at, where one was chosen. */
  readonly layer: string | null;
  /** The five likeliest classes, the likeliest first, and the one that is explained. */
  readonly prediction: readonly { readonly label: string; readonly score: number; readonly index: number }[];
  /** Of a model that judges words: where it was looked at, and the words to choose from. */
  readonly place: {
    readonly at: number;
    readonly word: string;
    readonly places: readonly { readonly at: number; readonly word: string }[];
  } | null;
  readonly probabilities: boolean;
  readonly target: {
    readonly label: string;
    readonly index: number | null;
    readonly isPredicted: boolean;
    /** What is explained: the number of the class, or of the score. */
    readonly score: number;
  };
  readonly explainer: MethodInfo;
  /** Null for methods that compare with none. */
  readonly baseline: {
    readonly name: string;
    /** What is explained, there: of label 0 of a single score 1 − p. */
    readonly score: number;
    readonly entropy: Entropy | null;
  } | null;
  /** Null for methods whose numbers need not add up. */
  readonly completeness: Completeness | null;
  /** What to know and do about this explanation. */
  readonly warnings: readonly string[];
  /** How the input was read. */
  readonly notices: readonly string[];
  readonly marks: readonly Mark[] | null;
  readonly picture: { readonly width: number; readonly height: number; readonly panels: readonly Panel[] } | null;
  readonly charts: Charts | null;
  /** Entries with the largest attributions, strongest first. */
  readonly strongest: readonly { readonly name: string; readonly score: number }[];
  /** The attribution that gets the full colour. */
  readonly scale: number;
  /** Whether a number is below 0. */
  readonly signed: boolean;
  /** Sums of the positive and of the negative attributions, of words as wholes. */
  readonly raised: number;
  readonly lowered: number;
  /** Which backend ran, as the backend itself says. */
  readonly backend: string;
  readonly milliseconds: number;
}
