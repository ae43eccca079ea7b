"""SpectralNormalization in training: weights after 1 and 5 steps, in float64: `python make_spectral.py 3` and `... 2` into spectral-keras3.json.gz, -keras2.

Keras 3.15.1 and tf_keras 2.21 on TensorFlow 2.21 (requirements.txt). SGD with momentum and a kernel regularizer on a convolution and a dense
layer, two power iterations in one of them, the other frozen in a second model; batches are `sin(0.37 i^2)`.
"""
import base64
import os
import sys
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
MAJOR = int(sys.argv[1])
if MAJOR == 2:
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tf_keras as keras
else:
    import keras
import numpy as np
from common import write

keras.backend.set_floatx("float64")
L = keras.layers
d = np.float64


def build(frozen):
    keras.utils.set_random_seed(3)
    x = L.Input((5, 5, 2))
    conv = L.SpectralNormalization(L.Conv2D(3, 2, name="conv", kernel_regularizer=keras.regularizers.L2(0.25)), power_iterations=2, name="sn_conv")
    y = L.Flatten()(L.Activation("tanh")(conv(x)))
    dense = L.SpectralNormalization(L.Dense(2, name="dense"), name="sn_dense")
    y = dense(y)
    dense.trainable = not frozen
    return keras.Model(x, y)


cases = []
for frozen in (False, True):
    model = build(frozen)
    model.compile(keras.optimizers.SGD(d(0.25), momentum=d(0.5)), "mse")
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/m.{'keras' if MAJOR == 3 else 'h5'}"
        model.save(path, include_optimizer=False)
        bytes_ = open(path, "rb").read()
    x = np.sin(0.37 * np.arange(8 * 50, dtype="float64") ** 2).reshape(8, 5, 5, 2)
    y = np.cos(0.5 * np.arange(16, dtype="float64")).reshape(8, 2)
    after = {}
    for step in range(5):
        model.train_on_batch(x, y)
        if step + 1 in (1, 5):
            after[step + 1] = [[w.name, [float(f"{v:.15g}") for v in np.asarray(w).ravel()]] for w in model.weights]
    cases.append({"frozen": frozen, "file": base64.b64encode(bytes_).decode(), "after": after})
write(os.path.join(os.path.dirname(os.path.abspath(__file__)), f"spectral-keras{MAJOR}.json.gz"), cases)
