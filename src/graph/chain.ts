/**
 * Elementwise steps that follow each other become one, which a backend computes in one pass over memory: what lies between is never
 * stored. A step with one reader goes into it; one with several goes into each if nothing has to live longer for that, and is
 * computed again there (the sigmoid of a silu forward and backward, the mask of a relu). At last a chain goes into the product before it.
 * Same bits as unfused: the same operations on the same numbers. What may be a link is the backend's to say.
 */
import type { DType } from '../tensor/dtype.ts';
import { sameShape, sizeOf } from '../tensor/shape.ts';
import type { TensorSpec } from '../tensor/tensor.ts';
import type { Listing } from './fuse.ts';
import type { Attrs, Op } from './op.ts';
import type { Step } from './program.ts';

/** One op of a chain. `args` from 0 up are the chain's operands, -1 is what was computed first, -2 what was next. */
export interface Link {
  readonly op: Op;
  readonly attrs: Attrs;
  readonly args: readonly number[];
  readonly dtype: DType;
}

/** What a step computes element by element: on its inputs, or where it `follows` on the step's own result, which then counts as computed first. */
export interface Chain {
  readonly links: readonly Link[];
  /** How many of the step's inputs, the last ones, are the chain's operands. */
  readonly operands: number;
  readonly follows: boolean;
}

/** Says whether a backend computes a step as a link. */
export type Links = (step: Step, inputs: readonly TensorSpec[], output: TensorSpec) => boolean;

/** Links of a chain, and operands: what a table of fixed size takes. */
const [mostLinks, mostOperands] = [20, 8];
/** How often a value may be computed again, and by how many links, instead of being stored. */
const [mostCopies, mostCopied] = [3, 6];

/** Steps that are computed at the place of the last of them, `members` in order. */
interface Group {
  members: Step[];
  readonly at: number;
  readonly output: number;
  readonly linkable: boolean;
}

/** The steps with chains as one; what went into others is gone. @param follows which products a chain may follow */
export function chainSteps(listing: Listing, links: Links, follows: (step: Step) => boolean): Step[] {
  const { steps, specs, owner } = listing;
  const kept = new Set(listing.outputs.map((value) => owner[value]!));
  const groups = new Map<number, Group>();
  /** By the owner of bytes: who reads them. */
  const readers = new Map<number, Set<Group>>();
  const specOf = (value: number): TensorSpec => specs[value]!;
  const externals = (members: readonly Step[]): number[] => {
    const inside = new Set(members.map(({ output }) => output));
    return [...new Set(members.flatMap(({ inputs }) => inputs))].filter((value) => !inside.has(value));
  };
  const connect = (group: Group, joins: boolean): void => {
    for (const value of externals(group.members)) {
      const root = owner[value]!;
      const set = readers.get(root) ?? new Set();
      readers.set(root, set);
      if (joins) set.add(group);
      else set.delete(group);
    }
  };
  const give = (group: Group, members: readonly Step[]): void => {
    connect(group, false);
    group.members = [...new Set([...members, ...group.members])].sort((a, b) => a.output - b.output);
    connect(group, true);
  };
  const drop = (group: Group): void => {
    connect(group, false);
    groups.delete(group.output);
  };
  steps.forEach((step, at) => {
    const { output, epilogue } = step;
    const linkable =
      !epilogue && sizeOf(specOf(output).shape) > 0 && links(step, step.inputs.map(specOf), specOf(output));
    const group = { members: [step], at, output, linkable };
    groups.set(output, group);
    connect(group, true);
  });
  const sizeOfValue = (value: number): number => sizeOf(specOf(value).shape);
  const isWhole = (value: number, like: number): boolean => sizeOfValue(value) >= sizeOfValue(like);
  /** The groups that read `group`'s value where each reads it as itself, at the same elements. */
  const readersOf = (group: Group): Group[] | null => {
    const all = [...(readers.get(group.output) ?? [])];
    const fits = (reader: Group): boolean =>
      reader.linkable &&
      externals(reader.members).includes(group.output) &&
      sameShape(specOf(reader.output).shape, specOf(group.output).shape) &&
      reader.members.every(({ inputs }) => inputs.every((v) => v === group.output || owner[v] !== owner[group.output]));
    return all.length > 0 && !kept.has(owner[group.output]!) && all.every(fits) ? all : null;
  };
  const fitting = (members: readonly Step[]): boolean =>
    new Set(members).size <= mostLinks && externals([...new Set(members)]).length <= mostOperands;
  const lastRead = (value: number): number => {
    const root = owner[value]!;
    let last = kept.has(root) ? Infinity : -1;
    for (const { at } of readers.get(root) ?? []) last = Math.max(last, at);
    return last;
  };
  const absorb = (group: Group): boolean => {
    const all = group.linkable ? readersOf(group) : null;
    // Masks are never a chain's result.
    const takes = (reader: Group): boolean =>
      specOf(reader.output).dtype === 'float32' && fitting([...group.members, ...reader.members]);
    // A small part of something would keep all of it alive.
    const parts = externals(group.members).some((value) => sizeOfValue(value) > 2 * sizeOfValue(group.output));
    if (parts || !all?.every(takes)) return false;
    if (all.length > 1) {
      const own = externals(group.members).filter((value) => isWhole(value, group.output));
      const free = (reader: Group): boolean => {
        const read = externals(reader.members);
        const added = own.filter((value) => !read.includes(value));
        return added.length <= 1 && added.every((value) => lastRead(value) >= reader.at);
      };
      if (all.length > mostCopies || group.members.length > mostCopied || !all.every(free)) return false;
    }
    drop(group);
    for (const reader of all) give(reader, group.members);
    return true;
  };
  for (let round = 0, changed = true; changed && round < 4; round++) {
    changed = false;
    for (const group of [...groups.values()].reverse()) if (absorb(group)) changed = true;
  }
  const made = new Map([...groups.values()].map(({ output, at }) => [output, at]));
  const result: Step[] = [];
  const gone = new Set<Group>();
  for (const group of [...groups.values()].sort((a, b) => a.at - b.at)) {
    if (gone.has(group)) continue;
    const [step] = group.members as [Step];
    if (group.members.length > 1) {
      result.push(asStep(group, null));
      continue;
    }
    const next = follows(step) && !group.linkable ? readersOf(group) : null;
    const [reader] = next ?? [];
    const there = (value: number): boolean => value === group.output || (made.get(owner[value]!) ?? -1) < group.at;
    if (next?.length !== 1 || !externals(reader!.members).every(there) || specOf(reader!.output).dtype !== 'float32') {
      result.push(step);
      continue;
    }
    gone.add(reader!);
    made.set(reader!.output, group.at);
    result.push(asStep(reader!, step));
  }
  return result;

  function asStep({ members, output }: Group, before: Step | null): Step {
    const operands = externals(members).filter((value) => value !== before?.output);
    const computed = [...(before ? [before.output] : []), ...members.map((member) => member.output)];
    const argOf = (value: number): number => {
      const at = computed.indexOf(value);
      return at < 0 ? operands.indexOf(value) : -1 - at;
    };
    const list = members.map(({ op, attrs, inputs, output: value }) => ({
      op,
      attrs,
      args: inputs.map(argOf),
      dtype: specOf(value).dtype,
    }));
    const chain = { links: list, operands: operands.length, follows: before !== null };
    const { op, attrs } = before ?? members.at(-1)!;
    return { ...before, op, attrs, inputs: [...(before?.inputs ?? []), ...operands], output, chain };
  }
}
