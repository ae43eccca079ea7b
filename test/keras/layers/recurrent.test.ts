/**
 * Recurrent layers under masks, initial states and rarer options against Keras 3 and tf_keras: test/golden/recurrent-keras*.json.gz,
 * made by make_recurrent.py beside them; outputs and gradients on both backends.
 */
import { suite } from 'uvu';
import { testCases } from '../../support/keras-cases.ts';

const test = suite('recurrent layers against Keras');

testCases(test, 'recurrent', 60);

test.run();
