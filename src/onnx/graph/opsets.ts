/**
 * Opsets of functions. The standard lets a function import another version than the model only where its operators are the same in both; runtimes
 * then read it by either, and onnxruntime by the model's. Invariant: no operator is read by one version that means something else by the other.
 */
import { failure } from '../../tensor/errors.ts';
import type { FunctionRecord, NodeRecord } from '../file/records.ts';

/** The versions of the standard that are read. */
export const [FIRST_OPSET, LAST_OPSET] = [7, 26];

const reductions = ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'SumSquare'];
/** Versions in which an operator began to mean something else, or to be written in another way. */
const changes: Readonly<Record<string, readonly number[]>> = {
  ...Object.fromEntries(reductions.map((name) => [`Reduce${name}`, [18]])),
  ...{ ReduceSum: [13], Softmax: [13], LogSoftmax: [13], Hardmax: [13], Squeeze: [13], Unsqueeze: [13], Split: [13] },
  ...{ Slice: [10], TopK: [10], Clip: [11], Pad: [11], Resize: [11], Upsample: [9], Scan: [9], Dropout: [12] },
  ...{ DFT: [20], GroupNormalization: [21] },
};

/** The nodes, and those of the graphs inside them. */
const allNodes = (nodes: readonly NodeRecord[]): readonly NodeRecord[] =>
  nodes.flatMap((node) => [
    node,
    ...[...node.attributes.values()].flatMap(({ graph }) => (graph ? allNodes(graph.nodes) : [])),
  ]);

/** Versions by domain for the nodes of a function; what it does not import itself is the model's. @throws where the two contradict each other */
export function opsetsOf(
  f: FunctionRecord,
  outside: ReadonlyMap<string, number>,
  file: string,
  path: string,
): ReadonlyMap<string, number> {
  const [own, model] = [f.opsets.get(''), outside.get('')];
  const where = `${file}, function ${f.name} at ${path}`;
  if (own !== undefined && !(own >= FIRST_OPSET && own <= LAST_OPSET)) {
    throw failure(where, `is of opset ${own}`, { supported: `${FIRST_OPSET} to ${LAST_OPSET}` });
  }
  if (own !== undefined && model !== undefined && own !== model) {
    const [low, high] = [Math.min(own, model), Math.max(own, model)];
    const odd = allNodes(f.nodes).find(
      ({ domain, opType }) =>
        domain === '' && Object.hasOwn(changes, opType) && changes[opType]!.some((v) => v > low && v <= high),
    );
    if (odd) {
      const problem = `is of opset ${own}, the model of ${model}, and ${odd.opType} means something else in each`;
      const hint = 'in Python: onnx.inliner.inline_local_functions(model, convert_version=True)';
      throw failure(where, problem, {}, hint);
    }
  }
  return new Map([...outside, ...f.opsets]);
}
