/** The program starts without the code that only some commands need. */
import { build } from 'esbuild';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('cli: on demand');

test('explain does not load the code of training', async () => {
  const { metafile } = await build({
    ...{ entryPoints: ['src/cli/index.ts'], bundle: true, splitting: true, write: false, metafile: true },
    ...{ format: 'esm', platform: 'node', outdir: 'out', logLevel: 'silent', packages: 'external' },
  });
  const outputs = Object.entries(metafile.outputs);
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const { path, kind } of metafile.outputs[file]?.imports ?? []) if (kind === 'import-statement') visit(path);
  };
  visit(outputs.find(([, { entryPoint }]) => entryPoint === 'src/cli/index.ts')![0]);
  const sources = [...reached].flatMap((file) => Object.keys(metafile.outputs[file]?.inputs ?? {}));
  assert.ok(sources.includes('src/cli/commands/training.ts'), 'its help is there');
  assert.equal(
    sources.filter((file) => /^src\/(cli\/)?training\/|^src\/keras\/save\//.test(file)),
    [],
  );
});

test.run();
