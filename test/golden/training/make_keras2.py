"""Weights of tf_keras's optimizers and of its legacy ones (tf.keras up to 2.10): optimizers-keras2.json. tf_keras 2.21, TensorFlow 2.21.

pip install tensorflow-cpu==2.21.0 tf_keras==2.21.0 && python make_keras2.py
"""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import tensorflow as tf
import tf_keras
from common import SHAPES, STEPS, gradient, parameter, short, write

KERAS2 = [
    ("Adam", {}),
    ("Adam", {"use_ema": True, "ema_momentum": 0.9}),
    ("SGD", {"use_ema": True, "ema_overwrite_frequency": 7, "momentum": 0.9}),
    ("AdamW", {"global_clipnorm": 0.5}),
    ("Nadam", {}),
    ("RMSprop", {"momentum": 0.9, "centered": True}),
    ("RMSprop", {}),
    ("Adagrad", {}),
    ("Adamax", {}),
    ("Adadelta", {}),
]
LEGACY = [
    ("SGD", {"momentum": 0.9, "nesterov": True, "decay": 0.1}),
    ("Adam", {"decay": 0.01}),
    ("Adam", {"amsgrad": True}),
    ("Adamax", {}),
    ("Nadam", {}),
    ("RMSprop", {"epsilon": 1e-3}),
    ("RMSprop", {"epsilon": 1e-3, "centered": True}),
    ("RMSprop", {"epsilon": 1e-3, "momentum": 0.9}),
    ("RMSprop", {"epsilon": 1e-3, "momentum": 0.9, "centered": True}),
    ("Adagrad", {"epsilon": 1e-3}),
    ("Adadelta", {"epsilon": 1e-3}),
]


def plain(value):
    return value.item() if hasattr(value, "item") else value


def run(module, name, options):
    tf_keras.backend.set_floatx("float64")
    variables = [tf.Variable(parameter(i, s), dtype="float64") for i, s in enumerate(SHAPES)]
    kwargs = {} if module is tf_keras.optimizers.legacy else {"jit_compile": False}
    optimizer = getattr(module, name)(**options, **kwargs)
    config = {key: plain(value) for key, value in optimizer.get_config().items()}
    case = {"name": name, "options": options, "config": config, "after": {}}
    for step in range(max(STEPS)):
        gradients = [tf.constant(gradient(step, i, s), "float64") for i, s in enumerate(SHAPES)]
        optimizer.apply_gradients(zip(gradients, variables))
        if step + 1 in STEPS:
            case["after"][str(step + 1)] = {"weights": [short(v.numpy(), "float64") for v in variables]}
    return case


cases = [run(tf_keras.optimizers, n, o) for n, o in KERAS2] + [run(tf_keras.optimizers.legacy, n, o) for n, o in LEGACY]
write(os.path.join(os.path.dirname(__file__), "optimizers-keras2.json"), cases)
