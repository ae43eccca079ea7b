/**
 * The part of jsfive 0.4.2 that the adapter touches; the package ships no types. Everything here may throw strings, TypeErrors
 * or RangeErrors on a damaged file: call it inside `guarded` only.
 */
declare module 'jsfive' {
  type Objects = import('./objects.ts').DataObjects;
  type GroupObject = import('./objects.ts').GroupObject;
  type DatasetObject = import('./objects.ts').DatasetObject;

  export class Group implements GroupObject {
    /** Reads all links of the group at once. */
    constructor(path: string, objects: Objects, parent: GroupObject);
    readonly _links: GroupObject['_links'];
    readonly _dataobjects: Objects;
  }

  export class Dataset implements DatasetObject {
    constructor(path: string, objects: Objects, parent: GroupObject);
    readonly _dataobjects: Objects;
    readonly value: DatasetObject['value'];
  }

  export class File extends Group {
    constructor(buffer: ArrayBuffer, name: string);
  }
}
