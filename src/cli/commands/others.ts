/** The flags and the help of the commands that explain nothing. */
import type { Command } from './command.ts';
import { batch, debug, help, inputs, json, last, model, reading, top } from './shared.ts';

export const predict: Command = {
  name: 'predict',
  summary: 'run the model on texts, pictures or arrays',
  about: 'Prints what the model predicts for each input, the likeliest classes first.',
  usage: 'pathgrad predict MODEL INPUT [OPTIONS]',
  model: true,
  groups: [
    inputs,
    reading,
    model,
    {
      title: 'Output',
      flags: [
        { ...top, help: 'how many classes to print; 3 if left out' },
        { ...batch, help: 'rows that go through the model at a time; 32 if left out' },
        { ...json, help: 'all predictions, as numbers; - prints them in the place of the lists' },
        ...last,
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

export const inspect: Command = {
  name: 'inspect',
  summary: 'list the layers of a model file, and what is not supported and why',
  about:
    'Reads a Keras file (.h5, .keras, .weights.h5, or an architecture as .json), a folder that transformers saved, an ONNX file or a model.json of TensorFlow.js, and lists layers, shapes and parameters. It also reads models that cannot be run yet, and says what stands in the way.',
  usage: 'pathgrad inspect MODEL [OPTIONS]',
  model: true,
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
    ['pathgrad inspect examples/imdb-distilbert', 'those of a transformer, and its classes'],
    [
      'pathgrad inspect model.keras --verify model.reference.json',
      'whether a model of your own computes what Keras computes, by values that Keras gave',
    ],
  ],
};

export const methods: Command = {
  name: 'methods',
  summary: 'list the methods and metrics, and what their numbers mean',
  about:
    'Lists what --explainer and --metrics take: what the numbers mean, whether they must add up, and who proposed them.',
  usage: 'pathgrad methods',
  model: false,
  groups: [{ title: 'Options', flags: [debug, help] }],
  examples: [['pathgrad methods', 'the list']],
};
