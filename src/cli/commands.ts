/** What each command is called, which flags it takes and what its help says. The work is in the files named after them. */
import type { Flag, FlagGroup } from './flags.ts';

export type CommandName = 'explain' | 'predict' | 'inspect';

export interface Command {
  readonly name: CommandName;
  readonly summary: string;
  readonly about: string;
  readonly usage: string;
  readonly groups: readonly FlagGroup[];
  readonly examples: readonly (readonly [command: string, what: string])[];
}

const inputs: FlagGroup = {
  title: 'What to look at (one kind at a time)',
  flags: [
    { name: 'text', value: 'TEXT', many: 'repeat', help: 'a text; needs --vocab or --word-index' },
    { name: 'text-file', value: 'FILE', help: 'a file of texts, one per line' },
    { name: 'tokens', value: 'IDS', many: 'repeat', help: 'token ids, as 1,14,22,16; padded as texts are' },
    { name: 'image', value: 'FILE...', many: 'list', help: 'PNG pictures' },
    { name: 'idx', value: 'FILE', help: 'an IDX file (MNIST), plain or gzipped' },
    { name: 'npy', value: 'FILE', help: "a NumPy .npy file: rows of the model's input" },
    { name: 'index', value: 'ROWS', help: 'which rows of --idx, --npy or --text-file, as 0,1,9; all if left out' },
  ],
};

const reading: FlagGroup = {
  title: 'How to read it',
  flags: [
    { name: 'vocab', value: 'FILE', help: 'one token per line; the line number, from 0, is the id' },
    { name: 'word-index', value: 'FILE', help: "Keras's word index: JSON {word: rank}; id = rank + 3" },
    {
      name: 'index-from',
      value: 'N',
      help: 'with --word-index: id = rank + N (3 for keras.datasets, 0 for Tokenizer)',
    },
    { name: 'length', value: 'N', help: 'number of tokens, where the model does not fix it' },
    { name: 'padding', value: 'SIDE', help: 'pre (as Keras) or post: where short texts are filled up' },
    { name: 'truncating', value: 'SIDE', help: 'pre (as Keras) or post: which end of long texts is cut off' },
    { name: 'pixels', value: 'LOW..HIGH', help: 'what black and white are to the model; 0..1 if left out' },
    { name: 'invert', help: 'swap black and white in --image pictures' },
  ],
};

const model: FlagGroup = {
  title: 'The model',
  flags: [
    {
      name: 'weights',
      value: 'FILE',
      help: 'weights, where MODEL is only an architecture (.json, or .h5 without weights)',
    },
    { name: 'output', value: 'NAME', help: 'which output by name or number, where the model has several' },
    { name: 'labels', value: 'NAMES', help: 'names of the classes: negative,positive or a file with one per line' },
  ],
};

const debug: Flag = { name: 'debug', help: 'show where in the program an error arose' };
const help: Flag = { name: 'help', short: 'h', help: 'show this help' };
const quiet: Flag = { name: 'quiet', short: 'q', help: 'no progress bar and no notices' };
const batch: Flag = { name: 'batch', value: 'N', help: 'rows that go through the model at a time' };

const explain: Command = {
  name: 'explain',
  summary: 'show which words or pixels made the model predict what it predicts',
  about:
    'Computes integrated gradients: how much each token, pixel or feature moved the score of the target, on the way from a\nbaseline (an empty text, a black picture) to the input. The scores sum to the change of the score; how closely they do\nis printed as completeness.',
  usage: 'pathgrad explain MODEL INPUT [OPTIONS]',
  groups: [
    inputs,
    reading,
    model,
    {
      title: 'How to explain',
      flags: [
        {
          name: 'target',
          value: 'WHICH',
          help: 'predicted (default), a class number or label, or one per input: 0,7,predicted',
        },
        {
          name: 'baseline',
          value: 'WHAT',
          help: 'zeros (default; for texts pad), a number, pad, noise, noise:10 (mean of 10), max (black or white, what is farther), layer:0 (at --layer), or a .npy file',
        },
        { name: 'layer', value: 'NAME', help: 'explain at this layer (name, path or index); texts: the embedding' },
        { name: 'layer-inputs', help: 'explain at what goes into --layer, not at what comes out' },
        { name: 'softmax', help: 'explain probabilities, where the model gives logits' },
        { name: 'method', value: 'NAME', help: 'gausslegendre (default), riemann_left, _right, _middle or _trapezoid' },
        {
          name: 'steps',
          value: 'N',
          help: 'points on the path, or auto: as many as completeness needs; 50 if left out',
        },
        { ...batch, help: 'rows that go through the model at a time; 100 if left out' },
        {
          name: 'compat',
          value: 'alibi',
          help: "the numbers of Python's alibi, where they differ from the right ones",
        },
        { name: 'seed', value: 'N', help: 'of the noise baselines; 0 if left out' },
      ],
    },
    {
      title: 'What to write',
      flags: [
        { name: 'html', value: 'FILE', help: 'a report, one self-contained page' },
        { name: 'png', value: 'FILE', help: 'pictures: original, all, positive and negative attributions' },
        { name: 'json', value: 'FILE', help: 'all numbers' },
        {
          name: 'scale',
          value: 'NUMBER',
          help: 'the attribution that gets the full colour, here and in --png; the largest if left out',
        },
        quiet,
        debug,
        help,
      ],
    },
  ],
  examples: [
    ['pathgrad explain examples/imdb-cnn.h5 --vocab examples/imdb-vocab.txt --text "What a superb film!"', 'a text'],
    [
      'pathgrad explain examples/imdb-cnn.h5 --vocab examples/imdb-vocab.txt \\\n      --text-file examples/sentences.txt --labels negative,positive --html report.html',
      'texts of a file, with a report',
    ],
    ['pathgrad explain examples/mnist-cnn.h5 --image examples/digits/*.png --png digits.png', 'pictures'],
    [
      'pathgrad explain examples/mnist-cnn.h5 --idx t10k-images-idx3-ubyte.gz --index 0,1,9 --target 7',
      'rows of MNIST',
    ],
    ['pathgrad explain MODEL --npy rows.npy --baseline mean.npy --steps auto --json out.json', 'a table of numbers'],
  ],
};

const predict: Command = {
  name: 'predict',
  summary: 'run the model on texts, pictures or arrays',
  about: 'Prints what the model predicts for each input, the likeliest classes first.',
  usage: 'pathgrad predict MODEL INPUT [OPTIONS]',
  groups: [
    inputs,
    reading,
    model,
    {
      title: 'Output',
      flags: [
        { name: 'top', value: 'N', help: 'how many classes to print; 3 if left out' },
        { ...batch, help: 'rows that go through the model at a time; 32 if left out' },
        { name: 'json', value: 'FILE', help: 'all predictions, as numbers' },
        quiet,
        debug,
        help,
      ],
    },
  ],
  examples: [
    ['pathgrad predict examples/mnist-cnn.h5 --image examples/digits/*.png', 'pictures'],
    [
      'pathgrad predict examples/imdb-cnn.h5 --vocab examples/imdb-vocab.txt --text-file examples/sentences.txt',
      'texts',
    ],
  ],
};

const inspect: Command = {
  name: 'inspect',
  summary: 'list the layers of a model file, and what is not supported and why',
  about:
    'Reads a Keras file (.h5, .keras, .weights.h5, or an architecture as .json) and lists layers, shapes and parameters.\nIt also reads models that cannot be run yet, and says what stands in the way.',
  usage: 'pathgrad inspect MODEL [OPTIONS]',
  groups: [
    {
      title: 'Options',
      flags: [
        model.flags[0]!,
        {
          name: 'verify',
          value: 'FILE',
          help: "compare with values of real Keras in FILE (.json or .npz, or the model's own file if they are inside)",
        },
        debug,
        help,
      ],
    },
  ],
  examples: [
    ['pathgrad inspect examples/imdb-cnn.h5', 'the layers of a text model'],
    ['pathgrad inspect model.keras --verify model.reference.json', 'whether it computes what Keras computes'],
  ],
};

export const commands: readonly Command[] = [explain, predict, inspect];
