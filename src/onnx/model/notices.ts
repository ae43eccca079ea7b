/** What users are told of an ONNX model: operators whose gradients are not those of what they compute. */
import type { Prepared } from '../graph/prepare.ts';
import { straightThrough } from '../operators/index.ts';

/** Operators that round are named, since their gradients are not those of what they compute. */
export function noticesOf(graph: Prepared): string[] {
  const found = new Set<string>();
  let [nodes, casts] = [0, 0];
  const look = ({ steps }: Prepared): void => {
    for (const { node, bodies } of steps) {
      if (node.domain === '' && straightThrough.has(node.opType)) {
        found.add(node.opType);
        nodes++;
      }
      if (node.domain === '' && node.opType === 'Cast' && halves.has(node.attributes.get('to')?.int ?? 0)) casts++;
      for (const body of bodies.values()) look(body);
    }
  };
  look(graph);
  const names = [...found].sort().join(', ');
  return [
    ...(nodes > 0
      ? [`the model is quantised (${names}: ${nodes} nodes): gradients pass straight through its rounding`]
      : []),
    ...(casts > 0
      ? [`the model rounds to 16 bits (Cast: ${casts} nodes): gradients pass straight through its rounding`]
      : []),
  ];
}

/** float16 and bfloat16. */
const halves: ReadonlySet<number> = new Set([10, 16]);
