/** transformers' own values in training mode, for every encoder and head of make_training.py. */
import { suite } from 'uvu';
import { compareTraining, titleOf, trainingCases } from '../../support/training-golden.ts';

const test = suite('transformers: training, all heads');
const cases = trainingCases();

for (const found of cases) test(titleOf(found, cases), () => compareTraining(found));

test.run();
