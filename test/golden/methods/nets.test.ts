/** The golden nets of the attribution methods predict what their torch twins do, in both float types. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { loadNet, netNames, netSamples } from '../../support/method-golden.ts';

const nets = suite('golden nets');

for (const name of netNames) {
  for (const [dtype, bound] of [['float64', 1e-14] as const, ['float32', 1e-6] as const]) {
    nets(`${name} predicts what its torch twin does in ${dtype}`, async () => {
      const { inputs, predictions } = netSamples(name, dtype);
      const found = (await (await loadNet(name, dtype)).predict(inputs)) as Tensor;
      assert.equal(found.shape, predictions.shape);
      found.data.forEach((value, i) => {
        const off = Math.abs(value - predictions.data[i]!);
        assert.ok(off < bound * 4, `entry ${i} is off by ${off}`);
      });
    });
  }
}

nets('some samples are picked by their rows', () => {
  const [all, some] = [netSamples('table2', 'float64'), netSamples('table2', 'float64', [3, 1])];
  assert.equal(some.targets, [all.targets[3], all.targets[1]]);
  assert.equal([...some.inputs[1]!.data.slice(3)], [...all.inputs[1]!.data.slice(3, 6)]);
});

nets.run();
