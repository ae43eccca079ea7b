/** --freeze and --train-only: a copy of the model some of whose layers training leaves alone. The model that was read stays as it is. */
import { allLayers, findLayer } from '../../model/lookup.ts';
import type { Model } from '../../model/model.ts';
import { layersOf, type Transformer } from '../../open/model.ts';
import { didYouMean } from '../../tensor/errors.ts';
import type { Freeze } from '../../training/index.ts';
import type { TransformerModel } from '../../transformers/index.ts';
import { type Arguments, usage } from '../flags/flags.ts';
import { named } from './goal.ts';

/** @throws UsageError for layers that there are not, and where none is left to train */
export async function frozenModel(args: Arguments, model: Model): Promise<Model> {
  const flag = onlyOne(args);
  if (!flag) return model;
  const chosen = pathsOf(flag, args.text(flag)!, model);
  const inside = (path: string): boolean => chosen.some((one) => path === one || path.startsWith(`${one}/`));
  const around = (path: string): boolean => chosen.some((one) => one.startsWith(`${path}/`));
  const isFrozen = (path: string): boolean => (flag === 'freeze' ? inside(path) : !inside(path) && !around(path));
  const trained = allLayers(model.layers).some((layer) => {
    return !isFrozen(layer.path) && layer.weights.some(({ trainable }) => trainable);
  });
  if (!trained)
    throw usage(`--${flag}`, 'leaves no weight to train', 'choose other layers; pathgrad inspect lists them');
  return model.withWeights(() => null, isFrozen);
}

/**
 * The same for transformers, whose weights are told from their paths: `head` is all that does not lie in the encoder.
 * @returns which weights stay; null where all are trained
 */
export function frozenPaths(args: Arguments, model: Transformer): Freeze | null {
  const flag = onlyOne(args);
  if (!flag) return null;
  const encoder = model.layers[0]!.path;
  const known = layersOf(model).map(([path]) => path);
  const chosen = args
    .text(flag)!
    .split(',')
    .map((name) => name.trim());
  const unknown = chosen.find((name) => name !== 'head' && !known.includes(name));
  if (unknown !== undefined) {
    const hint = didYouMean(unknown, ['head', ...known]) ?? 'head, or paths of layers; pathgrad inspect lists them';
    throw usage(`--${flag}`, `there is no layer '${unknown}'`, hint);
  }
  const inside = (path: string): boolean =>
    chosen.some((one) => (one === 'head' ? !path.startsWith(`${encoder}/`) : path.startsWith(`${one}/`)));
  const frozen: Freeze = (path) => inside(path) === (flag === 'freeze');
  const weights = (model as unknown as TransformerModel).weights.filter(({ trainable }) => trainable);
  if (weights.every(({ layer, name }) => frozen(`${layer}/${name}`)))
    throw usage(`--${flag}`, 'leaves no weight to train', 'choose other layers; pathgrad inspect lists them');
  return frozen;
}

function onlyOne(args: Arguments): 'freeze' | 'train-only' | null {
  if (args.has('freeze') && args.has('train-only'))
    throw usage('--freeze', 'does not go with --train-only', 'give one of them');
  return args.has('freeze') ? 'freeze' : args.has('train-only') ? 'train-only' : null;
}

function pathsOf(flag: string, text: string, model: Model): string[] {
  if (flag === 'train-only' && /^\d+$/.test(text) && !model.layers.some(({ name }) => name === text)) {
    const own = model.layers.filter((layer) => allLayers([layer]).some(({ weights }) => weights.length > 0));
    const count = Number(text);
    if (count < 1 || count > own.length)
      throw usage(`--${flag}`, `'${text}' is no number of layers`, `${own.length} layers have weights`);
    return own.slice(-count).map(({ path }) => path);
  }
  return text.split(',').map((name) => {
    const wanted = name.trim();
    return named(flag, text, () => findLayer(model.name, model.layers, wanted)).path;
  });
}
