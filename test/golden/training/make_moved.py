"""Pictures that Keras 3's and tf_keras's random layers move, with draws that are given.

Run with requirements.txt here: python make_moved.py > moved.json.gz
"""
import gzip
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import keras
import numpy as np
import tensorflow as tf
import tf_keras

SHAPE = (2, 4, 5, 2)
DRAWS = [[0.13, 0.81], [0.62, 0.29], [0.41, 0.97]]
images = (np.arange(np.prod(SHAPE)) * 37 % 101).astype("float32").reshape(SHAPE) / 4

CASES = [
    ("RandomRotation", {"factor": 0.4}),
    ("RandomRotation", {"factor": [0.02, 0.3], "interpolation": "nearest"}),
    ("RandomZoom", {"height_factor": 0.6}),
    ("RandomZoom", {"height_factor": [0.3, 0.9], "width_factor": [-0.5, 0.2]}),
    ("RandomTranslation", {"height_factor": 0.9, "width_factor": [-0.8, 0.7]}),
    ("RandomTranslation", {"height_factor": [-1, 1], "width_factor": 1, "interpolation": "nearest"}),
    ("RandomShear", {"x_factor": 0.9, "y_factor": [0.1, 0.6]}),
    ("RandomShear", {"x_factor": [0.2, 1.0]}),
]


def drawn(calls):
    """Stands in for a uniform draw: the numbers of DRAWS, one list a call."""

    def uniform(shape, minval=0.0, maxval=1.0, **_):
        draw = np.array(DRAWS[calls.pop(0)], "float32").reshape([int(n) for n in shape])
        return tf.constant(draw * np.float32(maxval - minval) + np.float32(minval))

    return uniform


def keras3(name, config):
    layer = getattr(keras.layers, name)(**config)
    calls = [0, 1, 2]
    layer.backend.random.uniform = drawn(calls)
    return layer(images, training=True)


def keras2(name, config):
    layer = getattr(tf_keras.layers, name)(**config)
    layer.build(images.shape)
    layer._random_generator.random_uniform = drawn([0, 1, 2])
    return layer(images, training=True)


found = []
for name, config in CASES:
    for mode in ["reflect", "wrap", "constant", "nearest"]:
        full = {**config, "fill_mode": mode, "fill_value": -3.0}
        y = keras3(name, full).numpy()
        if name != "RandomShear":
            assert np.allclose(y, keras2(name, full).numpy(), atol=1e-4), (name, full)
        found.append({"layer": name, "config": full, "y": [round(float(v), 4) for v in y.ravel()]})
sys.stdout.buffer.write(gzip.compress(json.dumps({"versions": {"keras": keras.__version__, "tf_keras": tf_keras.__version__}, "shape": SHAPE, "draws": DRAWS, "cases": found}).encode(), mtime=0))
