"""Expected values of attention layers under masks and rarer options, run by real Keras on random input.

`python make_attention.py` writes attention-keras3.json.gz beside this file, `python make_attention.py 2` (tf_keras) attention-keras2.json.gz.
A case is a small functional model: architecture, weights, inputs, output, and the gradient of sum(output * cotangent) to the first
input. Steps of the input that are all zeros are masked. Versions: requirements.txt and tf_keras 2.21.0.
"""
import numpy as np

from cases import MAJOR, case_values, keras, write

L = keras.layers
rng = np.random.default_rng(17)
cases = []
# Masked steps in front, within and behind; a row without. No row is masked all over: Keras 2 and 3 differ there, and among themselves.
COUNTS = np.array([[0, 1, 0, 1, 1], [1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0]])


def case(name, build, shape=(5, 6), allowed=None):
    """`build(masked x, x[, allowed])`; `allowed` is the shape of a second input of 0 and 1, an explicit attention_mask."""
    inputs = [keras.Input(shape)] + ([keras.Input(allowed)] if allowed else [])
    masked = L.Masking(0.0)(inputs[0]) if len(shape) == 2 else inputs[0]
    model = keras.Model(inputs, build(masked, *inputs))
    for layer in model.layers:
        if layer.weights:
            plain = [w for w in layer.weights if "seed" not in w.name]
            for w in plain:
                w.assign(rng.normal(0, 0.6, w.shape).astype("float32"))
    feed = rng.normal(0, 1, (4, *shape)).astype("float32")
    if len(shape) == 2:
        feed *= COUNTS[:, :, None]
    feeds = [feed]
    if allowed:
        second = (rng.random((4, *allowed)) < 0.6).astype("float32")
        second[..., 0] = 1
        feeds.append(second)
    cases.append(case_values(name, model, feeds, model.layers, rng))


MHA = L.MultiHeadAttention
case("self-attention, masked", lambda m, x: L.GlobalAveragePooling1D()(MHA(2, 3)(m, m)))
case("value masked, query not", lambda m, x: MHA(2, 3)(x, m))
case("query masked, value not", lambda m, x: L.GlobalAveragePooling1D()(MHA(2, 3)(m, x)))
case("key of its own", lambda m, x: MHA(2, 3, value_dim=4)(x, L.Dense(4)(x), L.Dense(5)(x)))
case("key and value masked", lambda m, x: MHA(2, 3)(x, m, m))
case("all by name", lambda m, x: MHA(2, 3)(query=x, value=m, key=x))
case("causal and masked", lambda m, x: MHA(2, 3)(x, L.Masking(9.0)(x), use_causal_mask=True))
case("attention mask", lambda m, x, a: MHA(2, 3)(x, x, attention_mask=a), allowed=(5, 5))
case("attention mask and causal", lambda m, x, a: MHA(2, 3)(x, x, attention_mask=a, use_causal_mask=True), allowed=(5, 5))
case("attention mask and value mask", lambda m, x, a: L.Add()([x, MHA(2, 3, dropout=0.2)(x, x, attention_mask=a)]), allowed=(5, 5))
case("attention mask per head", lambda m, x, a: MHA(2, 3)(x, x, attention_mask=a), allowed=(2, 5, 5))
case("scores, masked", lambda m, x: L.Flatten()(MHA(2, 3)(x, m, return_attention_scores=True)[1]))
case("output and scores", lambda m, x: L.Concatenate()([L.Flatten()(t) for t in MHA(2, 3)(x, m, return_attention_scores=True)]))
case("dropout, masked", lambda m, x: MHA(3, 2, dropout=0.5)(x, m))
case("no bias, output of two axes", lambda m, x: L.Flatten()(MHA(2, 3, use_bias=False, output_shape=(2, 3))(x, x)))
case("over both inner axes", lambda m, x: MHA(2, 3)(x, x), shape=(2, 3, 4))
case("over the second inner axis", lambda m, x: MHA(2, 3, attention_axes=2)(x, x), shape=(2, 3, 4))
case("over the first inner axis", lambda m, x: MHA(2, 3, attention_axes=(1,))(x, x), shape=(2, 3, 4))
case("mask goes on", lambda m, x: L.LSTM(2)(MHA(2, 3)(m, m)))
if MAJOR == 3:
    case("sliding window", lambda m, x: MHA(2, 3, sliding_window=2)(x, x))
    case("sliding window, causal, masked", lambda m, x: L.GlobalAveragePooling1D()(MHA(2, 3, sliding_window=3)(m, m, use_causal_mask=True)))
    case("gate", lambda m, x: MHA(2, 3, use_gate=True)(x, m))
    case("gate, value size", lambda m, x: MHA(2, 3, value_dim=5, use_gate=True)(x, x))
    GQA = L.GroupQueryAttention
    case("grouped, masked", lambda m, x: GQA(3, 4, 2)(x, m))
    case("grouped, one key head, causal", lambda m, x: GQA(3, 4, 1, use_bias=False)(x, x, use_causal_mask=True))
    case("grouped, gate, scores", lambda m, x: L.Concatenate()([L.Flatten()(t) for t in GQA(2, 4, 2, use_gate=True)(x, m, return_attention_scores=True)]))
    case("grouped, sliding window, dropout", lambda m, x: GQA(2, 2, 2, sliding_window=2, dropout=0.3)(x, x))
    case("grouped, attention mask", lambda m, x, a: GQA(2, 4, 2)(x, x, attention_mask=a), allowed=(5, 5))
case("Attention masked", lambda m, x: L.Attention()([m, m]))
case("Attention value masked", lambda m, x: L.Attention(use_scale=True)([x, m]))
case("Attention causal, masked", lambda m, x: L.Attention()([x, L.Masking(9.0)(x)], use_causal_mask=True))
case("Attention concat", lambda m, x: L.Attention(score_mode="concat", use_scale=True)([x, m]))
case("Attention key", lambda m, x: L.Attention(dropout=0.1)([x, L.Dense(4)(x), L.ReLU()(x)]))
case("Attention scores", lambda m, x: L.Attention()([x, m], return_attention_scores=True)[1])
case("AdditiveAttention masked", lambda m, x: L.AdditiveAttention()([m, m]))
case("AdditiveAttention without scale", lambda m, x: L.AdditiveAttention(use_scale=False)([x, m]))
case("EinsumDense, dots in front", lambda m, x: L.EinsumDense("...x,xy->...y", output_shape=4, bias_axes="y")(x))
case("EinsumDense, dots behind", lambda m, x: L.EinsumDense("ab...,bc->ac...", output_shape=(3, None), bias_axes="c")(x))
case("EinsumDense, two output axes", lambda m, x: L.EinsumDense("abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de", activation="gelu")(x))
case("EinsumDense, bias along one of them", lambda m, x: L.EinsumDense("abc,cde->abde", output_shape=(None, 2, 3), bias_axes="d")(x))
case("EinsumDense, a kernel per step", lambda m, x: L.EinsumDense("abc,bcd->abd", output_shape=(5, 2), bias_axes="bd")(x))
if MAJOR == 3:
    case("RMSNormalization over two axes", lambda m, x: L.RMSNormalization(axis=(1, 2), epsilon=0.1)(x))

write("attention", cases)
