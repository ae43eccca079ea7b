/**
 * StackedRNNCells: each cell's output after a step is the next one's input at that step. A whole sequence through the first, then
 * through the second and so on gives the same numbers, masks included, since a masked step changes no cell.
 */
import { failure } from '../../../tensor/errors.ts';
import type { Shape } from '../../../tensor/shape.ts';
import { snakeCase } from '../../weights/paths.ts';
import type { StoredArray } from '../../weights/store.ts';
import type { WeightRule, Weights } from '../layer.ts';
import type { SequenceCell } from './cell.ts';

interface Named {
  readonly className: string;
  readonly cell: SequenceCell;
}

export function stackedCells(subject: string, cells: readonly Named[]): SequenceCell {
  if (cells.length === 0) throw failure(subject, 'a stack of cells needs at least one cell');
  const own = (weights: Weights, i: number): Weights => {
    const prefix = `cells/${i}/`;
    const found = Object.entries(weights).filter(([name]) => name.startsWith(prefix));
    return Object.fromEntries(found.map(([name, weight]) => [name.slice(prefix.length), weight]));
  };
  return {
    states: cells.reduce((total, { cell }) => total + cell.states, 0),
    drops: cells.some(({ cell }) => cell.drops),
    units: cells.at(-1)!.cell.units,
    rules: (input, stored) => stackedRules(cells, input, stored),
    run: (x, weights, options) => {
      let [sequence, from] = [x, 0];
      const states = cells.flatMap(({ cell }, i) => {
        const initial = options.initial?.slice(from, from + cell.states) ?? null;
        from += cell.states;
        const result = cell.run(sequence, own(weights, i), { ...options, initial });
        sequence = result.sequence;
        return result.states;
      });
      return { sequence, states };
    },
  };
}

/**
 * In the order of the stored arrays. That is the cells' own, except in files that name groups after classes: there the arrays of
 * `gru_cell` come before those of `lstm_cell`, whichever was stacked first.
 */
function stackedRules(cells: readonly Named[], input: Shape, stored: readonly StoredArray[]): WeightRule[] {
  const used = new Map<string, number>();
  const parts = cells.map(({ className }) => {
    const name = snakeCase(className);
    const count = used.get(name) ?? 0;
    used.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  });
  const partOf = (array: StoredArray): string => array.part.slice(array.part.lastIndexOf('/') + 1);
  const named = stored.length > 0 && stored.every((array) => parts.includes(partOf(array)));
  let [shape, from] = [input, 0];
  const rules = cells.map(({ cell }, i) => {
    const arrays = named ? stored.filter((array) => partOf(array) === parts[i]) : stored.slice(from);
    const found = cell.rules(shape, named ? arrays : arrays.slice(0, 3));
    shape = [...input.slice(0, -1), cell.units];
    from += found.length;
    const at = named && arrays[0] ? stored.indexOf(arrays[0]) : i;
    return { at, rules: found.map((rule) => ({ ...rule, name: `cells/${i}/${rule.name}` })) };
  });
  return rules.sort((a, b) => a.at - b.at).flatMap((entry) => entry.rules);
}
