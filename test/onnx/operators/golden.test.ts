/** Operators that the node tests of onnx lack against onnxruntime's numbers (test/golden/onnx/operators.py). */
import { readFileSync } from 'node:fs';
import { gunzipSync, strFromU8 } from 'fflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluate } from '../../../src/graph/evaluate.ts';
import { type Tensor, tensor } from '../../../src/tensor/tensor.ts';
import { type AttributeValue, callOperator } from '../../support/onnx-call.ts';

interface Numbers {
  readonly shape: readonly number[];
  readonly type: string;
  readonly data: readonly number[];
}

interface Case {
  readonly op: string;
  readonly domain: string;
  readonly opset: number;
  readonly attrs: Readonly<Record<string, AttributeValue>>;
  readonly outputs: readonly string[];
  readonly inputs: readonly (Numbers | null)[];
  readonly results: readonly Numbers[];
}

const test = suite('onnx operators of onnxruntime');
const file = new URL('../../golden/onnx/operators.json.gz', import.meta.url);
const { cases } = JSON.parse(strFromU8(gunzipSync(new Uint8Array(readFileSync(file))))) as { cases: readonly Case[] };
const made = ({ shape, type, data }: Numbers): Tensor =>
  tensor([...data], shape, type === 'float32' ? 'float64' : 'int32');

cases.forEach(({ op, domain, opset, attrs, outputs, inputs, results }, i) => {
  test(`${i} ${domain} ${op}`, () => {
    const options = { domain, opset, attrs, outputs: outputs.length };
    const found = callOperator(
      op,
      inputs.map((x) => x && made(x)),
      options,
    );
    const wanted = found.filter((_, k) => outputs[k]);
    results.forEach((result, k) => {
      const y = evaluate(wanted[k]!);
      assert.equal(y.shape, result.shape);
      result.data.forEach((value, at) => {
        const difference = Math.abs(y.data[at]! - value);
        assert.ok(
          difference <= 1e-5 * Math.max(1, Math.abs(value)),
          `result ${k}[${at}]: ${y.data[at]}, expected ${value}`,
        );
      });
    });
  });
});

test('every case is there', () => {
  assert.is(cases.length, 91);
});

test.run();
