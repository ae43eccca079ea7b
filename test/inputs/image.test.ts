/** PNG files (written by Pillow 12) to pixels, and pictures fitted to a model's input. */
import { encode } from 'fast-png';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fitPicture, invertPicture, readPng } from '../../src/inputs/index.ts';

const test = suite('inputs: images');
const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const any = { height: null, width: null, channels: null };
const close = (found: ArrayLike<number>, wanted: readonly number[]): void => {
  assert.is(found.length, wanted.length);
  for (const [i, value] of wanted.entries()) {
    assert.ok(Math.abs(found[i]! - value) < 1e-12, `${i}: ${found[i]} is not ${value}`);
  }
};

test('a palette of 2 bits per pixel, rows that do not fill their bytes', () => {
  const picture = readPng(
    bytesOf(
      'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAgMAAADgGo6JAAAACVBMVEX/AAAA/wAAAP8tSs2KAAAADElEQVR4nGOQYJgAAADcAKls58AjAAAAAElFTkSuQmCC',
    ),
  );
  assert.equal([picture.height, picture.width, picture.channels], [2, 3, 3]);
  close(picture.data, [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 0]);
  assert.equal(picture.notices, []);
});

test('transparent palette entries are laid over white, and it is said', () => {
  const picture = readPng(
    bytesOf(
      'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAgMAAADgGo6JAAAACVBMVEX/AAAA/wAAAP8tSs2KAAAAA3RSTlP/AP9p7B++AAAADElEQVR4nGOQYJgAAADcAKls58AjAAAAAElFTkSuQmCC',
    ),
    'p.png',
  );
  close(picture.data.subarray(0, 6), [1, 0, 0, 1, 1, 1]);
  assert.equal(picture.notices, ['p.png: 2 transparent pixels are laid over white']);
});

test('grey of 1 and of 16 bits, grey with alpha', () => {
  const one = readPng(
    bytesOf('iVBORw0KGgoAAAANSUhEUgAAAAkAAAACAQAAAACiLct+AAAADklEQVR4nGNcdY0hlAEAB2AB10NwqrYAAAAASUVORK5CYII='),
  );
  close(one.data, [1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
  const sixteen = readPng(
    bytesOf('iVBORw0KGgoAAAANSUhEUgAAAAIAAAACEAAAAAAHTY67AAAAEklEQVR4nGNgYPj/n6GBgZERAA8AAoEQrkh4AAAAAElFTkSuQmCC'),
  );
  close(sixteen.data, [0, 1, 32768 / 65535, 257 / 65535]);
  const alpha = readPng(
    bytesOf('iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAQAAABeK7cBAAAADUlEQVR4nGNg+M/AAAADAgEAmZs7lAAAAABJRU5ErkJggg=='),
  );
  close(alpha.data, [0, 1]);
});

test('colours become grey, grey becomes three channels, with a notice each', () => {
  const picture = readPng(
    bytesOf('iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAD0lEQVR4nGP4z8DA8J8BAAf/Af8Bf4mnAAAAAElFTkSuQmCC'),
  );
  const grey = fitPicture(picture, { ...any, channels: 1 }, 'c.png');
  close(grey.data, [0.299, 0.587]);
  assert.match(grey.notices[0]!, /^c\.png: colours turned into grey/);
  const back = fitPicture(grey, { ...any, channels: 3 });
  close(back.data, [0.299, 0.299, 0.299, 0.587, 0.587, 0.587]);
  assert.is(back.notices.length, 2);
  assert.throws(
    () => fitPicture(picture, { ...any, channels: 2 }, 'c.png'),
    /a PNG cannot fill 2 channels[\s\S]*--npy/,
  );
});

test('shrinking averages over areas, enlarging is bilinear, and both are said', () => {
  const picture = { height: 1, width: 6, channels: 1 as const, data: Float64Array.of(0, 1, 2, 3, 4, 5), notices: [] };
  const small = fitPicture(picture, { ...any, width: 4 }, 'w.png');
  close(small.data, [1 / 3, 5 / 3, 10 / 3, 14 / 3]);
  assert.equal(small.notices, ['w.png: resampled from 1 x 6 to 1 x 4, which changes its proportions']);
  const two = { ...picture, width: 2, data: Float64Array.of(0, 1) };
  close(fitPicture(two, { ...any, width: 4 }).data, [0, 0.25, 0.75, 1]);
  const column = { ...picture, height: 6, width: 1 };
  close(fitPicture(column, { ...any, height: 2 }).data, [1, 4]);
  assert.equal(fitPicture(picture, any).notices, []);
});

test('resampling keeps a constant picture and, when shrinking, the mean', () => {
  for (const to of [1, 2, 5, 7, 28, 29, 64]) {
    const data = Float64Array.from({ length: 28 * 31 }, (_, i) => (i * 37) % 101);
    const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    const shrunk = fitPicture(
      { height: 28, width: 31, channels: 1, data, notices: [] },
      { ...any, width: Math.min(to, 31) },
    );
    assert.ok(Math.abs(mean(shrunk.data) - mean(data)) < 1e-9, `${to}`);
    const flat = fitPicture(
      { height: 28, width: 31, channels: 1, data: data.map(() => 0.3), notices: [] },
      { height: to, width: to, channels: 1 },
    );
    assert.ok(flat.data.every((value) => Math.abs(value - 0.3) < 1e-12));
  }
});

test('inverting', () => {
  const inverted = invertPicture({ height: 1, width: 2, channels: 1, data: Float64Array.of(0, 0.25), notices: [] });
  close(inverted.data, [1, 0.75]);
});

test('other formats, empty, damaged and oversized files are refused by name', () => {
  assert.throws(() => readPng(new Uint8Array(0), 'e.png'), /e\.png: is empty/);
  assert.throws(() => readPng(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), 'p.png'), /p\.png: is not a PNG: a JPEG file/);
  const good = encode({ width: 8, height: 8, channels: 1, data: Uint8Array.from({ length: 64 }, (_, i) => i * 3) });
  assert.throws(() => readPng(good.subarray(0, 60), 'cut.png'), /cut\.png: is a damaged PNG/);
  const flipped = good.slice();
  flipped[50]! ^= 1;
  assert.throws(() => readPng(flipped, 'flip.png'), /flip\.png: is a damaged PNG/);
  const huge = good.slice();
  new DataView(huge.buffer).setUint32(16, 2 ** 30);
  assert.throws(() => readPng(huge, 'huge.png'), /huge\.png: is too large a picture/);
});

test.run();
