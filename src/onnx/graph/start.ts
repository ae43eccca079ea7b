/** The values that a graph starts with: its initializers. */
import type { Tensor } from '../../tensor/tensor.ts';
import { valuesOf } from '../file/values.ts';
import type { Prepared } from './prepare.ts';
import type { Run, Values } from './run.ts';

const made = new WeakMap<Prepared, Map<string, { tensor: Tensor; type: number }>>();

/** The initializers of a graph inside another, read once. */
export function setInitializers(graph: Prepared, values: Values, run: Run): void {
  let known = made.get(graph);
  if (!known) {
    known = new Map(
      graph.record.initializers.map((record) => [
        record.name,
        { tensor: valuesOf(record, run.file, run.dtype, run.external), type: record.type },
      ]),
    );
    made.set(graph, known);
  }
  for (const [name, value] of known) values.set(name, { ...value, fixed: true });
}
