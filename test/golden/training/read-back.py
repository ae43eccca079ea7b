"""Reads files that pathgrad wrote with the Keras that their model came from, and compares predictions.

Usage: python read-back.py 2|3 MANIFEST

MANIFEST is JSON, a list of
  {"file": "a.keras", "weights": "a.weights.h5" or null, "inputs": [...], "outputs": [...], "fit": true or absent}
with arrays as {"shape", "dtype", "data": base64, little-endian} or {"shape", "strings"}. Of each a line of JSON is printed:
  {"file", "error": largest difference in units of max(1, largest), "message": why it failed or null, "iterations": of the optimizer or null}
With "weights", these are loaded into the model of "file" after its own were set to zero. With "fit", one step is trained after the comparison.

Keras 3.15.1 and tf_keras 2.21.0 on TensorFlow 2.21.0 (requirements.txt).
"""

import base64
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy as np

if sys.argv[1] == "2":
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tf_keras as keras
else:
    import keras
import tensorflow as tf

folder = os.path.dirname(os.path.abspath(sys.argv[2]))


def array(packed):
    if "strings" in packed:
        return tf.constant(np.array(packed["strings"], dtype=object).reshape(packed["shape"]), dtype=tf.string)
    raw = base64.b64decode(packed["data"])
    return np.frombuffer(raw, dtype=packed["dtype"]).reshape(packed["shape"])


def predict(model, case):
    inputs = [
        value if isinstance(value, tf.Tensor) else tf.constant(value.astype(tf.as_dtype(stated.dtype).as_numpy_dtype))
        for value, stated in zip([array(one) for one in case["inputs"]], model.inputs, strict=True)
    ]
    result = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    if isinstance(result, dict):
        result = [result[key] for key in sorted(result)]
    return result if isinstance(result, (list, tuple)) else [result]


def difference(got, wanted):
    got, wanted = np.asarray(got, dtype="float64"), np.asarray(wanted, dtype="float64")
    if got.shape != wanted.shape:
        raise ValueError(f"shape {got.shape}, not {wanted.shape}")
    if got.size == 0:
        return 0.0
    if not np.all(np.isfinite(got)):
        raise ValueError("not finite")
    return float(np.max(np.abs(got - wanted)) / max(1.0, float(np.max(np.abs(wanted)))))


def check(case):
    keras.backend.clear_session()
    path = os.path.join(folder, case["file"])
    model = keras.models.load_model(path)
    if case.get("weights"):
        # All but the counts and statistics that a layer keeps outside its variables.
        for weight in model.trainable_weights:
            weight.assign(np.zeros(weight.shape, dtype="float32"))
        model.load_weights(os.path.join(folder, case["weights"]))
    error = 0.0
    for got, wanted in zip(predict(model, case), case["outputs"], strict=True):
        error = max(error, difference(got, array(wanted)))
    optimizer = getattr(model, "optimizer", None)
    iterations = None if optimizer is None else int(optimizer.iterations.numpy())
    if case.get("fit"):
        x = [array(one) for one in case["inputs"]]
        y = np.zeros([x[0].shape[0]] + list(model.output_shape[1:]), dtype="float32")
        model.fit(x if len(x) > 1 else x[0], y, epochs=1, verbose=0)
    return error, iterations


for case in json.load(open(sys.argv[2])):
    error, message, iterations = None, None, None
    try:
        error, iterations = check(case)
    except Exception as problem:  # Every failure is a line of the report.
        message = f"{type(problem).__name__}: {problem}"[:2000]
    line = {"file": case["weights"] or case["file"], "error": error, "message": message, "iterations": iterations}
    print(json.dumps(line), flush=True)
