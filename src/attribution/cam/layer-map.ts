/** A method that maps the activations of one layer: Grad-CAM and those like it differ in one function. */

import { failure } from '../../tensor/errors.ts';
import type { Findings, Method } from '../frame/method.ts';
import type { Problem } from '../frame/problem.ts';
import { gradientsAt } from '../frame/rows.ts';
import { activationMaps, type ChannelWeight, type MapSettings } from './activation-map.ts';

export function layerMap(name: string, settings: MapSettings, weightOf: ChannelWeight): Method {
  return {
    name,
    params: { ...settings },
    baselines: 'none',
    completeness: null,
    attribute: (problem) => attribute(name, problem, settings, weightOf),
  };
}

async function attribute(
  name: string,
  problem: Problem,
  settings: MapSettings,
  weightOf: ChannelWeight,
): Promise<Findings> {
  const { names, shapes, inputs, to } = problem;
  if (to.length !== 1) {
    const hint = 'choose a layer with one output';
    throw failure(name, `the layer has ${to.length} tensors`, { tensors: names }, hint);
  }
  const { shape, map } = activationMaps(name, { name: names[0]!, shape: shapes[0]!, inputs }, settings, weightOf);
  const gradients = await gradientsAt(problem, to);
  return {
    scores: gradients.map((gradient) => ({ attributions: [map(gradient, to[0]!)], moved: movedOf(gradient, problem) })),
    shapes: [shape],
  };
}

function movedOf(gradient: Float64Array, { samples }: Problem): Uint8Array {
  const width = gradient.length / samples;
  return Uint8Array.from({ length: samples }, (_, sample) =>
    Number(gradient.subarray(sample * width, (sample + 1) * width).some((slope) => slope !== 0)),
  );
}
