/** The custom layers of test/golden/make_zoo.py in TypeScript. */
import { add, type CustomLayers, mul } from '../../src/index.ts';

export const customLayers: CustomLayers = {
  Scale: {
    weights: ([x]) => [{ name: 'factor', shape: [x!.at(-1)!] }],
    forward: ([x], { weights }) => mul(x!, weights['factor']!),
  },
  double: ([x]) => add(mul(x!, 2), 1),
  TransformerBlock: {
    layers: ({ embed_dim, num_heads, ff_dim }) => ({
      att: { className: 'MultiHeadAttention', num_heads, key_dim: embed_dim },
      ffn: {
        className: 'Sequential',
        layers: [
          { className: 'Dense', units: ff_dim, activation: 'relu' },
          { className: 'Dense', units: embed_dim },
        ],
      },
      layernorm1: { className: 'LayerNormalization', epsilon: 1e-6 },
      layernorm2: { className: 'LayerNormalization', epsilon: 1e-6 },
    }),
    forward: ([x], { layers }) => {
      const out = layers['layernorm1']!(add(x!, layers['att']!(x!, x!)));
      return layers['layernorm2']!(add(out, layers['ffn']!(out)));
    },
  },
  Residual: {
    layers: ({ units }) => ({
      blocks: [
        { className: 'Dense', units, activation: 'tanh' },
        { className: 'Dense', units },
      ],
    }),
    weights: () => [{ name: 'gain', shape: [1] }],
    forward: ([x], { layers, weights }) => {
      const y = layers['blocks/1']!(layers['blocks/0']!(x!));
      return add(x!, mul(y, weights['gain']!));
    },
  },
};
