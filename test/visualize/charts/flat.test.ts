/** Pictures that are much wider than high, or higher than wide, are seen in every kind of picture. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { attributionGrid, pictureChart, type ReportItem, report } from '../../../src/visualize/index.ts';

const test: ReturnType<typeof suite> = suite('flat pictures');

/** A picture of this size and its attributions. */
function flatPicture(height: number, width: number) {
  const data = Float64Array.from({ length: height * width }, (_, i) => Math.sin(i * 1.7));
  return { image: { data, shape: [height, width] }, attribution: { data, shape: [height, width] } };
}

test('panels of flat pictures were hair lines, and those of high ones had no end', () => {
  for (const [height, width] of [
    [1, 40],
    [6, 60],
    [60, 6],
    [40, 1],
    [1, 300],
    [300, 1],
    [30, 90],
    [2, 5],
    [16, 64],
    [64, 16],
    [28, 28],
  ] as const) {
    for (const room of [300, 760, 1400]) {
      const svg = pictureChart(flatPicture(height, width), { width: room });
      const panels = [...svg.matchAll(/<svg [^>]*class="panel" x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"/g)].map(
        (m) => m.slice(1).map(Number),
      );
      const name = `${height} x ${width} in ${room}`;
      assert.is(panels.length, 6, name);
      for (const [x, , w, h] of panels as [number, number, number, number][]) {
        assert.ok(Math.min(w, h) >= 24 && h <= 480 && x + w <= room - 32, `${name}: ${x} ${w} ${h}`);
      }
      // As wide as there is room where that is what it takes.
      if (width >= 10 * height && room < 1000) assert.is(panels[0]![2], room - 32, name);
      const [, , w, h] = panels[0] as [number, number, number, number];
      const [least, most] = [Math.min(height, width), Math.max(height, width)];
      if (most <= 4 * least && h < 480) assert.ok(Math.abs((w / width) * height - h) <= 1, `${name} is of squares`);
    }
  }
});

test('a report, and a grid of pictures, show flat pictures too', () => {
  const flat = { kind: 'image', title: 'steps', prediction: [], target: 'x', ...flatPicture(1, 40) } as const;
  const html = (item: ReportItem): string =>
    report([{ title: 'T', model: { name: 'm' }, items: [item] }], { title: 'R' });
  assert.match(html(flat), /<div class="pictures" style="--aspect:40">/);
  assert.match(html({ ...flat, ...flatPicture(60, 6) }), /<div class="pictures" style="--aspect:0.1;--least:5rem">/);
  assert.match(html({ ...flat, ...flatPicture(28, 28) }), /<div class="pictures">/);
  // The first picture's frame begins at (27, 55): it was 3 pixels high.
  for (const width of [40, 300]) {
    const grid = attributionGrid([flatPicture(1, width)]);
    const at = (y: number): string => grid.data.slice((y * grid.width + 27) * 4, (y * grid.width + 27) * 4 + 3).join();
    const frame = Array.from({ length: grid.height }, (_, y) => at(y)).filter(
      (colour) => colour === '214,218,224',
    ).length;
    assert.ok(frame >= 24 && frame < 60, `1 x ${width}: a frame of ${frame}`);
    assert.ok(grid.width <= 2000, String(grid.width));
  }
  const high = attributionGrid([flatPicture(300, 1)]);
  assert.ok(high.height <= 600, String(high.height));
});

test.run();
