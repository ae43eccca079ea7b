/**
 * Every op that has an example of real size (src/ops, shapes.ts), forward and the gradient to each of its inputs, one kernel
 * at a time.
 * Expected: the reference backend in float64. Operands that are weights in a model are held by all; other inputs are copied
 * in on every run by pathgrad and held by peers. All read the result back.
 */

import { reference } from '../../src/backends/reference/index.ts';
import { core } from '../../src/backends/wasm/accelerators.ts';
import { take as takeSliding } from '../../src/backends/wasm/bind/sliding.ts';
import { take as takeWinograd } from '../../src/backends/wasm/bind/winograd.ts';
import { compile } from '../../src/graph/compile.ts';
import { exampleInputs } from '../../src/graph/examples.ts';
import { grad } from '../../src/graph/grad.ts';
import type { Attrs, Example, Op } from '../../src/graph/op.ts';
import { randomUniform } from '../../src/graph/random.ts';
import { ancestors } from '../../src/graph/traverse.ts';
import { ops } from '../../src/ops/index.ts';
import { bytesPerElement, isFloat } from '../../src/tensor/dtype.ts';
import { failure } from '../../src/tensor/errors.ts';
import { placeholder, Tensor, tensor } from '../../src/tensor/tensor.ts';
import type { BenchCase, Contender, Prepared } from '../harness.ts';
import { contenderName, describeBackend, type OurBackend } from '../ours.ts';
import type { KernelCall, Peer } from '../peers/peer.ts';
import { modelShapes } from './shapes.ts';

// As `loadModel` does for models with such convolutions.
takeWinograd(core);
takeSliding(core);

/** Relative to the largest element: sums of up to 1,568 products in float32. */
const TOLERANCE = 1e-5;

/** The input that is a weight in a model. */
const weightInput: Readonly<Record<string, number>> = { matmul: 1, conv: 1, gather: 0, add: 1 };

/** They are gradients of `conv` and `avgPool`, which measure them on the same shapes. */
const covered = new Set(['convGradInput', 'convGradKernel', 'avgPoolGrad']);

export function kernelCases(backends: readonly OurBackend[], peers: readonly Peer[]): BenchCase[] {
  const own = Object.values<Op>(ops)
    .filter((op) => !covered.has(op.name))
    .flatMap((op) => op.examples.filter(({ size }) => size === 'real').map((example) => ({ op, example, model: '' })));
  const ofModels = modelShapes.map(({ op, example, model }) => ({ op: ops[op] as Op, example, model }));
  return [...own, ...ofModels].flatMap((use) =>
    partsOf(use.op, use.example).map((part) => kernelCase(use, part, backends, peers)),
  );
}

type Part = KernelCall['part'];

function partsOf(op: Op, example: Example): Part[] {
  const inputs = exampleShapes(example);
  const differentiable = op.vjp === 'none' ? [] : inputs.flatMap(({ float }, i) => (float ? [i as 0 | 1] : []));
  return ['forward', ...differentiable];
}

function exampleShapes(example: Example): { shape: readonly number[]; float: boolean }[] {
  return example.inputs.map((input) =>
    'shape' in input ? { shape: input.shape, float: false } : { shape: input, float: true },
  );
}

/** A use of an op, and the model it comes from where that is not one of the examples. */
interface Use {
  readonly op: Op;
  readonly example: Example;
  readonly model: string;
}

function kernelCase(
  { op, example, model }: Use,
  part: Part,
  backends: readonly OurBackend[],
  peers: readonly Peer[],
): BenchCase {
  const what = part === 'forward' ? 'forward' : gradientName(op, example, part);
  const shapes = exampleShapes(example).map(({ shape }) => shape.join('x'));
  // Built when the case runs: inputs of all cases together would fill the memory.
  let built: Built | undefined;
  let flops: number | null | undefined;
  const problem = (): Built => (built ??= build(op, example, part));
  const lazy = (contender: Omit<Contender, 'prepare'>, prepare: (b: Built) => Promise<Prepared>): Contender => ({
    ...contender,
    prepare: () => prepare(problem()),
  });
  return {
    suite: 'kernels',
    name: `${op.name} ${shapes.join(' * ')} ${what}${model && ` (${model})`}`,
    // Counted when it is asked for: the gradients of all recurrent ops, unrolled, take seconds.
    get flops() {
      if (flops === undefined) flops = flopsOf(op, example, part);
      return flops;
    },
    bytes: bytesOf(op, example),
    tolerance: TOLERANCE,
    expected: () => [problem().expected],
    dispose: () => {
      built = undefined;
    },
    contenders: [
      ...backends.map((backend) => {
        const who = { name: contenderName(), backend: backend.name.split(':')[0]!, threads: backend.threads };
        return lazy(who, (b) => ourKernel(b, backend));
      }),
      ...peers
        .filter((peer) => peer.ops?.includes(op.name))
        .map((peer) =>
          lazy({ name: peer.name, backend: peer.backend, threads: peer.threads }, (b) => peerKernel(b, peer)),
        ),
    ],
  };
}

/** The gradient to the data is dx, to a weight dW; where there is more than one of either, the number of the input. */
function gradientName(op: Op, example: Example, part: number): string {
  if (part === weightInput[op.name]) return 'dW';
  const floats = exampleShapes(example).filter(({ float }) => float).length;
  return floats > (weightInput[op.name] === undefined ? 1 : 2) ? `dx${part}` : 'dx';
}

interface Built {
  readonly call: KernelCall;
  readonly expected: ArrayLike<number>;
  /** The wanted node and the leaves that stand for inputs, output and gradient. */
  readonly wanted: Tensor;
  readonly leaves: readonly Tensor[];
}

function build(op: Op, example: Example, part: Part): Built {
  const inputs = exampleInputs(example, 'float32');
  const double = inputs.map((x) => (isFloat(x.dtype) ? tensor(Float64Array.from(x.data), x.shape) : x));
  const y = node(op, inputs.map(leafLike), example.attrs);
  const next = randomUniform(7);
  const g = Float32Array.from({ length: y.size }, () => 2 * next() - 1);
  const y64 = node(op, double.map(leafLike), example.attrs);
  const seed64 = placeholder(y.shape, 'float64');
  const wanted64 = part === 'forward' ? y64 : grad(y64, [y64.inputs[part]!], seed64)[0]!;
  const feeds64 = [...double.map((x) => x.data), Float64Array.from(g)];
  const plan = compile([y64, wanted64], [...y64.inputs, seed64], { backend: reference });
  const [output, expected] = plan.runSync(feeds64) as [Float64Array, Float64Array];
  plan.dispose();
  const seed = placeholder(y.shape);
  const wanted = part === 'forward' ? y : grad(y, [y.inputs[part]!], seed)[0]!;
  const arrays = inputs.map(({ data, shape }) => ({ data, shape }));
  const call: KernelCall = {
    op: op.name,
    attrs: example.attrs,
    part,
    inputs: arrays,
    output: { data: y.dtype === 'int32' ? Int32Array.from(output) : Float32Array.from(output), shape: y.shape },
    gradient: { data: g, shape: y.shape },
  };
  return { call, expected, wanted, leaves: [...y.inputs, ...(part === 'forward' ? [] : [y, seed])] };
}

const leafLike = (x: Tensor): Tensor => placeholder(x.shape, x.dtype);
const node = (op: Op, inputs: readonly Tensor[], attrs: Attrs): Tensor =>
  new Tensor(op, inputs, attrs, op.shape(inputs, attrs), null);

/** Gradients of matmul and conv cost what the forward pass costs; for the rest the graph is counted. */
function flopsOf(op: Op, example: Example, part: Part): number | null {
  const leaves = exampleShapes(example).map(({ shape, float }) => placeholder(shape, float ? 'float32' : 'int32'));
  const y = node(op, leaves, example.attrs);
  const seed = placeholder(y.shape, isFloat(y.dtype) ? y.dtype : 'float32');
  const wanted = part === 'forward' ? y : grad(y, [leaves[part]!], seed)[0]!;
  const given = new Set<Tensor>([...leaves, seed, ...(part === 'forward' ? [] : [y])]);
  const steps = ancestors([wanted], given).filter((step) => step.op && !given.has(step));
  const total = steps.reduce((sum, step) => sum + step.op!.flops(step.inputs, step, step.attrs), 0);
  return total > 0 ? total : null;
}

/** Inputs and result; a gradient reads and writes as much, its gradient in place of one of them. */
function bytesOf(op: Op, example: Example): number {
  const leaves = exampleShapes(example).map(({ shape, float }) => placeholder(shape, float ? 'float32' : 'int32'));
  const y = node(op, leaves, example.attrs);
  return [...leaves, y].reduce((sum, { size, dtype }) => sum + size * bytesPerElement(dtype), 0);
}

/** The graph cut at inputs, result and gradient; weights become constants, as they are in a model. */
async function ourKernel({ call, wanted, leaves }: Built, backend: OurBackend): Promise<Prepared> {
  const opened = await backend.open();
  const arrays = [...call.inputs, call.output, call.gradient];
  const needed = new Set(ancestors([wanted], new Set(leaves)));
  const fed = leaves.map((leaf, i) => ({ leaf, data: arrays[i]!.data, held: i === weightInput[call.op] }));
  const used = fed.filter(({ leaf }) => needed.has(leaf));
  const isWeight = ({ held }: { held: boolean }): boolean => held && used.length > 1;
  const constants = new Map(
    used.filter(isWeight).map(({ leaf, data }) => [leaf, tensor(data, leaf.shape, leaf.dtype)]),
  );
  const inputs = used.filter((entry) => !isWeight(entry));
  const plan = compile(
    [substitute(wanted, leaves, constants)],
    inputs.map(({ leaf }) => leaf),
    { backend: opened },
  );
  // Inputs lie where they are computed with, as those of the peers do.
  plan.feed(inputs.map(({ data }) => data));
  return {
    backend: describeBackend(opened),
    run: async () => ({ outputs: await plan.run() }),
    dispose: () => plan.dispose(),
  };
}

/** The same graph with some leaves replaced. */
function substitute(wanted: Tensor, leaves: readonly Tensor[], by: ReadonlyMap<Tensor, Tensor>): Tensor {
  const fresh = new Map<Tensor, Tensor>(leaves.map((leaf) => [leaf, by.get(leaf) ?? leaf]));
  for (const old of ancestors([wanted], new Set(leaves))) {
    if (fresh.has(old)) continue;
    const inputs = old.inputs.map((input) => fresh.get(input) ?? input);
    fresh.set(old, old.op ? new Tensor(old.op, inputs, old.attrs, old, null) : old);
  }
  return fresh.get(wanted)!;
}

async function peerKernel({ call }: Built, peer: Peer): Promise<Prepared> {
  if (!peer.kernel) throw failure(peer.name, 'offers no kernels of its own');
  await peer.ready?.();
  const prepared = await peer.kernel(call);
  return {
    ...prepared,
    run: async () => {
      await peer.ready?.();
      return prepared.run();
    },
  };
}
