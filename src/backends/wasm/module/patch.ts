/** Rebuilds one module from another and what differs; the format is described in scripts/wasm-patch.mjs, which writes it. */

/** @param patch made by `makePatch(from, result)` of scripts/wasm-patch.mjs */
export function applyPatch(from: Uint8Array, patch: Uint8Array): Uint8Array<ArrayBuffer> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = patch[at++]!;
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  };
  const out = new Uint8Array(varint());
  let place = 0;
  for (let end = 0; at < patch.length; ) {
    const added = varint();
    const copied = varint();
    const jump = varint();
    out.set(patch.subarray(at, at + added), end);
    at += added;
    place += jump % 2 === 0 ? jump / 2 : -(jump + 1) / 2;
    out.set(from.subarray(place, place + copied), end + added);
    place += copied;
    end += added + copied;
  }
  return out;
}
