/**
 * Guided Grad-CAM (Selvaraju et al. 2017): guided backpropagation at the inputs times the Grad-CAM map of a layer, negative places left out and
 * stretched to the picture. It keeps the detail of the one where the other says that the target is. Adebayo et al. 2018 found that the
 * detail hardly depends on the upper layers or the class.
 */
import { grad } from '../../graph/grad.ts';
import type { PlanGraph } from '../../graph/plan-cache.ts';
import { failure } from '../../tensor/errors.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import {
  type ActivationMapOptions,
  activationMapOptions,
  activationMaps,
  checkMap,
  type MapSettings,
} from '../cam/activation-map.ts';
import { lastConvolution } from '../cam/places.ts';
import { type Explainable, Explainer } from '../frame/explainer.ts';
import { type Findings, perScore } from '../frame/method.ts';
import { type Problem, withScores } from '../frame/problem.ts';
import { cotangentsOf, gatherRows, inChunks, rowsOf } from '../frame/rows.ts';
import { checkSettings, type LayerOptions } from '../frame/settings.ts';
import { guided, reluRules } from '../rules/relu.ts';
import { meanGradient } from './layer-grad-cam.ts';

/** What the constructor of `GuidedGradCam` takes, beside layer, output, backend and batch size. */
export type GuidedGradCamOptions<M> = Omit<ActivationMapOptions<M>, 'relu' | 'interpolation'> &
  LayerOptions<M> & {
    /** How the map is stretched to the picture: `'bilinear'` (the default) or `'nearest'`, as in captum. */
    readonly interpolation?: 'bilinear' | 'nearest';
  };

const name = 'GuidedGradCam';
/** Targets that one plan goes back from. */
const scoresAtOnce = 16;

/**
 * Attributions of the inputs (or of `inputLayer`), of the picture's size. The `layer` is the last convolution that the model applies unless
 * told. Signs are those of the guided gradient; values compare within a picture and add up to nothing.
 */
export class GuidedGradCam<M extends Explainable = Explainable> extends Explainer<M> {
  /**
   * @param model a Keras model of `loadModel` or any other `CallableModel`
   * @throws PathgradError for unknown options, plain functions and models without a convolution; `explain` throws for a layer without places,
   * inputs that are no pictures, and a model without relus
   */
  constructor(model: M, options: GuidedGradCamOptions<M> = {}) {
    const { relu: _, ...own } = activationMapOptions;
    const settings = checkSettings(name, options, { ...own, inputLayer: 1 });
    const map = checkMap(name, options, true);
    if (map.interpolation === null) {
      const hint = "'bilinear' or 'nearest'; LayerGradCam gives the map alone";
      throw failure(name, 'the map must have the size of the picture', { interpolation: null }, hint);
    }
    const layer = options.layer ?? lastConvolution(name, model).path;
    const label = typeof layer === 'string' ? layer : 'layer';
    super(model, { ...options, layer }, settings, {
      name,
      params: { interpolation: map.interpolation, channelAxis: map.channelAxis },
      baselines: 'none',
      completeness: null,
      observes: true,
      attribute: (problem) => attribute(problem, label, map),
    });
  }
}

async function attribute(problem: Problem, layer: string, settings: MapSettings): Promise<Findings> {
  const found: Float64Array[] = [];
  for (let first = 0; first < problem.scores.length; first += scoresAtOnce) {
    const some = withScores(problem, problem.scores.slice(first, first + scoresAtOnce));
    found.push(...(await ofScores(some, layer, settings)));
  }
  return { ...perScore(problem, found), shapes: problem.shapes, names: problem.names };
}

/** Per score and variable. The layer's values and gradients of a chunk are dropped with it. */
async function ofScores(problem: Problem, layer: string, settings: MapSettings): Promise<Float64Array[]> {
  const { samples, scores, held, to, shapes, key, plans } = problem;
  const out = scores.flatMap(() => to.map((all) => new Float64Array(all.length)));
  const row = layerRow(problem, layer);
  await inChunks(problem, samples, async (first, count) => {
    const shape = [count, ...row];
    const build = (): PlanGraph => {
      const graph = problem.graph(count);
      const { variables, observed, output } = graph;
      const cotangents = cotangentsOf(problem, graph);
      const rules = reluRules(name, output, guided);
      const slopes = cotangents.flatMap((cotangent) => grad(output, observed, cotangent));
      const details = cotangents.flatMap((cotangent) => grad(output, variables, cotangent, { rules }));
      return { outputs: [...observed, ...slopes, ...details], inputs: [...variables, ...graph.held, ...cotangents] };
    };
    const rows = rowsOf(problem, to, first, count);
    const feeds = [
      ...rows.values,
      ...[...held, ...scores.map(({ cotangent }) => cotangent)].map((feed) => gatherRows(feed, rows.samples)),
    ];
    const parts = await plans.run(`${name} ${count} of ${scores.length} ${key}`, build, feeds);
    const [values, ...gradients] = parts.map((part) => Float64Array.from(part));
    scores.forEach((_, target) => {
      to.forEach((all, v) => {
        const picture = [count, ...shapes[v]!.slice(1)];
        const detail = gradients[scores.length + target * to.length + v]!;
        const tensor = { name: layer, shape, inputs: [picture] };
        const maps = activationMaps(name, tensor, settings, meanGradient);
        const map = maps.map(gradients[target]!, values!);
        out[target * to.length + v]!.set(timesMap(detail, map, maps.shape, picture), (first * all.length) / samples);
      });
    });
  });
  return out;
}

/** The shape of a row of the layer's tensor. */
function layerRow({ graph, batch, samples }: Problem, layer: string): Shape {
  const { observed } = graph(Math.min(batch, samples));
  if (observed.length === 1) return observed[0]!.shape.slice(1);
  throw failure(name, `the layer '${layer}' has ${observed.length} outputs`, {}, 'choose a layer with one output');
}

/** Every channel of a picture times the map, which has one. */
function timesMap(detail: Float64Array, map: Float64Array, mapShape: Shape, picture: Shape): Float64Array {
  const axis = picture.findIndex((extent, i) => mapShape[i] !== extent);
  const channels = axis < 0 ? 1 : picture[axis]!;
  const inner = axis < 0 ? 1 : sizeOf(picture.slice(axis + 1));
  return detail.map((slope, at) => slope * map[Math.floor(at / (inner * channels)) * inner + (at % inner)]!);
}
