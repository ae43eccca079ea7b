/** Pictures: panels on one scale whose numbers are those of the data, and outlines that follow the very edges of pixels. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { outlines, pictureChart, picturePanels, pictureScale } from '../../../src/visualize/index.ts';
import { texts, wellFormed } from './support.ts';

const test: ReturnType<typeof suite> = suite('pictures with panels');

const image = { data: new Float64Array(9).fill(0.5), shape: [3, 3] };

test('an outline encloses the strongest pixels that hold the asked part, and no others', () => {
  const attribution = { data: [0, 0, 0, 0, 4, 4, 0, -1, 1], shape: [3, 3] };
  assert.equal(outlines(attribution), { path: 'M1 1h2v1h-2v-1z', pixels: 2, share: 0.8 });
  assert.equal(outlines(attribution, { percentage: 100 }).pixels, 3);
  assert.equal(
    outlines(attribution, { sign: 'negative' }),
    { path: '', pixels: 0, share: 0 },
    'a weak sign has none beside a strong one',
  );
  assert.is(outlines(attribution, { sign: 'negative', percentage: 100 }).path, 'M1 2h1v1h-1v-1z');
  assert.is(outlines({ data: new Float64Array(9), shape: [3, 3] }).path, '');
  const ring = outlines({ data: [1, 1, 1, 1, 0, 1, 1, 1, 1], shape: [3, 3] }, { percentage: 100 });
  assert.is(ring.path, 'M0 0h3v3h-3v-3zM2 1h-1v1h1v-1z', 'a hole is not filled');
  const corners = outlines({ data: [1, 0, 0, 1], shape: [2, 2] }, { percentage: 100 });
  assert.is(corners.path.match(/M/g)?.length, corners.path.match(/z/g)?.length, 'pixels that touch at a corner');
  assert.throws(() => outlines(attribution, { percentage: 101 }), /^percentage: must lie in 0 to 100/);
  assert.throws(() => outlines({ data: [1], shape: [1] }), /^attribution: is not an image/);
});

test('the scale leaves out the few strongest pixels, and says how many and how far', () => {
  const data = Float64Array.from({ length: 400 }, (_, i) => (i === 7 ? 100 : i < 300 ? 20 : 0));
  const attribution = { data, shape: [20, 20] };
  assert.equal(pictureScale(attribution), { full: 20, beyond: 1, largest: 100 });
  assert.equal(pictureScale(attribution, 100), { full: 100, beyond: 0, largest: 100 });
  const svg = pictureChart(
    { image: { data: data.map((v) => v / 100), shape: [20, 20] }, attribution },
    { title: 'seven' },
  );
  wellFormed(svg);
  for (const text of ['-20', '0', '+20', 'full colour 20; 1 pixel is beyond, up to 100', 'outlines', 'all'])
    assert.ok(texts(svg).includes(text), text);
});

test('panels: no picture of a sign that is not there; any list of modes; nothing to show', () => {
  const modes = (data: readonly number[]): string[] =>
    picturePanels({ image, attribution: { data, shape: [3, 3] } }).map(({ mode }) => mode);
  assert.equal(modes([1, 0, 0, 0, 0, 0, 0, 0, 2]), ['image', 'overlay', 'outlines', 'all']);
  assert.equal(modes([1, 0, 0, 0, 0, 0, 0, 0, -2]), ['image', 'overlay', 'outlines', 'all', 'positive', 'negative']);
  const zero = { data: new Float64Array(9), shape: [3, 3] };
  assert.match(pictureChart({ image, attribution: zero }), /all attributions are 0/);
  const [size] = picturePanels({
    image,
    attribution: { data: [-1, 0, 0, 0, 0, 0, 0, 0, 1], shape: [3, 3] },
    modes: ['absolute'],
  });
  assert.equal(
    [...size!.raster.data.slice(0, 3)],
    [...size!.raster.data.slice(32, 35)],
    'sizes of both signs look alike',
  );
  assert.throws(
    () => picturePanels({ image, attribution: zero, modes: ['blended' as never] }),
    /^modes: there is no 'blended'/,
  );
  assert.throws(
    () => pictureChart({ image, attribution: { data: [1], shape: [1, 1] } }),
    /^attribution: must have the height/,
  );
  wellFormed(
    pictureChart({ image: { data: [1], shape: [1, 1] }, attribution: { data: [1], shape: [1, 1] } }, { title: '<x>"' }),
  );
});

test('panels that are not square lost a border at some widths: frames lie on whole pixels, around the picture', () => {
  for (const [height, width] of [
    [20, 33],
    [33, 20],
    [7, 50],
  ] as const) {
    const zeros = { data: new Float64Array(height * width).map((_, i) => (i % 5) - 2), shape: [height, width] };
    for (const wide of [300, 400, 501, 613, 760, 899]) {
      const svg = pictureChart({ image: zeros, attribution: zeros }, { width: wide });
      const box = (text: string): number[] =>
        ['x', 'y', 'width', 'height'].map((key) => Number(new RegExp(` ${key}="([^"]*)"`).exec(text)![1]));
      const panels = [...svg.matchAll(/<svg role="img"[^>]*>/g)].map(([text]) => box(text));
      const frames = [...svg.matchAll(/<rect class="l"[^>]*crispEdges"\/>/g)].map(([text]) => box(text));
      assert.is(panels.length, 6);
      assert.equal(
        frames,
        panels.map(([x, y, w, h]) => [x! - 0.5, y! - 0.5, w! + 1, h! + 1]),
        `${wide}`,
      );
      assert.ok(panels.flat().every(Number.isInteger), `${wide}: ${panels[1]}`);
      assert.ok(
        panels.every(([x, , w]) => x! + w! <= wide - 32),
        `${wide}`,
      );
    }
  }
});

test('the words beside the scale of a narrow picture were cut at its edge', () => {
  const data = new Float64Array(100).map((_, i) => (i === 50 ? 9 : i % 7 === 0 ? 0.1234 : 0));
  const picture = { data, shape: [10, 10] };
  const words = (width: number): { x: number; text: string } => {
    const [, x, text] = /<text x="([\d.]+)"[^>]*>(full colour [^<]*)/.exec(
      pictureChart({ image: picture, attribution: picture, scale: 0.1 }, { width }),
    )!;
    return { x: Number(x), text: text! };
  };
  assert.is(words(760).x, 175);
  assert.is(words(400).x, 0);
  assert.is(words(400).text, words(760).text);
});

test.run();
