/** The wires of a model's graph as the page draws them: lines to the next layer, lanes past others, words where there are several sources. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lanesIn, MOST_LANES, wiresOf } from '../../src/web/model/wires.ts';

const test = suite('page: wires');

test('a chain has lines and no lanes', () => {
  const wires = wiresOf(
    ['a', 'b', 'c'],
    [
      { path: 'b', from: ['a'] },
      { path: 'c', from: ['b'] },
    ],
  );
  assert.equal(
    wires.map(({ above, below }) => [above, below]),
    [
      [false, true],
      [true, true],
      [true, false],
    ],
  );
  assert.is(lanesIn(wires), 0);
  assert.ok(wires.every(({ from }) => from.length === 0));
});

test('two branches that meet: the longer goes past in a lane, and the merge names both', () => {
  const wires = wiresOf(
    ['in', 'left', 'right', 'add'],
    [
      { path: 'left', from: ['in'] },
      { path: 'right', from: ['in'] },
      { path: 'add', from: ['left', 'right'] },
    ],
  );
  assert.equal(wires[3]!.from, ['left', 'right']);
  assert.equal(wires[2]!.from, ['in']);
  assert.is(wires[1]!.below, false, 'left does not feed right');
  for (const { lanes } of wires) assert.is(new Set(lanes.map(({ lane }) => lane)).size, lanes.length);
  assert.equal(
    wires.map(({ lanes }) => lanes.map(({ part }) => part).sort()),
    [['begins'], ['begins', 'passes'], ['ends', 'passes'], ['ends']],
  );
});

test('more than there is room for is left to the words', () => {
  const paths = ['in', ...Array.from({ length: 12 }, (_, i) => `b${i}`), 'out'];
  const edges = paths.slice(1, -1).map((path) => ({ path, from: ['in'] }));
  const wires = wiresOf(paths, [...edges, { path: 'out', from: paths.slice(1, -1) }]);
  assert.ok(lanesIn(wires) <= MOST_LANES);
  assert.is(wires.at(-1)!.from.length, 12);
});

test.run();
