/**
 * If, Loop and Scan, where numbers decide them: which branch, how often. Bodies are computed into the graph around them, a loop once per turn.
 * Invariant: a condition that the model's inputs decide is refused, since a graph has one shape.
 */
import { reshape } from '../../ops/movement.ts';
import { slice, stack } from '../../ops/slicing.ts';
import { failure } from '../../tensor/errors.ts';
import { normalizeAxis } from '../../tensor/shape.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Prepared, Step } from './prepare.ts';
import { type Run, runSteps, type Value, Values } from './run.ts';
import { setInitializers } from './start.ts';

interface ControlCall {
  readonly step: Step;
  readonly inputs: readonly (Value | null)[];
  readonly values: Values;
  readonly run: Run;
  readonly where: string;
}

/** Turns of a loop: the nodes of a graph are bounded as well. */
const MOST_TURNS = 2 ** 13;

/** A number that decided a branch or a turn. */
export interface Decision {
  readonly where: string;
  readonly what: string;
  readonly value: number;
}

export const controls: Readonly<Record<string, (call: ControlCall) => readonly (Value | null)[]>> = {
  If: branch,
  Loop: loop,
  Scan: scan,
};
export const controlNames: readonly string[] = Object.keys(controls);

/**
 * Rows of a batch are computed apart, in batches of other sizes: whatever decides must not depend on how many there are.
 * @param earlier what was decided in a run with inputs of the same shapes but for the batch
 * @throws PathgradError naming the node that was decided otherwise
 */
export function checkDecided(earlier: readonly Decision[], now: readonly Decision[]): void {
  const at = now.findIndex(({ where, value }, i) => where !== earlier[i]?.where || value !== earlier[i]?.value);
  const odd = at >= 0 ? now[at]! : earlier[now.length];
  if (!odd) return;
  const hint = 'export the model with this decided';
  throw failure(odd.where, `${odd.what} depends on the number of samples`, {}, hint);
}

function bodyOf({ step, where }: ControlCall, name: string): Prepared {
  const body = step.bodies.get(name);
  if (body) return body;
  throw failure(where, `has no graph '${name}'`);
}

/** The number of a scalar that no input of the model decides. */
function decided({ where, run }: ControlCall, value: Value | null, what: string): number {
  const found = value?.tensor.constant;
  if (found && found.length === 1) {
    if (!value!.fixed) run.decided.push({ where, what, value: found[0]! });
    return found[0]!;
  }
  const hint = 'export the model with this decided, or give the input that decides it as a fixed value';
  throw failure(where, `${what} depends on the model's inputs`, {}, hint);
}

/** A body with its inputs, whose results are values of the graph around it. */
function runBody({ values, run }: ControlCall, body: Prepared, inputs: readonly Value[], again: boolean): Value[] {
  const inside = new Values(values);
  setInitializers(body, inside, run);
  body.record.inputs.forEach(({ name }, i) => {
    if (inputs[i]) inside.set(name, inputs[i]!);
  });
  // What a turn of a loop finds out holds for this turn only.
  runSteps(body, inside, again ? { ...run, known: new Map() } : run);
  return body.record.outputs.map(({ name }) => {
    const found = inside.get(name);
    if (found) return found;
    throw failure(run.file, `a body gives no '${name}'`);
  });
}

function branch(call: ControlCall): readonly Value[] {
  const holds = decided(call, call.inputs[0] ?? null, 'which branch it takes') !== 0;
  return runBody(call, bodyOf(call, holds ? 'then_branch' : 'else_branch'), [], true);
}

function loop(call: ControlCall): readonly (Value | null)[] {
  const body = bodyOf(call, 'body');
  const most = call.inputs[0] ? decided(call, call.inputs[0], 'how often it turns') : Number.POSITIVE_INFINITY;
  let goes = call.inputs[1] ? decided(call, call.inputs[1], 'whether it turns') !== 0 : true;
  let state = call.inputs.slice(2).map((value) => value!);
  const collected: Value[][] = [];
  for (let turn = 0; turn < most && goes; turn++) {
    if (turn >= MOST_TURNS) throw failure(call.where, 'turns too often', { limit: MOST_TURNS });
    const index = { tensor: tensor(Int32Array.of(turn), []), type: 7, fixed: true };
    const condition = { tensor: tensor(Uint8Array.of(1), []), type: 9, fixed: true };
    const [next, ...rest] = runBody(call, body, [index, condition, ...state], true);
    goes = decided(call, next!, 'whether it turns again') !== 0;
    collected.push(rest.slice(state.length));
    state = rest.slice(0, state.length);
  }
  return [...state, ...stacked(call, collected, body.record.outputs.length - 1 - state.length)];
}

function scan(call: ControlCall): readonly (Value | null)[] {
  const { step, inputs, where } = call;
  const body = bodyOf(call, 'body');
  const count = step.node.attributes.get('num_scan_inputs')?.int ?? 0;
  if (step.opset < 9) throw failure(where, 'Scan before opset 9 is not supported');
  const ints = (name: string): readonly number[] => step.node.attributes.get(name)?.ints ?? [];
  const states = inputs.length - count;
  const given = inputs.slice(states).map((value) => value!);
  const axes = given.map(({ tensor }, i) => normalizeAxis(where, ints('scan_input_axes')[i] ?? 0, tensor.rank));
  const length = given[0]?.tensor.shape[axes[0]!] ?? 0;
  if (length > MOST_TURNS) throw failure(where, 'turns too often', { limit: MOST_TURNS });
  let state = inputs.slice(0, states).map((value) => value!);
  const collected: Value[][] = [];
  for (let turn = 0; turn < length; turn++) {
    const at = given.map(({ tensor, ...rest }, i) => {
      const place = ints('scan_input_directions')[i] === 1 ? length - 1 - turn : turn;
      const part = slice(tensor, { [axes[i]!]: [place, place + 1] });
      return {
        ...rest,
        tensor: reshape(
          part,
          tensor.shape.filter((_, axis) => axis !== axes[i]),
        ),
      };
    });
    const results = runBody(call, body, [...state, ...at], true);
    state = results.slice(0, states);
    collected.push(results.slice(states));
  }
  const outputs = body.record.outputs.length - states;
  if (ints('scan_output_axes').some((axis) => axis !== 0))
    throw failure(where, 'scan_output_axes other than 0 are not supported');
  const ordered = collected.map((_, turn) =>
    Array.from(
      { length: outputs },
      (__, k) => collected[ints('scan_output_directions')[k] === 1 ? length - 1 - turn : turn]![k]!,
    ),
  );
  return [...state, ...stacked(call, ordered, outputs)];
}

/** What each turn gave, along a new first axis. */
function stacked(
  { where, step, values }: ControlCall,
  turns: readonly (readonly Value[])[],
  count: number,
): (Value | null)[] {
  const names = step.node.outputs.slice(step.node.outputs.length - count);
  return Array.from({ length: count }, (_, k) => {
    const parts = turns.map((results) => results[k]!);
    if (parts.length === 0) {
      // Whoever reads it is told; a result that nobody reads needs no shape.
      const problem = 'turns never, so that the shape of its results is not known';
      values.lack(names[k] ?? '', failure(where, problem));
      return null;
    }
    const joined: Tensor = stack(parts.map(({ tensor: part }) => part));
    return { ...parts[0]!, tensor: joined, fixed: parts.every(({ fixed }) => fixed) };
  });
}
