/**
 * What a worker thread runs, as text: it must start in Node and in browsers without a file of its own. It takes chunks of
 * the call that is open until there are none, and sleeps between calls; `threads.ts` is the other side and explains the
 * protocol.
 */

/** Indices of the control words in shared memory; those that threads contend for have a cache line each. */
export const control = {
  /** Call number * 1024 + next chunk, or call number * 1024 + `closed`. */
  ticket: 0,
  /** Chunks of the open call that are done. */
  done: 16,
  /** Chunks of the open call. */
  chunks: 32,
  /** Set to 1 by a worker that fails; the first one writes what was thrown at `thrown`. */
  failed: 33,
  /** Workers that sleep. */
  sleepers: 34,
  /** Workers with this number or a higher one stay idle. */
  allowed: 35,
  /** Pages of the memory when the call was opened. */
  pages: 36,
  /** The flag of worker 0, then those of the others: 1 when it has started. */
  started: 48,
  /** The number of characters of what was thrown, then as many codes. */
  thrown: 48 + 64,
  words: 48 + 64 + 160,
} as const;
/** Characters of it that there is room for. */
const thrownLength = 159;

/** What a worker wrote there. */
export function thrownText(words: Int32Array): string {
  const at = control.thrown + 1;
  return String.fromCharCode(...words.subarray(at, at + words[control.thrown]!));
}

/** In place of a chunk: no chunk can be taken. */
export const closed = 1023;

/**
 * Doubles after the control words: the calls that are open, one after another. Of each: kernel number, units, chunks, address and bytes of its
 * module (0: the first), number of arguments, the arguments. Chunks are counted through all calls.
 */
export const recordDoubles = 96;
/** Those before the arguments. */
export const callDoubles = 6;

/** Looks at the ticket this often before it sleeps; some ten microseconds. */
const spins = 4000;

export const workerBody: string = `
const serve = ({ module, memory, extras, scratch, at, number }) => {
  const modules = new Map();
  const add = (from, made) => {
    const { exports } = new WebAssembly.Instance(made, { env: { memory } });
    exports.setScratch?.(scratch);
    const found = Object.values(exports);
    modules.set(from, found);
    return found;
  };
  // Another thread's growth of the memory reaches this one late: growing by nothing fetches it.
  const current = () => {
    if (memory.buffer.byteLength < Atomics.load(words, ${control.pages}) * 65536) memory.grow(0);
  };
  const tell = (error) => {
    if (Atomics.compareExchange(words, ${control.failed}, 0, 1) !== 0) return;
    const text = String(error).slice(0, ${thrownLength});
    words[${control.thrown}] = text.length;
    for (let i = 0; i < text.length; i++) words[${control.thrown + 1} + i] = text.charCodeAt(i);
  };
  const more = (from, length) => add(from, new WebAssembly.Module(new Uint8Array(memory.buffer, from, length).slice()));
  add(0, module);
  for (const [from, made] of extras) add(from, made);
  const words = new Int32Array(memory.buffer, at, ${control.words});
  const record = new Float64Array(memory.buffer, at + ${control.words * 4}, ${recordDoubles});
  Atomics.store(words, ${control.started} + number, 1);
  for (let idle = 0; ; ) {
    const ticket = Atomics.load(words, ${control.ticket});
    const chunk = ticket & ${closed};
    const chunks = Atomics.load(words, ${control.chunks});
    if (chunk < chunks && number < Atomics.load(words, ${control.allowed})) {
      if (Atomics.compareExchange(words, ${control.ticket}, ticket, ticket + 1) !== ticket) continue;
      try {
        current();
        let [at, own] = [0, chunk];
        while (own >= record[at + 2]) {
          own -= record[at + 2];
          at += ${callDoubles} + record[at + 5];
        }
        const [kernel, units, count, place, bytes, length] = record.subarray(at, at + ${callDoubles});
        const from = Math.ceil((own * units) / count);
        const to = Math.ceil(((own + 1) * units) / count);
        const known = modules.get(place) ?? more(place, bytes);
        known[kernel](from, to, ...record.subarray(at + ${callDoubles}, at + ${callDoubles} + length));
      } catch (error) {
        tell(error);
      }
      if (Atomics.add(words, ${control.done}, 1) + 1 === chunks) Atomics.notify(words, ${control.done});
      idle = 0;
    } else if (++idle > ${spins}) {
      Atomics.add(words, ${control.sleepers}, 1);
      Atomics.wait(words, ${control.ticket}, ticket);
      Atomics.sub(words, ${control.sleepers}, 1);
      idle = 0;
    }
  }
};
`;
