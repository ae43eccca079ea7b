/**
 * Which features change together: every feature by itself, groups by number as in captum's `feature_mask`, named lists, or one
 * group per place on some axes (a token with its whole embedding, a pixel with its channels). A group may reach over several
 * inputs. Invariant: a feature is in one group at most; a feature in none stays as it is in X and is attributed 0.
 */
import { failure } from '../../tensor/errors.ts';
import { checkOptions } from '../../tensor/options.ts';
import { normalizeAxes, type Shape, sameShape, stridesOf } from '../../tensor/shape.ts';
import { rowSize, toTensor } from '../frame/arrays.ts';
import type { Problem } from '../frame/problem.ts';
import type { ArrayInput } from '../frame/types.ts';

/** A tensor whose features are grouped: its name in errors, and its shape with the samples in front. */
export interface Grouped {
  readonly name: string;
  readonly shape: Shape;
}

/** Features of one group: flat places in a row (row-major), of the only tensor or by name. */
export type GroupMembers = readonly number[] | { readonly [tensor: string]: readonly number[] };

/**
 * `mask`: a group number per feature, with the shape of X, of one row of it, or of a row without its batch axis; numbers need not
 * be consecutive, and a negative one stands for no group. Several tensors take a list of masks; what has the same number is one group.
 * `groups`: lists of features by name. `axes`: features with the same place on these axes (0 is the batch) go together.
 */
export type FeatureGroups =
  | { readonly mask: ArrayInput | readonly ArrayInput[] }
  | { readonly groups: Lists }
  | { readonly axes: number | readonly number[] };

type Lists = { readonly [name: string]: GroupMembers };

export interface Groups {
  readonly names: readonly string[];
  /** Per tensor, the group of each feature, or -1: one row for all samples, or a row per sample. */
  readonly of: readonly Int32Array[];
}

/** @throws PathgradError for a mask that does not fit, features that there are not, and groups that overlap (which ones, where) or are empty */
export function resolveGroups(given: FeatureGroups | null, tensors: readonly Grouped[]): Groups {
  if (given === null) return alone(tensors);
  const known = ['mask', 'groups', 'axes'] as const;
  const one: Partial<Record<(typeof known)[number], unknown>> = typeof given === 'object' ? given : {};
  const found = known.filter((name) => one[name] !== undefined);
  if (found.length !== 1) {
    throw failure(
      'features',
      'is one of a mask, groups or axes',
      { got: found },
      'e.g. { mask: [[0, 0, 1]] } or { axes: 1 }',
    );
  }
  checkOptions('features', given as Record<string, unknown>, { mask: 1, groups: 1, axes: 1 });
  const { mask, axes, groups: lists } = one;
  const groups =
    mask !== undefined
      ? ofMasks(mask as ArrayInput, tensors)
      : axes !== undefined
        ? ofAxes(axes as number, tensors)
        : ofLists(lists as Lists, tensors);
  if (groups.names.length === 0)
    throw failure('features', 'there is no group', {}, 'put at least one feature into a group');
  return groups;
}

function alone(tensors: readonly Grouped[]): Groups {
  const names: string[] = [];
  const of = tensors.map(({ name, shape }) =>
    Int32Array.from({ length: rowSize(shape) }, (_, i) => names.push(tensors.length > 1 ? `${name} ${i}` : `${i}`) - 1),
  );
  return { names, of };
}

function ofMasks(given: ArrayInput | readonly ArrayInput[], tensors: readonly Grouped[]): Groups {
  const several = tensors.length > 1;
  if (several && (!Array.isArray(given) || given.length !== tensors.length)) {
    const names = tensors.map(({ name }) => name);
    throw failure('features', `${tensors.length} tensors need a list of as many masks`, { tensors: names });
  }
  const lists = several ? (given as readonly ArrayInput[]) : [given as ArrayInput];
  const masks = tensors.map((grouped, t) => readMask(lists[t]!, grouped, several));
  const numbers = [...new Set(masks.flatMap((mask) => [...new Set(mask)]))]
    .filter((id) => id >= 0)
    .sort((a, b) => a - b);
  const place = new Map(numbers.map((id, at) => [id, at]));
  return { names: numbers.map(String), of: masks.map((mask) => mask.map((id) => place.get(id) ?? -1)) };
}

function readMask(given: ArrayInput, { name, shape }: Grouped, several: boolean): Int32Array {
  const subject = several ? `features '${name}'` : 'features';
  const mask = toTensor(subject, given, 'int32', 'int32');
  const row = shape.slice(1);
  if (![shape, [1, ...row], row].some((fits) => sameShape(fits, mask.shape))) {
    throw failure(subject, 'a mask has the shape of X, or of one row', { got: mask.shape, X: shape });
  }
  return Int32Array.from(mask.data);
}

function ofLists(given: Lists, tensors: readonly Grouped[]): Groups {
  if (typeof given !== 'object' || given === null) {
    const hint = 'e.g. { groups: { size: [0, 1], colour: [2] } }';
    throw failure('features', 'groups are lists of features by name', { got: given }, hint);
  }
  const names = Object.keys(given);
  const of = tensors.map(({ shape }) => new Int32Array(rowSize(shape)).fill(-1));
  names.forEach((group, number) => {
    const lists = membersByTensor(group, given[group]!, tensors);
    for (const [t, members] of lists) {
      for (const feature of members) put(of[t]!, tensors[t]!, feature, number, names);
    }
    if (lists.every(([, members]) => members.length === 0))
      throw failure(`features '${group}'`, 'the group holds no feature', {}, 'leave it out, or name its features');
  });
  return { names, of };
}

function membersByTensor(
  group: string,
  members: GroupMembers,
  tensors: readonly Grouped[],
): [number, readonly number[]][] {
  const names = tensors.map(({ name }) => name);
  const subject = `features '${group}'`;
  if (Array.isArray(members)) {
    if (tensors.length === 1) return [[0, members]];
    throw failure(subject, 'with several tensors a group is a record by tensor', { tensors: names });
  }
  const hint = `a list of places in a row, e.g. [0, 1], or such lists by tensor: { ${names[0]}: [0, 1] }`;
  if (typeof members !== 'object' || members === null) {
    throw failure(subject, 'a group is a list of places in a row', { got: members }, hint);
  }
  checkOptions(
    subject,
    members as Record<string, unknown>,
    Object.fromEntries(names.map((name) => [name, 1 as const])),
  );
  return Object.entries(members as Record<string, unknown>).map(([name, list]) => {
    if (Array.isArray(list)) return [names.indexOf(name), list];
    throw failure(subject, `its places in '${name}' are no list`, { got: list }, hint);
  });
}

function put(of: Int32Array, { name, shape }: Grouped, feature: number, group: number, names: readonly string[]): void {
  const subject = `features '${names[group]}'`;
  if (!Number.isInteger(feature) || feature < 0 || feature >= of.length) {
    throw failure(
      subject,
      `${feature} is no feature of '${name}'`,
      { row: shape.slice(1) },
      `features count from 0 to ${of.length - 1}`,
    );
  }
  const before = of[feature]!;
  if (before === group) throw failure(subject, `holds feature ${feature} twice`);
  if (before >= 0) {
    const hint = 'a feature belongs to one group at most';
    throw failure(
      'features',
      `the groups '${names[before]}' and '${names[group]}' overlap`,
      { feature, tensor: name },
      hint,
    );
  }
  of[feature] = group;
}

/** Places on axes are numbered over each tensor alone, since axes of several tensors have nothing to do with each other. */
function ofAxes(axes: number | readonly number[], tensors: readonly Grouped[]): Groups {
  if (typeof axes !== 'number' && !Array.isArray(axes))
    throw failure('features', 'axes are a number or a list of numbers', { got: axes }, 'e.g. { axes: 1 }');
  const names: string[] = [];
  const of = tensors.map(({ name, shape }) => {
    const kept = normalizeAxes('features', axes, shape.length);
    if (kept.length === 0) throw failure('features', 'axes names no axis', { shape }, 'e.g. { axes: 1 }');
    if (kept.includes(0)) throw failure('features', 'axis 0 is the batch', { shape }, 'features lie on axes from 1 up');
    const strides = stridesOf(shape);
    const numbers = new Map<string, number>();
    return Int32Array.from({ length: rowSize(shape) }, (_, at) => {
      const place = kept.map((axis) => Math.floor(at / strides[axis]!) % shape[axis]!).join();
      const found = numbers.get(place) ?? names.push(tensors.length > 1 ? `${name} ${place}` : place) - 1;
      numbers.set(place, found);
      return found;
    });
  });
  return { names, of };
}

/** The groups of a problem's variables. */
export function groupsOf({ names, shapes }: Problem, given: FeatureGroups | null): Groups {
  return resolveGroups(
    given,
    names.map((name, v) => ({ name, shape: shapes[v]! })),
  );
}
