/**
 * The hash functions of TensorFlow's string ops, on 64-bit integers: `fingerprint64` (FarmHash, `to_hash_bucket_fast`), `sipHash`
 * (`to_hash_bucket_strong`) and `fingerprintCat` (crossed features). They run once per string, before the graph, so BigInt will do.
 * Source: FarmHash's farmhashna::Hash64 (Pike), SipHash-2-4 (Aumasson and Bernstein 2012), tsl/platform/fingerprint.h.
 */
const mask = (1n << 64n) - 1n;
const [k0, k1, k2] = [0xc3a5c85c97cb3127n, 0xb492b66fbe98f273n, 0x9ae16a3b2f90404fn];

const u64 = (x: bigint): bigint => x & mask;
const rotateRight = (x: bigint, by: bigint): bigint => u64((x >> by) | (x << (64n - by)));
const shiftMix = (x: bigint): bigint => x ^ (x >> 47n);

function load(bytes: Uint8Array, at: number, size: 4 | 8): bigint {
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i]!);
  return value;
}

function mix16(u: bigint, v: bigint, mul: bigint): bigint {
  let a = u64((u ^ v) * mul);
  a ^= a >> 47n;
  let b = u64((v ^ a) * mul);
  b ^= b >> 47n;
  return u64(b * mul);
}

function upTo16(s: Uint8Array): bigint {
  const n = s.length;
  if (n >= 8) {
    const mul = k2 + BigInt(n) * 2n;
    const a = u64(load(s, 0, 8) + k2);
    const b = load(s, n - 8, 8);
    const c = u64(rotateRight(b, 37n) * mul + a);
    const d = u64((rotateRight(a, 25n) + b) * mul);
    return mix16(c, d, u64(mul));
  }
  if (n >= 4) return mix16(BigInt(n) + (load(s, 0, 4) << 3n), load(s, n - 4, 4), u64(k2 + BigInt(n) * 2n));
  if (n === 0) return k2;
  const y = BigInt(s[0]! + (s[n >> 1]! << 8));
  const z = BigInt(n + (s[n - 1]! << 2));
  return u64(shiftMix(u64(y * k2) ^ u64(z * k0)) * k2);
}

/** What texts of 17 to 64 bytes share: two sums of their first and last 16 bytes, `k` in the first. */
function ends(s: Uint8Array, k: bigint): { mul: bigint; a: bigint; y: bigint; z: bigint } {
  const n = s.length;
  const mul = u64(k2 + BigInt(n) * 2n);
  const a = u64(load(s, 0, 8) * k);
  const b = load(s, 8, 8);
  const c = u64(load(s, n - 8, 8) * mul);
  const d = u64(load(s, n - 16, 8) * k2);
  const y = u64(rotateRight(u64(a + b), 43n) + rotateRight(c, 30n) + d);
  return { mul, a, y, z: u64(a + rotateRight(u64(b + k2), 18n) + c) };
}

function upTo32(s: Uint8Array): bigint {
  const { mul, y, z } = ends(s, k1);
  return mix16(y, z, mul);
}

function upTo64(s: Uint8Array): bigint {
  const n = s.length;
  const { mul, a, y, z: last } = ends(s, k2);
  const z = mix16(y, last, mul);
  const e = u64(load(s, 16, 8) * mul);
  const f = load(s, 24, 8);
  const g = u64((y + load(s, n - 32, 8)) * mul);
  const h = u64((z + load(s, n - 24, 8)) * mul);
  const left = u64(rotateRight(u64(e + f), 43n) + rotateRight(g, 30n) + h);
  return mix16(left, u64(e + rotateRight(u64(f + a), 18n) + g), mul);
}

type Pair = readonly [bigint, bigint];

function weak32(s: Uint8Array, at: number, a: bigint, b: bigint): Pair {
  const [w, x, y, z] = [load(s, at, 8), load(s, at + 8, 8), load(s, at + 16, 8), load(s, at + 24, 8)];
  const first = u64(a + w);
  let second = rotateRight(u64(b + first + z), 21n);
  const kept = first;
  const sum = u64(first + x + y);
  second = u64(second + rotateRight(sum, 44n));
  return [u64(sum + z), u64(second + kept)];
}

/** FarmHash's 64-bit fingerprint of some bytes. */
export function fingerprint64(s: Uint8Array): bigint {
  const n = s.length;
  if (n <= 16) return upTo16(s);
  if (n <= 32) return upTo32(s);
  if (n <= 64) return upTo64(s);
  const seed = 81n;
  let x = seed;
  let y = u64(seed * k1 + 113n);
  let z = u64(shiftMix(u64(y * k2 + 113n)) * k2);
  let [v, w]: [Pair, Pair] = [
    [0n, 0n],
    [0n, 0n],
  ];
  x = u64(x * k2 + load(s, 0, 8));
  const end = Math.floor((n - 1) / 64) * 64;
  for (let at = 0; at < end; at += 64) {
    x = u64(rotateRight(u64(x + y + v[0] + load(s, at + 8, 8)), 37n) * k1);
    y = u64(rotateRight(u64(y + v[1] + load(s, at + 48, 8)), 42n) * k1);
    x ^= w[1];
    y = u64(y + v[0] + load(s, at + 40, 8));
    z = u64(rotateRight(u64(z + w[0]), 33n) * k1);
    v = weak32(s, at, u64(v[1] * k1), u64(x + w[0]));
    w = weak32(s, at + 32, u64(z + w[1]), u64(y + load(s, at + 16, 8)));
    [z, x] = [x, z];
  }
  const mul = u64(k1 + ((z & 0xffn) << 1n));
  const last = n - 64;
  w = [u64(w[0] + BigInt((n - 1) & 63)), w[1]];
  v = [u64(v[0] + w[0]), v[1]];
  w = [u64(w[0] + v[0]), w[1]];
  x = u64(rotateRight(u64(x + y + v[0] + load(s, last + 8, 8)), 37n) * mul);
  y = u64(rotateRight(u64(y + v[1] + load(s, last + 48, 8)), 42n) * mul);
  x ^= u64(w[1] * 9n);
  y = u64(y + u64(v[0] * 9n) + load(s, last + 40, 8));
  z = u64(rotateRight(u64(z + w[0]), 33n) * mul);
  v = weak32(s, last, u64(v[1] * mul), u64(x + w[0]));
  w = weak32(s, last + 32, u64(z + w[1]), u64(y + load(s, last + 16, 8)));
  [z, x] = [x, z];
  const left = u64(mix16(v[0], w[0], mul) + u64(shiftMix(y) * k0) + z);
  return mix16(left, u64(mix16(v[1], w[1], mul) + x), mul);
}

/** SipHash-2-4 of some bytes under a key of two 64-bit numbers. */
export function sipHash(bytes: Uint8Array, [key0, key1]: readonly [bigint, bigint]): bigint {
  const v = [
    key0 ^ 0x736f6d6570736575n,
    key1 ^ 0x646f72616e646f6dn,
    key0 ^ 0x6c7967656e657261n,
    key1 ^ 0x7465646279746573n,
  ] as [bigint, bigint, bigint, bigint];
  const left = (x: bigint, by: bigint): bigint => rotateRight(x, 64n - by);
  const round = (): void => {
    v[0] = u64(v[0] + v[1]);
    v[2] = u64(v[2] + v[3]);
    v[1] = left(v[1], 13n) ^ v[0];
    v[3] = left(v[3], 16n) ^ v[2];
    v[0] = left(v[0], 32n);
    v[2] = u64(v[2] + v[1]);
    v[0] = u64(v[0] + v[3]);
    v[1] = left(v[1], 17n) ^ v[2];
    v[3] = left(v[3], 21n) ^ v[0];
    v[2] = left(v[2], 32n);
  };
  const absorb = (word: bigint): void => {
    v[3] ^= word;
    round();
    round();
    v[0] ^= word;
  };
  const whole = bytes.length - (bytes.length % 8);
  for (let at = 0; at < whole; at += 8) absorb(load(bytes, at, 8));
  const tail = new Uint8Array(8);
  tail.set(bytes.subarray(whole));
  tail[7] = bytes.length & 0xff;
  absorb(load(tail, 0, 8));
  v[2] ^= 0xffn;
  for (let i = 0; i < 4; i++) round();
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/** Two fingerprints as one. */
export function fingerprintCat(a: bigint, b: bigint): bigint {
  const mul = 0xc6a4a7935bd1e995n;
  let result = a ^ mul;
  result ^= u64(shiftMix(u64(b * mul)) * mul);
  result = u64(result * mul);
  result = u64(shiftMix(result) * mul);
  return shiftMix(result);
}

const encoder = new TextEncoder();

/** The bucket of a text among `count`; with a key by SipHash, else by FarmHash. */
export function bucketOf(text: string, count: number, key: readonly [bigint, bigint] | null): number {
  const bytes = encoder.encode(text);
  return Number((key ? sipHash(bytes, key) : fingerprint64(bytes)) % BigInt(count));
}
