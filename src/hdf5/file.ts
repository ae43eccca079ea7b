/**
 * The one adapter around jsfive: groups, datasets and attributes of an HDF5 file in memory. jsfive finds objects; what they hold is
 * decoded beside it (dataset.ts, attributes.ts) and its sizes are compared with the file's before anything is allocated.
 * Invariant: every error names file and path; soft and external links are never followed; no walk visits a group twice.
 */
import { Dataset, File, Group } from 'jsfive';
import { didYouMean, failure } from '../tensor/errors.ts';
import { Attributes } from './attributes.ts';
import { type Context, Hdf5Dataset, joinPath } from './dataset.ts';
import { checkLinks, checkRootLinks, checkSuperblock, findSignature, guarded } from './guard.ts';
import type { GroupObject } from './objects.ts';

export type { AttributeValue } from './attributes.ts';
export { Hdf5Dataset } from './dataset.ts';
export type { NumericArray } from './values.ts';

const DEPTH_LIMIT = 64;

export interface Hdf5File {
  readonly name: string;
  readonly byteLength: number;
  readonly root: Hdf5Group;
}

/**
 * Opens an HDF5 file held in memory. The bytes must not change while values are in use: aligned float32 values are views on them.
 * @param name what to call the file in errors
 * @throws PathgradError if the bytes are no HDF5, are truncated, or use a superblock we cannot read
 */
export function openHdf5(bytes: Uint8Array, name: string): Hdf5File {
  const start = findSignature(bytes);
  if (start < 0) throw failure(name, 'is not an HDF5 file', { bytes: bytes.length });
  const whole = start === 0 && bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  const buffer = (whole && bytes.buffer instanceof ArrayBuffer ? bytes : bytes.slice(start)).buffer as ArrayBuffer;
  const view = new DataView(buffer);
  checkSuperblock(view, name);
  guarded(name, () => checkRootLinks(view, name));
  const root = guarded(name, () => new File(buffer, name));
  return { name, byteLength: buffer.byteLength, root: new Hdf5Group({ name, view }, root, '') };
}

export class Hdf5Group {
  readonly kind = 'group';
  /** From the root, without a leading slash; `''` is the root. */
  readonly path: string;
  readonly attributes: Attributes;
  readonly #context: Context;
  readonly #group: GroupObject;

  constructor(context: Context, group: GroupObject, path: string) {
    this.#context = context;
    this.#group = group;
    this.path = path;
    this.attributes = new Attributes(context.view, group._dataobjects, this.label);
  }

  /** File and path, for errors. */
  get label(): string {
    return joinPath(this.#context.name, this.path);
  }

  /** Address of the object: two paths to one object share it. */
  get address(): number {
    return this.#group._dataobjects.offset;
  }

  /** Names of the members, in the order of the file (alphabetical). */
  get names(): readonly string[] {
    return Object.keys(this.#group._links);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#group._links, name);
  }

  /** The member of that name. Throws if there is none, or if it is a soft or external link. */
  child(name: string): Hdf5Group | Hdf5Dataset {
    const path = joinPath(this.path, name);
    const label = joinPath(this.#context.name, path);
    const target = this.has(name) ? this.#group._links[name] : undefined;
    if (target === undefined) throw failure(this.label, `has no member '${name}'`, {}, didYouMean(name, this.names));
    if (typeof target !== 'number') throw failure(label, 'is a soft or external link; links are not followed');
    if (name === '.' || name.includes('/')) throw failure(label, `'${name}' is no name for a member`);
    return guarded(label, () => {
      if (target >= this.#context.view.byteLength) throw failure(label, 'lies outside the file', { address: target });
      const objects = new this.#group._dataobjects.constructor(this.#context.view.buffer as ArrayBuffer, target);
      if (objects.is_dataset) return new Hdf5Dataset(this.#context, new Dataset(path, objects, this.#group), path);
      checkLinks(this.#context.view, objects.msgs, label); // before jsfive walks them in the constructor of Group
      return new Hdf5Group(this.#context, new Group(path, objects, this.#group), path);
    });
  }

  /** The object at a relative path with `/` between names, or undefined where a name on the way is missing. */
  find(path: string): Hdf5Group | Hdf5Dataset | undefined {
    let here: Hdf5Group | Hdf5Dataset = this;
    for (const name of path.split('/').filter((part) => part !== '')) {
      if (here.kind === 'dataset' || !here.has(name)) return undefined;
      here = here.child(name);
    }
    return here;
  }

  /** The group of that name, or undefined; throws if a dataset has the name. */
  group(name: string): Hdf5Group | undefined {
    const found = this.has(name) ? this.child(name) : undefined;
    if (found?.kind === 'dataset') throw failure(joinPath(this.label, name), 'is a dataset where a group was expected');
    return found;
  }

  /** Every dataset below this group, depth first. A group that is reached twice (a cycle of hard links) is refused. */
  datasets(): Hdf5Dataset[] {
    const found: Hdf5Dataset[] = [];
    const seen = new Set<number>([this.address]);
    const pending: { node: Hdf5Group | Hdf5Dataset; depth: number }[] = [{ node: this, depth: 0 }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { node, depth } = next;
      if (node.kind === 'dataset') {
        found.push(node);
        continue;
      }
      if (depth > DEPTH_LIMIT) throw failure(node.label, `groups are nested deeper than ${DEPTH_LIMIT}`);
      for (const name of [...node.names].reverse()) {
        const child = node.child(name);
        if (child.kind === 'group' && seen.has(child.address)) {
          throw failure(child.label, 'the group is reached twice: its links form a cycle');
        }
        seen.add(child.address);
        pending.push({ node: child, depth: depth + 1 });
      }
    }
    return found;
  }
}
