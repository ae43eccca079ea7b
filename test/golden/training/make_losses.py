"""Values and gradients of Keras 3's losses, in float64: losses.json. Keras 3.15.1, TensorFlow 2.21.

`through` says what makes the predictions of the inputs, in a compiled function as `fit` has it; gradients are to the inputs.

pip install -r ../requirements.txt && python make_losses.py
"""
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf
from common import numbers as drawn
from common import short, write

keras.config.set_floatx("float64")
N, C, T = 5, 4, 3


def numbers(seed, count):
    return np.round(drawn(seed, count), 4)


raw = np.array(numbers(5, N * C)).reshape(N, C)
other = np.array(numbers(7, N * C)).reshape(N, C)
unit = 0.5 + 0.5 * raw
classes = np.array([0, 3, 1, 1, 2])
one_hot = np.eye(C)[classes]
binary = (other > 0).astype("float64")
wide = raw * 60  # a sigmoid of it is 0 or 1 in float32
steps = np.array(numbers(9, N * T * C)).reshape(N, T, C)
step_classes = np.abs((np.array(numbers(13, N * T)) * 100).astype("int64")).reshape(N, T) % C
weights = np.abs(np.array(numbers(15, N)))
step_weights = np.abs(np.array(numbers(17, N * T))).reshape(N, T)
mask = np.array(numbers(19, N * T)).reshape(N, T) > -0.3
some = step_classes.copy()
some[1, 1] = some[2, 0] = some[4, 2] = 2

CASES = []


def case(name, truth, given, options=None, through=None, weight=None, masked=None):
    CASES.append((name, options or {}, truth, given, through, weight, masked))


for name in ["MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "LogCosh", "CosineSimilarity"]:
    case(name, other, raw)
    case(name, other, raw, weight=weights)
case("MeanSquaredError", other[:, 0], raw[:, :1])
case("MeanSquaredError", other[:, :1], raw[:, 0])
case("MeanSquaredError", other, raw, {"reduction": "sum"}, weight=weights)
case("MeanSquaredError", other, raw, {"reduction": "mean_with_sample_weight"}, weight=weights)
case("MeanSquaredError", steps * 2, steps, weight=step_weights)
case("MeanSquaredError", steps * 2, steps, masked=mask)
case("MeanSquaredError", steps * 2, steps, weight=step_weights, masked=mask)
case("MeanAbsolutePercentageError", binary, raw)
case("MeanSquaredLogarithmicError", 0.5 + 0.5 * other, unit)
case("MeanSquaredLogarithmicError", other, raw)
case("CosineSimilarity", other, raw, {"axis": 0})
case("CosineSimilarity", other * np.array([[1], [0], [1], [1], [1]]), raw)
case("Huber", other * 3, raw)
case("Huber", other, raw, {"delta": 0.3})
case("LogCosh", other * 30, raw)
for name in ["Hinge", "SquaredHinge"]:
    case(name, binary, raw)
    case(name, 2 * binary - 1, raw)
    case(name, other, raw)
case("CategoricalHinge", one_hot, raw)
case("KLDivergence", np.abs(other), unit)
case("KLDivergence", one_hot, unit)
case("Poisson", np.abs(other) * 4, unit * 3)
case("Dice", binary, unit)
case("Dice", binary, unit, {"axis": -1})
case("Dice", np.abs(steps), np.abs(steps) / 2, {"axis": [1, 2]})
case("Tversky", binary, unit)
case("Tversky", binary, unit, {"alpha": 0.3, "beta": 0.8, "axis": -1}, weight=weights)
case("Dice", binary, unit, weight=weights)

case("BinaryCrossentropy", binary, unit)
case("BinaryCrossentropy", binary, np.clip(raw * 3, 0, 1))
case("BinaryCrossentropy", binary[:, 0], unit[:, :1])
case("BinaryCrossentropy", binary, raw * 4, {"from_logits": True})
case("BinaryCrossentropy", binary, np.zeros((N, C)), {"from_logits": True})
case("BinaryCrossentropy", binary, unit, {"label_smoothing": 0.2}, weight=weights)
case("BinaryCrossentropy", binary, wide, through="sigmoid")
case("BinaryCrossentropy", binary, wide, {"label_smoothing": 0.1}, through="sigmoid")
case("BinaryCrossentropy", binary, wide, through="softmax")
case("BinaryCrossentropy", binary[:, 0], wide[:, :1], through="sigmoid")
case("BinaryCrossentropy", (steps[..., 0] > 0).astype("float64"), steps[..., :1] * 60, through="sigmoid")
case("BinaryFocalCrossentropy", binary, unit)
case("BinaryFocalCrossentropy", binary, unit, {"apply_class_balancing": True, "alpha": 0.3, "gamma": 3.0})
case("BinaryFocalCrossentropy", binary, raw * 4, {"from_logits": True, "label_smoothing": 0.1})
case("BinaryFocalCrossentropy", binary, raw * 4, through="sigmoid")

case("CategoricalCrossentropy", one_hot, unit)
case("CategoricalCrossentropy", one_hot, np.clip(raw * 3, 0.0, 1) + np.array([[0, 0, 0, 1e-3]]))
case("CategoricalCrossentropy", one_hot, raw * 4, {"from_logits": True}, weight=weights)
case("CategoricalCrossentropy", one_hot, unit, {"label_smoothing": 0.2})
case("CategoricalCrossentropy", binary, raw * 4, {"from_logits": True})
case("CategoricalCrossentropy", one_hot, wide, through="softmax")
case("CategoricalCrossentropy", one_hot, wide, through="sigmoid")
case("CategoricalCrossentropy", one_hot, wide, {"label_smoothing": 0.1}, through="softmax")
case("CategoricalFocalCrossentropy", one_hot, unit)
case("CategoricalFocalCrossentropy", one_hot, raw * 4, {"from_logits": True, "alpha": 0.4, "gamma": 1.5})
case("CategoricalFocalCrossentropy", one_hot, wide, {"label_smoothing": 0.1}, through="softmax")

case("SparseCategoricalCrossentropy", classes, unit)
case("SparseCategoricalCrossentropy", classes[:, None], unit, weight=weights)
case("SparseCategoricalCrossentropy", classes, np.clip(raw * 3, 0, 1))
case("SparseCategoricalCrossentropy", classes, raw * 4, {"from_logits": True})
case("SparseCategoricalCrossentropy", classes, wide, through="softmax")
case("SparseCategoricalCrossentropy", step_classes, steps * 4, {"from_logits": True}, weight=step_weights)
case("SparseCategoricalCrossentropy", some, steps * 4, {"from_logits": True, "ignore_class": 2})
case("SparseCategoricalCrossentropy", some, np.abs(steps), {"ignore_class": 2}, weight=step_weights)
case("SparseCategoricalCrossentropy", some, steps * 4, {"ignore_class": 2}, through="softmax", masked=mask)


def run(name, options, truth, given, through, weight, masked):
    found = in_dtype("float64", name, options, truth, given, through, weight, masked)
    narrow = in_dtype("float32", name, options, truth, given, through, weight, masked)
    # 1 - 1e-7 is no float32: where probabilities are clipped, float32 gives other numbers.
    largest = max(abs(v) for v in found["gradient"])
    apart = max(abs(a - b) for a, b in zip(found["gradient"], narrow["gradient"]))
    if abs(found["value"] - narrow["value"]) > 1e-5 * max(abs(found["value"]), 0.1) or apart > 1e-5 * largest:
        found["float32"] = {"value": narrow["value"], "gradient": narrow["gradient"]}
    return found


def in_dtype(dtype, name, options, truth, given, through, weight, masked):
    keras.config.set_floatx(dtype)
    kwargs = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    loss = getattr(keras.losses, name)(**kwargs)

    @tf.function
    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            predicted = getattr(keras.activations, through)(x) if through else tf.identity(x)
            if masked is not None:
                keras.src.backend.set_keras_mask(predicted, tf.constant(masked))
            value = loss(tf.constant(truth), predicted, None if weight is None else tf.constant(weight, dtype))
        return value, tape.gradient(value, x)

    value, gradient = step(tf.constant(given, dtype))
    found = {"name": name, "options": options, "truth": np.asarray(truth).tolist(), "given": given.tolist()}
    if through:
        found["through"] = through
    if weight is not None:
        found["weight"] = weight.tolist()
    if masked is not None:
        found["mask"] = masked.astype("int32").tolist()
    found["value"] = float(np.mean(value.numpy()))
    found["gradient"] = short(gradient.numpy(), dtype)
    found["config"] = loss.get_config()
    return found


def fit():
    """The loss that a real `fit` reports where the last activation is saturated: it goes past the activation."""
    keras.config.set_floatx("float64")
    found = {}
    for name, activation, loss, y in [
        ("sigmoid", "sigmoid", "binary_crossentropy", [[0.0], [1.0]]),
        ("softmax", "softmax", "sparse_categorical_crossentropy", [[1], [0]]),
        ("softmax, reshaped", "reshaped", "sparse_categorical_crossentropy", [[1], [0]]),
    ]:
        units = 1 if activation == "sigmoid" else 2
        kernel = np.array([[40.0]]) if units == 1 else np.array([[40.0, -40.0]])
        last = "softmax" if activation == "reshaped" else activation
        layers = [keras.Input((1,)), keras.layers.Dense(units, activation=last, use_bias=False)]
        if activation == "reshaped":
            layers.append(keras.layers.Reshape((2,)))
        model = keras.Sequential(layers)
        model.layers[0].set_weights([kernel])
        model.compile(keras.optimizers.SGD(0.0), loss=loss)
        found[name] = model.fit(np.array([[1.0], [0.9]]), np.array(y), verbose=0).history["loss"][0]
    return found


write(os.path.join(os.path.dirname(__file__), "losses.json"), {"cases": [run(*one) for one in CASES], "fit": fit()})
