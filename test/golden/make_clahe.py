"""Expected values for test/keras/layers/clahe.test.ts: ContrastLimitedAdaptiveHistogramEqualization on pictures made by a rule (waves and steps, so that
tiles differ) that the test makes, too. The script fails if TensorFlow has a gradient to the pictures.

Run with Keras 3.15 on TensorFlow 2.21 (CPU): python test/golden/make_clahe.py  -> clahe.json.gz
"""
import gzip
import json
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

CASES = [
    ("tiles that fit", (2, 16, 24, 3), {"tile_grid_size": [4, 3]}, 255),
    ("mirrored at the end", (1, 19, 13, 2), {"tile_grid_size": [4, 3]}, 255),
    ("no limit", (1, 16, 16, 1), {"tile_grid_size": [2, 2], "clip_limit": 0.0}, 255),
    ("a low limit", (1, 16, 16, 1), {"tile_grid_size": [2, 2], "clip_limit": 1.5}, 255),
    ("from 0 to 1", (1, 20, 20, 2), {"tile_grid_size": [3, 3], "value_range": [0.0, 1.0]}, 1),
    ("channels first", (1, 2, 12, 14), {"tile_grid_size": [3, 2], "data_format": "channels_first"}, 255),
    ("defaults", (1, 28, 30, 1), {}, 255),
]


def picture(shape, top):
    """Whole numbers from a congruence, over 512, so that no value lies where rounding decides."""
    i = np.arange(np.prod(shape), dtype=np.int64)
    v = (i * i * 7 + i * 131 + (i // 37) * 59) % 509
    return (v / 512 * top).astype("float32").reshape(shape)


out = []
for name, shape, config, top in CASES:
    layer = keras.layers.ContrastLimitedAdaptiveHistogramEqualization(**config)
    x = tf.constant(picture(shape, top))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    assert tape.gradient(y, x) is None, name
    values = [float(np.format_float_positional(v, 7, fractional=False)) for v in y.numpy().ravel()]
    out.append({"name": name, "shape": shape, "config": config, "top": top, "output": values})
with gzip.GzipFile(os.path.join(os.path.dirname(__file__), "clahe.json.gz"), "wb", mtime=0) as file:
    file.write(json.dumps(out, separators=(",", ":")).encode())
print(len(out), "cases; TensorFlow gives no gradient")
