/** The flags and the help of `pathgrad explain`. */
import { methodLines } from '../explainers.ts';
import { ownFlags } from '../flags/own-flags.ts';
import type { Command } from './command.ts';
import {
  batch,
  classes,
  explaining,
  inputs,
  json,
  last,
  model,
  ofIntegratedGradients,
  reading,
  target,
  top,
} from './shared.ts';

export const explain: Command = {
  name: 'explain',
  summary: 'show which words or pixels made the model predict what it predicts',
  about:
    'Says which tokens, pixels or features moved the score of the target. Integrated gradients unless --explainer names another method: how much each moved the score on the way from a baseline (an empty text, a black picture) to the input. These numbers sum to the change of the score; how closely they do is printed as completeness.',
  usage: 'pathgrad explain MODEL INPUT [OPTIONS]',
  model: true,
  groups: [
    inputs,
    reading,
    model,
    {
      title: 'How to explain',
      flags: [
        {
          name: 'explainer',
          value: 'NAME',
          help: 'the method: IntegratedGradients (default) or another of the list below',
        },
        {
          ...target,
          help: 'predicted (default), a class number or label, all; one per input: 0,7,predicted; or several for one input: 0,3',
        },
        classes,
        top,
        ...explaining,
        ofIntegratedGradients.method,
        ...ownFlags,
        { ...batch, help: 'rows that go through the model at a time; 100 if left out' },
        ofIntegratedGradients.compat,
      ],
    },
    {
      title: 'What to write',
      flags: [
        {
          name: 'html',
          value: 'FILE',
          help: 'a report, one self-contained page; - prints it in the place of the findings, as for the next three',
        },
        {
          name: 'svg',
          value: 'FILE',
          help: 'a picture that suits the data: a waterfall of a table, the line of a series, words, pixels; of several explanations numbered files, FILE-1.svg and so on',
        },
        { name: 'png', value: 'FILE', help: 'pictures: original, all, positive and negative attributions' },
        { ...json, help: 'predictions, and one number per word, feature or step' },
        { name: 'full', help: 'in --json also all numbers of the explanation, as Explanation.fromJSON reads them' },
        {
          name: 'strongest',
          value: 'K',
          help: 'words or features that are listed of each input; 5 and 10 if left out',
        },
        {
          name: 'show',
          value: 'N',
          help: 'inputs that are printed one by one, or all; of more than 20 the 5 with the largest numbers if left out',
        },
        {
          name: 'scale',
          value: 'NUMBER',
          help: 'the attribution that gets the full colour, here and in --png; the largest if left out',
        },
        ...last,
      ],
    },
  ],
  lists: () => ['', 'Methods for --explainer (case and hyphens do not matter):', ...methodLines()],
  examples: [
    ['pathgrad explain examples/imdb-cnn.h5 --vocab examples/imdb-vocab.txt --text "What a superb film!"', 'a text'],
    ['pathgrad explain examples/imdb-distilbert --text "What a superb film!"', 'a text, by a transformer'],
    [
      'pathgrad explain examples/imdb-cnn.h5 --vocab examples/imdb-vocab.txt \\\n      --text-file examples/sentences.txt --labels negative,positive --html report.html',
      'texts of a file, with a report',
    ],
    ['pathgrad explain examples/mnist-cnn.h5 --image examples/digits/*.png --png digits.png', 'pictures'],
    [
      'pathgrad explain examples/mnist-cnn.h5 --idx t10k-images-idx3-ubyte.gz --index 0,1,9 --target 7',
      'rows of MNIST, whose test set is the file of this name',
    ],
    [
      'pathgrad explain examples/mnist-cnn.h5 --image examples/digits/7.png --explainer saliency --top 2',
      'another method, and the two likeliest classes',
    ],
    [
      'pathgrad explain MODEL --npy rows.npy --baseline mean.npy --steps auto --json out.json',
      'a table of numbers: a model and arrays of your own',
    ],
  ],
};
