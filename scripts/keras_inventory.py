"""Lists every layer of Keras with its options: python keras_inventory.py > keras-inventory.json. Read by layers-doc.ts.

Needs Keras 3.15.1 and tf_keras 2.21.0. `config` is what `get_config` gives for an instance with small values.
"""
import inspect
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras  # noqa: E402
import tf_keras  # noqa: E402

VALUES = {
    "units": 2, "filters": 2, "kernel_size": 2, "rate": 0.5, "stddev": 0.1, "input_dim": 4, "output_dim": 2, "n": 2, "dims": [1],
    "target_shape": [-1], "axes": 1, "activation": "relu", "num_heads": 2, "key_dim": 2, "head_dim": 2, "num_query_heads": 2,
    "num_key_value_heads": 1, "equation": "ab,bc->ac", "output_shape": 2, "scale": 0.5, "height": 2, "width": 2, "height_factor": 0.1,
    "width_factor": 0.1, "factor": 0.1, "num_tokens": 3, "num_bins": 3, "bin_boundaries": [0.0, 1.0], "vocabulary": ["a"], "output_size": 2, "pool_size": 2, "factor_": 1,
    "seed": None, "function": None, "max_value": None, "value_range": [0, 255],
}


def config_of(L, cls, keras_):
    name = cls.__name__
    try:
        wanted = {
            "Bidirectional": lambda: cls(L.LSTM(2)), "TimeDistributed": lambda: cls(L.Dense(2)), "RNN": lambda: cls(L.LSTMCell(2)),
            "StackedRNNCells": lambda: cls([L.LSTMCell(2)]), "SpectralNormalization": lambda: cls(L.Dense(2)), "Permute": lambda: cls((2, 1)),
            "IntegerLookup": lambda: cls(vocabulary=[1]), "Lambda": lambda: cls(abs), "RandomPosterization": lambda: cls(4),
        }.get(name)
        if wanted:
            return wanted().get_config()
        required = [p for p in inspect.signature(cls.__init__).parameters.values()]
        args = {p.name: VALUES[p.name] for p in required if p.name in VALUES and (p.default is p.empty or p.name in ("vocabulary", "bin_boundaries", "num_tokens", "pool_size"))}
        return cls(**args).get_config()
    except Exception:
        return None


def inventory(keras_):
    L = keras_.layers
    found = {}
    for name in sorted(dir(L)):
        cls = getattr(L, name)
        if not inspect.isclass(cls) or not issubclass(cls, keras_.layers.Layer) or name in ("Layer", "Wrapper", "InputSpec", "AbstractRNNCell"):
            continue
        own = [p for p in inspect.signature(cls.__init__).parameters if p not in ("self", "args", "kwargs")]
        config = config_of(L, cls, keras_)
        try:
            json.dumps(config)
        except TypeError:
            config = json.loads(json.dumps(config, default=lambda v: None))
        drop = ("_initializer", "_regularizer", "_constraint")
        config = config and {k: v for k, v in config.items() if not k.endswith(drop) and k not in ("name", "dtype", "trainable")}
        # What a file can hold is what get_config writes; the constructor's order is the one that people know.
        options = own if config is None else [k for k in own if k in config] + [k for k in config if k not in own]
        found[name] = {"class": cls.__name__, "options": options, "config": config}
    return found


json.dump({"3": {"version": keras.__version__, "layers": inventory(keras)}, "2": {"version": tf_keras.__version__, "layers": inventory(tf_keras)}}, sys.stdout, separators=(",", ":"))
