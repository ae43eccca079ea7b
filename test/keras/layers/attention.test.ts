/**
 * Attention layers under masks and rarer options against Keras 3 and tf_keras: test/golden/attention-keras*.json.gz, made by
 * make_attention.py beside them; outputs and gradients on both backends.
 */
import { suite } from 'uvu';
import { testCases } from '../../support/keras-cases.ts';

const test = suite('attention layers against Keras');

testCases(test, 'attention', 30);

test.run();
