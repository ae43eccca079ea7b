/**
 * A bound Program: a list of kernel calls over one linear memory, and where its inputs and outputs lie there. Running it
 * copies the inputs in, makes the calls in order and copies the outputs out.
 */
import type { Program, Value } from '../../graph/program.ts';
import { bytesPerElement, type TypedArray } from '../../tensor/dtype.ts';
import { failure } from '../../tensor/errors.ts';
import { firstNotFinite } from '../../tensor/finite.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { elementsOf, type Recipe } from '../../tensor/tensor.ts';
import type { Executable } from '../backend.ts';
import { binders } from './bind/binders.ts';
import { bindChain } from './bind/chain.ts';
import { Kept } from './kept.ts';
import type { Held, Machine, Room } from './machine.ts';
import {
  acceleratorOf,
  type BindContext,
  type Binder,
  type Call,
  grainFor,
  lacksType,
  type Operand,
  type OwnKernels,
} from './step.ts';

/** Addresses of shared rooms are handed out above all real ones and moved once the room's size is known. */
const workBase = 2 ** 40;
const keptBase = 2 ** 41;

/** Frees what a plan held that was dropped without `dispose`. */
const dropped = new FinalizationRegistry<() => void>((release) => release());

class Binding {
  readonly calls: Call[] = [];
  readonly inputs: number[];
  readonly #machine: Machine;
  readonly #program: Program;
  readonly #held: Held[] = [];
  readonly #blocks: { at: number; bytes: number }[] = [];
  readonly #operands: Operand[];
  readonly #kept: Kept;
  #work = 0;
  /** The main call of the last step, or the first of those beside each other, -1 where there is none; and the room that they work in. */
  #main = -1;
  #used = 0;

  constructor(machine: Machine, program: Program) {
    this.#machine = machine;
    this.#program = program;
    this.#kept = new Kept(program);
    try {
      const arena = this.#room('values', program.arenaBytes);
      this.inputs = program.inputs.map(({ shape, dtype }, i) => {
        const [bytes, cell] = [sizeOf(shape) * bytesPerElement(dtype), program.cells?.[i]];
        if (!cell) return this.#block(bytes);
        const held = machine.hold(cell, 'cell', bytes, (at) => machine.write(at, cell));
        this.#held.push(held);
        return held.at;
      });
      this.#operands = program.values.map((value) => this.#operand(value, arena));
      for (const step of program.steps) this.#bind(step);
      this.#placeRoom('kept', keptBase, this.#kept.bytes);
      this.#placeRoom('work', workBase, this.#work);
    } catch (error) {
      this.release();
      throw error;
    }
  }

  at(value: number): number {
    return this.#operands[value]!.at();
  }

  release(): void {
    for (const { at, bytes } of this.#blocks.splice(0)) this.#machine.heap.free(at, bytes);
    for (const held of this.#held.splice(0)) held.release();
  }

  #block(bytes: number): number {
    const at = this.#machine.heap.allocate(bytes);
    this.#blocks.push({ at, bytes });
    return at;
  }

  #room(kind: Room, bytes: number): number {
    const held = this.#machine.room(kind, bytes);
    this.#held.push(held);
    return held.at;
  }

  #operand(value: Value, arena: number): Operand {
    const { spec, home, sparse } = value;
    const changing = { ...spec, sparse, constant: false, finite: () => false };
    if (home.kind === 'arena') return { ...changing, at: () => arena + home.offset };
    // Who keeps something in a cell sees to it that it is finite.
    const finite = (): boolean => home.kind === 'input' && this.#program.cells?.[home.index] !== undefined;
    if (home.kind === 'input') return { ...changing, finite, at: () => this.inputs[home.index]! };
    let held: Held | undefined;
    const at = (): number => {
      if (!held) this.#held.push((held = this.#machine.holdRaw(home.source, spec)));
      return held.at;
    };
    return {
      ...spec,
      sparse,
      constant: true,
      finite: () => allFinite(home.source, () => elementsOf(home.source, spec)),
      at,
    };
  }

  #bind(step: Program['steps'][number]): void {
    const op = step.op.name;
    const { chain } = step;
    const read = step.inputs.map((input) => this.#operands[input]!);
    const first = read.length - (chain?.operands ?? 0);
    const spec = {
      op,
      out: this.#operands[step.output]!,
      inputs: read.slice(0, first),
      chain: chain && { ...chain, operands: read.slice(first) },
      attrs: step.attrs,
      epilogue: step.epilogue,
      program: this.#program,
      step,
    };
    const alone = chain && !chain.follows ? bindChain : undefined;
    const brought = alone ? undefined : (acceleratorOf(spec) ?? (step.op.kernels?.['wasm'] as OwnKernels | undefined));
    const binder = alone ?? brought?.bind ?? (binders as Readonly<Record<string, Binder>>)[op];
    if (!binder) throw failure(op, "the backend 'wasm' has no kernel for this op");
    const types = [...step.inputs, step.output].map((value) => this.#program.values[value]!.spec.dtype);
    if (types.includes('float64')) throw lacksType(op, 'float64');
    const machine = this.#machine;
    const own = brought && machine.extra(brought.module);
    // Steps at the same time need rooms of their own.
    const beside = step.beside === true && this.#main >= 0;
    let used = beside ? this.#used : 0;
    const before = this.calls.length;
    const work = (bytes: number): number => {
      const at = workBase + used;
      used += Math.ceil((bytes + 64) / 64) * 64;
      this.#work = Math.max(this.#work, used);
      return at;
    };
    const call = (fn: string, args: readonly number[], units: number, grain = 1): void => {
      if (units > 0) this.calls.push({ fn, op, args, units, grain, own: own?.numbers.has(fn) ? own : undefined });
    };
    const context: BindContext = {
      ...spec,
      call,
      check: (fn, args, fault) => this.calls.push({ fn, op, args, units: 1, grain: 1, fault }),
      table: (values) => {
        const at = this.#block(values.length * 4);
        machine.write(at, Int32Array.from(values));
        return at;
      },
      work,
      kept: (bytes, most) => keptBase + (this.#kept.place(step, bytes, most) ?? -keptBase),
      zeros: (bytes) => machine.zeros(bytes),
      relaid: (operand, layout, bytes, fn, args, units) => {
        const value = step.inputs.find((input) => this.#operands[input] === operand);
        const { home, spec } = this.#program.values[value ?? -1] ?? {};
        if (home?.kind !== 'constant') {
          const to = work(bytes);
          call(fn, [to, ...args(operand.at())], units, grainFor(bytes / 4 / units));
          return to;
        }
        const held = machine.hold(home.source, layout, bytes, (to) => {
          const raw = machine.holdRaw(home.source, spec!);
          // Now that its elements are there: they are not made once more to be looked through.
          if ('write' in home.source)
            allFinite(home.source, () => machine.view(spec!.dtype, raw.at, sizeOf(spec!.shape)));
          (own?.kernels[fn] ?? machine.kernels[fn])!(0, units, to, ...args(raw.at));
          raw.release();
        });
        this.#held.push(held);
        return held.at;
      },
      readInt: (at) => machine.view('int32', at, 1)[0]!,
    };
    binder(context);
    this.#used = used;
    if (!beside) this.#main = this.calls.length > before ? this.calls.length - 1 : -1;
    else if (this.calls.length > before) {
      // What prepares it comes before all of them.
      const main = this.calls.pop()!;
      const preparing = this.calls.splice(before);
      this.calls.splice(this.#main, 0, ...preparing);
      this.#main += preparing.length;
      this.calls.push({ ...main, beside: true });
    }
  }

  /** Gives a room its address, in all calls. */
  #placeRoom(kind: Room, base: number, bytes: number): void {
    if (bytes === 0) return;
    const at = this.#room(kind, bytes);
    this.calls.forEach((call, i) => {
      if (call.args.some((arg) => arg >= base)) {
        this.calls[i] = { ...call, args: call.args.map((arg) => (arg >= base ? arg - base + at : arg)) };
      }
    });
  }
}

/** Weights are looked through once. */
const finite = new WeakMap<TypedArray | Recipe, boolean>();

function allFinite(source: TypedArray | Recipe, elements: () => TypedArray): boolean {
  let known = finite.get(source);
  if (known === undefined) finite.set(source, (known = firstNotFinite(elements()) < 0));
  return known;
}

/** Makes the calls of a list, in order. `ending`: what a run that can wait waits for first. */
export interface Runner {
  run(calls: readonly Call[]): void;
  readonly ending: Promise<void> | null;
}

/** @param runner makes the calls: in this thread, or together with others */
export function bindProgram(machine: Machine, program: Program, runner: Runner): Executable {
  const binding = new Binding(machine, program);
  const { calls } = binding;
  const outputs = program.outputs.map((value) => ({ at: binding.at(value), value: program.values[value]! }));
  const feed = (inputs: readonly TypedArray[]): void => {
    for (const [i, data] of inputs.entries()) machine.write(binding.inputs[i]!, data);
  };
  const rerun = (): TypedArray[] => {
    runner.run(calls);
    return outputs.map(({ at, value: { spec } }) => {
      const view = machine.view(spec.dtype, at, sizeOf(spec.shape));
      return new (view.constructor as Float32ArrayConstructor)(view as Float32Array);
    });
  };
  let held = true;
  const release = (): void => {
    if (held) binding.release();
    held = false;
  };
  const cell = (input: number): TypedArray => {
    const { shape, dtype } = program.inputs[input]!;
    return machine.view(dtype, binding.inputs[input]!, sizeOf(shape));
  };
  return makeExecutable(runner, feed, rerun, cell, release);
}

/**
 * Frees the memory when the last of the executable's functions is dropped: each holds `owner`, and `release` must not. A
 * function scope of its own keeps it so, since closures of one scope hold all that any of them uses.
 */
function makeExecutable(
  runner: Runner,
  feed: (inputs: readonly TypedArray[]) => void,
  compute: () => TypedArray[],
  view: (input: number) => TypedArray,
  release: () => void,
): Executable {
  const owner = { uses: 0 };
  dropped.register(owner, release, owner);
  const rerun = (): TypedArray[] => {
    owner.uses++;
    return compute();
  };
  const run = (inputs: readonly TypedArray[]): TypedArray[] => {
    feed(inputs);
    return rerun();
  };
  return {
    run: async (inputs) => {
      if (runner.ending) await runner.ending;
      return run(inputs);
    },
    runSync: run,
    feed: (inputs) => {
      owner.uses++;
      feed(inputs);
    },
    rerun,
    cell: (input) => {
      owner.uses++;
      return view(input);
    },
    dispose() {
      dropped.unregister(owner);
      release();
    },
  };
}
