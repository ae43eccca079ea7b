/** A screenshot as a PNG of at most 256 colours: a third of the bytes, and what is drawn with flat colours looks the same. */
import { crc32, deflateSync } from 'node:zlib';
import { decode } from 'fast-png';

/** Bits of a channel that tell colours apart while they are counted. */
const BITS = 5;

/** @param png as a browser writes it @returns the same picture, its rarest colours replaced by the nearest of the others */
export function withPalette(png: Uint8Array): Buffer {
  const { width, height, channels, data } = decode(png);
  const at = (pixel: number, channel: number): number => data[pixel * channels + channel]!;
  const bucketOf = (pixel: number): number =>
    [0, 1, 2].reduce((bucket, channel) => (bucket << BITS) | (at(pixel, channel) >> (8 - BITS)), 0);
  const counts = new Map<number, { count: number; sum: [number, number, number] }>();
  for (let pixel = 0; pixel < width * height; pixel++) {
    const bucket = bucketOf(pixel);
    const known = counts.get(bucket) ?? { count: 0, sum: [0, 0, 0] as [number, number, number] };
    known.count++;
    for (const channel of [0, 1, 2] as const) known.sum[channel] += at(pixel, channel);
    counts.set(bucket, known);
  }
  const kept = [...counts].sort((a, b) => b[1].count - a[1].count).slice(0, 256);
  const palette = kept.map(([, { count, sum }]) => sum.map((channel) => Math.round(channel / count)));
  const index = new Map(kept.map(([bucket], i) => [bucket, i]));
  const nearest = (color: readonly number[]): number => {
    let [best, least] = [0, Number.POSITIVE_INFINITY];
    palette.forEach((entry, i) => {
      const off = entry.reduce((sum, channel, c) => sum + (channel - color[c]!) ** 2, 0);
      if (off < least) [best, least] = [i, off];
    });
    return best;
  };
  const rows = Buffer.alloc(height * (width + 1));
  for (let pixel = 0; pixel < width * height; pixel++) {
    const bucket = bucketOf(pixel);
    let entry = index.get(bucket);
    if (entry === undefined) index.set(bucket, (entry = nearest([0, 1, 2].map((channel) => at(pixel, channel)))));
    rows[Math.floor(pixel / width) * (width + 1) + 1 + (pixel % width)] = entry;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flat())),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
