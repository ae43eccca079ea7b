"""Weights of LSTM and GRU and the same as CuDNNLSTM and CuDNNGRU store them, by the conversion that tf_keras 2.21 ships.

`python make_cudnn.py` writes cudnn-weights.json beside this file.
"""
import json
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["TF_USE_LEGACY_KERAS"] = "1"
import numpy as np  # noqa: E402
from tf_keras.src.saving.legacy.hdf5_format import _convert_rnn_weights  # noqa: E402

rng = np.random.default_rng(3)
UNITS, FEATURES = 3, 2


def numbers(array):
    return {"shape": list(array.shape), "data": [float(f"{v:.6g}") for v in np.asarray(array).ravel()]}


def layer(class_name):
    made = type(class_name, (), {"units": UNITS, "reset_after": True})()
    made.weights = [None] * 3
    return made


out = {}
for kind, gates in (("LSTM", 4), ("GRU", 3)):
    width = gates * UNITS
    bias = (width,) if kind == "LSTM" else (2, width)
    plain = [rng.normal(0, 0.6, s) for s in ((FEATURES, width), (UNITS, width), bias)]
    cudnn = _convert_rnn_weights(layer(f"CuDNN{kind}"), [w.copy() for w in plain])
    out[kind] = {"plain": [numbers(w) for w in plain], "cudnn": [numbers(w) for w in cudnn]}

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cudnn-weights.json"), "w") as file:
    json.dump(out, file, separators=(",", ":"))
    file.write("\n")
