/**
 * Groups, datasets and attributes of an HDF5 file in memory: the subset of the format that Keras and h5py write.
 * Invariant: every error names file and path; sizes are compared with the file's before anything is allocated; soft and external
 * links are never followed; no walk visits a group twice.
 */
import { checkDepth, Guard, guarded } from '../guard/guard.ts';
import { didYouMean, failure } from '../tensor/errors.ts';
import { Attributes } from './attributes.ts';
import { FileBytes } from './bytes.ts';
import { Hdf5Dataset, joinPath } from './dataset.ts';
import { MESSAGE, type Message, readHeader } from './header.ts';
import { type Links, readLinks } from './links.ts';
import { findSignature, readSuperblock } from './superblock.ts';

export type { AttributeValue } from './attributes.ts';
export { Hdf5Dataset } from './dataset.ts';
export type { NumericArray } from './values.ts';

export interface Hdf5File {
  readonly name: string;
  readonly byteLength: number;
  readonly root: Hdf5Group;
}

/**
 * Opens an HDF5 file held in memory. The bytes must not change while values are in use: aligned float32 values are views on them.
 * @param name what to call the file in errors
 * @param guard of the archive that it lies in, where it lies in one
 * @throws PathgradError if the bytes are no HDF5, are truncated, or use a superblock we cannot read
 */
export function openHdf5(bytes: Uint8Array, name: string, guard = new Guard(name, bytes.length)): Hdf5File {
  const start = findSignature(bytes);
  if (start < 0) throw failure(name, 'is not an HDF5 file', { bytes: bytes.length });
  const own = bytes.buffer instanceof ArrayBuffer ? bytes : bytes.slice(); // texts are not decoded from shared memory
  const view = new DataView(own.buffer as ArrayBuffer, own.byteOffset + start, own.byteLength - start);
  const file = new FileBytes(name, view, guard);
  const root = guarded(name, 'HDF5', () => {
    const address = readSuperblock(file);
    return new Hdf5Group(file, address, readHeader(file, address, name), '');
  });
  return { name, byteLength: view.byteLength, root };
}

export class Hdf5Group {
  readonly kind = 'group';
  /** From the root, without a leading slash; `''` is the root. */
  readonly path: string;
  /** Address of the object: two paths to one object share it. */
  readonly address: number;
  readonly attributes: Attributes;
  readonly #file: FileBytes;
  readonly #links: Links;
  /** Members that were opened. */
  readonly #children = new Map<string, Hdf5Group | Hdf5Dataset>();

  constructor(file: FileBytes, address: number, messages: readonly Message[], path: string) {
    this.#file = file;
    this.address = address;
    this.path = path;
    this.attributes = new Attributes(file, messages, this.label);
    this.#links = readLinks(file, messages, this.label);
  }

  /** File and path, for errors. */
  get label(): string {
    return joinPath(this.#file.name, this.path);
  }

  /** Names of the members, in the order of the file (alphabetical in the old format). */
  get names(): readonly string[] {
    return [...this.#links.keys()];
  }

  has(name: string): boolean {
    return this.#links.has(name);
  }

  /** The member of that name. Throws if there is none, or if it is a soft or external link. */
  child(name: string): Hdf5Group | Hdf5Dataset {
    const opened = this.#children.get(name);
    if (opened) return opened;
    const path = joinPath(this.path, name);
    const label = joinPath(this.#file.name, path);
    const target = this.#links.get(name);
    if (target === undefined) throw failure(this.label, `has no member '${name}'`, {}, didYouMean(name, this.names));
    if (target === null) throw failure(label, 'is a soft or external link; links are not followed');
    if (name === '.' || name.includes('/')) throw failure(label, `'${name}' is no name for a member`);
    const child = guarded(label, 'HDF5', () => {
      this.#file.guard.take('objects', 1, label);
      if (target >= this.#file.view.byteLength) throw failure(label, 'lies outside the file', { address: target });
      const messages = readHeader(this.#file, target, label);
      const isDataset = messages.some(({ type }) => type === MESSAGE.dataspace);
      return new (isDataset ? Hdf5Dataset : Hdf5Group)(this.#file, target, messages, path);
    });
    this.#children.set(name, child);
    return child;
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
      checkDepth(depth, node.label);
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
