/**
 * What metrics are for: on the four example models deletion and MPRT tell gradient methods apart from attributions that have nothing to do
 * with the model. A constant and random numbers stay what they are whatever the weights, and removing features in their order leaves the
 * score higher. `figures.ts` prints all of it.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { figuresOf } from '../attribution/metrics/figures.ts';
import { exampleModels } from '../support/example-inputs.ts';

const test = suite('metrics on the example models');
/** Fewer stages than there are layers: this is a test, not a report. */
const stages: { readonly [model: string]: readonly string[] } = {
  'imdb-distilbert': ['classifier', 'distilbert/embeddings', 'distilbert/embeddings/word_embeddings'],
};

for (const example of await exampleModels(3)) {
  test(`${example.name}: deletion and MPRT tell gradient methods from a constant and from random numbers`, async () => {
    const figures = await figuresOf(example, 8, stages[example.name]);
    const text = Object.entries(figures).map(([m, f]) => `${m} ${f.deletion.toFixed(2)} ${f.mprt.toFixed(2)}`);
    console.log(`note: ${example.name}, area of deletion and MPRT: ${text.join(', ')}`);
    for (const other of ['constant', 'random']) {
      for (const method of ['IntegratedGradients', 'InputXGradient', 'Saliency']) {
        // Magnitudes of slopes say little about tokens: in a transformer random words do as well, and in an LSTM places count most.
        const weak = method === 'Saliency' && example.layer !== null;
        if (!weak) assert.ok(figures[method]!.deletion < figures[other]!.deletion, `deletion: ${method} and ${other}`);
        const apart = weak ? 0.01 : 0.2;
        assert.ok(figures[method]!.mprt < figures[other]!.mprt - apart, `MPRT: ${method} and ${other}`);
      }
    }
  });
}

test.run();
