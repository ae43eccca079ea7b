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
  /** Set to 1 by a worker that fails. */
  failed: 33,
  /** Workers that sleep. */
  sleepers: 34,
  /** Workers with this number or a higher one stay idle. */
  allowed: 35,
  /** The flag of worker 0, then those of the others: 1 when it has started. */
  started: 48,
  words: 48 + 64,
} as const;

/** In place of a chunk: no chunk can be taken. */
export const closed = 1023;

/** Doubles after the control words: kernel number, units, number of arguments, address and bytes of its module (0: the first), the arguments. */
export const recordDoubles = 48;

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
        const units = record[1];
        const from = Math.ceil((chunk * units) / chunks);
        const to = Math.ceil(((chunk + 1) * units) / chunks);
        const known = modules.get(record[3]) ?? more(record[3], record[4]);
        known[record[0]](from, to, ...record.subarray(5, 5 + record[2]));
      } catch {
        Atomics.store(words, ${control.failed}, 1);
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
