"""Expected values of two published nets that come as weights only, built and run by tf_keras: `python make_weights_only.py CORPUS`.

textgenrnn (weights of CuDNN LSTMs, which tf_keras converts) and reactionrnn (a GRU of Keras 2.0 with the reset gate before the
product), each on two texts. Writes weights-only.json.gz beside this file. CORPUS is the folder that holds textgenrnn and reactionrnn.
"""
import gzip
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["TF_USE_LEGACY_KERAS"] = "1"
import numpy as np  # noqa: E402
import tf_keras as keras  # noqa: E402
from tf_keras import backend as K  # noqa: E402

L = keras.layers
CORPUS = sys.argv[1]


class AttentionWeightedAverage(L.Layer):
    def build(self, shape):
        self.W = self.add_weight(name=f"{self.name}_W", shape=(shape[-1], 1))

    def call(self, x):
        logits = K.squeeze(K.dot(x, self.W), -1)
        weights = K.softmax(logits)
        return K.sum(x * K.expand_dims(weights), 1)


def numbers(array):
    return {"shape": list(array.shape), "data": [float(f"{v:.7g}") for v in np.asarray(array, np.float64).ravel()]}


def encode(texts, vocabulary, length):
    rows = [[vocabulary.get(c, 0) for c in text][-length:] for text in texts]
    return np.array([[0] * (length - len(row)) + row for row in rows], "int32")


def textgen():
    x = keras.Input((40,), name="input")
    e = L.Embedding(465, 100, name="embedding")(x)
    a = L.LSTM(128, return_sequences=True, name="rnn_1")(e)
    b = L.LSTM(128, return_sequences=True, name="rnn_2")(a)
    joined = L.Concatenate(name="rnn_concat")([e, a, b])
    y = L.Dense(465, activation="softmax", name="output")(AttentionWeightedAverage(name="attention")(joined))
    return keras.Model(x, y, name="textgenrnn"), ["Integrated gradients are ", "How to make a ch"], 40


def reaction():
    x = keras.Input((140,), name="input")
    e = L.Embedding(401, 100, name="embedding")(x)
    h = L.GRU(256, reset_after=False, recurrent_activation="hard_sigmoid", name="rnn")(e)
    return keras.Model(x, L.Dense(5, activation="relu", name="output")(h), name="reactionrnn"), ["Happy Mother's Day!", "so sad"], 140


out = {}
for build in (textgen, reaction):
    model, texts, length = build()
    with open(os.path.join(CORPUS, model.name, f"{model.name}_vocab.json")) as file:
        vocabulary = json.load(file)
    model.load_weights(os.path.join(CORPUS, model.name, f"{model.name}_weights.hdf5"), by_name=True)
    ids = encode(texts, vocabulary, length)
    out[model.name] = {"architecture": json.loads(model.to_json()), "input": numbers(ids), "output": numbers(model.predict(ids, verbose=0))}

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "weights-only.json.gz")
with open(path, "wb") as file:
    file.write(gzip.compress(json.dumps(out, separators=(",", ":")).encode(), mtime=0))
print(os.path.getsize(path), {k: max(v["output"]["data"]) for k, v in out.items()})
