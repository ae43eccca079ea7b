/**
 * Reads the golden values beside this file: what Keras predicts and alibi explains. README.md says what each field means.
 * Shapes: predictions [samples, classes]; attributions [samples, 100 tokens] or [samples, 784 pixels]; raw [100 * 50].
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export type Rule = 'gausslegendre' | 'riemann_left' | 'riemann_right' | 'riemann_middle' | 'riemann_trapezoid';

export type GoldenRun = {
  readonly method: Rule;
  readonly baseline: number;
  readonly target?: number;
  readonly deltas: readonly number[];
  readonly attributions: readonly (readonly number[])[];
  readonly deltas64: readonly number[];
  readonly attributions64: readonly (readonly number[])[];
  readonly float32Error: readonly number[];
  readonly raw?: readonly number[];
  readonly rawFloat32Error?: number;
};

export type GoldenModel = {
  readonly model: string;
  readonly modelChecksum: string;
  readonly predictions: readonly (readonly number[])[];
  readonly runs: readonly GoldenRun[];
};

export type RealInputs = { readonly rows: readonly number[]; readonly labels: readonly number[] };
export type GoldenText = GoldenModel & RealInputs & { readonly layer: number; readonly tokenChecksum: string };
export type GoldenImages = GoldenModel & RealInputs & { readonly pixelChecksum: string };
export type OwnInputs = {
  readonly sentences: GoldenModel & { readonly layer: number; readonly tokens: readonly (readonly number[])[] };
  readonly digits: GoldenModel & { readonly pixelChecksum: string };
};

export type GoldenClasses = {
  readonly model: string;
  readonly modelChecksum: string;
  readonly rows: readonly number[];
  readonly classes: readonly number[];
  readonly probabilities: readonly number[];
  readonly accuracy: number;
};
export type GoldenAccuracy = {
  readonly imdb: GoldenClasses & { readonly tokenChecksum: string };
  readonly mnist: GoldenClasses & { readonly pixelChecksum: string };
};

export type GoldenNews = GoldenModel & {
  readonly layer: number;
  readonly tokens: readonly (readonly number[])[];
  readonly real: {
    readonly tokenChecksum: string;
    readonly predictions: readonly (readonly number[])[];
    readonly accuracy: number;
  };
};

type Files = {
  'agnews-bilstm.json.gz': GoldenNews;
  'imdb-cnn.json.gz': GoldenText;
  'mnist-cnn.json.gz': GoldenImages;
  'own-inputs.json.gz': OwnInputs;
  'accuracy.json': GoldenAccuracy;
};

/** The content of one file of this folder. */
export function readGolden<Name extends keyof Files>(name: Name): Files[Name] {
  const bytes = readFileSync(new URL(name, import.meta.url));
  return JSON.parse((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')) as Files[Name];
}
