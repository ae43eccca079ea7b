"""Pictures that Keras 3's RandomHue, RandomErasing and RandomPerspective make, with draws that are given.

Run with requirements.txt here: python make_pictures.py > pictures.json.gz
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

SHAPE = (3, 4, 5, 3)
images = (np.arange(np.prod(SHAPE)) * 37 % 101).astype("float32").reshape(SHAPE) * 2.5
images[0, 0, 0] = [9, 9, 9]  # grey: no hue
images[0, 0, 1] = [0, 0, 0]
images[0, 0, 2] = [200, 200, 10]  # two of the largest

CASES = [
    ("RandomHue", {"factor": 0.8}),
    ("RandomHue", {"factor": [0.3, 1.0], "value_range": [-20, 260]}),
    ("RandomHue", {"factor": [0.9, 0.9], "value_range": [0, 255]}),
    ("RandomErasing", {"factor": [1.0, 1.0], "scale": [0.2, 0.9], "fill_value": 7.5}),
    ("RandomErasing", {"factor": 0.7, "scale": 0.8, "fill_value": [300, 20, -4]}),
    ("RandomErasing", {"factor": [0.9, 1.0], "scale": [0.4, 0.8], "value_range": [-90, 90]}),
    ("RandomPerspective", {"factor": [1.0, 1.0], "scale": 0.6}),
    ("RandomPerspective", {"factor": 0.8, "scale": 1.0, "fill_value": -3.0}),
    ("RandomPerspective", {"factor": [0.9, 1.0], "scale": 0.5, "interpolation": "nearest", "fill_value": 2.0}),
]


def numbers(call, shape):
    """The draws of a call, as the test makes them."""
    count = int(np.prod(shape))
    return np.array([((7 * call + i + 1) * 0.381966) % 1 for i in range(count)]).reshape(shape)


def run(name, config, data):
    layer = getattr(keras.layers, name)(**config)
    calls = iter(range(100))

    def uniform(shape, minval=0.0, maxval=1.0, **_):
        shape = [int(n) for n in shape]
        return tf.constant((numbers(next(calls), shape) * (maxval - minval) + minval).astype("float32"))

    def normal(shape, **_):
        shape = [int(n) for n in shape]
        return tf.constant((2 * numbers(next(calls), shape) - 1).astype("float32"))

    layer.backend.random.uniform, layer.backend.random.normal = uniform, normal
    return layer(data, training=True).numpy()


found = []
for name, config in CASES:
    y = run(name, config, images)
    found.append({"layer": name, "config": config, "y": [round(float(v), 4) for v in y.ravel()]})
    first = run(name, {**config, "data_format": "channels_first"}, images.transpose(0, 3, 1, 2)) if name == "RandomHue" else None
    assert first is None or np.allclose(first.transpose(0, 2, 3, 1), y, atol=1e-3), config
    assert np.abs(y - images).max() > 1, config
sys.stdout.buffer.write(gzip.compress(json.dumps({"versions": {"keras": keras.__version__}, "shape": SHAPE, "images": images.ravel().tolist(), "cases": found}).encode(), mtime=0))
