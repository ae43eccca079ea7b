/**
 * Every layer class that is supported, by Keras class name, and why the others are not. The layers of convolutional and dense networks
 * are there at once; the others, with host layers and recorded operations, are loaded before a graph is built, for models that have one.
 * Invariant: which names are supported does not depend on what is loaded: a name that is not basic loads everything.
 */
import type { LayerSpec, ModelSpec } from '../config/spec.ts';
import { wrapperNames } from '../custom/custom.ts';
import { mayBeOperation } from '../operations/recorded.ts';
import { basicLayers } from './basic.ts';
import type { LayerClass } from './layer.ts';

type More = typeof import('./more.ts');

/** What the layers of one model are built from. */
export interface Rules {
  readonly classes: ReadonlyMap<string, LayerClass>;
  /** Layers that look up texts and ids; null for a model of basic layers. */
  readonly host: More['host'] | null;
  /** Recorded operations; null for a model of basic layers. */
  readonly operations: More['operations'] | null;
  /** The order of calls where it changes the result; null for a model of basic layers. */
  readonly executionOrder: More['executionOrder'] | null;
  /** Names that a model may use, sorted: all that are supported, unless it has basic layers alone. */
  readonly names: readonly string[];
}

/** Handled by the model itself: they hold other layers, or no computation at all. */
const structural = ['InputLayer', 'Sequential', 'Functional', 'Model', 'Pipeline', 'TimeDistributed'];

/** What the layers of `spec` need, loaded. */
export async function loadRules(spec: ModelSpec): Promise<Rules> {
  const basic = rulesOf(null);
  const isBasic = (layer: LayerSpec): boolean => {
    if (mayBeOperation(layer) || (layer.className === 'InputLayer' && layer.dtype === 'string')) return false;
    return layer.custom === true || basic.names.includes(layer.className);
  };
  return leaves(spec).every(isBasic) ? basic : allRules();
}

/** Every layer and operation. */
export async function allRules(): Promise<Rules> {
  return rulesOf(await import('./more.ts'));
}

/** @param more every class that is not basic; null where none is needed */
export function rulesOf(more: More | null): Rules {
  const all = [...basicLayers, ...(more?.moreLayers ?? [])];
  const classes = new Map(all.flatMap((layer) => layer.classes.map((name) => [name, layer] as const)));
  const names = [...classes.keys(), ...structural, ...wrapperNames(), ...(more?.host.hostLayers ?? [])].sort();
  const { host = null, operations = null, executionOrder = null } = more ?? {};
  return { classes, host, operations, executionOrder, names };
}

/** The layers of a model with those inside models, wrappers and custom layers. */
function leaves(spec: ModelSpec): LayerSpec[] {
  const within = (layer: LayerSpec): LayerSpec[] => {
    if (layer.model) return leaves(layer.model);
    const parts = [...(layer.parts?.values() ?? []), ...(layer.layer ? [layer.layer] : [])];
    return [layer, ...parts.flatMap(within)];
  };
  return spec.layers.flatMap(within);
}

/** Why a class is refused, in words for its user. */
export function whyUnsupported({ name, className, registeredName }: LayerSpec): string {
  if (className === 'Lambda') {
    return `a Lambda is Python code, which is never run: give its TypeScript, loadModel(file, { layers: { '${name}': ([x]) => … } })`;
  }
  if (/^Add(Metric|Loss)$/.test(className))
    return 'it belongs to training: save the model without add_loss and add_metric';
  const what = registeredName?.includes('>')
    ? `'${registeredName}' is a custom class`
    : "the class is none of Keras's (a custom class?)";
  return `${what}, whose code is not in the file: give its TypeScript, registerLayer('${className}', …)`;
}
