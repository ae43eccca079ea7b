"""What make_attention.py and make_recurrent.py share: Keras of the version asked for, the values of one case, the file they go to.

The first argument of the command chooses Keras: 2 is tf_keras, 3 (or none) Keras 3 on TensorFlow.
"""
import gzip
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
MAJOR = int((sys.argv[1:] or ["3"])[0])
if MAJOR == 2:
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tf_keras as keras
else:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402


def prune(node):
    if isinstance(node, dict):
        drop = ("_initializer", "_regularizer", "_constraint", "build_config", "registered_name")
        return {k: prune(v) for k, v in node.items() if not k.endswith(drop) and not (k == "dtype" and isinstance(v, dict))}
    return [prune(v) for v in node] if isinstance(node, (list, tuple)) else node


def numbers(array):
    return {"shape": list(array.shape), "data": [float(f"{v:.7g}") for v in np.asarray(array, np.float64).ravel()]}


def case_values(name, model, feeds, layers, rng):
    """The case of a model on `feeds`, one array per input; `layers` hold its weights, `rng` draws the cotangent."""
    given = [tf.constant(f) for f in feeds]
    with tf.GradientTape() as tape:
        tape.watch(given[0])
        y = model(given if len(given) > 1 else given[0], training=False)
        cotangent = rng.normal(0, 1, y.shape).astype("float32")
        score = tf.reduce_sum(y * cotangent)
    weights = {
        layer.name: [{"name": w.name.split("/")[-1].split(":")[0], **numbers(w.numpy())} for w in layer.weights if "seed" not in w.name]
        for layer in layers
        if layer.weights
    }
    return {
        "name": name,
        "architecture": prune(json.loads(model.to_json())),
        "weights": weights,
        "inputs": [numbers(f) for f in feeds],
        "output": numbers(y.numpy()),
        "cotangent": numbers(cotangent),
        "gradient": numbers(tape.gradient(score, given[0]).numpy()),
    }


def write(name, cases):
    """Writes NAME-keras2.json.gz or NAME-keras3.json.gz beside this file."""
    made = f"keras {keras.__version__}, tensorflow {tf.__version__}"
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}-keras{MAJOR}.json.gz")
    with open(path, "wb") as out:
        out.write(gzip.compress(f'{{"madeWith":"{made}","cases":[\n{lines}\n]}}\n'.encode(), mtime=0))
    print(len(cases), "cases")
