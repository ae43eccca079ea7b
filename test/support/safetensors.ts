/** Writes safetensors files, intact ones and ones that lie. */
export interface ToWrite {
  readonly dtype?: string;
  readonly shape: readonly number[];
  /** Values as float32, or bytes as they are. */
  readonly data: Float32Array | Uint8Array;
}

/** @param change what the header says instead, before it is written */
export function writeSafetensors(
  tensors: Readonly<Record<string, ToWrite>>,
  change: (header: Record<string, unknown>) => void = () => {},
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [name, { dtype = 'F32', shape, data }] of Object.entries(tensors)) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    header[name] = { dtype, shape, data_offsets: [at, at + bytes.length] };
    parts.push(bytes);
    at += bytes.length;
  }
  change(header);
  const text = new TextEncoder().encode(JSON.stringify(header));
  return joinSafetensors(text, parts);
}

/** A header as it is given, and what follows. */
export function joinSafetensors(header: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(8 + header.length + parts.reduce((sum, part) => sum + part.length, 0));
  new DataView(out.buffer).setBigUint64(0, BigInt(header.length), true);
  out.set(header, 8);
  let at = 8 + header.length;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
