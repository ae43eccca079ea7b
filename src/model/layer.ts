/** Layers for importers whose layers are nothing but a name, a class and some arrays. */
import type { LayerWeight, ModelLayer } from './definition.ts';

export interface LayerFields {
  readonly name: string;
  /** The name by default. */
  readonly path?: string;
  readonly className: string;
  /** The model's file, for errors. */
  readonly file: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly weights?: readonly LayerWeight[];
  readonly layers?: readonly ModelLayer[];
  readonly vocabulary?: number;
}

export function makeLayer({
  name,
  path = name,
  className,
  file,
  config,
  weights,
  layers,
  vocabulary,
}: LayerFields): ModelLayer {
  return {
    name,
    path,
    className,
    config: config ?? {},
    trainable: true,
    subject: `${file}, layer '${path}' (${className})`,
    layers: layers ?? [],
    weights: weights ?? [],
    vocabulary,
    inputShapes: [],
    outputShapes: [],
    get inputShape() {
      return this.inputShapes[0] ?? null;
    },
    get outputShape() {
      return this.outputShapes[0] ?? null;
    },
  };
}
