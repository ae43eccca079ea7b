/** The flags and the help of the commands that need labels: train, evaluate. */
import type { Flag } from '../flags/flags.ts';
import { ownFlags } from '../flags/own-flags.ts';
import type { Command } from './command.ts';
import { batchSize, changed, inputs, json, last, model, only, reading } from './shared.ts';

/** Of tables a column; where there is none, a file. */
const readingLabels = changed(reading, 'label', {
  help: 'the right answers: a column of the table, or several (A,B) of a model that judges each by itself; of --idx, --npy, --text-file and --image a file (IDX, .npy, or one per line). Pictures in sub-folders have their names as classes',
});
const seed = ownFlags.find(({ name }) => name === 'seed')!;
const ofModel = only(model, ['weights', 'output', 'labels']);
const goal: readonly Flag[] = [
  {
    name: 'loss',
    value: 'NAME',
    help: "a loss of Keras (mse, binary_crossentropy, ...); if left out what fits the model's end: a softmax takes sparse categorical crossentropy, a sigmoid binary crossentropy, a single number the mean squared error",
  },
  {
    name: 'metrics',
    value: 'NAMES',
    help: 'metrics of Keras, as accuracy,auc; if left out accuracy, or mae of numbers',
  },
];

export const train: Command = {
  name: 'train',
  summary: 'train a model on labelled tables, texts or pictures, and save it as Keras reads it',
  about:
    'Trains a model of Keras or TensorFlow.js, or a transformer, on labelled rows and writes it to --out. The model file stays as it is. Prints a line per epoch; Ctrl-C ends after the last whole epoch and keeps what it has learnt.',
  usage: 'pathgrad train MODEL INPUT --label COLUMN --out FILE [OPTIONS]',
  model: true,
  groups: [
    inputs,
    readingLabels,
    ofModel,
    {
      title: 'How to train',
      flags: [
        ...goal,
        {
          name: 'optimizer',
          value: 'NAME',
          help: 'adam (if left out; of transformers adamw), sgd, adamw, rmsprop, lion, ... as Keras has them',
        },
        {
          name: 'learning-rate',
          value: 'X',
          help: "its rate; the optimizer's own if left out (adam: 0.001; of transformers 5e-5)",
        },
        {
          name: 'schedule',
          value: 'NAME',
          help: 'how the rate goes over all steps: constant, linear (down to 0) or cosine; of transformers linear if left out',
        },
        {
          name: 'warmup',
          value: 'N',
          help: 'steps in which the rate rises first, or their share, as 0.1; of transformers 0.1 if left out',
        },
        { name: 'weight-decay', value: 'X', help: "of weights, but of a transformer's biases and normalizations" },
        { name: 'clip-norm', value: 'X', help: 'the most that the norm of all gradients together may be' },
        { name: 'epochs', value: 'N', help: 'how often all rows are gone through; 10 if left out' },
        batchSize,
        {
          name: 'validation-split',
          value: 'SHARE',
          help: 'the share of the rows, drawn by the seed, that is not trained on but judged after each epoch, as 0.2',
        },
        {
          name: 'early-stopping',
          value: 'N',
          help: 'end after N epochs without a better (validation) loss, and take the best',
        },
        {
          name: 'class-weight',
          value: 'WEIGHTS',
          help: 'balanced: rare classes count for more, so that all weigh the same; or weights of classes, as bad=2,good=0.5',
        },
        { name: 'freeze', value: 'LAYERS', help: 'layers that are not trained, by name or path, with what is in them' },
        {
          name: 'train-only',
          value: 'LAYERS',
          help: 'only these are, or the last N that have weights; of a transformer head is what is not the encoder',
        },
        { name: 'new-head', help: 'a transformer gets a new classifier for the classes of --labels' },
        { ...seed, help: 'of the order of rows, dropout and --validation-split; 0 if left out' },
      ],
    },
    {
      title: 'Output',
      flags: [
        {
          name: 'out',
          value: 'FILE',
          help: 'the trained model: .keras or .h5; .weights.h5 or .safetensors for its weights alone; of a transformer a folder',
        },
        { name: 'overwrite', help: 'replace --out and --checkpoint if they exist' },
        { name: 'checkpoint', value: 'FILE', help: 'after each epoch, all that --resume needs' },
        {
          name: 'resume',
          value: 'FILE',
          help: 'go on from a checkpoint, given the same model, data and flags; it is kept up to date',
        },
        { name: 'log', value: 'FILE', help: 'loss and metrics of each epoch, as CSV' },
        ...last,
      ],
    },
  ],
  examples: [
    [
      'pathgrad train examples/wine-mlp.keras --csv examples/wine.csv --label cultivar --validation-split 0.2 --out wine.keras',
      'a table, a fifth of it to judge by',
    ],
    [
      'pathgrad train examples/imdb-cnn.h5 --vocab examples/imdb-vocab.txt --csv reviews.csv --columns text --label sentiment --labels negative,positive --train-only 2 --out mine.h5',
      'the last two layers of a text model, on texts of your own',
    ],
    [
      'pathgrad train MODEL.keras --image photos --pixels 0..1 --checkpoint run.ckpt --out photos.keras',
      'pictures in photos/cat, photos/dog, ...; killed, it goes on with --resume run.ckpt',
    ],
    [
      'pathgrad train examples/imdb-distilbert --csv reviews.csv --columns text --label sentiment --epochs 3 --out tuned',
      'a transformer: AdamW, a tenth of the steps up and the rest down; --train-only head for the classifier alone',
    ],
  ],
};

export const evaluate: Command = {
  name: 'evaluate',
  summary: 'judge a model by labelled rows: loss, metrics, which classes it takes for which',
  about:
    'Prints the loss and the metrics of a model on labelled rows, and for classes how many of each are found and what the others are taken for.',
  usage: 'pathgrad evaluate MODEL INPUT --label COLUMN [OPTIONS]',
  model: true,
  groups: [
    inputs,
    readingLabels,
    ofModel,
    {
      title: 'Output',
      flags: [
        ...goal,
        { ...batchSize, help: 'rows that go through the model at a time; 32 if left out' },
        { ...json, help: 'the numbers, with the whole table of classes; - prints them instead' },
        ...last,
      ],
    },
  ],
  examples: [['pathgrad evaluate examples/wine-mlp.keras --csv examples/wine.csv --label cultivar', 'a table']],
};
