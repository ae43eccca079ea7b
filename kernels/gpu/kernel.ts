/**
 * What a GPU.js kernel is here: the text of one function that runs per thread and returns one element (or four), fixed shapes
 * as Integer constants, and how many threads there are. The text is the same for every mode (WebGPU, WebGL2, GPU.js's
 * WebAssembly and CPU), and as text it cannot be changed by a minifier.
 *
 * What GPU.js allows: loops from a literal upwards, no nested functions, no closures, no writes to arrays. Integer
 * expressions stay integers only where they are written in place: a local variable is a float, so indices are exact up to
 * 2^24, which the backend checks.
 */

export interface GpuKernel {
  readonly name: string;
  /** `function (a, b) { ... }`: flat arrays in, a number or an array of four out. */
  readonly source: string;
  /** Read as `this.constants.NAME`. Integers take part in index arithmetic; floats are listed in `floats`. */
  readonly constants?: Readonly<Record<string, number>>;
  readonly floats?: Readonly<Record<string, number>>;
  /** Threads along x (fastest), y and z. */
  readonly threads: readonly [number] | readonly [number, number, number];
  /**
   * What a thread's four results are: `columns` 4x to 4x+3 of its row, which lie side by side; or `rows` 4y to 4y+3 of its
   * column, of `rows` rows in all, to be put in order on the host.
   */
  readonly block?: { readonly kind: 'columns' } | { readonly kind: 'rows'; readonly rows: number };
  /** The result is read back, instead of staying on the device. */
  readonly toHost?: true;
}

/** Elements beyond which a float cannot hold an index. */
export const INDEX_LIMIT = 2 ** 24;

/** A dispatch has at most this many threads along y and z on every device. */
const AXIS_LIMIT = 32768;

/** Where a thread is: how many there are, statements that work out its place, and an expression per axis. */
export interface Place {
  readonly threads: GpuKernel['threads'];
  readonly lines: string;
  readonly at: readonly string[];
}

/**
 * The whole part of `x / by` for integers below 2^24, on devices whose division is a few units in the last place off: half an
 * element away from the edge, then put right.
 */
export function floorDiv(name: string, x: string, by: number): string {
  return (
    `let ${name} = Math.floor((${x} + 0.5) / ${by});` +
    `if (${name} * ${by} > ${x}) { ${name} = ${name} - 1; }` +
    `if ((${name} + 1) * ${by} <= ${x}) { ${name} = ${name} + 1; }`
  );
}

/** Threads for an array of sizes `dims`, row-major: the last axis is x, the one before y, all before those z; sizes of 1 take none. */
export function place(sizes: readonly number[]): Place {
  const long = sizes.flatMap((dim, axis) => (dim === 1 ? [] : [axis]));
  const { threads, lines, at } = placeLong(long.map((axis) => sizes[axis]!));
  return { threads, lines, at: sizes.map((_, axis) => (long.includes(axis) ? at[long.indexOf(axis)]! : '0')) };
}

function placeLong(dims: readonly number[]): Place {
  const rank = dims.length;
  const [x, y] = [dims.at(-1) ?? 1, dims.at(-2) ?? 1];
  const z = dims.slice(0, -2).reduce((a, b) => a * b, 1);
  if (rank <= 1) return { threads: [x], lines: '', at: rank === 0 ? [] : ['this.thread.x'] };
  if (y > AXIS_LIMIT || z > AXIS_LIMIT) {
    const flat = split('this.thread.x', dims);
    return { threads: [x * y * z], ...flat };
  }
  if (rank === 2) return { threads: [x, y, 1], lines: '', at: ['this.thread.y', 'this.thread.x'] };
  const outer = split('this.thread.z', dims.slice(0, -2));
  return { threads: [x, y, z], lines: outer.lines, at: [...outer.at, 'this.thread.y', 'this.thread.x'] };
}

/** The coordinates of a flat index in an array of sizes `dims`. */
function split(flat: string, dims: readonly number[]): { lines: string; at: string[] } {
  if (dims.length <= 1) return { lines: '', at: dims.length === 0 ? [] : [flat] };
  let lines = '';
  let rest = flat;
  const at: string[] = [];
  dims.slice(0, -1).forEach((_, axis) => {
    const inner = dims.slice(axis + 1).reduce((a, b) => a * b, 1);
    if (inner === 1) {
      at.push(rest);
      rest = '0';
      return;
    }
    lines += floorDiv(`q${axis}`, rest, inner);
    lines += `const r${axis} = ${rest} - q${axis} * ${inner};`;
    at.push(`q${axis}`);
    rest = `r${axis}`;
  });
  return { lines, at: [...at, rest] };
}

/** `offset + sum of at[i] * strides[i]` as an expression. */
export function dot(at: readonly string[], strides: readonly number[], offset = 0): string {
  const terms = at.flatMap((place, axis) => {
    const by = strides[axis]!;
    if (by === 0) return [];
    return [by === 1 ? place : by < 0 ? `(0 - ${place} * ${-by})` : `${place} * ${by}`];
  });
  // The offset leads, so that no partial sum is below 0.
  if (offset !== 0) terms.unshift(String(offset));
  return terms.length === 0 ? '0' : terms.join(' + ');
}

/**
 * Merges neighbouring axes that all operands step through evenly, and drops axes of size 1.
 * @param strides per operand, one per axis of `shape`
 */
export function collapse(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
): { dims: number[]; strides: number[][] } {
  const dims: number[] = [];
  const steps: number[][] = strides.map(() => []);
  shape.forEach((dim, axis) => {
    if (dim === 1) return;
    const last = dims.length - 1;
    const even = last >= 0 && steps.every((own, k) => own[last] === strides[k]![axis]! * dim);
    if (even) {
      dims[last]! *= dim;
      steps.forEach((own, k) => {
        own[last] = strides[k]![axis]!;
      });
    } else {
      dims.push(dim);
      steps.forEach((own, k) => {
        own.push(strides[k]![axis]!);
      });
    }
  });
  return { dims, strides: steps };
}
