/** The help pages, laid out from the tables in commands.ts. */
import { type Command, commands } from './commands/index.ts';
import type { Flag } from './flags/flags.ts';
import { wrap } from './print/wrap.ts';

const INDENT = 22; // column at which the descriptions start
const WIDTH = 100;
/** The package holds no models. */
const whence = "examples/ is a folder of pathgrad's repository";

/** The page that `pathgrad --help` prints. */
export function overview(): string {
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`);
  return [
    'pathgrad: explain what a model of Keras, Hugging Face, ONNX or TensorFlow.js predicts, with integrated gradients and other methods',
    '',
    'Usage: pathgrad COMMAND MODEL [OPTIONS]',
    '',
    'Commands:',
    ...list,
    '',
    'pathgrad COMMAND --help shows what a command can do; pathgrad --version prints the version.',
    'It ends with 0 where all was done, 1 where something failed, 2 where the command was typed wrongly, 130 after Ctrl-C.',
    '',
    `First try (${whence}):`,
    '  pathgrad explain examples/imdb-cnn.h5 --vocab examples/imdb-vocab.txt --text "What a superb film!"',
    '',
  ].join('\n');
}

/** The page that `pathgrad COMMAND --help` prints. */
export function helpOf(command: Command): string {
  const groups = command.groups.flatMap(({ title, flags }) => ['', `${title}:`, ...flags.map(describe)]);
  const examples = command.examples.flatMap(([line, what]) => [`  # ${what}`, `  ${line}`]);
  const about = examples.join('\n');
  const lists = command.lists?.() ?? [];
  const shown = [
    `Usage: ${command.usage}`,
    '',
    ...wrap(command.about, WIDTH),
    ...groups,
    ...lists,
    '',
    about.includes('examples/') ? `Examples (${whence}):` : 'Examples:',
    ...examples,
    '',
  ];
  return shown.join('\n');
}

function describe({ name, value, short, help }: Flag): string {
  const left = `  ${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`;
  const lines = wrap(help, WIDTH - INDENT);
  const first = left.length < INDENT ? left.padEnd(INDENT) + lines[0] : `${left}\n${' '.repeat(INDENT)}${lines[0]}`;
  return [first, ...lines.slice(1).map((line) => ' '.repeat(INDENT) + line)].join('\n');
}
