"""Writes the golden nets (`NAME.keras`, weights drawn from a fixed seed) and nets.json: inputs, baselines, targets, predictions.

    KERAS_BACKEND=torch python make_nets.py          # all, or those that are named

Inputs are multiples of 1/64, so that float32 and float64 have the same. Versions: requirements.txt. Keras stores random names and times
in its archives, so a second run gives other bytes with the same weights and the same nets.json.
"""
import json
import os
import shutil
import sys
import zipfile

os.environ["KERAS_BACKEND"] = "torch"
import keras  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402

import nets  # noqa: E402

L = keras.layers


def mlp():
    x = inputs = keras.Input((6,), name="x")
    x = L.Activation("relu", name="relu1")(L.Dense(10, name="dense1")(x))
    x = L.Activation("sigmoid", name="sigmoid2")(L.Dense(8, name="dense2")(x))
    return keras.Model(inputs, L.Dense(3, name="logits")(x), name="mlp")


def cnn():
    x = inputs = keras.Input((12, 12, 2), name="x")
    x = L.BatchNormalization(name="norm1")(L.Conv2D(4, 3, padding="same", name="conv1")(x))
    x = L.MaxPooling2D(2, name="pool1")(L.Activation("relu", name="relu1")(x))
    x = L.Activation("relu", name="relu2")(L.Conv2D(5, 3, name="conv2")(x))
    x = L.Flatten(name="flatten")(L.AveragePooling2D(2, name="pool2")(x))
    return keras.Model(inputs, L.Dense(4, name="logits")(x), name="cnn")


def residual():
    x = inputs = keras.Input((8, 8, 3), name="x")
    x = L.BatchNormalization(name="norm1")(L.Conv2D(4, 3, padding="same", use_bias=False, name="conv1")(x))
    x = L.Activation("relu", name="relu1")(x)
    y = L.BatchNormalization(name="norm2")(L.Conv2D(4, 3, padding="same", use_bias=False, name="conv2")(x))
    x = L.Activation("relu", name="relu2")(L.Add(name="add2")([x, y]))
    x = L.Conv2D(6, 2, name="conv3")(L.AveragePooling2D(2, name="pool2")(x))
    x = L.GlobalMaxPooling2D(name="pool3")(L.Activation("relu", name="relu3")(x))
    return keras.Model(inputs, L.Dense(3, name="logits")(x), name="residual")


def text():
    inputs = keras.Input((7,), dtype="int32", name="tokens")
    x = L.Conv1D(6, 3, activation="relu", name="conv")(L.Embedding(20, 5, name="embedding")(inputs))
    return keras.Model(inputs, L.Dense(2, name="logits")(L.GlobalMaxPooling1D(name="pool")(x)), name="text")


def lstm():
    inputs = keras.Input((6,), dtype="int32", name="tokens")
    x = L.Dense(3, name="logits")(L.LSTM(6, name="lstm")(L.Embedding(20, 4, name="embedding")(inputs)))
    return keras.Model(inputs, L.Activation("softmax", name="softmax")(x), name="lstm")


def table2():
    a, b = keras.Input((5,), name="a"), keras.Input((3,), name="b")
    x = L.Activation("tanh", name="tanh1")(L.Dense(6, name="dense1")(a))
    y = L.Activation("elu", name="elu2")(L.Dense(4, name="dense2")(b))
    x = L.Dense(7, name="dense3")(L.Concatenate(name="concat")([x, y]))
    x = L.Dense(3, name="logits")(L.Activation("relu", name="relu3")(x))
    return keras.Model([a, b], L.Activation("softmax", name="softmax")(x), name="table2")


def depthwise():
    x = inputs = keras.Input((8, 9, 3), name="x")
    x = L.Activation("relu", name="relu1")(L.Conv2D(4, 3, strides=2, name="conv1")(x))
    x = L.DepthwiseConv2D(3, padding="same", depth_multiplier=2, name="depthwise2")(x)
    x = L.Activation("relu", name="relu2")(L.BatchNormalization(name="norm2")(x))
    x = L.Activation("relu", name="relu3")(L.Conv2D(5, 1, name="conv3")(x))
    return keras.Model(inputs, L.Dense(3, name="logits")(L.GlobalAveragePooling2D(name="pool3")(x)), name="depthwise")


def gru():
    inputs = keras.Input((5,), dtype="int32", name="tokens")
    x = L.GRU(4, return_sequences=True, name="gru")(L.Embedding(20, 3, name="embedding")(inputs))
    x = L.GlobalAveragePooling1D(name="pool")(L.Attention(name="attention")([x, x]))
    return keras.Model(inputs, L.Dense(3, name="logits")(x), name="gru")


def draw(model, rng):
    """Weights of the size that training leaves: outputs of unit variance, biases and batch statistics that matter."""
    for layer in model.layers:
        values = []
        for weight in layer.weights:
            kind, shape = weight.path.rsplit("/", 1)[-1], tuple(weight.shape)
            if kind == "moving_variance":
                values.append(rng.uniform(0.4, 2, shape))
            elif kind == "gamma":
                values.append(rng.uniform(0.6, 1.6, shape))
            elif kind in ("bias", "beta", "moving_mean"):
                values.append(rng.normal(0, 0.25, shape))
            elif kind == "embeddings":
                values.append(rng.normal(0, 0.8, shape))
            else:
                values.append(rng.normal(0, 1.4 / np.sqrt(np.prod(shape[:-1])), shape))
        if values:
            layer.set_weights(values)


def fine(values):
    """Multiples of 1/64: exact in float32."""
    return np.round(values * 64) / 64


def drawn(rng, input_, rows, spread=1.0):
    shape = (rows, *input_.shape[1:])
    if input_.dtype == "int32":
        return rng.integers(1, 20, shape)
    return fine(rng.normal(0.1, spread, shape))


def save(model, path):
    """Keras's archive with its members deflated."""
    stored = path + ".stored.keras"
    model.save(stored)
    with zipfile.ZipFile(stored) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    os.remove(stored)


BUILDERS = {
    "mlp": mlp, "cnn": cnn, "residual": residual, "text": text, "lstm": lstm, "table2": table2, "depthwise": depthwise, "gru": gru,
}


def main():
    path = os.path.join(nets.HERE, "nets.json")
    with open(path) as file:
        written = json.load(file)
    for seed, (name, build) in enumerate(BUILDERS.items()):
        if name not in (sys.argv[1:] or BUILDERS):
            continue
        rng = np.random.default_rng(1000 + seed)
        keras.backend.clear_session()
        model = build()
        draw(model, rng)
        save(model, os.path.join(nets.HERE, f"{name}.keras"))
        rows = {"cnn": 3, "residual": 3, "depthwise": 2}.get(name, 5)
        inputs = [drawn(rng, i, rows) for i in model.inputs]
        tokens = model.inputs[0].dtype == "int32"
        if tokens:
            inputs[0][1, -2:] = 0  # a padded text
            inputs[0][2, :-1] = inputs[0][2, 1:]
        baselines = [np.zeros_like(x) if tokens else drawn(rng, i, rows, 0.3) for x, i in zip(inputs, model.inputs)]
        background = [drawn(rng, i, 4, 0.6) for i in model.inputs]
        twin = nets.load(name, torch.float64)
        with torch.no_grad():
            exact = twin(*[torch.from_numpy(x) for x in inputs]).numpy()
        xs = [x.astype("int32" if tokens else "float32") for x in inputs]
        found = keras.ops.convert_to_numpy(model(xs if len(xs) > 1 else xs[0]))
        assert np.abs(found - exact).max() < 1e-5, (name, np.abs(found - exact).max())
        single = nets.load(name, torch.float32)
        with torch.no_grad():
            found = single(*[torch.from_numpy(x if tokens else x.astype("float32")) for x in inputs]).numpy()
        assert np.abs(found - exact).max() < 1e-5, name
        # A class that is not always the predicted one.
        targets = [int(t) for t in exact.argmax(1)]
        targets[0] = (targets[0] + 1) % exact.shape[1]
        print(name, exact.round(3).tolist(), targets)
        written[name] = {
            "inputs": [nets.pack(x, exact=True) for x in inputs],
            "baselines": [nets.pack(x, exact=True) for x in baselines],
            "background": [nets.pack(x, exact=True) for x in background],
            "targets": targets,
            "predictions": nets.pack(exact, exact=True),
        }
    with open(path, "w") as file:
        json.dump(written, file, separators=(",", ":"))
        file.write("\n")
    shutil.rmtree(os.path.join(nets.HERE, "__pycache__"), ignore_errors=True)


if __name__ == "__main__":
    main()
