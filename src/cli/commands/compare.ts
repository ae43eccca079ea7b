/** The flags and the help of `pathgrad compare`. */
import { methodLines, metricLines } from '../explainers.ts';
import { ownFlags } from '../flags/own-flags.ts';
import type { Command } from './command.ts';
import { batch, explaining, inputs, json, last, model, reading, target } from './shared.ts';

export const compare: Command = {
  name: 'compare',
  summary: 'run several methods and metrics on the same inputs, side by side',
  about:
    'Explains the same inputs by several methods, for the same target and from the same baseline, and judges each by metrics: a mean with its standard deviation over the inputs. A method or metric that does not apply is listed with its reason and stops none of the others. No order of methods follows from few inputs, and metrics disagree.',
  usage: 'pathgrad compare MODEL INPUT [OPTIONS]',
  model: true,
  groups: [
    inputs,
    reading,
    model,
    {
      title: 'What to compare',
      flags: [
        {
          name: 'explainers',
          value: 'LIST',
          help: 'methods, as saliency,deep-lift, or all; some that suit the model if left out',
        },
        {
          name: 'metrics',
          value: 'LIST',
          help: 'metrics, as deletion,sparseness, all or none; some that suit the inputs if left out',
        },
        {
          ...target,
          help: 'predicted (default), a class number or label, or one per input: 0,7,predicted',
        },
        ...explaining,
        ...ownFlags,
        { ...batch, help: 'rows that go through the model at a time; 100 if left out' },
      ],
    },
    {
      title: 'What to write',
      flags: [
        {
          name: 'html',
          value: 'FILE',
          help: 'a report, one self-contained page: methods side by side, metrics, time and memory; - prints it in the place of the table, as for the next two',
        },
        { ...json, help: 'all numbers, per input too' },
        { name: 'table', value: 'FILE', help: 'a line per method and measure, as CSV' },
        ...last,
      ],
    },
  ],
  lists: () => ['', 'Methods (case and hyphens do not matter):', ...methodLines(), '', 'Metrics:', ...metricLines()],
  examples: [
    ['pathgrad compare examples/mnist-cnn.h5 --image examples/digits/*.png --html methods.html', 'pictures'],
    [
      'pathgrad compare examples/imdb-cnn.h5 --vocab examples/imdb-vocab.txt --text-file examples/sentences.txt \\\n      --explainers integrated-gradients,saliency --metrics comprehensiveness,sufficiency --table methods.csv',
      'two methods and two metrics on texts',
    ],
  ],
};
