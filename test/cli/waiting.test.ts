/** What a person sees who waits: a bar that fits the screen, and an end soon after Ctrl-C. Named after the faults that were found. */
import { writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { barOf } from '../../src/cli/print/progress.ts';
import {
  Interrupted,
  lastWord,
  processTerminal,
  shielded,
  type Terminal,
  withOwn,
} from '../../src/cli/print/terminal.ts';
import { example, runCli, temporaryFolder } from '../support/cli.ts';

const test = suite('cli: waiting');
const folder = temporaryFolder();
const imdb = [example('imdb-cnn.h5'), '--vocab', example('imdb-vocab.txt')];

test('the progress bar had 41 columns on any screen', () => {
  assert.is(barOf('explaining', 0.5, 80), `explaining ${'█'.repeat(12)}${'░'.repeat(12)}  50 %`);
  for (const label of ['explaining', 'epoch 100/1000', 'IntegratedGradients, faithfulness-correlation']) {
    for (let columns = 1; columns < 120; columns++) {
      const line = barOf(label, 0.257, columns);
      assert.ok(line.length < columns || line === '', `${columns}: '${line}'`);
      if (columns > 5) assert.ok(line.endsWith('25 %'), `${columns}: '${line}'`);
      if (columns > label.length + 13) assert.match(line, /█+░+ {2}25 %$/);
    }
  }
});

/** A terminal whose signal is asked for. */
function watched(): { terminal: Partial<Terminal>; asked: () => number; stop: AbortController } {
  const stop = new AbortController();
  let asked = 0;
  const terminal = {
    get signal() {
      asked++;
      return stop.signal;
    },
  };
  return { terminal, asked: () => asked, stop };
}

test('Ctrl-C waited for texts to be read and reports to be made: the process ends at once where nothing has begun', async () => {
  const before = process.listeners('SIGINT').length;
  const listening = (): number => process.listeners('SIGINT').length - before;
  const terminal = shielded(processTerminal());
  assert.is(listening(), 0, 'what asks for nothing leaves Ctrl-C to the system');
  assert.is(withOwn(terminal, { out: () => {} }).columns, terminal.columns);
  assert.is(listening(), 0);
  assert.is(terminal.signal.aborted || terminal.signal.aborted, false);
  assert.is(listening(), 1, 'work that can be stopped hears it, once');
  await lastWord(terminal);
  assert.is(listening(), 0, 'outputs are made');
  // What came at the end of the work is not lost: it is told, and nothing is written.
  void terminal.signal;
  process.emit('SIGINT');
  const error = await lastWord(terminal).then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.instance(error, Interrupted);
  terminal.letGo!();
  assert.is(listening(), 0);
});

test('reading inputs does not ask for the signal, explaining does; what is interrupted writes nothing', async () => {
  const reading = watched();
  const file = folder.path('texts.txt');
  writeFileSync(file, 'a superb film\n\n');
  const refused = await runCli(['explain', ...imdb, '--text-file', folder.path('none.txt')], reading.terminal);
  assert.equal([refused.code, reading.asked()], [1, 0]);
  const explaining = watched();
  explaining.stop.abort(new Interrupted('interrupted'));
  const json = folder.path('never.json');
  const run = await runCli(['explain', ...imdb, '--text', 'a superb film', '--json', json], explaining.terminal);
  assert.is(run.code, 130);
  assert.match(run.err, /interrupted: nothing was written\n$/);
  assert.ok(explaining.asked() > 0);
  assert.not.ok(folder.files().includes('never.json'));
});

test.run();
