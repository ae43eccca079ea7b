/** Heads against transformers on PyTorch: outputs, and input x gradient at the embeddings for one entry of each output. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { InputXGradient } from '../../src/attribution/methods/index.ts';
import { architectures } from '../../src/transformers/encoders/index.ts';
import { loadTransformer } from '../../src/transformers/index.ts';
import { filesOf, headCases } from './golden-heads.ts';

const test = suite('transformers: heads of PyTorch');
const cases = headCases();

function near(got: ArrayLike<number>, want: readonly number[], bound: number, what: string): void {
  assert.is(got.length, want.length, what);
  const top = Math.max(...want.map(Math.abs));
  const off = want.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0);
  assert.ok(off <= bound * top, `${what}: off by ${off}, largest ${top}`);
}

for (const one of cases) {
  const known = architectures.some((name) => name === one.config['model_type']);
  if (!known) continue;
  test(`${one.class}${one.variant ? `, ${one.variant}` : ''}`, async () => {
    const model = await loadTransformer(filesOf(one), { output: 'logits' });
    const given = { input_ids: one.ids, attention_mask: one.mask, ...(one.types && { token_type_ids: one.types }) };
    const outputs = await model.predictAll(given);
    assert.is(outputs.length, one.outputs.length);
    outputs.forEach((output, i) => {
      assert.equal(output.shape, one.outputs[i]!.shape);
      near(output.data, one.outputs[i]!.data, 1e-5, `output ${i}`);
    });
    const layer = model.layers[0]!.layers.find(({ path }) => path.endsWith('embeddings'))!;
    const explainer = new InputXGradient(model, { layer, output: outputs.length - 1 });
    const { input_ids: x, ...forwardKwargs } = given;
    const { attributions } = await explainer.explain(x, {
      forwardKwargs,
      target: one.target.length > 0 && outputs.at(-1)!.shape[1] === 1 ? null : one.target,
    });
    near(attributions[0]!.data, one.product, 1e-4, 'input x gradient');
    model.dispose();
  });
}

test('every family that is known has its heads checked', () => {
  const checked = new Set(cases.map(({ config }) => config['model_type']));
  const own = ['deberta-v2', 'modernbert'];
  assert.equal(
    architectures.filter((name) => !checked.has(name) && !own.includes(name)),
    [],
  );
});

test.run();
