/**
 * Bytes of an ONNX file to records. Invariant: nothing is believed: every message lies within the one around it, nesting is bounded, and
 * what is listed is counted in the file's guard.
 */
import { checkDepth, Guard } from '../../guard/guard.ts';
import { type Field, fieldsOf } from '../../protobuf/fields.ts';
import { failure } from '../../tensor/errors.ts';
import type {
  AttributeRecord,
  FunctionRecord,
  GraphRecord,
  NodeRecord,
  OnnxFile,
  TensorRecord,
  ValueRecord,
} from './records.ts';

interface Reader {
  readonly file: string;
  readonly guard: Guard;
  readonly depth: number;
}

/** @throws PathgradError where the bytes are no ONNX model */
export function parseOnnx(bytes: Uint8Array, name: string): OnnxFile {
  const reader = { file: name, guard: new Guard(name, bytes.length), depth: 0 };
  let graph: GraphRecord | null = null;
  let irVersion = 0;
  let producer = '';
  const opsets = new Map<string, number>();
  const functions: FunctionRecord[] = [];
  for (const field of fieldsOf(bytes, name)) {
    if (field.id === 1) irVersion = field.int();
    else if (field.id === 2) producer = field.text();
    else if (field.id === 3) producer = `${producer} ${field.text()}`.trim();
    else if (field.id === 7) graph = parseGraph(field.message(), reader);
    else if (field.id === 8) addOpset(field, opsets, name);
    else if (field.id === 25) functions.push(parseFunction(field.message(), reader));
  }
  if (graph === null || irVersion < 1) {
    const hint = 'an ONNX file starts with its version and holds a graph';
    throw failure(name, 'is no ONNX model', { ir_version: irVersion, graph: graph ? 'there' : 'missing' }, hint);
  }
  return { name, bytes: bytes.length, irVersion, producer, opsets, graph, functions };
}

function addOpset(field: Field, into: Map<string, number>, subject: string): void {
  let domain = '';
  let version = 0;
  for (const part of fieldsOf(field.message(), `${subject}, opset_import`)) {
    if (part.id === 1) domain = part.text();
    else if (part.id === 2) version = part.int();
  }
  into.set(domain === 'ai.onnx' ? '' : domain, version);
}

function parseGraph(bytes: Uint8Array, outer: Reader): GraphRecord {
  checkDepth(outer.depth, outer.file, 32);
  const reader = { ...outer, depth: outer.depth + 1 };
  const graph = {
    name: '',
    nodes: [] as NodeRecord[],
    initializers: [] as TensorRecord[],
    sparse: 0,
    inputs: [] as ValueRecord[],
    outputs: [] as ValueRecord[],
  };
  for (const field of fieldsOf(bytes, `${outer.file}, graph`)) {
    if (field.id === 1) graph.nodes.push(parseNode(field.message(), reader));
    else if (field.id === 2) graph.name = field.text();
    else if (field.id === 5) graph.initializers.push(parseTensor(field.message(), reader));
    else if (field.id === 11) graph.inputs.push(parseValue(field.message(), reader));
    else if (field.id === 12) graph.outputs.push(parseValue(field.message(), reader));
    else if (field.id === 15) graph.sparse++;
  }
  return graph;
}

function parseNode(bytes: Uint8Array, reader: Reader): NodeRecord {
  reader.guard.take('objects', 1);
  const node = { name: '', opType: '', domain: '', overload: '', inputs: [] as string[], outputs: [] as string[] };
  const attributes = new Map<string, AttributeRecord>();
  for (const field of fieldsOf(bytes, `${reader.file}, node`)) {
    if (field.id === 1) node.inputs.push(field.text());
    else if (field.id === 2) node.outputs.push(field.text());
    else if (field.id === 3) node.name = field.text();
    else if (field.id === 4) node.opType = field.text();
    else if (field.id === 7) node.domain = field.text();
    else if (field.id === 8) node.overload = field.text();
    else if (field.id === 5) {
      const attribute = parseAttribute(field.message(), reader);
      attributes.set(attribute.name, attribute);
    }
  }
  if (node.domain === 'ai.onnx') node.domain = '';
  return { ...node, attributes };
}

export function parseAttribute(bytes: Uint8Array, reader: Reader): AttributeRecord {
  reader.guard.take('objects', 1);
  const found = {
    name: '',
    float: null as number | null,
    int: null as number | null,
    text: null as string | null,
    tensor: null as TensorRecord | null,
    graph: null as GraphRecord | null,
    reference: null as string | null,
    unread: null as string | null,
  };
  const floats: number[] = [];
  const ints: number[] = [];
  const texts: string[] = [];
  for (const field of fieldsOf(bytes, `${reader.file}, attribute`)) {
    if (field.id === 1) found.name = field.text();
    else if (field.id === 2) found.float = field.floats()[0] ?? null;
    else if (field.id === 3) found.int = field.int();
    else if (field.id === 4) found.text = field.text();
    else if (field.id === 5) found.tensor = parseTensor(field.message(), reader);
    else if (field.id === 6) found.graph = parseGraph(field.message(), reader);
    else if (field.id === 7) for (const value of field.floats()) floats.push(value);
    else if (field.id === 8) for (const value of field.ints()) ints.push(value);
    else if (field.id === 9) texts.push(field.text());
    else if (field.id === 21) found.reference = field.text();
    else if ([10, 11, 14, 15, 22, 23].includes(field.id)) found.unread = `field ${field.id}`;
  }
  return { ...found, floats, ints, texts };
}

export function parseTensor(bytes: Uint8Array, reader: Reader): TensorRecord {
  reader.guard.take('objects', 1);
  const found = {
    name: '',
    type: 0,
    raw: null as Uint8Array | null,
    isText: false,
    external: null as Map<string, string> | null,
  };
  const dims: number[] = [];
  const parts: ArrayLike<number>[] = [];
  for (const field of fieldsOf(bytes, `${reader.file}, tensor`)) {
    if (field.id === 1) for (const dim of field.ints()) dims.push(dim);
    else if (field.id === 2) found.type = field.int();
    else if (field.id === 4) parts.push(field.floats());
    else if (field.id === 5 || field.id === 7 || field.id === 11) parts.push(field.ints());
    else if (field.id === 10) parts.push(field.doubles());
    else if (field.id === 6) found.isText = true;
    else if (field.id === 8) found.name = field.text();
    else if (field.id === 9) found.raw = field.message();
    else if (field.id === 13) {
      found.external ??= new Map();
      addEntry(field, found.external, reader.file);
    }
  }
  return { ...found, dims, values: parts.length === 0 ? null : joined(parts) };
}

/** Numbers that are not packed come one a field. */
function joined(parts: readonly ArrayLike<number>[]): ArrayLike<number> {
  if (parts.length === 1) return parts[0]!;
  const out = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function addEntry(field: Field, into: Map<string, string>, file: string): void {
  let key = '';
  let value = '';
  for (const part of fieldsOf(field.message(), `${file}, external data`)) {
    if (part.id === 1) key = part.text();
    else if (part.id === 2) value = part.text();
  }
  into.set(key, value);
}

function parseValue(bytes: Uint8Array, reader: Reader): ValueRecord {
  reader.guard.take('objects', 1);
  let name = '';
  let found: Pick<ValueRecord, 'type' | 'shape'> = { type: 0, shape: null };
  for (const field of fieldsOf(bytes, `${reader.file}, value`)) {
    if (field.id === 1) name = field.text();
    else if (field.id === 2) {
      for (const kind of fieldsOf(field.message(), `${reader.file}, type`)) {
        if (kind.id === 1) found = parseTensorType(kind.message(), reader);
      }
    }
  }
  return { name, ...found };
}

function parseTensorType(bytes: Uint8Array, { file }: Reader): Pick<ValueRecord, 'type' | 'shape'> {
  let type = 0;
  let shape: (number | null)[] | null = null;
  for (const field of fieldsOf(bytes, `${file}, type`)) {
    if (field.id === 1) type = field.int();
    else if (field.id === 2) {
      shape = [];
      for (const dim of fieldsOf(field.message(), `${file}, shape`)) {
        if (dim.id !== 1) continue;
        let size: number | null = null;
        for (const part of fieldsOf(dim.message(), `${file}, dimension`)) if (part.id === 1) size = part.int();
        shape.push(size !== null && size >= 0 ? size : null);
      }
    }
  }
  return { type, shape };
}

function parseFunction(bytes: Uint8Array, outer: Reader): FunctionRecord {
  const reader = { ...outer, depth: outer.depth + 1 };
  const found = {
    name: '',
    domain: '',
    overload: '',
    inputs: [] as string[],
    outputs: [] as string[],
    nodes: [] as NodeRecord[],
  };
  const opsets = new Map<string, number>();
  const defaults = new Map<string, AttributeRecord>();
  for (const field of fieldsOf(bytes, `${reader.file}, function`)) {
    if (field.id === 1) found.name = field.text();
    else if (field.id === 4) found.inputs.push(field.text());
    else if (field.id === 5) found.outputs.push(field.text());
    else if (field.id === 7) found.nodes.push(parseNode(field.message(), reader));
    else if (field.id === 9) addOpset(field, opsets, reader.file);
    else if (field.id === 10) found.domain = field.text();
    else if (field.id === 13) found.overload = field.text();
    else if (field.id === 11) {
      const attribute = parseAttribute(field.message(), reader);
      defaults.set(attribute.name, attribute);
    }
  }
  if (found.domain === 'ai.onnx') found.domain = '';
  return { ...found, opsets, defaults };
}
