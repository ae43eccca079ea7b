"""Weights of four small nets after 1, 10 and 100 steps of Keras's `fit`, and the loss of each tenth step, as JSON.

    python steps.py > steps.json

Keras 3.15.1 on TensorFlow 2.21.0. Weights begin as `0.3 * sin(1.7 * i + k)` of element i of weight k, gammas at 1 + a tenth of that, moving
variances at 1; inputs are `sin(0.37 * i * i)`, so that the test makes the same. Batches of 4 of 40 rows, not shuffled, ten epochs.
"""

import json
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
from keras import layers

ROWS, BATCH = 40, 4


def nets():
    yield "dense", (5,), [
        layers.Dense(6, activation="relu"),
        layers.Dense(4, activation="tanh"),
        layers.Dense(3, activation="softmax"),
    ], "categorical_crossentropy"
    yield "conv1d", (8, 3), [
        layers.Conv1D(4, 3, activation="relu"),
        layers.GlobalMaxPooling1D(),
        layers.Dense(2, activation="sigmoid"),
    ], "binary_crossentropy"
    yield "conv2d", (6, 6, 2), [
        layers.Conv2D(3, 3, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(2),
    ], "mean_squared_error"
    yield "bilstm", (5, 3), [
        layers.Bidirectional(layers.LSTM(3)),
        layers.Dense(3, activation="softmax"),
    ], "categorical_crossentropy"


def optimizers():
    """Numbers are NumPy's doubles: TensorFlow takes Python's through float32, in float64, too."""
    d = np.float64
    yield "sgd", lambda: keras.optimizers.SGD(d(0.05), momentum=d(0.9))
    yield "adam", lambda: keras.optimizers.Adam(d(0.01), beta_1=d(0.9), beta_2=d(0.999), epsilon=d(1e-7))


def truth(loss, units):
    labels = (np.arange(ROWS) * 7) % units
    if loss == "mean_squared_error":
        return np.cos(0.5 * np.arange(ROWS * units)).reshape(ROWS, units)
    if loss == "binary_crossentropy":
        return (np.arange(ROWS * units) * 5 % 3 == 0).reshape(ROWS, units).astype("float64")
    return np.eye(units)[labels]


class Snapshots(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.weights, self.losses, self.count = {}, [], 0

    def on_train_batch_end(self, batch, logs=None):
        self.count += 1
        if self.count in (1, 10, 100):
            self.weights[self.count] = [np.asarray(w.value) for w in self.model.weights]

    def on_epoch_end(self, epoch, logs=None):
        self.losses.append(float(logs["loss"]))


def run(floatx):
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(floatx)
    digits = 9 if floatx == "float32" else 17
    number = lambda v: float(f"{v:.{digits}g}")
    out = {}
    for name, shape, stack, loss in nets():
        for rule, make in optimizers():
            model = keras.Sequential([keras.Input(shape)] + [type(l).from_config(l.get_config()) for l in stack])
            start = []
            for k, w in enumerate(model.weights):
                values = 0.3 * np.sin(1.7 * np.arange(np.prod(w.shape)) + k).reshape(w.shape)
                if w.name == "gamma":
                    values = 1 + values / 10
                if w.name == "moving_variance":
                    values = np.ones(w.shape)
                start.append(values.astype(floatx))
            model.set_weights(start)
            model.compile(optimizer=make(), loss=loss)
            count = int(ROWS * np.prod(shape))
            x = np.sin(0.37 * np.arange(count, dtype="float64") ** 2).reshape((ROWS,) + shape).astype(floatx)
            y = truth(loss, model.output_shape[-1]).astype(floatx)
            snapshots = Snapshots()
            model.fit(x, y, batch_size=BATCH, epochs=10, shuffle=False, verbose=0, callbacks=[snapshots])
            out[f"{name} {rule}"] = {
                "losses": [number(v) for v in snapshots.losses],
                "weights": {str(k): [[number(v) for v in w.ravel()] for w in ws] for k, ws in snapshots.weights.items()},
            }
    return out


print(json.dumps({"keras": keras.__version__, **{floatx: run(floatx) for floatx in ("float32", "float64")}}, separators=(",", ":")))
