/** JPEG, WAV and npz: what real encoders and files built here byte by byte hold, and what damaged ones say. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { zipSync } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readJpeg, readNpz, readPicture, readWav } from '../../src/inputs/index.ts';
import { PathgradError } from '../../src/tensor/errors.ts';
import { npy } from '../support/cli.ts';
import { rejects } from '../support/rejects.ts';

const test = suite('inputs: JPEG, WAV and npz');
const golden = (file: string): Uint8Array =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`../golden/inputs/${file}`, import.meta.url))));
const jpeg = golden('colours/green-blue.jpg');

test('JPEG: pixels of a picture from Pillow; what is cut, changed, too large or of another kind is refused', async () => {
  const picture = await readPicture(jpeg, 'a.jpg');
  assert.equal([picture.height, picture.width, picture.channels], [16, 16, 3]);
  assert.ok(picture.data.every((value) => value >= 0 && value <= 1));
  for (const length of [2, 10, 200, jpeg.length - 40]) {
    await rejects(readJpeg(jpeg.subarray(0, length), 'a.jpg'), /^a\.jpg: is (a damaged JPEG|not a JPEG)/);
  }
  const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
  const changed = (at: number, ...values: number[]): Uint8Array => {
    const copy = jpeg.slice();
    copy.set(values, frame + at);
    return copy;
  };
  await rejects(readJpeg(changed(5, 0xff, 0xff, 0xff, 0xff), 'a.jpg'), /a\.jpg: is too large a picture/);
  await rejects(readJpeg(changed(5, 0, 0), 'a.jpg'), /a\.jpg: is a picture without pixels/);
  await rejects(readJpeg(changed(1, 0xc9), 'a.jpg'), /a\.jpg: is an arithmetic-coded JPEG/);
  await rejects(readJpeg(changed(9, 4), 'a.jpg'), /a\.jpg: is a JPEG of 4 components \(CMYK\?\)/);
  for (let at = 0; at < jpeg.length; at += 13) {
    const copy = jpeg.slice();
    copy[at]! ^= 0x55;
    await readJpeg(copy, 'a.jpg').catch((error) => assert.instance(error, PathgradError, `byte ${at}`));
  }
});

test('JPEG: a picture with restart marks whose data end early was taken for whole, the rest of it grey', async () => {
  const whole = golden('jpegs/subsampled.jpg');
  assert.equal((await readJpeg(whole, 'a.jpg')).width, 20);
  const marks = [...whole.keys()].filter((i) => whole[i] === 0xff && whole[i + 1]! >= 0xd0 && whole[i + 1]! <= 0xd7);
  assert.is(marks.length, 1);
  const cut = Uint8Array.from([...whole.subarray(0, marks[0]), 0xff, 0xd9]);
  await rejects(readJpeg(cut, 'a.jpg'), /a\.jpg: is a damaged JPEG: its picture is cut short/);
  // A header that claims 5.5 million pixels, of 778 bytes: it decoded for six seconds.
  const claims = whole.slice();
  claims.set([8, 0, 10, 140], claims.findIndex((byte, i) => byte === 0xff && claims[i + 1] === 0xc0) + 5);
  await rejects(readJpeg(claims, 'a.jpg'), /its picture is cut short/);
  // Restart marks in grey pictures: intact ones were called damaged.
  const grey = golden('jpegs/grey.jpg');
  const scan = grey.findIndex((byte, i) => byte === 0xff && grey[i + 1] === 0xda);
  const marked = Uint8Array.from([...grey.subarray(0, scan), 0xff, 0xdd, 0, 4, 0, 2, ...grey.subarray(scan)]);
  await rejects(readJpeg(marked, 'a.jpg'), /restart marks in a scan of one component, which is not read/);
});

test('WebP is refused by its name where nothing decodes it, and so are other formats', async () => {
  const webp = Uint8Array.from([...Buffer.from('RIFF'), 4, 0, 0, 0, ...Buffer.from('WEBPVP8 ')]);
  await rejects(
    readPicture(webp, 'a.webp'),
    /a\.webp: is a WebP file, which is read in browsers alone\nhint: save it as PNG or JPEG/,
  );
  await rejects(readPicture(new Uint8Array(0), 'a'), /a: is empty/);
  // RIFF files are pictures or sounds: a sound was called a WebP file.
  const sound = Uint8Array.from([...Buffer.from('RIFF'), 4, 0, 0, 0, ...Buffer.from('WAVEfmt ')]);
  await rejects(
    readPicture(sound, 'a.wav'),
    /a\.wav: is not a picture that is read: a WAV file .*\nhint: a sound is for/,
  );
});

/** A WAV file with this format chunk and these data. */
function wav(
  kind: number,
  channels: number,
  rate: number,
  bits: number,
  data: readonly number[],
  claims = data.length,
): Uint8Array {
  const block = (channels * bits) / 8;
  const view = new DataView(new ArrayBuffer(44 + data.length));
  const text = (at: number, word: string): void => {
    for (const [i, sign] of [...word].entries()) view.setUint8(at + i, sign.charCodeAt(0));
  };
  text(0, 'RIFF');
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, kind, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * block, true);
  view.setUint16(32, block, true);
  view.setUint16(34, bits, true);
  text(36, 'data');
  view.setUint32(40, claims, true);
  for (const [i, byte] of data.entries()) view.setUint8(44 + i, byte);
  return new Uint8Array(view.buffer);
}

test('WAV: every width, channels side by side', () => {
  assert.equal([...readWav(wav(1, 1, 8000, 8, [128, 255, 0])).data], [0, 127 / 128, -1]);
  const stereo = readWav(wav(1, 2, 8000, 16, [0, 64, 0, 192]));
  assert.equal([stereo.channels, stereo.samples, stereo.rate, [...stereo.data]], [2, 1, 8000, [0.5, -0.5]]);
  assert.equal([...readWav(wav(1, 1, 8000, 24, [0, 0, 64, 0, 0, 128])).data], [0.5, -1]);
  assert.equal([...readWav(wav(1, 1, 8000, 32, [0, 0, 0, 64])).data], [0.5]);
  assert.equal([...readWav(wav(3, 1, 8000, 32, [0, 0, 0, 63])).data], [0.5]);
  assert.equal([...readWav(wav(1, 1, 8000, 8, [128], 0xffffffff)).data], [0], 'a recorder that could not go back');
});

test('WAV: compressed sound, lies about lengths, and numbers that are none', async () => {
  await rejects(() => readWav(wav(6, 1, 8000, 8, [1]), 'a.wav'), /a\.wav: holds A-law, which is not read/);
  await rejects(() => readWav(wav(1, 1, 8000, 12, [1]), 'a.wav'), /holds PCM of 12 bits/);
  await rejects(() => readWav(wav(1, 1, 8000, 8, [1], 99), 'a.wav'), /a\.wav: is a damaged WAV file: it is cut short/);
  await rejects(() => readWav(wav(1, 0, 8000, 8, [1]), 'a.wav'), /its format contradicts itself/);
  await rejects(() => readWav(wav(3, 1, 8000, 32, [0, 0, 192, 127]), 'a.wav'), /no finite number/);
  await rejects(() => readWav(new Uint8Array(9), 'a.wav'), /a\.wav: is not a WAV file/);
  await rejects(
    () => readWav(golden('high.wav').subarray(0, 30), 'a.wav'),
    /damaged WAV file: its format is cut short|holds no/,
  );
});

test('npz: arrays by name, from NumPy and built here; members that are no arrays, and bombs', async () => {
  assert.equal([...readNpz(golden('walks.npz')).get('motion')!.shape], [2, 40, 2]);
  const array = npy('<f8', '(1,)', Float64Array.of(7));
  assert.equal([...readNpz(zipSync({ 'a.npy': array })).get('a')!.data], [7]);
  await rejects(() => readNpz(zipSync({ 'a.txt': array }), 'a.npz'), /a\.npz: holds 'a\.txt', which is no array/);
  await rejects(() => readNpz(array, 'a.npz'), /a\.npz: is not an \.npz file/);
  const bomb = zipSync({ 'a.npy': new Uint8Array(2 ** 26 + 1) }, { level: 1 });
  await rejects(() => readNpz(bomb, 'a.npz'), /would unpack to more than the file can honestly hold/);
});

test.run();
