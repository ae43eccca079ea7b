/** A short run of the fuzz campaign with a fixed seed, and of the campaign itself: it must see what it looks for. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { some, thorough } from '../support/thorough.ts';
import { type Fault, runCampaign, tableOf, weightsOf } from './campaign.ts';
import { formats, type Job } from './formats.ts';
import { makeInput } from './mutate/input.ts';
import { type Finished, type Limits, Pool } from './pool.ts';
import { makeSeeds } from './seeds/index.ts';

const test = suite('fuzz');
const seeds = await makeSeeds();

const describe = ({ result }: Fault): string =>
  `${result.outcome}: ${result.changes.join('; ')}: ${result.stack ?? result.message}`;

const [count, flips] = thorough ? [600, 60] : [60, 8];
test(`${count} damaged inputs and ${flips} flipped bits: an answer or an error of ours, in bounded time and memory`, async () => {
  const report = await runCampaign({ seeds, seed: 9, count, flips, jobs: 2 });
  assert.equal(report.faults.map(describe), []);
  const of = (outcome: 'answer' | 'refused'): number =>
    [...report.tallies.values()].reduce((sum, { counts }) => sum + (counts.get(outcome) ?? 0), 0);
  assert.is(of('answer') + of('refused'), count + flips);
  assert.ok(of('answer') > count / 6 && of('refused') > count / 3, 'some damage is harmless, some is not');
  if (thorough)
    assert.equal([...report.tallies.keys()].sort(), [...formats, 'flips'].sort(), 'all formats had their turn');
  console.log(`note: ${tableOf(report).split('\n').at(-1)!.replace(/\s+/g, ' ')}`);
});

test('the same seed and index give the same input, others another', () => {
  const make = (seed: number, index: number) => makeInput(seeds, weightsOf(), seed, index);
  for (let index = 0; index < 40; index++) assert.equal(make(3, index), make(3, index));
  const made = Array.from({ length: 40 }, (_, index) => JSON.stringify(make(3, index).changes));
  assert.ok(new Set(made).size > 35);
  assert.is.not(JSON.stringify(make(4, 0).changes), made[0]);
});

test('intact files give answers', async () => {
  const found: string[] = [];
  const pool = new Pool({ seed: 0, weights: {}, seeds: [] });
  // An architecture alone is refused for its weights; those of the zoo are tested elsewhere.
  const readable = seeds.filter(({ format, name }) => format !== 'config' && !name.includes('zoo/'));
  const chosen = formats.flatMap((each) =>
    some(
      readable.filter(({ format }) => format === each),
      2,
    ),
  );
  assert.ok(chosen.length > formats.length);
  const queue = chosen.map(({ format, parts }): Job => ({ kind: 'parts', format, parts })).reverse();
  await pool.run(
    () => queue.pop() ?? null,
    2,
    (_, result) => {
      if (result.outcome !== 'answer') found.push(`${result.format}: ${result.message}`);
    },
  );
  assert.equal(found, []);
});

/** What the campaign says of an input that misbehaves on purpose. */
async function selfTest(words: readonly string[], limits: Limits): Promise<Finished[]> {
  const pool = new Pool({ seed: 0, weights: {}, seeds: [] }, limits);
  const queue = [...words];
  const found: Finished[] = [];
  const next = (): Job | null => {
    const word = queue.shift();
    return word ? { kind: 'parts', format: 'npy', parts: { 'self-test': new TextEncoder().encode(word) } } : null;
  };
  await pool.run(next, 1, (_, result) => found.push(result));
  return found;
}

test('a hang, memory, an error and a dead process are seen, and the next input is read', async () => {
  const outcomes = (results: readonly Finished[]): string[] => results.map(({ outcome }) => outcome);
  const rest = await selfTest(['error', 'die', 'nothing'], { milliseconds: 20_000, megabytes: 300 });
  assert.equal(outcomes(rest), ['error', 'died', 'answer']);
  assert.match(rest[0]!.stack!, /self-test\.ts/);
  // Each of these is tried twice, in a fresh process.
  const words = thorough ? ['hang', 'wait', 'nothing'] : ['wait', 'nothing'];
  const silent = await selfTest(words, { milliseconds: 500, megabytes: 500 });
  assert.equal(outcomes(silent), [...words.slice(1).map(() => 'hang'), 'answer']);
  if (!thorough) return;
  assert.equal(outcomes(await selfTest(['memory', 'nothing'], { milliseconds: 20_000, megabytes: 300 })), [
    'memory',
    'answer',
  ]);
});

test.run();
