/**
 * `.weights.h5`, and what `.keras` archives keep: groups by class and counter, `vars/0`, `vars/1`, … in each. Groups without weights
 * are there, too. Source: `save_weights_only` and `_save_state` of Keras 3.15 and tf_keras 2.21.
 */
import { NewGroup } from '../../hdf5/write/tree.ts';
import type { OptimizerVariable } from './optimizer.ts';
import type { Places } from './places.ts';
import type { Asset } from './vocabularies.ts';

/** @param optimizer its variables in Keras's order */
export function writePaths(
  { weights, groups }: Places,
  major: 1 | 2 | 3,
  assets: readonly Asset[],
  optimizer: { readonly name: string; readonly variables: readonly OptimizerVariable[] } | null = null,
): NewGroup {
  const root = new NewGroup();
  const variables = (path: string): NewGroup => root.group(path === '' ? 'vars' : `${path}/vars`);
  for (const { path, name } of groups) {
    const group = variables(path);
    if (major === 3) group.attribute('name', name);
  }
  for (const { path, part, index, dtype, shape, values } of weights)
    variables(part === '' ? path : `${path}/${part}`).dataset(String(index), { dtype, shape, data: values() });
  for (const { paths, frequencies } of assets)
    for (const path of frequencies ? paths : [])
      variables(path).dataset('idf_weights', { dtype: 'float32', shape: [frequencies!.length], data: frequencies! });
  if (optimizer) {
    const group = variables('optimizer');
    if (major === 3) group.attribute('name', optimizer.name);
    for (const [i, variable] of optimizer.variables.entries()) group.dataset(String(i), variable.values);
  }
  return root;
}
