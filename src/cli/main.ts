/**
 * From the arguments to an exit code: 0 done, 1 it failed, 2 the command was typed wrongly, 130 interrupted. Errors go to
 * stderr as one message without a stack (`--debug` shows it).
 */
import { version } from '../attribution/frame/version.ts';
import { didYouMean, failure, PathgradError } from '../tensor/errors.ts';
import { type CommandName, commands } from './commands/index.ts';
import { runCompare } from './compare/compare.ts';
import { runExplain } from './explain.ts';
import { reasonOf, STANDARD, takesOut } from './files.ts';
import { type Arguments, parseFlags, UsageError, usage } from './flags/flags.ts';
import { helpOf, overview } from './help.ts';
import { runInspect } from './inspect/inspect.ts';
import { runMethods } from './methods.ts';
import { runPredict } from './predict.ts';
import { Interrupted, shielded, type Terminal, withOwn } from './print/terminal.ts';
import { useWideVectors } from './wide-vectors.ts';

type Runner = (args: Arguments, model: string, terminal: Terminal) => Promise<void> | void;

const runners: Readonly<Record<CommandName, Runner>> = {
  explain: runExplain,
  compare: runCompare,
  predict: runPredict,
  // The code of training is a chunk of its own.
  train: async (args, model, terminal) => (await import('./training/train.ts')).runTrain(args, model, terminal),
  evaluate: async (args, model, terminal) =>
    (await import('./training/evaluate.ts')).runEvaluate(args, model, terminal),
  job: async (args, _, terminal) => (await import('./job/job.ts')).runJobCommand(args, terminal),
  inspect: runInspect,
  methods: runMethods,
};

/** Runs the command that `argv` (without `node` and the script) asks for; returns the exit code and never throws. */
export async function main(argv: readonly string[], bare: Terminal): Promise<number> {
  const terminal = shielded(bare);
  try {
    await dispatch(argv, terminal);
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) {
      terminal.err(`interrupted: ${error.kept}\n`);
      return 130;
    }
    terminal.err(`pathgrad: ${message(error, argv.includes('--debug'))}\n`);
    return isTyped(error) ? 2 : 1;
  }
}

/** Whether it is about how the command was typed: what says so, and whatever names a flag as what is at fault. */
const isTyped = (error: unknown): boolean =>
  error instanceof UsageError || (error instanceof PathgradError && error.subject.startsWith('--'));

async function dispatch(argv: readonly string[], terminal: Terminal): Promise<void> {
  const [first, ...rest] = argv;
  if (first === undefined) throw usage('command', 'is missing', `which of these?\n\n${overview().trimEnd()}`);
  if (first === '--version' || first === '-V') return terminal.out(`pathgrad ${version}\n`);
  if (first === '--help' || first === '-h' || (first === 'help' && rest.length === 0)) return terminal.out(overview());
  const asked = first === 'help' ? rest[0]! : first;
  const command = commands.find(({ name }) => name === asked);
  if (!command) {
    const near = didYouMean(
      asked,
      commands.map(({ name }) => name),
    );
    const hint = exampleFor(asked) ?? `${near}${near.endsWith('?') ? '' : ';'} pathgrad --help lists what each does`;
    throw usage(asked, 'is not a command', hint);
  }
  if (first === 'help') return terminal.out(helpOf(command));
  const having = (flag: string): string[] =>
    commands
      .filter(({ groups }) => groups.some(({ flags }) => flags.some(({ name }) => name === flag)))
      .map(({ name }) => name);
  const args = parseFlags(rest, command.groups, command.name, having);
  if (args.has('help')) return terminal.out(helpOf(command));
  const [model = '', ...surplus] = command.model
    ? args.positionals
    : ['', ...(command.positionals ? [] : args.positionals)];
  if (command.model && model === '') {
    throw usage(
      'MODEL',
      'is missing',
      `pathgrad ${command.name} MODEL …; pathgrad ${command.name} --help has examples`,
    );
  }
  if (surplus.length > 0) {
    const hint = command.model ? 'the model comes first, then flags; quote texts with spaces' : 'leave it out';
    throw usage(surplus[0]!, 'is one argument too many', hint);
  }
  // A job may have it from its configuration.
  if (command.name !== 'job') await useWideVectors(args);
  await runners[command.name](args, model, takesOut(args) ? withoutPrint(args, terminal) : terminal);
}

/** Where a file takes the place of what is printed, nothing is printed; notes and errors go where they always go. */
function withoutPrint(args: Arguments, terminal: Terminal): Terminal {
  if (terminal.outIsTty && args.text('png') === STANDARD)
    throw usage('--png', 'a picture is nothing for a terminal', 'give a file, or --png - > picture.png');
  return withOwn(terminal, { out: () => {} });
}

/** Someone who leaves out the command, `pathgrad model.h5`, is told the whole line. */
function exampleFor(asked: string): string | undefined {
  return /\.(h5|hdf5|keras|json)$/.test(asked) ? `a command comes first: pathgrad inspect ${asked}` : undefined;
}

function message(error: unknown, debug: boolean): string {
  if (!(error instanceof Error)) return String(error);
  if (debug) return error.stack ?? error.message;
  if (error instanceof PathgradError) return error.message;
  const { code, path } = error as NodeJS.ErrnoException;
  // What the system refuses about a file: whoever read it did not foresee it, but the user can do something about it.
  if (code !== undefined && path !== undefined) return failure(path, reasonOf(error), {}, 'check the path').message;
  return `${error.message}\nhint: this is not an error that pathgrad foresaw; --debug shows where it arose`;
}
