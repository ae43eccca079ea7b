/**
 * Where a loss or a gradient that is no number comes from: the first layer whose output is not finite, or the first one on the way back that
 * makes no finite gradient of a finite one, at the weights before the step, with the same draws; or the weight that an update before spoiled.
 * The step itself has changed nothing: it ends before its updates.
 */
import type { LayerCall } from '../graph/callable.ts';
import { grad } from '../graph/grad.ts';
import { compileWithState, type State } from '../graph/state.ts';
import { mul, notEqual, sub } from '../ops/binary.ts';
import { sum } from '../ops/reduce.ts';
import { cast } from '../ops/unary.ts';
import { isFloat, type TypedArray } from '../tensor/dtype.ts';
import { failure, type PathgradError } from '../tensor/errors.ts';
import { firstNotFinite } from '../tensor/finite.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { OutputTask } from './objective.ts';
import { type BatchSpec, trainingGraph } from './step.ts';
import type { Trainable } from './trainable.ts';

/** What a step was run on. */
export interface StepInput {
  readonly spec: BatchSpec;
  readonly batch: readonly TypedArray[];
  readonly seed: readonly [number, number];
}

/** How many elements are infinities or NaN. */
const bad = (x: Tensor): Tensor => sum(cast(notEqual(sub(x, x), 0), 'float32'));

/** @returns the error to throw, or null where loss and gradients are finite after all */
export async function diagnose(
  trainable: Trainable,
  tasks: readonly OutputTask[],
  state: State,
  { spec, batch, seed }: StepInput,
): Promise<PathgradError | null> {
  const places: { readonly name: string; readonly count: Tensor }[] = [];
  const onOutputs = (call: {
    readonly layer: { readonly path: string };
    readonly outputs: readonly Tensor[];
  }): null => {
    for (const y of call.outputs) if (isFloat(y.dtype)) places.push({ name: call.layer.path, count: bad(y) });
    return null;
  };
  const graph = trainingGraph(trainable, tasks, spec, { hooks: { onOutputs } });
  const { total } = graph.objective;
  const outputs = [total, ...places.map(({ count }) => count)];
  const plan = compileWithState(outputs, [...graph.inputs, graph.seed], { state });
  const [loss, ...counts] = await plan.run([...batch, Int32Array.from(seed)]);
  plan.dispose();
  const value = loss![0]!;
  if (Number.isFinite(value)) return diagnoseGradient(trainable, tasks, state, { spec, batch, seed }, value);
  const where = `step ${seed[1]}`;
  const spoiled = trainable.weights.find(({ tensor }) => state.has(tensor) && firstNotFinite(state.read(tensor)) >= 0);
  const hint = 'a smaller learning rate, clipnorm: 1 for the optimizer, or inputs scaled to about -1 to 1';
  if (spoiled) {
    const what = `the loss became ${value} in ${where}: an update before made weight '${spoiled.path}' infinite or NaN`;
    return failure(trainable.name, what, {}, hint);
  }
  const first = places.find((_, i) => counts[i]![0] !== 0);
  if (first) {
    const what = `the loss became ${value} in ${where}: layer '${first.name}' is the first whose output is not finite`;
    return failure(trainable.name, what, {}, hint);
  }
  const names = tasks.flatMap(({ loss: one }) => (one ? [one.name] : [])).join(', ');
  const what = `the loss became ${value} in ${where}, though all layers' outputs are finite: it is ${names} of them that is not`;
  return failure(
    trainable.name,
    what,
    {},
    'a loss that fits the outputs, fromLogits: true for outputs without an activation, or a smaller learning rate',
  );
}

/** A use of a layer, and where in the list of what is counted its parts lie. */
interface Way {
  readonly path: string;
  readonly into: readonly Tensor[];
  readonly out: readonly Tensor[];
}

const floats = (list: readonly Tensor[]): Tensor[] => list.filter(({ dtype }) => isFloat(dtype));

/** The loss is finite, the gradients are not: the layer in which they become so, from the loss on. */
async function diagnoseGradient(
  trainable: Trainable,
  tasks: readonly OutputTask[],
  state: State,
  { spec, batch, seed }: StepInput,
  loss: number,
): Promise<PathgradError | null> {
  const ways: Way[] = [];
  // Each use of a layer has inputs of its own, so that the gradients of several uses are not taken for one another.
  const onInputs = ({ inputs }: Pick<LayerCall, 'inputs'>): readonly Tensor[] =>
    inputs.map((x) => (isFloat(x.dtype) ? mul(x, 1) : x));
  const onOutputs = ({ layer: { path }, inputs, outputs }: LayerCall): null => {
    ways.push({ path, into: floats(inputs), out: floats(outputs) });
    return null;
  };
  const graph = trainingGraph(trainable, tasks, spec, { hooks: { onInputs, onOutputs } });
  const weights = trainable.weights.filter((weight) => weight.trainable);
  const all = [
    ...new Set([...weights.map(({ tensor }) => tensor), ...ways.flatMap(({ into, out }) => [...into, ...out])]),
  ];
  const gradients = grad(graph.objective.total, all);
  const plan = compileWithState(gradients.map(bad), [...graph.inputs, graph.seed], { state });
  const counts = await plan.run([...batch, Int32Array.from(seed)]);
  plan.dispose();
  const spoiled = new Set(all.filter((_, i) => counts[i]![0] !== 0));
  const isBad = (tensor: Tensor): boolean => spoiled.has(tensor);
  const where = `in step ${seed[1]}, while the loss is ${loss}`;
  const weight = weights.findLast(({ tensor }) => isBad(tensor));
  if (!weight) {
    const what = `the gradients are too large ${where}: their sum is infinite in ${trainable.dtype}`;
    return failure(
      trainable.name,
      what,
      {},
      'a smaller learning rate, a loss weight below 1, or inputs scaled to about -1 to 1',
    );
  }
  const ownWeights = ({ path }: Way): boolean =>
    weights.some((one) => isBad(one.tensor) && one.path.startsWith(`${path}/`));
  const turns = ways.filter((way) => !way.out.some(isBad) && (way.into.some(isBad) || ownWeights(way)));
  let layer = turns.at(-1);
  // Of a layer around others the one inside.
  for (let inner = layer; inner; ) {
    layer = inner;
    inner = turns.findLast(({ path }) => path.startsWith(`${layer!.path}/`));
  }
  const names = tasks.flatMap((task) => (task.loss ? [task.loss.name] : [])).join(', ');
  const from = layer
    ? `layer '${layer.path}' is the first on the way back whose gradient is not finite`
    : ways.some(({ out }) => out.some(isBad))
      ? `it is that of ${names} at the model's outputs`
      : `it is that of weight '${weight.path}'`;
  const hint =
    'a function without a derivative there (a root or a power of 0, a division by 0) wants a small number added; or a smaller learning rate';
  return failure(trainable.name, `the gradient became infinite or NaN ${where}: ${from}`, {}, hint);
}
