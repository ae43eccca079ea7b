/** What perturbation and sampling are made of: groups of features, windows, draws, coalitions, and the fit under a constraint. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { resizeMap } from '../../src/attribution/cam/resize.ts';
import { type Coalition, coalitionCount, coalitions } from '../../src/attribution/perturb/coalitions.ts';
import { permutation } from '../../src/attribution/perturb/draws.ts';
import { type FeatureGroups, resolveGroups } from '../../src/attribution/perturb/groups.ts';
import { ConstrainedFit } from '../../src/attribution/perturb/least-squares.ts';
import { slideWindows, usualWindow } from '../../src/attribution/perturb/windows.ts';
import { randomNormal } from '../../src/graph/random.ts';

const groups = suite('groups of features');
const picture = { name: 'x', shape: [2, 2, 2, 3] };
const resolve = (given: FeatureGroups | null, ...tensors: { name: string; shape: number[] }[]): string => {
  const { names, of } = resolveGroups(given, tensors);
  return `${names.join(' ')} | ${of.map((ids) => [...ids].join(' ')).join(' | ')}`;
};
const says = (f: () => unknown, text: string): void => {
  assert.throws(f, (error: Error) => error.name === 'PathgradError' && error.message.includes(text));
};

groups('each feature is a group of its own', () => {
  assert.is(resolve(null, { name: 'x', shape: [5, 3] }), '0 1 2 | 0 1 2');
  assert.is(resolve(null, { name: 'a', shape: [5, 2] }, { name: 'b', shape: [5, 1] }), 'a 0 a 1 b 0 | 0 1 | 2');
});

groups('a mask numbers groups: holes, negative numbers, rows of their own, and one group over two tensors', () => {
  assert.is(resolve({ mask: [[7, 2, -1]] }, { name: 'x', shape: [5, 3] }), '2 7 | 1 0 -1');
  assert.is(resolve({ mask: [7, 2, 2] }, { name: 'x', shape: [5, 3] }), '2 7 | 1 0 0');
  const two = [
    [0, 1],
    [1, 1],
  ];
  assert.is(resolve({ mask: two }, { name: 'x', shape: [2, 2] }), '0 1 | 0 1 1 1');
  const [a, b] = [
    { name: 'a', shape: [4, 2] },
    { name: 'b', shape: [4, 1] },
  ];
  assert.is(resolve({ mask: [[[0, 3]], [[3]]] }, a, b), '0 3 | 0 1 | 1');
});

groups('a mask that does not fit is refused', () => {
  says(() => resolve({ mask: [[0, 1]] }, { name: 'x', shape: [5, 3] }), 'features: a mask has the shape of X');
  says(() => resolve({ mask: [[0, 1.5, 2]] }, { name: 'x', shape: [5, 3] }), 'must hold integers');
  says(() => resolve({ mask: [[-1, -1, -1]] }, { name: 'x', shape: [5, 3] }), 'there is no group');
  says(
    () => resolve({ mask: [[0, 1]] }, { name: 'a', shape: [5, 2] }, { name: 'b', shape: [5, 2] }),
    '2 tensors need a list of as many masks',
  );
});

groups('lists name groups; what is in none stays', () => {
  const x = { name: 'x', shape: [1, 5] };
  assert.is(resolve({ groups: { left: [0, 1], right: [4] } }, x), 'left right | 0 0 -1 -1 1');
  const [a, b] = [
    { name: 'a', shape: [1, 2] },
    { name: 'b', shape: [1, 2] },
  ];
  assert.is(resolve({ groups: { both: { a: [1], b: [0] } } }, a, b), 'both | -1 0 | 0 -1');
});

groups('groups that overlap are refused by name', () => {
  const x = { name: 'x', shape: [1, 5] };
  const overlap = { groups: { left: [0, 1, 2], middle: [2, 3] } };
  says(() => resolve(overlap, x), "features: the groups 'left' and 'middle' overlap (feature 2, tensor x)");
  says(() => resolve({ groups: { left: [0, 0] } }, x), "features 'left': holds feature 0 twice");
  says(() => resolve({ groups: { left: [5] } }, x), "5 is no feature of 'x'");
  says(() => resolve({ groups: {} }, x), 'there is no group');
  says(() => resolve({ groups: { left: { y: [0] } } }, x), "unknown option 'y'");
  says(() => resolve({ groups: { l: [0] }, axes: 1 } as FeatureGroups, x), 'is one of a mask, groups or axes');
});

groups('axes put features of one place together', () => {
  assert.is(resolve({ axes: [1, 2] }, picture), '0,0 0,1 1,0 1,1 | 0 0 0 1 1 1 2 2 2 3 3 3');
  assert.is(resolve({ axes: -1 }, picture), '0 1 2 | 0 1 2 0 1 2 0 1 2 0 1 2');
  says(() => resolve({ axes: 0 }, picture), 'axis 0 is the batch');
});
groups.run();

const windows = suite('windows');
windows('they cover every feature, the last ones cut off', () => {
  const slides = slideWindows('w', [5], [2], [2]);
  assert.equal(
    Array.from({ length: slides.count }, (_, i) => [...slides.features(i)]),
    [[0, 1], [2, 3], [4]],
  );
  const flat = slideWindows('w', [2, 3], [2, 2], [1, 1]);
  assert.equal(
    Array.from({ length: flat.count }, (_, i) => [...flat.features(i)]),
    [
      [0, 1, 3, 4],
      [1, 2, 4, 5],
    ],
  );
});
windows('what does not fit is refused by axis', () => {
  says(() => slideWindows('w', [5], [6]), 'the window is larger than the row (axis 1');
  says(() => slideWindows('w', [5, 5], [2, 2], [1, 3]), 'a stride beyond the window passes over features (axis 2');
  says(() => slideWindows('w', [5], [0]), 'w window: extents are whole numbers from 1 up');
  says(() => slideWindows('w', [5], 2, 0), 'w strides: extents are whole numbers from 1 up');
  says(() => slideWindows('w', [5, 5], [2]), 'needs one extent per axis of a row');
});
windows('what nobody asks for: a feature, a token, an eighth of a picture', () => {
  assert.equal(usualWindow([6]), { window: [1], strides: [1] });
  assert.equal(usualWindow([100, 50]), { window: [1, 50], strides: [1, 25] });
  assert.equal(usualWindow([28, 28, 1]), { window: [4, 4, 1], strides: [2, 2, 1] });
});
windows.run();

const draws = suite('draws');
draws('permutations hold every number once and follow the seed', () => {
  const one = permutation(9, 4, 1);
  assert.equal([...one].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assert.equal(one, permutation(9, 4, 1));
  assert.not.equal(one, permutation(9, 4, 2));
  // Each number comes first about as often as any other.
  const first = new Float64Array(4);
  for (let draw = 0; draw < 4000; draw++) first[permutation(4, 0, draw)[0]!]!++;
  assert.ok(
    first.every((count) => Math.abs(count - 1000) < 130),
    `${first}`,
  );
});
draws.run();

const kernel = suite('coalitions and their fit');
const all = (players: number, budget: number, seed = 0): Coalition[] => [...coalitions(players, budget, seed)];
const total = (list: Coalition[]): number => list.reduce((sum, { weight }) => sum + weight, 0);

kernel('within the budget every coalition comes once with the weight of the Shapley kernel', () => {
  for (const players of [2, 3, 4, 5, 8]) {
    const list = all(players, coalitionCount(players));
    assert.is(list.length, 2 ** players - 2);
    assert.is(new Set(list.map(({ members }) => members.join())).size, list.length);
    assert.ok(Math.abs(total(list) - 1) < 1e-12);
    const share = (s: number): number => {
      const [one] = list.filter(({ members }) => members.length === s);
      return one!.weight;
    };
    const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n, k - 1) * (n - k + 1)) / k);
    const weigh = (s: number): number => 1 / (choose(players, s) * s * (players - s));
    for (let s = 2; s < players; s++) assert.ok(Math.abs(share(s) / share(1) - weigh(s) / weigh(1)) < 1e-12);
  }
});

kernel('beyond it sizes are drawn, with complements, and the weights still add up to 1', () => {
  for (const [players, budget] of [
    [12, 60],
    [30, 200],
    [100, 500],
    [7, 5],
  ] as const) {
    const list = all(players, budget);
    assert.ok(list.length <= budget && list.length >= budget - 1, `${list.length} of ${budget}`);
    assert.ok(Math.abs(total(list) - 1) < 1e-12);
    for (const { members } of list) {
      assert.ok(members.length > 0 && members.length < players);
      assert.ok(members.every((player, i) => i === 0 || player > members[i - 1]!));
    }
    const seats = new Float64Array(players);
    for (const { members } of list) for (const player of members) seats[player]!++;
    assert.is(
      seats.reduce((a, b) => a + b),
      (list.length * players) / 2,
    );
  }
  assert.equal(all(20, 100, 3), all(20, 100, 3));
  assert.not.equal(all(20, 100, 3), all(20, 100, 4));
});

kernel('the fit meets its sum and leaves residuals that no other solution has less of', () => {
  const [size, rows] = [4, 12];
  const fit = new ConstrainedFit(size, 1);
  const drawn = randomNormal(rows, 5);
  const list = all(size, rows).map((coalition, i) => ({ ...coalition, value: drawn[i]! }));
  for (const { members, weight, value } of list) {
    fit.addRow(members, weight);
    fit.addValue(members, weight, 0, value);
  }
  const phi = fit.solve(Float64Array.of(1.5))!;
  assert.ok(Math.abs(phi.reduce((a, b) => a + b) - 1.5) < 1e-14);
  // Stationary along the constraint: the gradient of the residuals is the same for all entries.
  const slopes = new Float64Array(size);
  for (const { members, weight, value } of list) {
    const residual = value - members.reduce((sum, player) => sum + phi[player]!, 0);
    for (const player of members) slopes[player]! += weight * residual;
  }
  assert.ok(slopes.every((slope) => Math.abs(slope - slopes[0]!) < 1e-14));
});

kernel('rows that do not determine the solution are told', () => {
  const fit = new ConstrainedFit(3, 1);
  fit.addRow(Int32Array.of(0), 1);
  assert.is(fit.solve(Float64Array.of(1)), null);
});
kernel.run();

const maps = suite('maps stretched to the picture');
maps('linear between the centres, nearest, along one axis and two', () => {
  const line = Float64Array.of(0, 4);
  assert.equal([...resizeMap(line, [2], [4], 'bilinear')], [0, 1, 3, 4]);
  assert.equal([...resizeMap(line, [2], [4], 'nearest')], [0, 0, 4, 4]);
  assert.equal([...resizeMap(Float64Array.of(0, 1, 2, 3), [4], [2], 'bilinear')], [0.5, 2.5]);
  const square = resizeMap(Float64Array.of(0, 1, 2, 3), [2, 2], [3, 3], 'bilinear');
  assert.equal([...square], [0, 0.5, 1, 1, 1.5, 2, 2, 2.5, 3]);
  assert.equal([...resizeMap(line, [2], [2], 'bilinear')], [0, 4]);
});
maps.run();
