/**
 * A graph of records in the order in which it can be computed: functions of the model's own put in the place of their calls, nodes behind what
 * they read, each with the path that names its layer. Invariant: a name is given once, every name that is read is given before, and nothing
 * here recurses over the length of a graph.
 */
import { checkDepth, Guard } from '../../guard/guard.ts';
import { didYouMean, failure } from '../../tensor/errors.ts';
import type { AttributeRecord, FunctionRecord, GraphRecord, NodeRecord, OnnxFile } from '../file/records.ts';
import { operatorFor } from '../operators/index.ts';
import { opsetsOf } from './opsets.ts';

export interface Step {
  readonly node: NodeRecord;
  /** Unique within the model. */
  readonly path: string;
  readonly opset: number;
  /** Graphs in attributes (`then_branch`, `body`), prepared. */
  readonly bodies: ReadonlyMap<string, Prepared>;
  /** All names that it reads: its inputs, and what its bodies read from around them. */
  readonly reads: readonly string[];
}

export interface Prepared {
  readonly record: GraphRecord;
  readonly steps: readonly Step[];
  /** What it reads from the graphs around it. */
  readonly free: readonly string[];
}

interface Scope {
  readonly file: OnnxFile;
  readonly guard: Guard;
  readonly functions: ReadonlyMap<string, FunctionRecord>;
  readonly paths: Set<string>;
  readonly depth: number;
}

const keyOf = (domain: string, name: string, overload: string): string => `${domain}::${name}::${overload}`;

/** @throws PathgradError naming the node: a cycle, a name that nothing gives, one that is given twice */
export function prepare(file: OnnxFile): Prepared {
  const functions = new Map(file.functions.map((f) => [keyOf(f.domain, f.name, f.overload), f]));
  const guard = new Guard(file.name, file.bytes);
  const found = prepareGraph(file.graph, file.opsets, '', { file, guard, functions, paths: new Set(), depth: 0 });
  if (found.free.length > 0) {
    const reader = found.steps.find(({ reads }) => reads.includes(found.free[0]!));
    const where = reader ? `${file.name}, ${reader.node.opType} ${reader.path}` : file.name;
    const given = found.steps.flatMap(({ node }) => node.outputs);
    throw failure(
      where,
      `reads '${found.free[0]}', which nothing in the graph gives`,
      {},
      didYouMean(found.free[0]!, given),
    );
  }
  return found;
}

function prepareGraph(
  record: GraphRecord,
  opsets: ReadonlyMap<string, number>,
  prefix: string,
  scope: Scope,
): Prepared {
  checkDepth(scope.depth, scope.file.name, 32);
  const nodes = inlined(record.nodes, opsets, prefix, scope);
  const steps = nodes.map(({ node, path, opsets: own }): Step => {
    const bodies = new Map<string, Prepared>();
    for (const [name, { graph }] of node.attributes) {
      if (graph) bodies.set(name, prepareGraph(graph, own, `${path}/`, { ...scope, depth: scope.depth + 1 }));
    }
    const inside = [...bodies.values()].flatMap(({ free }) => free);
    const reads = [...new Set([...node.inputs.filter((name) => name !== ''), ...inside])];
    return { node, path, opset: own.get(node.domain) ?? 1, bodies, reads };
  });
  const given = new Set([...record.inputs, ...record.initializers].map(({ name }) => name));
  checkGivenOnce(record, steps, scope.file.name);
  const ordered = inOrder(steps, scope.file.name);
  const made = new Set(steps.flatMap(({ node }) => node.outputs));
  const wanted = [...steps.flatMap(({ reads }) => reads), ...record.outputs.map(({ name }) => name)];
  return { record, steps: ordered, free: [...new Set(wanted.filter((name) => !given.has(name) && !made.has(name)))] };
}

/** @throws PathgradError for a name that two inputs, two initializers, or a node and one of these give */
function checkGivenOnce({ inputs, initializers }: GraphRecord, steps: readonly Step[], file: string): void {
  const given = new Map<string, string>();
  const twice = (name: string, by: string, other: string): never => {
    throw failure(file, `${by} gives '${name}', which ${other} gives as well`, {}, 'a name stands for one value');
  };
  for (const [by, records] of [['an input', inputs] as const, ['an initializer', initializers] as const]) {
    const own = new Set<string>();
    for (const { name } of records) {
      if (own.has(name)) twice(name, by, `${by} before it`);
      own.add(name);
      given.set(name, by);
    }
  }
  for (const { node, path } of steps) {
    for (const name of node.outputs) if (given.has(name)) twice(name, `${node.opType} ${path}`, given.get(name)!);
  }
}

interface Named {
  readonly node: NodeRecord;
  readonly path: string;
  readonly opsets: ReadonlyMap<string, number>;
}

/** The nodes, and in the place of calls of the model's functions the nodes of these. */
function inlined(
  nodes: readonly NodeRecord[],
  opsets: ReadonlyMap<string, number>,
  prefix: string,
  scope: Scope,
): Named[] {
  const { guard, functions, file } = scope;
  const out: Named[] = [];
  nodes.forEach((node, i) => {
    guard.take('objects', 1);
    const path = unique(`${prefix}${node.name || `${node.opType}_${i}`}`, scope.paths);
    const f = functions.get(keyOf(node.domain, node.opType, node.overload));
    if (!f || operatorFor(node)) {
      out.push({ node, path, opsets });
      return;
    }
    checkDepth(scope.depth, `${file.name}, function ${f.name}`, 32);
    const body = f.nodes.map((inner) => placed(inner, f, node, path));
    const own = opsetsOf(f, opsets, file.name, path);
    out.push(...inlined(body, own, `${path}/`, { ...scope, depth: scope.depth + 1 }));
    // What it is called outside is another name for what it is called inside.
    node.outputs.forEach((name, k) => {
      const inside = f.outputs[k];
      if (name === '' || inside === undefined) return;
      const rename = {
        ...{ name: '', opType: 'Identity', domain: '', overload: '' },
        inputs: [innerName(inside, f, node, path)],
        outputs: [name],
      };
      out.push({ node: { ...rename, attributes: new Map() }, path: unique(`${path}/${inside}`, scope.paths), opsets });
    });
  });
  return out;
}

function unique(path: string, taken: Set<string>): string {
  let found = path;
  for (let i = 1; taken.has(found); i++) found = `${path}_${i}`;
  taken.add(found);
  return found;
}

/** A name inside a function: an argument of the call, or the name with the call's path in front. */
function innerName(name: string, f: FunctionRecord, call: NodeRecord, path: string): string {
  if (name === '') return '';
  const argument = f.inputs.indexOf(name);
  return argument >= 0 ? (call.inputs[argument] ?? '') : `${path}:${name}`;
}

/** A node of a function as it stands at a call: names of its own, the call's attributes in the place of references. */
function placed(node: NodeRecord, f: FunctionRecord, call: NodeRecord, path: string): NodeRecord {
  return renamed(node, (name) => innerName(name, f, call, path), f, call);
}

/** @param rename from a name in the function to the one at the call */
function renamed(node: NodeRecord, rename: (name: string) => string, f: FunctionRecord, call: NodeRecord): NodeRecord {
  const attributes = new Map<string, AttributeRecord>();
  for (const [name, attribute] of node.attributes) {
    const { reference, graph } = attribute;
    const found = reference === null ? attribute : (call.attributes.get(reference) ?? f.defaults.get(reference));
    if (!found) continue;
    // A graph that the call gives has the names of the caller.
    const inside = reference === null && graph ? body(graph, rename, f, call) : found.graph;
    attributes.set(name, { ...found, name, graph: inside });
  }
  return { ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename), attributes };
}

/** A graph inside a function: what it reads from around it is renamed, what it gives itself keeps its name. */
function body(graph: GraphRecord, rename: (name: string) => string, f: FunctionRecord, call: NodeRecord): GraphRecord {
  const given = [...graph.inputs, ...graph.initializers].map(({ name }) => name);
  const own = new Set([...given, ...graph.nodes.flatMap(({ outputs }) => outputs)]);
  const inner = (name: string): string => (own.has(name) ? name : rename(name));
  return {
    ...graph,
    nodes: graph.nodes.map((node) => renamed(node, inner, f, call)),
    outputs: graph.outputs.map((output) => ({ ...output, name: inner(output.name) })),
  };
}

/** Kahn 1962: a step is ready when all that it reads and a step gives is there. Steps that are ready stay in the order of the file. */
function inOrder(steps: readonly Step[], file: string): Step[] {
  const maker = new Map<string, number>();
  steps.forEach(({ node, path }, i) => {
    for (const name of node.outputs) {
      if (name === '') continue;
      if (maker.has(name)) {
        const other = steps[maker.get(name)!]!;
        throw failure(
          `${file}, ${node.opType} ${path}`,
          `gives '${name}', which ${other.node.opType} ${other.path} gives as well`,
        );
      }
      maker.set(name, i);
    }
  });
  const sources = steps.map(({ reads }) => reads.flatMap((name) => (maker.has(name) ? [maker.get(name)!] : [])));
  if (sources.every((list, i) => list.every((source) => source < i))) return [...steps];
  const readers = steps.map((): number[] => []);
  const missing = sources.map((list, i) => {
    for (const source of list) readers[source]!.push(i);
    return list.length;
  });
  const ready = missing.flatMap((count, i) => (count === 0 ? [i] : []));
  const out: Step[] = [];
  for (let at = 0; at < ready.length; at++) {
    const i = ready[at]!;
    out.push(steps[i]!);
    for (const reader of readers[i]!) if (--missing[reader]! === 0) ready.push(reader);
  }
  if (out.length < steps.length) {
    const stuck = steps[missing.findIndex((count) => count > 0)]!;
    throw failure(
      `${file}, ${stuck.node.opType} ${stuck.path}`,
      'reads what follows from its own result: the graph has a cycle',
    );
  }
  return out;
}
