/** Models made from an architecture and plain numbers, without a file. */

import { allRules } from '../../src/keras/layers/registry.ts';
import { parseArchitecture } from '../../src/keras/load/container.ts';
import { buildGraph, refuseProblems } from '../../src/keras/model/build.ts';
import { kerasDefinition } from '../../src/keras/model/definition.ts';
import type { ModelLayer } from '../../src/keras/model/layer.ts';
import { allLayers } from '../../src/model/lookup.ts';
import { Model } from '../../src/model/model.ts';
import type { FloatDType } from '../../src/tensor/dtype.ts';
import { specOf } from './keras-spec.ts';

const rules = await allRules();

export interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export type NamedWeights = {
  readonly [layer: string]: readonly (Numbers & { readonly name: string; readonly part?: string })[];
};

/**
 * @param architecture what `model.to_json()` gives, parsed
 * @param weights of each layer by name, in Keras's order
 */
export function modelFrom(
  architecture: object,
  weights: NamedWeights = {},
  { dtype = 'float32' as FloatDType, theanoKernels = 'flip' as 'flip' | 'as-stored' } = {},
): Model<ModelLayer> {
  const file = parseArchitecture(JSON.stringify(architecture), 'test.json');
  const spec = specOf(file);
  const { graph, problems } = buildGraph(spec, { file: file.name, dtype, theanoKernels, rules });
  refuseProblems(file.name, problems);
  for (const layer of allLayers(graph.layers)) {
    const arrays = (weights[layer.name] ?? []).map(({ name, part = '', shape, data }) => ({
      path: `test.h5/${layer.name}/${name}`,
      name,
      part,
      shape,
      dtype: 'float32',
      data: Float32Array.from(data),
    }));
    layer.stored = { arrays, source: `test.h5/${layer.name}` };
  }
  return new Model(
    kerasDefinition(graph, { file: file.name, dtype, host: rules.host!.splitHost(graph, file.name, dtype) }),
  );
}
