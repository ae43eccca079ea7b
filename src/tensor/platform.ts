/**
 * What the engine that runs us brings along: modules of Node, asked for by name and never imported, so that a bundler for browsers finds
 * nothing to resolve and one build serves Node, Bun, Deno and pages; and types of the web that a program's libraries may lack.
 */

import type { FileWriter } from './write-beside.ts';

/** What is used of Node's modules. These types stand for Node's own, which whoever compiles against pathgrad need not have. */
interface NodeModules {
  'node:fs/promises': {
    open(path: Path): Promise<OpenFile>;
    stat(path: Path): Promise<{ readonly size: number; isFile(): boolean; isDirectory(): boolean }>;
    readdir(path: Path): Promise<string[]>;
  };
  'node:fs': FileWriter;
  'node:os': { availableParallelism(): number };
  'node:v8': { setFlagsFromString(flags: string): void };
  'node:worker_threads': {
    Worker: new (
      url: PlatformUrl,
      options: { workerData: unknown; execArgv: string[] },
    ) => {
      terminate(): unknown;
      unref(): void;
      on(event: 'error' | 'exit', listener: () => void): void;
    };
  };
}

type Path = string | PlatformUrl;

/** A file that Node has opened. */
export interface OpenFile {
  /** Reads up to `length` bytes from `position` into `into` at `offset`. */
  read(into: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  readFile(): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/**
 * A module of Node; undefined in a browser, and in a Node before 20.16 or 22.3.
 * Source: nodejs.org/api/process.html#processgetbuiltinmoduleid, which Bun and Deno have too.
 */
export function nodeModule<K extends keyof NodeModules>(name: K): NodeModules[K] | undefined {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function') return undefined;
  return process.getBuiltinModule(name) as unknown as NodeModules[K];
}

/** The type of the instances of a class of the web; never where the program that is compiled has no such class. */
type Platform<Name extends string> = typeof globalThis extends { readonly [N in Name]: { readonly prototype: infer T } }
  ? T
  : never;

/** `URL`, of the library `dom` or of Node's types. */
export type PlatformUrl = Platform<'URL'>;
/** `Blob`, and so `File`. */
export type PlatformBlob = Platform<'Blob'>;
/** `ReadableStream`, of any pieces. */
export type PlatformStream = Platform<'ReadableStream'>;
/** `AbortSignal`. */
export type PlatformAbortSignal = Platform<'AbortSignal'>;

/** An object of the namespace `WebAssembly`, which is in the library `dom` and in Node's types. */
export type PlatformWasm<Name extends 'Module' | 'Memory'> = typeof globalThis extends {
  readonly WebAssembly: { readonly [N in Name]: { readonly prototype: infer T } };
}
  ? T
  : never;
