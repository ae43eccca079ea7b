/** Blur, resizing and segments of pictures against scipy, scikit-image and saliency (test/golden/make_pictures.py). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { felzenszwalb } from '../../src/attribution/pictures/felzenszwalb.ts';
import { gaussianBlur, type Picture } from '../../src/attribution/pictures/gaussian-blur.ts';
import { resizeMap, resizeSmoothly } from '../../src/attribution/pictures/resize.ts';
import { overlappingSegments, segmentsOf } from '../../src/attribution/pictures/segments.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { goldenFile, largestError } from '../support/golden.ts';

interface Golden {
  readonly pictures: {
    readonly [name: string]: { readonly shape: [number, number, number]; readonly values: number[] };
  };
  readonly segments: readonly { picture: string; scale: number; sigma: number; minSize: number; labels: number[] }[];
  readonly blurs: readonly { picture: string; sigma: number; mode: 'reflect' | 'constant'; values: number[] }[];
  readonly resized: readonly { picture: string; shape: [number, number]; values: number[] }[];
  readonly masks: readonly { picture: string; masks: [size: number, sum: number, squares: number][] }[];
}

const golden = goldenFile<Golden>('pictures.json.gz');
const pictureOf = (name: string, shift = 0): Picture => {
  const { shape, values } = golden.pictures[name]!;
  const [height, width, channels] = shape;
  return { height, width, channels, values: Float64Array.from(values, (value) => value + shift) };
};

const arrayOf = (name: string): Tensor => {
  const { shape, values } = golden.pictures[name]!;
  return tensor(values, shape, 'float64');
};

const test = suite('pictures');

for (const { picture, scale, sigma, minSize, labels } of golden.segments) {
  test(`felzenszwalb of ${picture}, scale ${scale}, sigma ${sigma}, at least ${minSize}: scikit-image's segments`, () => {
    assert.equal([...felzenszwalb(arrayOf(picture), { scale, sigma, minSize }).data], labels);
  });
}

for (const { picture, sigma, mode, values } of golden.blurs) {
  test(`blur of ${picture} by ${sigma}, ${mode}: scipy's`, () => {
    const found = gaussianBlur(pictureOf(picture), sigma, mode === 'reflect' ? 'reflect' : 'zeros');
    assert.ok(largestError([...found], values) < 1e-11);
  });
}

for (const { picture, shape, values } of golden.resized) {
  test(`${picture} in ${shape}: scikit-image's`, () => {
    const found = resizeSmoothly(pictureOf(picture, -0.5), ...shape);
    assert.equal([found.height, found.width], shape);
    assert.ok(largestError([...found.values], values) < 1e-11);
  });
}

for (const { picture, masks } of golden.masks) {
  test(`segments of ${picture} at six scales: saliency's`, () => {
    const found = overlappingSegments(pictureOf(picture)).map((pixels) => [
      pixels.length,
      pixels.reduce((sum, pixel) => sum + pixel, 0),
      pixels.reduce((sum, pixel) => sum + pixel ** 2, 0),
    ]);
    assert.equal(found, masks);
  });
}

test('a picture of one value is one segment', () => {
  const flat = { height: 3, width: 4, channels: 2, values: new Float64Array(24).fill(0.5) };
  assert.equal(
    overlappingSegments(flat).map((pixels) => [...pixels]),
    [[...Array(12).keys()]],
  );
  const labels = felzenszwalb(tensor(flat.values, [3, 4, 2]));
  assert.equal([labels.shape, labels.dtype, [...labels.data]], [[3, 4], 'int32', new Array(12).fill(0)]);
});

test('a map in another size has the numbers of the nearest places, and no others', () => {
  const map = Int32Array.of(4, 4, 7, 9);
  assert.equal([...resizeMap(map, [2, 2], [4, 4])], [4, 4, 4, 4, 4, 4, 4, 4, 7, 7, 9, 9, 7, 7, 9, 9]);
  assert.equal(
    segmentsOf(map).map((pixels) => [...pixels]),
    [[0, 1], [2], [3]],
  );
});

test('options of felzenszwalb that make no sense', () => {
  const picture = arrayOf('grey');
  assert.throws(
    () => felzenszwalb([1, 2, 3]),
    /felzenszwalb: needs one picture, \[H, W\] or \[H, W, C\] \(got \[3\]\)/,
  );
  assert.throws(() => felzenszwalb(picture, { sigma: -1 }), /felzenszwalb: sigma is a number from 0 up \(got -1\)/);
  assert.throws(() => felzenszwalb(picture, { scale: Number.NaN }), /scale is a number from 0 up/);
  assert.throws(
    () => felzenszwalb(picture, { minsize: 3 } as never),
    /unknown option 'minsize'\nhint: did you mean 'minSize'\?/,
  );
});

test.run();
