/**
 * Compares a loaded model with values that real Keras computed for it: predictions, and gradients where the reference has some.
 * An output's error is the largest difference, relative to the largest value where that is above 1; a gradient's is relative to its
 * largest value. Anything that is not a number is infinitely wrong.
 */

import { compile } from '../../graph/compile.ts';
import { grad } from '../../graph/grad.ts';
import { readHdf5 } from '../../hdf5/parts.ts';
import { mul } from '../../ops/binary.ts';
import { sum } from '../../ops/reduce.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { checkOptions } from '../../tensor/options.ts';
import { sameShape } from '../../tensor/shape.ts';
import { placeholder, type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Feedable } from '../inputs.ts';
import type { Model } from '../model.ts';
import { type Reference, type ReferenceGradient, type ReferenceSource, readReference } from './reference.ts';

/** The bounds within which `verify` calls outputs and gradients equal. */
export interface VerifyOptions {
  /** Largest error of an output that passes; 1e-5 by default. */
  readonly tolerance?: number;
  /** Likewise of a gradient; 1e-4 by default. */
  readonly gradientTolerance?: number;
}

/** One comparison of `verify`: an output or layer, its largest difference, and whether it is within bounds. */
export interface VerifyItem {
  /** `output dense_1`, `gradient of dense_1 to input_1`. */
  readonly what: string;
  readonly error: number;
  readonly tolerance: number;
  readonly passed: boolean;
}

/** What `verify` found: each comparison, and whether all hold. */
export interface VerifyReport {
  readonly passed: boolean;
  readonly items: readonly VerifyItem[];
  /** The largest error of an output, and of a gradient (null where none was compared). */
  readonly outputError: number;
  readonly gradientError: number | null;
  readonly samples: number;
  readonly madeWith: string | null;
}

/**
 * @param source what `model.verify` takes
 * @throws PathgradError where names or shapes of the reference are not those of the model
 */
export async function verifyModel(
  model: Model,
  source: ReferenceSource,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  checkOptions<VerifyOptions>('verify', options, { tolerance: 1, gradientTolerance: 1 });
  const { tolerance = 1e-5, gradientTolerance = 1e-4 } = options;
  const reference = await readHdf5(() => readReference(source, `${model.file}, reference`));
  const x = inputsOf(model, reference);
  const outputs = await model.predictAll(x);
  const names = model.outputs.map(({ name }) => name);
  const items = reference.outputs.map((expected, i): VerifyItem => {
    const at = place(model, 'output', names, expected.name, i);
    const got = outputs[at]!;
    const what = `output ${names[at]}`;
    if (!sameShape(got.shape, expected.shape)) throw mismatch(model, what, expected.shape, got.shape);
    return item(what, difference(got.data, expected.data, Math.max(1, largest(expected.data))), tolerance);
  });
  const gradients = await compareGradients(model, x, reference, gradientTolerance);
  const all = [...items, ...gradients];
  return {
    passed: all.every((each) => each.passed),
    items: all,
    outputError: Math.max(...items.map((each) => each.error)),
    gradientError: gradients.length > 0 ? Math.max(...gradients.map((each) => each.error)) : null,
    samples: reference.inputs[0]!.shape[0] ?? 0,
    madeWith: reference.madeWith,
  };
}

function item(what: string, error: number, tolerance: number): VerifyItem {
  return { what, error, tolerance, passed: error <= tolerance };
}

function mismatch(model: Model, what: string, expected: readonly number[], got: readonly number[]): Error {
  const hint = 'the reference was made with another model, or with other options';
  return failure(model.file, `${what} has another shape than in the reference`, { reference: expected, got }, hint);
}

/** The index among `names`: by name where the reference has one that the model knows, else by position. */
function place(model: Model, kind: string, names: readonly string[], name: string | null, position: number): number {
  const found = name === null ? -1 : names.indexOf(name);
  const index = found >= 0 ? found : position;
  if (index < names.length) return index;
  throw failure(model.file, `the reference has an ${kind} that the model lacks`, {
    [kind]: name ?? position,
    model: names,
  });
}

function inputsOf(model: Model, { inputs }: Reference): Feedable {
  const names = model.rawInputs.map(({ name }) => name);
  if (inputs.length !== names.length) {
    throw failure(model.file, `the model has ${names.length} inputs, the reference ${inputs.length}`, { model: names });
  }
  const placed: (typeof inputs)[number][] = [];
  inputs.forEach((input, i) => {
    placed[place(model, 'input', names, input.name, i)] = input;
  });
  return (placed.length === 1 ? placed[0]! : placed) as Feedable;
}

async function compareGradients(
  model: Model,
  x: Feedable,
  reference: Reference,
  tolerance: number,
): Promise<VerifyItem[]> {
  if (reference.gradients.length === 0) return [];
  const fed = model.encode(x);
  const xs = fed.map(({ shape, dtype }) => placeholder(shape, dtype));
  const ys = model.apply(xs);
  const items: VerifyItem[] = [];
  for (const expected of reference.gradients) {
    const [y, source] = [ys[expected.output], xs[expected.input]];
    const what = `gradient of ${model.outputs[expected.output]?.name} to ${model.inputs[expected.input]?.name}`;
    if (!y || !source || !isFloat(source.dtype) || !isFloat(y.dtype)) {
      throw failure(
        model.file,
        `the reference has a ${what}, which the model does not have`,
        {},
        'gradients go from float inputs to float outputs',
      );
    }
    if (!sameShape(source.shape, expected.shape)) throw mismatch(model, what, expected.shape, source.shape);
    if (expected.cotangent && !sameShape(expected.cotangent.shape, y.shape)) {
      throw mismatch(model, `the cotangent of the ${what}`, expected.cotangent.shape, y.shape);
    }
    items.push(item(what, await gradientError(y, source, xs, fed, expected), tolerance));
  }
  return items;
}

async function gradientError(
  y: Tensor,
  source: Tensor,
  xs: readonly Tensor[],
  fed: readonly Tensor[],
  expected: ReferenceGradient,
): Promise<number> {
  const { cotangent } = expected;
  const weighted = cotangent ? mul(y, tensor(Float64Array.from(cotangent.data), cotangent.shape, y.dtype)) : y;
  const plan = compile(grad(sum(weighted), [source]), xs);
  try {
    const [dx] = await plan.run(fed.map(({ data }) => data));
    return difference(dx!, expected.data, largest(expected.data) || 1);
  } finally {
    plan.dispose();
  }
}

function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function difference(got: ArrayLike<number>, expected: ArrayLike<number>, scale: number): number {
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs(got[i]! - expected[i]!) / scale;
    if (!(d <= worst)) worst = Number.isNaN(d) ? Number.POSITIVE_INFINITY : d;
  }
  return worst;
}
