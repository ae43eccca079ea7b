"""Five steps of SGD by tf_keras of locally connected layers, whose `same` there is in two layouts of the kernel: `python make_local.py > local.json.gz`

Per case: the model file, inputs, targets, losses of the steps (mean squared error and penalties), and predictions behind them, in float64.
"""
import base64
import gzip
import json
import os
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["TF_USE_LEGACY_KERAS"] = "1"
import numpy as np  # noqa: E402
import tf_keras as keras  # noqa: E402

keras.backend.set_floatx("float64")
L, R = keras.layers, keras.regularizers
CASES = []
for implementation in (2, 3):
    own = {"implementation": implementation, "padding": "same", "kernel_regularizer": R.L2(0.05)}
    CASES += [
        (f"1D, {implementation}", (6, 2), lambda own=own: L.LocallyConnected1D(3, 3, activation="tanh", **own)),
        (f"1D, {implementation}, strides", (7, 2), lambda own=own: L.LocallyConnected1D(2, 4, strides=2, bias_regularizer="l2", **own)),
        (f"2D, {implementation}", (4, 5, 2), lambda own=own: L.LocallyConnected2D(2, (3, 2), activation="relu", **own)),
    ]


def run(name, shape, make):
    keras.backend.clear_session()
    rng = np.random.default_rng(3)
    model = keras.Sequential([keras.Input(shape, dtype="float64"), make(), L.Flatten(), L.Dense(1, name="end")])
    for w in model.weights:
        w.assign(rng.normal(0, 0.5, w.shape))
    local = model.layers[0]
    if local.implementation == 2:  # what lies outside the mask is no weight
        local.kernel.assign(np.asarray(local.kernel) * np.asarray(local.kernel_mask))
    path = os.path.join(tempfile.mkdtemp(), "model.h5")
    model.save(path)
    with open(path, "rb") as f:
        file = base64.b64encode(gzip.compress(f.read(), 9, mtime=0)).decode()
    x, y = rng.normal(0, 1, (8, *shape)), rng.normal(0, 1, (8, 1))
    model.compile(keras.optimizers.SGD(0.05), "mse")
    losses = [float(model.train_on_batch(x, y)) for _ in range(5)]
    case = {"name": name, "file": file, "x": x.ravel().tolist(), "shape": [8, *shape], "y": y.ravel().tolist()}
    return {**case, "losses": losses, "after": model.predict(x, verbose=0).ravel().tolist()}


made = [run(*case) for case in CASES]
text = json.dumps({"versions": {"tf_keras": keras.__version__}, "cases": made})
sys.stdout.buffer.write(gzip.compress(text.encode(), 9, mtime=0))
