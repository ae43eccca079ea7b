/**
 * Every name that a user can import has a docstring: the API reference is made of them. The entry files are followed through their
 * re-exports to the declarations, types among them.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('docstrings');
const root = fileURLToPath(new URL('../', import.meta.url));
const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { exports: Record<string, unknown> };

/** The source files of the entries, by what package.json says of their types. */
function entries(): string[] {
  const declared = JSON.stringify(exports).matchAll(/dist\/types\/(src\/[^"]+)\.d\.ts/g);
  return [...new Set([...declared].map(([, path]) => join(root, `${path}.ts`)))];
}

const sources = new Map<string, string>();
function textOf(file: string): string {
  const known = sources.get(file) ?? readFileSync(file, 'utf8');
  sources.set(file, known);
  return known;
}

const target = (file: string, from: string): string => join(dirname(file), from);

/** The names that a file exports, each with the file that declares it. */
function exportsOf(file: string): Map<string, { file: string; name: string }> {
  const text = textOf(file);
  const found = new Map<string, { file: string; name: string }>();
  for (const [, from] of text.matchAll(/^export (?:type )?\* from '([^']+)'/gm))
    for (const [name, place] of exportsOf(target(file, from!))) found.set(name, place);
  for (const [, list, from] of text.matchAll(/^export (?:type )?\{([^}]*)\}(?: from '([^']+)')?/gm)) {
    for (const entry of list!.split(',')) {
      const [name, as] = entry
        .trim()
        .replace(/^type /, '')
        .split(' as ');
      if (!name) continue;
      const there = from ? (exportsOf(target(file, from)).get(name) ?? { file: target(file, from), name }) : null;
      found.set(as ?? name, there ?? importedOf(file, name) ?? { file, name });
    }
  }
  const declaration = /^export (?:declare |abstract |async )*(?:const|function|class|interface|type) (\w+)/gm;
  for (const [, name] of text.matchAll(declaration)) found.set(name!, { file, name: name! });
  return found;
}

/** Where a name that is exported again was imported from. */
function importedOf(file: string, name: string): { file: string; name: string } | null {
  for (const [, list, from] of textOf(file).matchAll(/^import (?:type )?\{([^}]*)\} from '(\.[^']+)'/gm)) {
    const names = list!.split(',').map((entry) => entry.trim().replace(/^type /, ''));
    if (names.includes(name)) return exportsOf(target(file, from!)).get(name) ?? null;
  }
  return null;
}

/** Whether what stands before a declaration (decorating comments aside) is a docstring. */
function isDocumented({ file, name }: { file: string; name: string }): boolean {
  const lines = textOf(file).split('\n');
  const declares = new RegExp(
    `^(?:export )?(?:declare |abstract |async )*(?:const|function|class|interface|type) ${name}\\b`,
  );
  const at = lines.findIndex((line) => declares.test(line));
  if (at < 0) return new RegExp(`\\*/\\n(?:export )?const \\{[^}]*\\b${name}\\b`).test(textOf(file));
  const before = lines.slice(0, at).findLast((line) => !/^\s*\/\/ (?:@__|biome)/.test(line)) ?? '';
  return before.trimEnd().endsWith('*/');
}

test('U11: every export has a docstring, of which the API page is made', () => {
  assert.ok(entries().length >= 8, `entries: ${entries().join(', ')}`);
  const bare = entries().flatMap((entry) =>
    [...exportsOf(entry)]
      .filter(([, place]) => !isDocumented(place))
      .map(([name, place]) => `${name} (${relative(root, place.file)})`),
  );
  assert.equal([...new Set(bare)].sort(), []);
});

test('the walk finds what is declared, and a declaration without a docstring is found out', () => {
  const found = exportsOf(join(root, 'src/index.ts'));
  for (const name of ['IntegratedGradients', 'loadModel', 'Model', 'Target', 'exp', 'conv2d', 'LoadOptions'])
    assert.ok(found.has(name), name);
  const file = join(root, 'src/bare.ts');
  sources.set(file, '/** Said. */\nexport const said = 1;\n\nexport interface Bare {\n  readonly a: 1;\n}\n');
  assert.ok(isDocumented({ file, name: 'said' }));
  assert.not.ok(isDocumented({ file, name: 'Bare' }));
});

test.run();
