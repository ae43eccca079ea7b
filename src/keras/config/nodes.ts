/**
 * The inbound nodes of a layer, in every spelling Keras has used, as calls with tensors at their leaves.
 * Keras 1 and 2: a node is a list of `[layer, node, tensor, kwargs?]`, since 2.4 any nesting of it; Keras 3: `{args, kwargs}` with
 * `__keras_tensor__` objects. Invariant: depth is bounded, and a leaf is a tensor only if its layer exists.
 */
import { failure } from '../../tensor/errors.ts';
import { describe, field, isRecord } from './json.ts';
import type { Call, CallValue, Json, RefStructure, TensorRef } from './spec.ts';

const DEPTH_LIMIT = 32;
const CONSTANT = '_CONSTANT_VALUE';

interface Reading {
  readonly known: ReadonlySet<string>;
  readonly subject: string;
}

/** `[layer, node, tensor]`, perhaps with kwargs behind it. */
function asRef(value: Json): TensorRef | undefined {
  if (!Array.isArray(value) || value.length < 3 || value.length > 4) return undefined;
  const [layer, node, tensor] = value as readonly Json[];
  if (typeof layer !== 'string' || !isIndex(node) || !isIndex(tensor)) return undefined;
  return { layer, node, tensor };
}

function isIndex(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

/** All nodes of one layer entry. */
export function readCalls(nodes: Json, known: ReadonlySet<string>, subject: string): Call[] {
  if (nodes === null) return [];
  if (!Array.isArray(nodes)) throw failure(subject, `'inbound_nodes' must be a list`, { found: describe(nodes) });
  const reading = { known, subject };
  return nodes.map((node) => (isModernNode(node) ? modernCall(node, reading) : listCall(node, reading)));
}

function isModernNode(node: Json): node is { readonly args: Json } {
  return isRecord(node) && Object.hasOwn(node, 'args') && Object.hasOwn(node, 'kwargs');
}

function modernCall(node: { readonly [key: string]: Json }, reading: Reading): Call {
  const args = field(node, 'args');
  const kwargs = field(node, 'kwargs') ?? {};
  if (!Array.isArray(args) || !isRecord(kwargs)) {
    throw failure(reading.subject, `'args' must be a list and 'kwargs' an object`, { args: describe(args) });
  }
  return {
    args: args.map((value) => modernValue(value, reading, 0)),
    kwargs: namedValues(kwargs, reading, modernValue),
  };
}

function modernValue(value: Json, reading: Reading, depth: number): CallValue {
  checkDepth(depth, reading);
  if (Array.isArray(value)) return { kind: 'list', items: value.map((item) => modernValue(item, reading, depth + 1)) };
  if (!isRecord(value)) return { kind: 'constant', value };
  const className = field(value, 'class_name');
  const config = field(value, 'config');
  if (className === '__keras_tensor__' && isRecord(config)) {
    const ref = asRef(field(config, 'keras_history'));
    if (ref === undefined) throw failure(reading.subject, 'a tensor without a keras_history [layer, node, tensor]');
    return { kind: 'tensor', ref };
  }
  const items = field(value, 'items');
  if (className === '__tuple__' && Array.isArray(items)) return modernValue(items, reading, depth + 1);
  if (typeof className === 'string') return { kind: 'constant', value };
  return { kind: 'dict', entries: namedValues(value, reading, modernValue, depth + 1) };
}

type ReadValue = (value: Json, reading: Reading, depth: number) => CallValue;

function namedValues(
  record: { readonly [key: string]: Json },
  reading: Reading,
  read: ReadValue,
  depth = 0,
): Map<string, CallValue> {
  return new Map(Object.entries(record).map(([key, value]) => [key, read(value, reading, depth)]));
}

/** A Keras 1/2 node: its tensors are the first argument, the keyword arguments ride on the last element of an entry. */
function listCall(node: Json, reading: Reading): Call {
  const kwargs = new Map<string, CallValue>();
  const single = Array.isArray(node) && node.length === 1 && isEntry(node[0] ?? null);
  const inputs = single ? listValue(node[0] ?? null, reading, 0, kwargs) : listValue(node, reading, 0, kwargs);
  const none = inputs.kind === 'list' && inputs.items.length === 0;
  return { args: none ? [] : [inputs], kwargs };
}

/** An entry of a node: a tensor, or Keras 2.4+'s `["_CONSTANT_VALUE", -1, value, kwargs]`. */
function isEntry(value: Json): boolean {
  return asRef(value) !== undefined || (Array.isArray(value) && value[0] === CONSTANT);
}

function listValue(value: Json, reading: Reading, depth: number, kwargs: Map<string, CallValue>): CallValue {
  checkDepth(depth, reading);
  if (Array.isArray(value)) {
    const items: readonly Json[] = value;
    if (!isEntry(value))
      return { kind: 'list', items: items.map((item) => listValue(item, reading, depth + 1, kwargs)) };
    const named = items[3] ?? null;
    if (isRecord(named)) {
      for (const [key, argument] of Object.entries(named)) kwargs.set(key, keywordValue(argument, reading, 0));
    }
    const ref = asRef(value);
    return ref === undefined ? { kind: 'constant', value: items[2] ?? null } : { kind: 'tensor', ref };
  }
  if (!isRecord(value))
    throw failure(reading.subject, 'a node holds neither a tensor nor a list', { found: describe(value) });
  const read: ReadValue = (item, _, inner) => listValue(item, reading, inner, kwargs);
  return { kind: 'dict', entries: namedValues(value, reading, read, depth + 1) };
}

/** In keyword arguments a `[text, int, int]` is a tensor only if a layer has that name: other lists are constants. */
function keywordValue(value: Json, reading: Reading, depth: number): CallValue {
  checkDepth(depth, reading);
  const ref = asRef(value);
  if (ref !== undefined && reading.known.has(ref.layer)) return { kind: 'tensor', ref };
  if (Array.isArray(value)) return { kind: 'list', items: value.map((item) => keywordValue(item, reading, depth + 1)) };
  if (!isRecord(value) || typeof field(value, 'class_name') === 'string') return { kind: 'constant', value };
  return { kind: 'dict', entries: namedValues(value, reading, keywordValue, depth + 1) };
}

/** `input_layers` / `output_layers`: one `[layer, node, tensor]`, a list of them, or a dict. */
export function readStructure(value: Json, subject: string, depth = 0): RefStructure {
  if (depth > DEPTH_LIMIT) throw failure(subject, `nested deeper than ${DEPTH_LIMIT}`);
  const ref = asRef(value);
  if (ref !== undefined) return ref;
  if (Array.isArray(value)) return { list: value.map((item) => readStructure(item, subject, depth + 1)) };
  if (!isRecord(value))
    throw failure(subject, 'must name tensors as [layer, node, tensor]', { found: describe(value) });
  const entries = Object.entries(value).map(([key, item]) => [key, readStructure(item, subject, depth + 1)] as const);
  return { dict: new Map(entries) };
}

function checkDepth(depth: number, reading: Reading): void {
  if (depth > DEPTH_LIMIT) throw failure(reading.subject, `arguments are nested deeper than ${DEPTH_LIMIT}`);
}

/** Every tensor of a call, in order. Depth is bounded by the reader above. */
export function tensorsOf(call: Call): TensorRef[] {
  const found: TensorRef[] = [];
  const collect = (value: CallValue): void => {
    if (value.kind === 'tensor') found.push(value.ref);
    if (value.kind === 'list') value.items.forEach(collect);
    if (value.kind === 'dict') [...value.entries.values()].forEach(collect);
  };
  for (const value of [...call.args, ...call.kwargs.values()]) collect(value);
  return found;
}

/** The same value with every tensor replaced by `change(ref)`. */
export function mapTensors(value: CallValue, change: (ref: TensorRef) => TensorRef): CallValue {
  switch (value.kind) {
    case 'tensor':
      return { kind: 'tensor', ref: change(value.ref) };
    case 'list':
      return { kind: 'list', items: value.items.map((item) => mapTensors(item, change)) };
    case 'dict':
      return {
        kind: 'dict',
        entries: new Map([...value.entries].map(([key, item]) => [key, mapTensors(item, change)])),
      };
    case 'constant':
      return value;
  }
}

/** Leaves of a structure with a name each: the dict keys on the way, joined by `/`; '' where there is none. Dicts in key order. */
export function flattenRefs(structure: RefStructure, name = ''): { ref: TensorRef; name: string }[] {
  if ('layer' in structure) return [{ ref: structure, name }];
  if ('list' in structure) return structure.list.flatMap((item) => flattenRefs(item, name));
  const keys = [...structure.dict.keys()].sort();
  return keys.flatMap((key) => flattenRefs(structure.dict.get(key)!, name === '' ? key : `${name}/${key}`));
}
