/** Flags that several commands take. */
import type { Flag, FlagGroup } from '../flags/flags.ts';

export const inputs: FlagGroup = {
  title: 'What to look at (one kind at a time; - is the standard input)',
  flags: [
    {
      name: 'text',
      value: 'TEXT',
      many: 'repeat',
      help: 'a text; a Keras model that does not hold its vocabulary needs --vocab or --word-index',
    },
    {
      name: 'text-pair',
      value: 'TEXT',
      many: 'repeat',
      help: 'transformers: a second text that is read together with --text',
    },
    { name: 'text-file', value: 'FILE', help: 'a file of texts, one per line' },
    { name: 'tokens', value: 'IDS', many: 'repeat', help: 'token ids, as 1,14,22,16; padded as texts are' },
    { name: 'image', value: 'FILE...', many: 'list', help: 'pictures, PNG or JPEG, or folders of them' },
    { name: 'idx', value: 'FILE', help: 'an IDX file (MNIST), plain or gzipped' },
    { name: 'npy', value: 'FILE', help: "a NumPy .npy file: rows of the model's input" },
    { name: 'npz', value: 'FILE', help: 'a NumPy .npz file: arrays by the names of the inputs' },
    { name: 'csv', value: 'FILE', help: 'a table; columns feed the inputs by name, or in order' },
    { name: 'ndjson', value: 'FILE', help: 'rows as JSON, one per line, or one array of them' },
    { name: 'parquet', value: 'FILE', help: 'a table as Parquet' },
    { name: 'wav', value: 'FILE...', many: 'list', help: 'sounds, for models of series' },
    {
      name: 'input',
      value: 'NAME=FILE',
      many: 'repeat',
      help: "a file for one of the model's inputs, of any kind above; a model with several has one for each",
    },
    { name: 'index', value: 'ROWS', help: 'which rows of a file, as 0,1,9; all if left out' },
    { name: 'rows', value: 'FROM:TO', help: 'a range of rows, as 0:100' },
  ],
};

export const reading: FlagGroup = {
  title: 'How to read it',
  flags: [
    { name: 'vocab', value: 'FILE', help: 'one token per line; the line number, from 0, is the id' },
    { name: 'word-index', value: 'FILE', help: "Keras's word index: JSON {word: rank}; id = rank + 3" },
    {
      name: 'index-from',
      value: 'N',
      help: 'with --word-index: id = rank + N (3 for keras.datasets, 0 for Tokenizer)',
    },
    {
      name: 'length',
      value: 'N',
      help: 'number of tokens, where the model does not fix it; of a transformer the most that are read',
    },
    { name: 'padding', value: 'SIDE', help: 'pre (as Keras) or post: where short texts are filled up' },
    { name: 'truncating', value: 'SIDE', help: 'pre (as Keras) or post: which end of long texts is cut off' },
    { name: 'pixels', value: 'LOW..HIGH', help: 'what black and white are to the model; 0..1 if left out' },
    { name: 'invert', help: 'swap black and white in --image pictures' },
    { name: 'size', value: 'HxW', help: 'height and width of pictures, where the model leaves them open' },
    {
      name: 'columns',
      value: '[INPUT=]A,B',
      many: 'repeat',
      help: 'columns of a table that feed an input, in this order; those of its name, or all that are left, if left out',
    },
    { name: 'label', value: 'COLUMN', help: 'the column of the right answers, which feeds no input' },
    { name: 'drop', value: 'A,B', help: 'columns that feed no input' },
    { name: 'separator', value: 'SIGN', blank: true, help: 'between fields of --csv; found if left out' },
    { name: 'rate', value: 'HZ', help: 'the rate that --wav files must have' },
  ],
};

export const model: FlagGroup = {
  title: 'The model',
  flags: [
    {
      name: 'weights',
      value: 'FILE',
      help: 'weights, where MODEL is only an architecture (.json, or .h5 without weights)',
    },
    { name: 'output', value: 'NAME', help: 'which output by name or number, where the model has several' },
    {
      name: 'word',
      value: 'WORD',
      help: 'transformers that judge words: which word of the text (if left out the one with the surest label, or [MASK])',
    },
    { name: 'token', value: 'N', help: 'the same by the number of its token, from 0' },
    {
      name: 'answer',
      value: 'SIDE',
      help: 'transformers that answer questions: start (if left out) or end of the answer',
    },
    { name: 'labels', value: 'NAMES', help: 'names of the classes: negative,positive or a file with one per line' },
  ],
};

export const debug: Flag = { name: 'debug', help: 'show where in the program an error arose' };
export const help: Flag = { name: 'help', short: 'h', help: 'show this help' };
export const quiet: Flag = {
  name: 'quiet',
  short: 'q',
  help: 'no progress bar, no notes, no word of what was written',
};
export const batch: Flag = { name: 'batch', value: 'N', help: 'rows that go through the model at a time' };

/** What is explained and from where: of every method. */
export const explaining: readonly Flag[] = [
  {
    name: 'baseline',
    value: 'WHAT',
    help: 'zeros (default; for texts pad, for tables of a model that normalizes: normal, the mean that it subtracts), mean of the rows, a number (for transformers the id of a token), pad, mask or random:10 (transformers: [MASK], random words, mean of 10), noise, noise:10 (mean of 10), max (black or white, what is farther), layer:0 (at --layer), or a .npy file',
  },
  {
    name: 'layer',
    value: 'NAME',
    help: 'explain at this layer (name, path or index); texts: the embedding, or the embeddings layer of a transformer',
  },
  { name: 'layer-inputs', help: 'explain at what goes into --layer, not at what comes out' },
  { name: 'softmax', help: 'explain probabilities, where the model gives logits' },
  {
    name: 'logits',
    help: 'explain logits, where the model ends in a softmax: slopes of its probabilities vanish near 1',
  },
];

/** The classes that are explained. */
export const target: Flag = {
  name: 'target',
  value: 'WHICH',
  help: 'predicted (default), a class number or label, or all',
};
export const classes: Flag = {
  name: 'classes',
  value: 'LIST',
  help: 'several classes, each explained for every input: 0,3',
};
export const top: Flag = { name: 'top', value: 'K', help: "each input's K classes of highest score" };

/** What only integrated gradients takes. */
export const ofIntegratedGradients: { readonly method: Flag; readonly compat: Flag } = {
  method: {
    name: 'method',
    value: 'NAME',
    help: 'IntegratedGradients: the rule, gausslegendre (default), riemann_left, _right, _middle or _trapezoid',
  },
  compat: {
    name: 'compat',
    value: 'alibi',
    help: "IntegratedGradients: the numbers of Python's alibi, where they differ from the right ones",
  },
};

/** Rows a step of a training, or that are judged at a time. */
export const batchSize: Flag = { ...batch, name: 'batch-size', help: 'rows a step; 32 if left out' };
export const json: Flag = { name: 'json', value: 'FILE', help: 'the numbers; - prints them instead' };

export const wideVectors: Flag = {
  name: 'wide-vectors',
  help: 'kernels for vectors of 256 bits: the same numbers, in less time for large models; Node 24 and newer on x64 with AVX2',
};

/** What every command that computes ends with. */
export const last: readonly Flag[] = [wideVectors, quiet, debug, help];

/** The group with some flags only. */
export const only = (group: FlagGroup, names: readonly string[]): FlagGroup => ({
  ...group,
  flags: group.flags.filter(({ name }) => names.includes(name)),
});

/** The group with a flag that means something else here, in its place. */
export const changed = (group: FlagGroup, name: string, change: Partial<Flag>): FlagGroup => ({
  ...group,
  flags: group.flags.map((flag) => (flag.name === name ? { ...flag, ...change } : flag)),
});
