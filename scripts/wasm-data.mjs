/**
 * Where a module of WebAssembly writes constants into the memory when it is instantiated: modules that share a memory must not write over
 * each other. Source: the binary format of the WebAssembly specification, 5.5.14.
 */

/**
 * @param {Uint8Array} binary
 * @returns {[number, number][]} first byte and the one after the last of each active data segment
 */
export function dataRanges(binary) {
  let at = 8;
  const unsigned = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = binary[at++];
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  };
  const dataSection = 11;
  while (at < binary.length) {
    const id = binary[at++];
    const end = unsigned() + at;
    if (id !== dataSection) {
      at = end;
      continue;
    }
    const ranges = [];
    for (let left = unsigned(); left > 0; left--) {
      // An active segment of memory 0 at `i32.const`, whose number is positive and read like an unsigned one.
      if (unsigned() !== 0 || binary[at++] !== 0x41)
        throw new Error('a data segment of another kind than kernels have');
      const from = unsigned();
      at++;
      const length = unsigned();
      ranges.push([from, from + length]);
      at += length;
    }
    return ranges;
  }
  return [];
}
