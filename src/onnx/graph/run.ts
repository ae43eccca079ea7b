/**
 * A prepared graph on tensors: each node's operator makes nodes of the engine's graph. What depends on no input of the model is computed at once, so
 * that shape arithmetic is numbers where an operator asks for them; what follows from the file alone is computed once for all runs.
 */
import type { ApplyOptions, LayerInfo } from '../../graph/callable.ts';
import { evaluate } from '../../graph/evaluate.ts';
import { failure, PathgradError } from '../../tensor/errors.ts';
import { sameShape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { OperatorCall } from '../operator.ts';
import { operatorFor, refusalFor } from '../operators/index.ts';
import { attributesOf, type TensorSettings } from './attributes.ts';
import { controls, type Decision } from './control.ts';
import type { Prepared, Step } from './prepare.ts';
import { withRows } from './rows.ts';
import { resultTypes } from './types.ts';

/** A value of a graph: a tensor and the number of its element type in the file. */
export interface Value {
  readonly tensor: Tensor;
  readonly type: number;
  /** Whether it follows from the file alone. */
  readonly fixed: boolean;
}

/** Values by name; a body sees those of the graphs around it. */
export class Values {
  readonly #own = new Map<string, Value>();
  readonly #missing = new Map<string, PathgradError>();
  readonly #around: Values | null;

  constructor(around: Values | null = null) {
    this.#around = around;
  }

  get(name: string): Value | undefined {
    for (let at: Values | null = this; at; at = at.#around) {
      const found = at.#own.get(name);
      if (found) return found;
    }
    return undefined;
  }

  /** Why a name that a step gives has no value. */
  lack(name: string, reason: PathgradError): void {
    this.#missing.set(name, reason);
  }

  lacking(name: string): PathgradError | null {
    return this.#missing.get(name) ?? this.#around?.lacking(name) ?? null;
  }

  set(name: string, value: Value): void {
    if (name !== '') this.#own.set(name, value);
  }
}

export interface Run extends TensorSettings {
  readonly hooks: ApplyOptions;
  readonly layerOf: (step: Step) => LayerInfo;
  /** Results of steps that follow from the file alone, kept from run to run. */
  readonly known: Map<Step, readonly Value[]>;
  readonly calls: Map<string, number>;
  /** What numbers decided so far, in order; see `decisions` of `control.ts`. */
  readonly decided: Decision[];
  /** Rows of this run and the batch size that the file states, where they differ. */
  readonly rows: { readonly stated: number; readonly actual: number } | null;
}

/** Computes all steps; the results are in `values`. */
export function runSteps({ steps }: Prepared, values: Values, run: Run): void {
  for (const step of steps) {
    const known = run.known.get(step);
    const results = known ?? compute(step, values, run);
    step.node.outputs.forEach((name, i) => {
      if (results[i]) values.set(name, results[i]!);
    });
  }
}

function compute(step: Step, values: Values, run: Run): readonly (Value | null)[] {
  const { node, path } = step;
  const where = `${run.file}, ${node.opType} ${path}`;
  const read = (name: string): Value | null => {
    if (name === '') return null;
    const found = values.get(name);
    if (found) return found;
    throw values.lacking(name) ?? failure(where, `reads '${name}', which was not computed`);
  };
  try {
    const inputs = node.inputs.map(read);
    const fixed = step.reads.every((name) => values.get(name)?.fixed);
    const control = node.domain === '' && Object.hasOwn(controls, node.opType) ? controls[node.opType] : null;
    if (control) return control({ step, inputs, values, run, where });
    const results = call(step, inputs, run, where);
    const types = resultTypes(step, inputs, results);
    const made = results.map((tensor, i) => ({ tensor, type: types[i]!, fixed }));
    if (fixed) run.known.set(step, made);
    return made;
  } catch (error) {
    if (!(error instanceof PathgradError) || error.message.includes(run.file)) throw error;
    throw failure(where, error.message.split('\nhint: ')[0]!, {}, error.hint, error);
  }
}

function call(step: Step, inputs: readonly (Value | null)[], run: Run, where: string): readonly Tensor[] {
  const { node, path, opset } = step;
  const operator = operatorFor(node);
  if (!operator) throw unsupported(step, where);
  const tensors = inputs.map((value) => value?.tensor ?? null);
  const constant = tensors.every((x) => x === null || x.constant !== null);
  const given = constant ? tensors : hookedInputs(step, tensors, run);
  const sized = withRows(step, given, inputs, run.rows);
  const made: OperatorCall = {
    name: path,
    opType: node.opType,
    domain: node.domain,
    opset,
    dtype: run.dtype,
    inputs: sized,
    attrs: attributesOf(node, path, run),
    elementType: (i) => inputs[i]?.type ?? 0,
    constant: (i) => sized[i]?.constant ?? null,
    wanted: node.outputs.map((name) => name !== ''),
  };
  const results = operator(made);
  if (constant) return folded(results);
  return hookedOutputs(step, given, results, run);
}

/** Numbers in the place of nodes that depend on numbers only. */
function folded(results: readonly Tensor[]): readonly Tensor[] {
  const open = results.filter(({ constant }) => constant === null);
  if (open.length === 0) return results;
  const numbers = evaluate(open);
  return results.map((result) => (result.constant ? result : numbers[open.indexOf(result)]!));
}

export function unsupported({ node, opset }: Step, where: string): PathgradError {
  const reason = refusalFor(node);
  const domain = node.domain === '' ? '' : `${node.domain}.`;
  const problem = reason
    ? `the operator ${domain}${node.opType} is not supported: ${reason}`
    : `the operator ${domain}${node.opType} is not known`;
  return failure(where, problem, { opset }, 'docs/onnx.md lists what is supported');
}

function hookedInputs(step: Step, tensors: readonly (Tensor | null)[], run: Run): readonly (Tensor | null)[] {
  const { onInputs } = run.hooks;
  if (!onInputs) return tensors;
  const inputs = tensors.filter((x) => x !== null);
  const found = onInputs({ layer: run.layerOf(step), index: run.calls.get(step.path) ?? 0, inputs }) ?? null;
  if (found === null) return tensors;
  checkReplaced(step, inputs, found);
  let at = 0;
  return tensors.map((x) => (x === null ? null : found[at++]!));
}

function hookedOutputs(
  step: Step,
  given: readonly (Tensor | null)[],
  outputs: readonly Tensor[],
  run: Run,
): readonly Tensor[] {
  const index = run.calls.get(step.path) ?? 0;
  run.calls.set(step.path, index + 1);
  const inputs = given.filter((x) => x !== null);
  const found = run.hooks.onOutputs?.({ layer: run.layerOf(step), index, inputs, outputs }) ?? null;
  if (found === null) return outputs;
  checkReplaced(step, outputs, found);
  return found;
}

function checkReplaced({ path }: Step, before: readonly Tensor[], after: readonly Tensor[]): void {
  if (!Array.isArray(after) || !after.every((x) => x instanceof Tensor)) {
    const hint = 'a hook returns tensors in a list, one for each it was given, or null to leave them as they are';
    throw failure(`layer '${path}'`, 'a hook returned something else than a list of tensors', { got: after }, hint);
  }
  if (before.length === after.length && before.every((x, i) => sameShape(x.shape, after[i]!.shape))) return;
  const details = { expected: before.map((x) => x.shape), got: after.map((x) => x.shape) };
  throw failure(`layer '${path}'`, 'a hook returned tensors of other shapes', details);
}
