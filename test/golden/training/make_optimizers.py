"""Weights and state of Keras 3's optimizers after 1, 10 and 100 steps of given gradients: optimizers.json.gz. Keras 3.15.1, TensorFlow 2.21.

pip install -r ../requirements.txt && python make_optimizers.py
"""
import os
import re

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf
from common import ROWS, SHAPES, STEPS, TABLE, gradient, numbers, parameter, short, write

PLAIN = ["SGD", "Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Adagrad", "Adadelta", "Lion", "Lamb", "Ftrl"]
OPTIONS = [
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("Adam", {"amsgrad": True}),
    ("Adam", {"epsilon": 1e-3, "beta_1": 0.8, "beta_2": 0.99}),
    ("Adam", {"weight_decay": 0.01}),
    ("Adam", {"clipnorm": 0.5}),
    ("Adam", {"global_clipnorm": 0.5}),
    ("Adam", {"clipvalue": 0.1}),
    ("SGD", {"clipnorm": 0.5}),
    ("SGD", {"global_clipnorm": 0.5}),
    ("SGD", {"clipvalue": 0.1}),
    ("Adam", {"use_ema": True, "ema_momentum": 0.9}),
    ("Adam", {"use_ema": True, "ema_overwrite_frequency": 7}),
    ("Adam", {"gradient_accumulation_steps": 4}),
    ("Nadam", {"gradient_accumulation_steps": 4}),
    ("RMSprop", {"gradient_accumulation_steps": 4, "clipnorm": 0.5, "weight_decay": 0.01}),
    ("Adam", {"gradient_accumulation_steps": 3, "global_clipnorm": 0.3, "use_ema": True, "ema_overwrite_frequency": 2}),
    ("AdamW", {"exclude": ["bias"], "weight_decay": 0.1}),
    ("RMSprop", {"centered": True}),
    ("RMSprop", {"momentum": 0.9}),
    ("RMSprop", {"momentum": 0.9, "centered": True, "rho": 0.8, "epsilon": 1e-3}),
    ("Adagrad", {"initial_accumulator_value": 0.0, "epsilon": 1e-3}),
    ("Adadelta", {"learning_rate": 1.0}),
    ("Lion", {"weight_decay": 0.1, "beta_1": 0.95}),
    ("Lamb", {"weight_decay": 0.1}),
    ("Ftrl", {"l1_regularization_strength": 0.01, "l2_regularization_strength": 0.1, "learning_rate": 0.1}),
    ("Ftrl", {"l2_shrinkage_regularization_strength": 0.1, "beta": 0.5, "learning_rate_power": -0.7}),
]
# No restart and no new cycle falls on a step: TensorFlow's float64 takes the step of one for the end of the part before (rate 0), its float32
# does not; and a graph that multiplies by 1 / 30 where another divides by 30 is in the next cycle there.
SCHEDULES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.01, "decay_steps": 20, "decay_rate": 0.5}),
    ("ExponentialDecay", {"initial_learning_rate": 0.01, "decay_steps": 20, "decay_rate": 0.5, "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.01, "decay_steps": 20, "decay_rate": 0.5}),
    ("PolynomialDecay", {"initial_learning_rate": 0.01, "decay_steps": 60, "power": 2.0}),
    ("PolynomialDecay", {"initial_learning_rate": 0.01, "decay_steps": 30.5, "cycle": True}),
    ("PiecewiseConstantDecay", {"boundaries": [5, 40], "values": [0.01, 0.003, 0.001]}),
    ("CosineDecay", {"initial_learning_rate": 0.01, "decay_steps": 80, "alpha": 0.1}),
    ("CosineDecay", {"initial_learning_rate": 0.0, "decay_steps": 70, "warmup_target": 0.01, "warmup_steps": 12}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.01, "first_decay_steps": 9.5, "m_mul": 0.8}),
]
# Keras 3 on TensorFlow squares the rows of an embedding's gradient one by one.
SPARSE = [(name, {}) for name in PLAIN] + [
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"clipnorm": 0.5}),
    ("SGD", {"global_clipnorm": 0.5}),
    ("SGD", {"clipvalue": 0.1}),
    ("Adam", {"clipnorm": 0.5}),
    ("Adam", {"global_clipnorm": 0.5}),
    ("Adam", {"clipvalue": 0.1}),
    ("Adam", {"gradient_accumulation_steps": 2}),
    ("RMSprop", {"centered": True, "momentum": 0.9}),
]


# Keras takes Python's numbers through float32 where it casts them, even in float64: NumPy's numbers it does not.
DEFAULTS = {
    "Adam": {"beta_1": 0.9, "beta_2": 0.999},
    "AdamW": {"beta_1": 0.9, "beta_2": 0.999, "weight_decay": 0.004},
    "Adamax": {"beta_1": 0.9, "beta_2": 0.999},
    "Nadam": {"beta_1": 0.9, "beta_2": 0.999},
    "Lamb": {"beta_1": 0.9, "beta_2": 0.999},
    "Lion": {"beta_1": 0.9, "beta_2": 0.99},
}


def wide(options):
    return {key: np.float64(value) if type(value) is float else value for key, value in options.items()}


def schedule_of(name, config):
    values = {key: [np.float64(v) for v in value] if key == "values" else value for key, value in config.items()}
    if keras.config.floatx() == "float64":
        config = wide(values)
    return getattr(keras.optimizers.schedules, name)(**config)


def make(name, options, schedule):
    kwargs = {key: value for key, value in options.items() if key != "exclude"}
    if keras.config.floatx() == "float64":
        kwargs = wide(DEFAULTS.get(name, {}) | kwargs)
    if schedule is not None:
        kwargs["learning_rate"] = schedule_of(*schedule)
    optimizer = getattr(keras.optimizers, name)(**kwargs)
    if "exclude" in options:
        optimizer.exclude_from_weight_decay(var_names=options["exclude"])
    return optimizer


def run(name, options, schedule, dtype, slots, sparse=False):
    keras.config.set_floatx(dtype)
    shapes = [TABLE] if sparse else SHAPES
    names = ["kernel", "bias"]
    variables = [keras.Variable(parameter(i, s), dtype=dtype, name=names[i]) for i, s in enumerate(shapes)]
    optimizer = make(name, options, schedule)
    optimizer.build(variables)

    @tf.function
    def step_of(*gradients):
        if sparse:
            gradients = [tf.IndexedSlices(gradients[0], tf.constant(ROWS), tf.constant(TABLE))]
        optimizer.apply(list(gradients), variables)

    config = optimizer.get_config()
    config["name"] = re.sub(r"_\d+$", "", config["name"])
    case = {"name": name, "options": options, "config": config, "after": {}}
    if schedule is not None:
        del case["config"]
        case["schedule"] = {"class_name": schedule[0], "config": schedule[1]}
    for step in range(max(STEPS)):
        fed = [[len(ROWS), TABLE[1]]] if sparse else shapes
        step_of(*[tf.constant(gradient(step, i, s), dtype) for i, s in enumerate(fed)])
        if step + 1 in STEPS:
            after = {"weights": [short(v.numpy(), dtype) for v in variables]}
            if slots:
                after["variables"] = [
                    # Keras names a variable after the weight that it belongs to.
                    [re.sub(r"^(kernel|bias)_", "", v.name), short(v.numpy(), dtype)]
                    for v in optimizer.variables
                    if v.name not in ("iteration", "learning_rate")
                ]
            case["after"][str(step + 1)] = after
    return case


def main():
    plain = [(name, {}) for name in PLAIN]
    data = {}
    for dtype in ["float64", "float32"]:
        data[dtype] = {
            "constant": [run(n, o, None, dtype, slots=dtype == "float64") for n, o in plain + OPTIONS],
            "rows": [run(n, o, None, dtype, slots=False, sparse=True) for n, o in SPARSE],
        }
        # Ftrl divides by the rate: its weights are NaN after a first step at rate 0.
        pairs = [(n, s) for n in PLAIN for s in SCHEDULES if n != "Ftrl" or "warmup_target" not in s[1]]
        scheduled = [run(n, {}, s, dtype, slots=False) for n, s in pairs]
        for case in scheduled:
            if dtype == "float32":
                case["after"] = {"100": case["after"]["100"]}
        data[dtype]["schedules"] = scheduled
    keras.config.set_floatx("float64")
    data["rates"] = [
        {
            "class_name": name,
            "config": getattr(keras.optimizers.schedules, name)(**config).get_config(),
            "rates": [float(schedule_of(name, config)(step)) for step in range(0, 101)],
        }
        for name, config in SCHEDULES
    ]
    write(os.path.join(os.path.dirname(__file__), "optimizers.json.gz"), data)


main()
