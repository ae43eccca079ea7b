/**
 * XRAI (Kapishnikov, Bolukbasi, Viegas, Terry: "XRAI: better attributions through regions", 2019): integrated gradients from a black and from a white
 * picture, averaged, the largest over the channels taken at each pixel, and then spread over regions: of many overlapping segments the one
 * that gains most per pixel comes first. What comes out is a map `[N, H, W]` whose pixels have the average of their region.
 */
import { type QuadratureMethod, quadratureRule } from '../../quadrature/index.ts';
import { allocate } from '../../tensor/dtype.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import { checkBoolean, checkWhole } from '../../tensor/options.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { rowSize, toTensor } from '../frame/arrays.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import type { Concluded, Concluding } from '../frame/method.ts';
import type { Problem } from '../frame/problem.ts';
import { checkSettings, type ExplainerOptions } from '../frame/settings.ts';
import type { ArrayInput } from '../frame/types.ts';
import { chooseStrategy } from '../path/strategy.ts';
import type { Picture } from '../pictures/gaussian-blur.ts';
import { type Asking, checkPicture, type PictureOptions, pictureOf } from '../pictures/pictures.ts';
import { type RegionOptions, rankRegions } from '../pictures/regions.ts';
import { overlappingSegments, type Segment, segmentsOf } from '../pictures/segments.ts';
import { attributeAlongLine } from './integrated-gradients.ts';

/** Numbers of segments: `[H, W]`, or `[S, H, W]` for several ways to cut the picture up, whose segments compete. */
export type Segments = ArrayInput;

/** What the constructor of `XRAI` takes, beside layer, output, backend and batch size. */
export interface XRAIOptions<M> extends ExplainerOptions<M>, PictureOptions {
  /** The quadrature rule of integrated gradients; 'gausslegendre' by default. */
  readonly method?: QuadratureMethod;
  /** Points per baseline; 50 by default. */
  readonly nSteps?: number;
  /** Your own segments, for all samples or made of each picture `[H, W, C]`; Felzenszwalb's at six scales by default. */
  readonly segments?: Segments | ((picture: Tensor, sample: number) => Segments);
  /** 'full' (the default) measures segments anew by the pixels that they still add; 'fast' orders them once. */
  readonly algorithm?: 'full' | 'fast';
  /** Segments that add fewer pixels are left out; 50 by default, for pictures of about 224 pixels a side. */
  readonly minPixels?: number;
  /** Share of the picture that is cut into regions, the rest is one; 1 by default. 'full' only. */
  readonly areaThreshold?: number;
}

const own: Readonly<Record<Exclude<keyof XRAIOptions<never>, keyof ExplainerOptions<never>>, 1>> = {
  method: 1,
  nSteps: 1,
  segments: 1,
  algorithm: 1,
  minPixels: 1,
  areaThreshold: 1,
  grey: 1,
};

const algorithms = ['full', 'fast'] as const;

/** The map has the sum of the pixels' largest attributions, which is no change of score: nothing must add up. Units are those of the score. */
export class XRAI<M extends Explainable = Explainable> extends Explainer<M> {
  /**
   * @throws PathgradError for options that there are not or that make no sense, and for a layer that there is not; `explain` throws for what is
   * no picture: of a layer, what has no two axes of places
   */
  constructor(model: M, options: XRAIOptions<M> = {}) {
    const settings = checkSettings('XRAI', options, own);
    const { method = 'gausslegendre', nSteps = 50, segments, grey = false } = options;
    checkBoolean('grey', grey);
    const asking = { method: 'XRAI', instead: 'IntegratedGradients', grey };
    const regions = checkRegions(options);
    const rule = quadratureRule(method, nSteps);
    const pass = chooseStrategy('auto');
    super(model, options, settings, {
      name: 'XRAI',
      params: { method, nSteps, ...regions, segments: segments === undefined ? 'felzenszwalb' : 'given' },
      baselines: 'used',
      ownBaselines: (X) => X.map((t) => ({ count: 2, draw: (index) => extreme(t, index === 0 ? Math.min : Math.max) })),
      completeness: null,
      attribute: (problem) => {
        checkPlaces(problem, (options.layer ?? null) !== null, asking);
        return attributeAlongLine(problem, pass, rule, { relTol: settings.relTol, maxSteps: nSteps });
      },
      conclude: (scores, at) => conclude(scores, at, { segments, regions, asking }),
    });
  }
}

/**
 * A layer has two axes of places where its tensor is `[N, H, W, C]` and an input is a picture: `[N, tokens, dim]` is a text, and what attention makes
 * of one has four axes too, as have the vectors of ids `[N, texts, tokens]`.
 */
function checkPlaces({ shapes, names, inputs }: Problem, atLayer: boolean, asking: Asking): void {
  if (!atLayer) {
    for (const shape of shapes) checkPicture(shape, asking);
    return;
  }
  const odd = shapes.findIndex(({ length }) => length !== 4);
  if (odd < 0 && inputs.some(({ length }) => length === 4 || (length === 3 && asking.grey))) return;
  const found = { shape: shapes[Math.max(odd, 0)]!, inputs };
  const hint = `use ${asking.instead} there, or a layer whose tensor is [N, H, W, C] of a picture; grey: true if inputs are [N, H, W]`;
  throw failure(
    'XRAI',
    `the layer '${names[Math.max(odd, 0)]}' gives no pictures, which the method needs`,
    found,
    hint,
  );
}

function checkRegions({ algorithm = 'full', minPixels = 50, areaThreshold = 1 }: XRAIOptions<never>): RegionOptions {
  if (!algorithms.includes(algorithm)) {
    throw failure(
      'algorithm',
      `unknown algorithm '${String(algorithm)}'`,
      {},
      didYouMean(String(algorithm), algorithms),
    );
  }
  checkWhole('minPixels', 'the fewest pixels of a region', minPixels, 1);
  if (!(typeof areaThreshold === 'number' && areaThreshold > 0 && areaThreshold <= 1)) {
    throw failure('areaThreshold', 'must be a share of the picture, above 0 and at most 1', { got: areaThreshold });
  }
  if (algorithm === 'fast' && areaThreshold !== 1) {
    const hint = "leave areaThreshold out, or leave algorithm: 'fast' out";
    throw failure('areaThreshold', "has no say under algorithm: 'fast', which orders all segments", {}, hint);
  }
  return { algorithm, minPixels, areaThreshold };
}

/** Every sample's own smallest or largest value: its black and its white. */
function extreme({ data, shape, dtype }: Tensor, choose: (a: number, b: number) => number): Tensor {
  const width = rowSize(shape);
  const out = allocate(dtype, data.length);
  for (let row = 0; row < shape[0]!; row++) {
    let found = data[row * width]!;
    for (let i = row * width; i < (row + 1) * width; i++) found = choose(found, data[i]!);
    out.fill(found, row * width, (row + 1) * width);
  }
  return tensor(out, shape, dtype);
}

interface Cutting {
  readonly segments: XRAIOptions<never>['segments'];
  readonly regions: RegionOptions;
  readonly asking: Asking;
}

async function conclude(
  scores: readonly (readonly Float64Array[])[],
  { to, shapes, samples, pace }: Concluding,
  { segments, regions, asking }: Cutting,
): Promise<Concluded> {
  const maps = scores.map(() => shapes.map(([, height = 1, width = 1]) => new Float64Array(samples * height * width)));
  for (const [v, shape] of shapes.entries()) {
    for (let sample = 0; sample < samples; sample++) {
      await pace.turn();
      const picture = pictureOf(to[v]!, shape, sample, asking);
      const pixels = picture.height * picture.width;
      const cut = segments === undefined ? overlappingSegments(picture) : givenSegments(segments, picture, sample);
      for (const [s, attributions] of scores.entries()) {
        const { values, channels } = pictureOf(attributions[v]!, shape, sample, asking);
        const largest = Float64Array.from({ length: pixels }, (_, pixel) =>
          values.subarray(pixel * channels, (pixel + 1) * channels).reduce((a, b) => Math.max(a, b)),
        );
        maps[s]![v]!.set(rankRegions(largest, cut, regions), sample * pixels);
      }
    }
  }
  return { scores: maps, shapes: shapes.map((shape) => shape.slice(0, 3)) };
}

/** @throws PathgradError where they do not have the picture's shape */
function givenSegments(
  given: NonNullable<XRAIOptions<never>['segments']>,
  { height, width, channels, values }: Picture,
  sample: number,
): Segment[] {
  const made = typeof given === 'function' ? given(tensor(values, [height, width, channels]), sample) : given;
  const maps = toTensor('segments', made, 'int32', 'int32');
  const pixels = height * width;
  if (![2, 3].includes(maps.rank) || maps.shape.at(-2) !== height || maps.shape.at(-1) !== width) {
    const hint = 'a number for each pixel, [H, W], or several such maps, [S, H, W]';
    throw failure(
      'segments',
      'do not have the shape of the picture',
      { got: maps.shape, picture: [height, width] },
      hint,
    );
  }
  const count = maps.size / pixels;
  return Array.from({ length: count }, (_, s) => segmentsOf(maps.data.subarray(s * pixels, (s + 1) * pixels))).flat();
}
