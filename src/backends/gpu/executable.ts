/**
 * Runs a bound Program: inputs go to the device, kernels run on handles that stay there and are released after their last
 * use, outputs come back. The list of actions is one generator that hands out promises; a device that is this machine needs
 * none, and is driven without.
 */
import type { GpuKernel } from '../../../kernels/gpu/kernel.ts';
import type { Program } from '../../graph/program.ts';
import type { TypedArray } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { elementsOf } from '../../tensor/tensor.ts';
import type { Executable } from '../backend.ts';
import type { Device, Handle } from './adapter.ts';
import type { Bound } from './bind.ts';
import { type KernelCache, keyOf } from './cache.ts';
import type { Constants } from './constants.ts';
import { fromFloats, toFloats } from './floats.ts';
import type { Action } from './step.ts';

export interface Machine {
  readonly device: Device;
  readonly kernels: KernelCache;
  readonly constants: Constants;
  /** Runs wait for each other, so that errors of a device belong to one run. */
  queue: Promise<unknown>;
  disposed: boolean;
}

type Steps<T> = Generator<unknown, T, unknown>;

const copySource = 'function (x) { return x[this.thread.x]; }';
const uploadKernel = (size: number): GpuKernel => ({ name: 'upload', source: copySource, threads: [size] });

/** Moves an array to the device. */
export function* upload(machine: Machine, data: Float32Array): Steps<Handle> {
  if (machine.device.onHost) return data;
  const kernel = uploadKernel(data.length);
  return (yield machine.kernels.get(kernel, `upload ${data.length}`).run([data])) as Handle;
}

function* download(machine: Machine, handle: Handle, size: number): Steps<Float32Array> {
  // A name of its own: this kernel returns an array, not a handle.
  const reader = () =>
    machine.kernels.get({ name: 'read', source: copySource, threads: [size], toHost: true }, `read ${size}`);
  return (yield machine.device.read(handle, reader)) as Float32Array;
}

/** For every action the slots that nobody reads after it. */
function lastUses(actions: readonly Action[], keep: ReadonlySet<number>): number[][] {
  const last = new Map<number, number>();
  actions.forEach((action, at) => {
    const made =
      action.kind === 'kernel' || action.kind === 'fill'
        ? [action.output]
        : action.kind === 'host'
          ? action.outputs
          : [];
    for (const slot of [...('inputs' in action ? action.inputs : []), ...made]) last.set(slot, at);
  });
  const dying: number[][] = actions.map(() => []);
  for (const [slot, at] of last) if (!keep.has(slot)) dying[at]!.push(slot);
  return dying;
}

/** Arrays of one number up to this size stay on the device between runs: the steps of a recurrent net are told the time by them. */
const HELD_FILL = 64;
const isHeld = (action: Action): action is Action & { kind: 'fill' } =>
  action.kind === 'fill' && action.size > 0 && action.size <= HELD_FILL;

/** Frees the constants of a plan that was dropped without `dispose`. */
const dropped = new FinalizationRegistry<() => void>((release) => release());

export function makeExecutable(machine: Machine, program: Program, bound: Bound): Executable {
  const { device } = machine;
  const { slotOf } = bound;
  const actions = bound.actions.filter((action) => !isHeld(action));
  const outputs = program.outputs.map((value) => ({ slot: slotOf[value]!, spec: program.values[value]!.spec }));
  const constants = new Map<number, TypedArray>();
  const inputs = new Map<number, number>();
  program.values.forEach(({ home, spec }, value) => {
    if (home.kind === 'constant') constants.set(value, elementsOf(home.source, spec));
    if (home.kind === 'input') inputs.set(value, home.index);
  });
  const fills = new Map<string, Float32Array>();
  for (const { output, size, value } of bound.actions.filter(isHeld)) {
    const key = `${size} of ${value}`;
    if (!fills.has(key)) fills.set(key, new Float32Array(size).fill(value));
    constants.set(output, fills.get(key)!);
  }
  const dying = lastUses(actions, new Set([...outputs.map(({ slot }) => slot), ...constants.keys()]));
  const used = new Set([
    ...actions.flatMap((a) => ('inputs' in a ? a.inputs : [])),
    ...outputs.map(({ slot }) => slot),
  ]);
  const keys = new Map<Action, string>();
  const held = new Set<TypedArray>();

  function* steps(feeds: readonly TypedArray[]): Steps<TypedArray[]> {
    const slots = new Array<Handle | undefined>(bound.slots);
    const sizes = new Array<number>(bound.slots);
    const given = new Map<number, TypedArray>();
    const late: { check: Action & { kind: 'check' }; handle: Handle; size: number }[] = [];
    const put = (slot: number, handle: Handle, size: number): void => {
      slots[slot] = handle;
      sizes[slot] = size;
    };
    const drop = (slot: number): void => {
      const handle = slots[slot];
      if (handle && !late.some((item) => item.handle === handle)) device.release(handle);
      slots[slot] = undefined;
    };
    try {
      for (const [slot, data] of constants) {
        if (!used.has(slot)) continue;
        given.set(slot, data);
        const had = held.has(data);
        const handle = yield* machine.constants.hold(data, had, (floats) => upload(machine, floats));
        held.add(data);
        put(slot, handle, data.length);
      }
      for (const [slot, index] of inputs) {
        if (!used.has(slot)) continue;
        const data = feeds[index]!;
        given.set(slot, data);
        put(slot, data.length === 0 ? new Float32Array(0) : yield* upload(machine, toFloats(data)), data.length);
      }
      for (const [at, action] of actions.entries()) {
        if (action.kind === 'kernel') {
          const { kernel } = action;
          const operands = action.inputs.map((slot, i) => withTail(slots[slot]!, action.tails[i]!));
          let key = keys.get(action);
          if (key === undefined)
            keys.set(
              action,
              (key = keyOf(
                kernel,
                action.inputs.map((slot, i) => sizes[slot]! + action.tails[i]!),
              )),
            );
          try {
            const result = (yield machine.kernels.get(kernel, key).run(operands)) as Handle;
            put(action.output, result, elements(kernel));
          } catch (error) {
            machine.kernels.forget(key);
            throw error;
          }
        } else if (action.kind === 'fill') {
          const data = new Float32Array(action.size).fill(action.value);
          put(action.output, action.size === 0 ? data : yield* upload(machine, data), action.size);
        } else if (action.kind === 'host') {
          const arrays: Float32Array[] = [];
          for (const slot of action.inputs) {
            const known = given.get(slot);
            arrays.push(known ? toFloats(known) : yield* download(machine, slots[slot]!, sizes[slot]!));
          }
          const results = action.run(arrays);
          for (const [i, slot] of action.outputs.entries())
            put(slot, yield* upload(machine, results[i]!), results[i]!.length);
        } else {
          const slot = action.inputs[0]!;
          const known = given.get(slot) ?? (device.onHost ? (slots[slot] as Float32Array) : null);
          const fault = known ? action.fault(known) : null;
          if (fault) throw fault;
          if (!known) late.push({ check: action, handle: slots[slot]!, size: sizes[slot]! });
        }
        for (const slot of dying[at]!) drop(slot);
      }
      for (const { check, handle, size } of late) {
        const fault = check.fault(yield* download(machine, handle, size));
        if (fault) throw fault;
      }
      const results: TypedArray[] = [];
      for (const { slot, spec } of outputs) {
        const size = sizeOf(spec.shape);
        const data = size === 0 ? new Float32Array(0) : yield* download(machine, slots[slot]!, size);
        // What other outputs or the caller hold as well is not given away.
        const shared = given.has(slot) || outputs.filter((other) => other.slot === slot).length > 1;
        results.push(fromFloats(data, spec.dtype, shared));
      }
      return results;
    } finally {
      const alive = new Set([
        ...slots.flatMap((handle, slot) => (handle && !constants.has(slot) ? [handle] : [])),
        ...late.map(({ handle }) => handle),
      ]);
      for (const handle of alive) device.release(handle);
    }
  }

  const check = (): void => {
    if (machine.disposed)
      throw failure('gpu', 'the backend has been disposed of', {}, 'make a new one with gpuBackend');
  };
  const release = releaser(machine.constants, held);
  const made = device.onHost ? hostRuns(check, steps) : deviceRuns(machine, check, steps);
  const executable: Executable = {
    ...made,
    dispose() {
      dropped.unregister(executable);
      release();
    },
  };
  dropped.register(executable, release, executable);
  return executable;
}

/** In a scope of its own: a closure of the executable's scope would keep it alive. */
function releaser(constants: Constants, held: Set<TypedArray>): () => void {
  return () => {
    for (const data of held) constants.release(data);
    held.clear();
  };
}

type Runs = Pick<Executable, 'run' | 'runSync'>;
type Start = (feeds: readonly TypedArray[]) => Steps<TypedArray[]>;

function hostRuns(check: () => void, start: Start): Runs {
  const runSync = (feeds: readonly TypedArray[]): TypedArray[] => {
    check();
    return drive(start(feeds));
  };
  return { run: async (feeds) => runSync(feeds), runSync };
}

function deviceRuns(machine: Machine, check: () => void, start: Start): Runs {
  return {
    run(feeds) {
      const result = machine.queue.then(async () => {
        check();
        const watched = machine.device.watch();
        try {
          return await driveAsync(start(feeds));
        } finally {
          await watched();
        }
      });
      machine.queue = result.catch(() => undefined);
      return result;
    },
  };
}

function elements({ threads, block }: GpuKernel): number {
  const [x, y = 1, z = 1] = threads;
  return block?.kind === 'rows' ? x * block.rows * z : x * y * z * (block ? 4 : 1);
}

function withTail(handle: Handle, tail: number): Handle {
  if (tail === 0) return handle;
  const data = handle as Float32Array;
  const longer = new Float32Array(data.length + tail);
  longer.set(data);
  return longer;
}

function drive<T>(steps: Steps<T>): T {
  let state = steps.next();
  while (!state.done) state = steps.next(state.value);
  return state.value;
}

async function driveAsync<T>(steps: Steps<T>): Promise<T> {
  let state = steps.next();
  while (!state.done) {
    let value: unknown;
    try {
      value = await state.value;
    } catch (error) {
      state = steps.throw(error);
      continue;
    }
    state = steps.next(value);
  }
  return state.value;
}
