/** Pictures: pixel colours, sizes, shapes that are refused, PNG bytes that decode to what was drawn and do not vary. */
import { decode } from 'fast-png';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { glyph, textWidth } from '../../src/visualize/font.ts';
import {
  attributionGrid,
  attributionRaster,
  encodePng,
  type GridSample,
  imageRaster,
  magnify,
  overlay,
  type Raster,
} from '../../src/visualize/index.ts';

const test: ReturnType<typeof suite> = suite('pictures');

function pixel(raster: Raster, x: number, y: number): number[] {
  return [...raster.data.slice((y * raster.width + x) * 4, (y * raster.width + x) * 4 + 3)];
}

const image = { data: [0, 0.5, 1, 0], shape: [2, 2, 1] };
const attribution = { data: [0, 2, -4, 0], shape: [2, 2] };

test('grey images in [0, 1], [-1, 1], [0, 255] and other ranges', () => {
  assert.equal(pixel(imageRaster(image), 1, 0), [128, 128, 128]);
  assert.equal(pixel(imageRaster({ data: [-1, 0, 1, 0], shape: [2, 2] }), 1, 0), [128, 128, 128]);
  assert.equal(pixel(imageRaster({ data: [0, 51, 255, 0], shape: [2, 2] }), 1, 0), [51, 51, 51]);
  assert.equal(pixel(imageRaster({ data: [1000, 1500, 2000, 1000], shape: [2, 2] }), 1, 0), [128, 128, 128]);
  assert.equal(pixel(imageRaster(image, { range: [0, 2] }), 0, 1), [128, 128, 128]);
  assert.equal(pixel(imageRaster({ data: [9, 9, 9, 9].map((v) => v * 100), shape: [2, 2] }), 0, 0), [0, 0, 0]);
});

test('colour images, with or without a batch axis', () => {
  const data = [1, 0, 0, 0, 1, 0];
  for (const shape of [
    [1, 2, 3],
    [1, 1, 2, 3],
  ]) {
    const raster = imageRaster({ data, shape });
    assert.equal([raster.width, raster.height], [2, 1]);
    assert.equal(
      [pixel(raster, 0, 0), pixel(raster, 1, 0)],
      [
        [255, 0, 0],
        [0, 255, 0],
      ],
    );
  }
});

test('attributions: green above, pink below, white at zero, channels summed', () => {
  const raster = attributionRaster({ data: [1, 1, -1, 1, -3, -1], shape: [1, 3, 2] });
  assert.equal(
    [pixel(raster, 1, 0), pixel(raster, 2, 0)],
    [
      [255, 255, 255],
      [142, 1, 82],
    ],
  );
  const [r, g] = pixel(raster, 0, 0) as [number, number, number];
  assert.ok(g > r && r > 39, 'half strength');
});

test('one sign alone keeps its end of the map', () => {
  const shown = { shared: 4 };
  assert.equal(pixel(attributionRaster(attribution, { ...shown, sign: 'negative' }), 0, 1), [142, 1, 82]);
  assert.equal(pixel(attributionRaster(attribution, { ...shown, sign: 'negative' }), 1, 0), [255, 255, 255]);
  assert.equal(pixel(attributionRaster(attribution, { ...shown, sign: 'positive' }), 0, 1), [255, 255, 255]);
});

test('overlay: colour where there is attribution, the lifted grey image elsewhere, zoom by whole pixels', () => {
  const raster = overlay(image, attribution, { zoom: 3 });
  assert.equal([raster.width, raster.height], [6, 6]);
  assert.equal(pixel(raster, 0, 0), [102, 102, 102]);
  assert.equal(pixel(raster, 5, 5), [102, 102, 102]);
  assert.equal(pixel(raster, 0, 3), pixel(raster, 2, 5));
  const [r, g] = pixel(raster, 0, 3) as [number, number, number];
  assert.ok(r > g + 50, 'pink on white');
  const plain = overlay(image, attribution, { alpha: 0 });
  assert.equal(pixel(plain, 0, 1), [255, 255, 255]);
});

test('overlay keeps the colours under it when asked', () => {
  const red = { data: [1, 0, 0], shape: [1, 1, 3] };
  const nothing = { data: [0, 0, 0], shape: [1, 1, 3] };
  assert.equal(pixel(overlay(red, nothing, { under: 'color' }), 0, 0), [255, 102, 102]);
  assert.equal(pixel(overlay(red, nothing), 0, 0), [148, 148, 148]);
});

test('PNG decodes to the same pixels, and the same picture gives the same bytes', () => {
  const raster = magnify(attributionRaster(attribution), 5);
  const png = encodePng(raster);
  const back = decode(png);
  assert.equal([back.width, back.height, back.channels, back.depth], [10, 10, 3, 8]);
  for (let i = 0; i < 100; i++) {
    assert.equal([...back.data.slice(3 * i, 3 * i + 3)], [...raster.data.slice(4 * i, 4 * i + 3)]);
  }
  assert.equal(encodePng(magnify(attributionRaster(attribution), 5)), png);
  const clear = decode(encodePng({ width: 1, height: 1, data: new Uint8Array([1, 2, 3, 4]) }));
  assert.equal([...clear.data], [1, 2, 3, 4]);
});

test('grid: whole square pixels, one scale for all rows, four columns', () => {
  const weak: GridSample = { image, attribution: { data: [0, 1, -2, 0], shape: [2, 2] }, label: ['weak', 'line 2'] };
  const grid = attributionGrid([{ image, attribution, label: 'strong' }, weak], { title: 'Title', cell: 40 });
  const count = (color: number[]): number => {
    let found = 0;
    for (let i = 0; i < grid.width * grid.height; i++) {
      if (color.every((v, c) => grid.data[4 * i + c] === v)) found++;
    }
    return found;
  };
  // Full pink: one 20 x 20 pixel in `all` and one in `negative` of the strong row, and the end of the colour bar.
  assert.is(count([142, 1, 82]), 2 * 400 + 14);
  // Half pink appears as a pixel of the weak row only there: in `all` and `negative`.
  const half = pixel(attributionRaster(attribution, { shared: 8 }), 0, 1);
  assert.ok(count(half) >= 2 * 400);
  const single = attributionGrid([weak], { cell: 40 });
  assert.ok(single.height < grid.height && single.width <= grid.width);
  assert.equal(encodePng(attributionGrid([weak])), encodePng(attributionGrid([weak])));
});

test('grid: all-zero attributions are white and said to be zero', () => {
  const zero = attributionGrid([{ image, attribution: { data: [0, 0, 0, 0], shape: [2, 2] } }]);
  assert.ok(zero.width > 4 * 112 && zero.height > 112);
});

test('the font has every printable ASCII character, all but the space visible', () => {
  for (let code = 33; code < 127; code++) {
    const { rows, width } = glyph(String.fromCharCode(code));
    assert.is(rows.length, 9);
    assert.ok(rows.some((bits) => bits > 0) && rows.every((bits) => bits < 2 ** width), String.fromCharCode(code));
  }
  const drawings = Array.from({ length: 94 }, (_, i) => JSON.stringify(glyph(String.fromCharCode(33 + i))));
  assert.is(new Set(drawings).size, 94);
  assert.equal(glyph('é'), glyph('?'));
  assert.is(textWidth('Il'), 3 + 1 + 3);
});

test('names what is wrong', () => {
  assert.throws(
    () => imageRaster({ data: [1, 2], shape: [2] }),
    /^image: is not an image: expected \[H,W\], .* \(shape \[2\]\)\nhint: one picture/,
  );
  assert.throws(
    () => imageRaster({ data: [1], shape: [2, 2] }),
    'image: data does not fit the shape (values 1, shape [2,2])',
  );
  assert.throws(
    () => imageRaster({ data: [1, Number.NaN], shape: [1, 2] }),
    'image: has a value that is not finite (index 1, value NaN)',
  );
  assert.throws(
    () => imageRaster({ data: [1, 2], shape: [1, 1, 2] }),
    /image: must have 1 or 3 channels to be shown \(channels 2\)/,
  );
  assert.throws(() => imageRaster(image, { range: [1, 1] }), 'range: white must be above black (black 1, white 1)');
  const small = { data: [1], shape: [1, 1] };
  const sizes = 'attribution: must have the height and width of the image (attribution [1,1], image [2,2])';
  assert.throws(() => overlay(image, small), sizes);
  assert.throws(() => attributionGrid([{ image, attribution: small }]), sizes);
  assert.throws(() => overlay(image, attribution, { alpha: 2 }), 'alpha: must lie in 0 to 1 (got 2)');
  assert.throws(
    () => overlay(image, attribution, { zoom: 1.5 }),
    'zoom: must be a whole number of 1 or more (got 1.5)',
  );
  assert.throws(() => attributionGrid([]), 'attributionGrid: needs at least one sample');
  assert.throws(
    () => magnify(imageRaster(image), 10_000),
    /^picture: must have 1 to 67108864 pixels \(width 20000, height 20000\)/,
  );
});

test.run();
