"""Expected values of recurrent layers under masks, initial states and rarer options, run by real Keras on random input.

`python make_recurrent.py` writes recurrent-keras3.json.gz beside this file, `python make_recurrent.py 2` (tf_keras) recurrent-keras2.json.gz.
A case is a small functional model: architecture, weights, input, output, and the gradient of sum(output * cotangent) to the input.
Steps of the input that are all zeros are masked. Versions: requirements.txt and tf_keras 2.21.0.
"""
import numpy as np

from cases import MAJOR, case_values, keras, write

L = keras.layers
rng = np.random.default_rng(11)
cases = []
# Masked steps in front, within and behind; a row without, and one that is masked all over.
COUNTS = np.array([[0, 1, 0, 1, 1], [1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0]])


def leaves(layer):
    inner = [layer.layer] if type(layer).__name__ == "TimeDistributed" else []
    return [layer] if not inner else [leaf for child in inner for leaf in leaves(child)]


def case(name, build, features=3, masked=True, shape=(5,)):
    x = keras.Input((*shape, features))
    model = keras.Model(x, build(L.Masking(0.0)(x) if masked else x, x))
    for layer in model.layers:
        if layer.weights:
            layer.set_weights([rng.normal(0, 0.6, w.shape) for w in layer.weights])
    feed = rng.normal(0, 1, (4, *shape, features)).astype("float32")
    if masked:
        feed *= COUNTS.reshape(4, *shape, 1) if shape == (5,) else 1
    cases.append(case_values(name, model, [feed], [leaf for top in model.layers for leaf in leaves(top)], rng))


for kind in ("SimpleRNN", "LSTM", "GRU"):
    one = getattr(L, kind)
    count = 2 if kind == "LSTM" else 1

    def states(x, count=count):
        return [L.Dense(3)(L.Flatten()(x)) for _ in range(count)]

    case(f"{kind} masked", lambda m, x: one(3)(m))
    case(f"{kind} masked sequences", lambda m, x: one(3, return_sequences=True)(m))
    case(f"{kind} masked backwards", lambda m, x: one(3, go_backwards=True)(m))
    case(f"{kind} masked sequences backwards", lambda m, x: one(3, return_sequences=True, go_backwards=True)(m))
    case(f"{kind} masked states", lambda m, x: L.Concatenate()(one(3, return_state=True)(m)))
    case(f"{kind} masked with initial state", lambda m, x: one(3, return_sequences=True)(m, initial_state=states(x)))
    case(f"{kind} masked with initial state, last", lambda m, x: one(3)(m, initial_state=states(x)))
    case(f"{kind} zeros at masked steps", lambda m, x: one(3, return_sequences=True, zero_output_for_mask=True)(m))
    case(f"{kind} two layers", lambda m, x: one(2)(one(3, return_sequences=True)(m)))
    case(f"Bidirectional {kind} masked", lambda m, x: L.Bidirectional(one(3))(m))
    case(f"Bidirectional {kind} masked sequences", lambda m, x: L.Bidirectional(one(3, return_sequences=True))(m))
    case(f"Bidirectional {kind} states", lambda m, x: L.Concatenate()(L.Bidirectional(one(2, return_state=True))(m)))
    case(
        f"Bidirectional {kind} with initial states",
        lambda m, x: L.Bidirectional(one(3, return_sequences=True))(m, initial_state=states(x) + states(x)),
    )
    case(f"{kind} one step", lambda m, x: one(5)(x), masked=False, shape=(1,))
    case(f"{kind} silu and softmax", lambda m, x: one(3, activation="softmax" if kind == "SimpleRNN" else "silu")(m))

case("GRU reset before, masked", lambda m, x: L.GRU(3, reset_after=False, return_sequences=True)(m))
case("GRU reset before, no bias", lambda m, x: L.GRU(3, reset_after=False, use_bias=False)(m))
case("GRU no bias", lambda m, x: L.GRU(3, use_bias=False)(m))
case("LSTM hard sigmoid and relu", lambda m, x: L.LSTM(3, activation="relu", recurrent_activation="hard_sigmoid")(m))
case("LSTM sigmoid gates of selu", lambda m, x: L.LSTM(3, activation="selu", recurrent_activation="softsign")(m))
case("Bidirectional None sequences", lambda m, x: L.Concatenate()(L.Bidirectional(L.LSTM(2, return_sequences=True), merge_mode=None)(m)))
if MAJOR == 2:  # Keras 3 refuses it
    case("Bidirectional of a backwards layer", lambda m, x: L.Bidirectional(L.GRU(2, return_sequences=True, go_backwards=True))(m))
case("Bidirectional into LSTM", lambda m, x: L.LSTM(2)(L.Bidirectional(L.GRU(2, return_sequences=True))(m)))
case("Bidirectional of cells", lambda m, x: L.Bidirectional(L.RNN([L.GRUCell(2), L.LSTMCell(3)], return_sequences=True))(m))
case("stack of cells, masked, states", lambda m, x: L.Concatenate()(L.RNN([L.GRUCell(2), L.SimpleRNNCell(3)], return_state=True)(m)))
case("mask through Add", lambda m, x: L.LSTM(2)(L.Add()([m, L.Masking(0.0)(L.ReLU()(x))])))
case("mask through Add with an unmasked input", lambda m, x: L.LSTM(2)(L.Add()([m, L.Dense(3)(x)])))
case("mask through Concatenate", lambda m, x: L.GRU(2)(L.Concatenate()([m, L.Masking(0.0)(L.ReLU()(x))])))
case("mask through Concatenate with an unmasked input", lambda m, x: L.GRU(2)(L.Concatenate()([L.Dense(2)(x), m])))
case("mask through Multiply", lambda m, x: L.SimpleRNN(2)(L.Multiply()([m, L.Masking(0.0)(L.ReLU()(x))])))
case("mask through Maximum", lambda m, x: L.SimpleRNN(2)(L.Maximum()([m, L.Masking(0.0)(L.ReLU()(x))])))
case("mask through TimeDistributed", lambda m, x: L.LSTM(2)(L.TimeDistributed(L.Dense(3))(L.LSTM(2, return_sequences=True)(m))))
case("TimeDistributed LSTM", lambda m, x: L.TimeDistributed(L.LSTM(2))(x), masked=False, shape=(2, 4))
case("RepeatVector decoder", lambda m, x: L.LSTM(2, return_sequences=True)(L.RepeatVector(3)(L.LSTM(4)(m))))


def decoder(m, x):
    _, h, c = L.LSTM(3, return_state=True)(m)
    return L.LSTM(3, return_sequences=True)(L.Dense(2)(x), initial_state=[h, c])


case("encoder and decoder", decoder)

write("recurrent", cases)
