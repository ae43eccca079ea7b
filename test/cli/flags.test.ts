/** Parsing of flags: lists, repeats, missing values, nearest names, and help that names every flag. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commands } from '../../src/cli/commands/index.ts';
import { number, oneOf, parseFlags, UsageError, wholeNumbers } from '../../src/cli/flags/flags.ts';
import { helpOf } from '../../src/cli/help.ts';

const test = suite('cli: flags');
const { groups } = commands.find(({ name }) => name === 'explain')!;
const parse = (...argv: string[]) => parseFlags(argv, groups, 'explain');

test('the model is the first positional; --image takes what follows it', () => {
  const args = parse('m.h5', '--image', 'a.png', 'b.png', '--quiet', '--steps=20');
  assert.equal(args.positionals, ['m.h5']);
  assert.equal(args.all('image'), ['a.png', 'b.png']);
  assert.equal([args.has('quiet'), args.has('html'), args.text('steps')], [true, false, '20']);
  assert.equal(parse('m.h5', '--quiet', 'x').positionals, ['m.h5', 'x']);
});

test('repeated texts are collected; values may start with a minus or, after =, with two', () => {
  const args = parse('m.h5', '--text', 'one', '--text', '- two', '--text=--three', '--baseline', '-1');
  assert.equal([args.all('text'), args.text('baseline')], [['one', '- two', '--three'], '-1']);
});

test('what is typed wrongly is said with the nearest name', () => {
  const fails = (pattern: RegExp, ...argv: string[]): void => {
    assert.throws(
      () => parse(...argv),
      (error: Error) => error instanceof UsageError && pattern.test(error.message),
    );
  };
  fails(
    /^--metod: is not a flag of this command\nhint: did you mean '--method'\? See: pathgrad explain --help$/,
    'm',
    '--metod',
    'x',
  );
  fails(/^-z: is not a flag/, 'm', '-z');
  fails(/^--html: needs a value: --html FILE$/, 'm', '--html');
  fails(/^--html: needs a value/, 'm', '--html', '--json', 'x.json');
  fails(/^--html: is given twice/, 'm', '--html', 'a', '--html', 'b');
  fails(/^--quiet: takes no value\nhint: leave out '=yes'$/, 'm', '--quiet=yes');
});

test('numbers, lists and words', () => {
  assert.equal(wholeNumbers('index', '0, 1,-9'), [0, 1, -9]);
  assert.throws(() => wholeNumbers('index', '1,,2'), /--index: '' is not a whole number/);
  assert.is(number('scale', '1e-3', Number.isFinite, 'a number'), 0.001);
  assert.throws(() => number('scale', ' ', Number.isFinite, 'a number'), /--scale: ' ' is not a number/);
  assert.throws(() => oneOf('padding', 'pro', ['pre', 'post']), /'pro' is not known\nhint: did you mean 'pre'/);
});

test('the help of each command names all its flags and fits a screen of 100 columns', () => {
  for (const command of commands) {
    const page = helpOf(command);
    for (const { name, value } of command.groups.flatMap(({ flags }) => flags)) {
      assert.ok(page.includes(`--${name}${value ? ` ${value}` : ''}`), `${command.name} --${name}`);
    }
    const options = page.slice(0, page.indexOf('\nExamples')).split('\n');
    for (const line of options) assert.ok(line.length <= 120, line);
  }
});

test.run();
