/**
 * What the adapter touches of jsfive 0.4.2's objects. They are named here, and not only beside the library, so that the types which
 * pathgrad publishes mention no package that its users do not have.
 */

export interface HeaderMessage {
  get(key: 'type' | 'size' | 'flags' | 'offset_to_message'): number;
}

/** A parsed object header. */
export interface DataObjects {
  /** The class is not exported, but every instance leads to it. Parses the object header at an address. */
  readonly constructor: new (
    buffer: ArrayBuffer,
    offset: number,
  ) => DataObjects;
  /** Address of the object header. */
  readonly offset: number;
  readonly msgs: readonly (HeaderMessage | undefined)[];
  readonly is_dataset: boolean;
  /** Length and bytes of the variable-length element whose 16-byte descriptor lies at `offset`. */
  _vlen_size_and_data(buffer: ArrayBuffer, offset: number): [number, ArrayBuffer | undefined];
}

export interface GroupObject {
  /** Link name to header address, or to the target path of a soft link. */
  readonly _links: Readonly<Record<string, number | string>>;
  readonly _dataobjects: DataObjects;
}

export interface DatasetObject {
  readonly _dataobjects: DataObjects;
  /** All values, boxed, in row-major order. */
  readonly value: readonly unknown[];
}
