"""Weights of the four example nets after 1, 10 and 100 steps of Keras, without dropout: nets.json.gz.

    PYTHONPATH=../../../examples python nets.py

requirements.txt. Each begins with the weights of its file in examples/ and takes 100 different batches of four rows of formulas (ids, grey
values and labels by Lehmer's generator, as common.py has it): the convolutions over words and pictures and the recurrent net by Keras 3.15.1,
the transformer by tf_keras 2.21 with transformers 4.57. Of each weight there are two projections onto such numbers, divided by the root of its
size, and six elements: the three that moved most, and three spread evenly. `drift` is how far Keras's float32 is from its float64.
"""
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import subprocess
import tempfile
from pathlib import Path

import numpy as np
from common import numbers, write

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parents[2] / "examples"
ROWS, BATCH, STEPS = 400, 4, (1, 10, 100)
# Keras on TensorFlow takes Python's numbers through float32, in float64, too; NumPy's doubles it does not, but they widen float32.
d = np.float64 if "float64" in sys.argv else float


def draws(seed, shape):
    return np.array(numbers(seed, int(np.prod(shape)))).reshape(shape)


def ids(length, words, least):
    """Words from `least` on, and zeros behind the end of a text."""
    found = least + np.floor((draws(5, (ROWS, length)) + 1) / 2 * (words - least)).astype("int32")
    ends = length // 2 + np.floor((draws(6, (ROWS,)) + 1) / 2 * (length // 2)).astype("int32")
    return found, np.arange(length)[None] < ends[:, None]


def labels(classes):
    return np.floor((draws(7, (ROWS,)) + 1) / 2 * classes).astype("int32")


def keras3(name, floatx):
    import keras
    from train_agnews_bilstm import build_model as agnews
    from train_imdb_cnn import build_model as imdb
    from train_mnist_cnn import build_model as mnist

    keras.config.set_floatx("float32")
    start = keras.models.load_model(EXAMPLES / f"{name}.h5", compile=False).get_weights()
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(floatx)
    model = {"imdb-cnn": imdb, "mnist-cnn": mnist, "agnews-bilstm": agnews}[name]()
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0
    model.set_weights(start)
    if name == "imdb-cnn":
        words, seen = ids(100, 10_000, 1)
        x, y = words * seen, np.eye(2)[labels(2)]
    elif name == "mnist-cnn":
        x, y = np.maximum(draws(5, (ROWS, 28, 28, 1)), 0), np.eye(10)[labels(10)]
    else:
        words, seen = ids(60, 1_000, 1)
        x, y = words * seen, labels(4)
    loss = "sparse_categorical_crossentropy" if y.ndim == 1 else "categorical_crossentropy"
    return keras, model, x if x.dtype == np.int32 else x.astype(floatx), y, loss


def distilbert(floatx):
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tf_keras
    from transformers import DistilBertConfig, TFDistilBertForSequenceClassification

    folder = EXAMPLES / "imdb-distilbert"
    tf_keras.backend.set_floatx("float32")
    start = TFDistilBertForSequenceClassification.from_pretrained(folder).get_weights()
    tf_keras.backend.set_floatx(floatx)
    config = DistilBertConfig.from_pretrained(folder, dropout=0.0, attention_dropout=0.0, seq_classif_dropout=0.0)
    model = TFDistilBertForSequenceClassification(config)
    words, seen = ids(24, 6_000, 5)
    words[:, 0] = 2
    x = {"input_ids": words * seen, "attention_mask": seen.astype("int32")}
    model({name: values[:1] for name, values in x.items()})
    model.set_weights(start)
    return tf_keras, model, x, labels(2), tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def optimizers(name, keras):
    o, s = keras.optimizers, keras.optimizers.schedules
    extra = {"jit_compile": False} if name == "imdb-distilbert" else {}
    betas = {"beta_1": d(0.9), "beta_2": d(0.999), "epsilon": d(1e-7), **extra}
    yield "Adam, constant", lambda: o.Adam(d(1e-3), **betas)
    if name == "imdb-cnn":
        yield "RMSprop, ExponentialDecay", lambda: o.RMSprop(
            s.ExponentialDecay(d(1e-3), 20, d(0.5)), rho=0.9, epsilon=d(1e-7))
        yield "Lamb, PiecewiseConstantDecay", lambda: o.Lamb(
            s.PiecewiseConstantDecay([5, 40], [d(0.01), d(0.003), d(0.001)]), beta_1=d(0.9), beta_2=d(0.999))
    if name == "mnist-cnn":
        yield "SGD, CosineDecay", lambda: o.SGD(
            s.CosineDecay(d(0.02), 80, alpha=d(0.1)), momentum=d(0.9), nesterov=True)
        yield "Adamax, PolynomialDecay", lambda: o.Adamax(
            s.PolynomialDecay(d(1e-3), 60, end_learning_rate=d(0), power=d(2)), **betas)
        yield "Ftrl, InverseTimeDecay", lambda: o.Ftrl(
            s.InverseTimeDecay(d(0.01), 20, d(0.5)), initial_accumulator_value=d(0.125))
    if name == "agnews-bilstm":
        yield "Nadam, CosineDecay", lambda: o.Nadam(
            s.CosineDecay(d(0), 70, warmup_target=d(1e-3), warmup_steps=12), **betas)
        yield "Adagrad, CosineDecayRestarts", lambda: o.Adagrad(
            s.CosineDecayRestarts(d(0.01), d(9.5), m_mul=d(0.8)), initial_accumulator_value=d(0.125), epsilon=d(1e-7))
        yield "Adadelta, constant", lambda: o.Adadelta(d(1.0), rho=0.95, epsilon=d(1e-7))
    if name == "imdb-distilbert":
        import tensorflow as tf

        class WarmUp(s.LearningRateSchedule):
            """transformers' schedule, which computes in float32 alone: up for ten steps, and down to nothing after 100."""

            def __call__(self, step):
                at = tf.cast(step, tf.float64)
                return d(1e-3) * tf.where(at < 10, at / 10, 1 - (at - 10) / 90)

        def adamw():
            made = o.AdamW(WarmUp(), weight_decay=d(0.01), **betas)
            made.exclude_from_weight_decay(var_names=["bias", "LayerNorm", "layer_norm"])
            return made

        yield "AdamW, linear warm-up", adamw
        yield "SGD, constant", lambda: o.SGD(d(0.01), momentum=d(0.9), global_clipnorm=d(1.0), **extra)


def train(keras, model, start, x, y, loss, optimizer):
    model.set_weights(start)
    model.compile(optimizer=optimizer, loss=loss)
    after, losses = {}, []
    for step in range(max(STEPS)):
        rows = slice(step * BATCH, (step + 1) * BATCH)
        own = {k: v[rows] for k, v in x.items()} if isinstance(x, dict) else x[rows]
        losses.append(float(model.train_on_batch(own, y[rows], return_dict=True)["loss"]))
        model.reset_metrics()
        if step + 1 in STEPS:
            after[step + 1] = [np.array(w) for w in model.get_weights()]
    return after, losses


def summary(after, start, floatx):
    digits = 9 if floatx == "float32" else 14
    number = lambda v: float(f"{float(v):.{digits}g}")
    out = []
    for k, (w, begun) in enumerate(zip(after, start)):
        flat, moved = w.ravel().astype("float64"), np.abs(w - begun).ravel()
        size = len(flat)
        projections = [number(flat @ draws(100 * (j + 1) + k, (size,)) / np.sqrt(size)) for j in range(2)]
        most = np.argsort(-moved, kind="stable")[:3]
        places = [int(i) for i in (*most, *(np.array([1, 3, 5]) * size // 6))]
        out.append([projections, places, [number(flat[i]) for i in places]])
    return out


def run(name, floatx, rule, path):
    """One training in a process of its own, with one Keras and one type of numbers."""
    keras, model, x, y, loss = distilbert(floatx) if name == "imdb-distilbert" else keras3(name, floatx)
    start = [np.array(w) for w in model.get_weights()]
    after, losses = train(keras, model, start, x, y, loss, dict(optimizers(name, keras))[rule]())
    paths = [w.path if hasattr(w, "path") else w.name for w in model.weights]
    kept = {"paths": np.array(paths), "losses": np.array(losses)}
    for step, weights in {0: start, **after}.items():
        kept |= {f"{step}/{k}": w for k, w in enumerate(weights)}
    np.savez(path, **kept)


RULES = {
    "imdb-cnn": ["Adam, constant", "RMSprop, ExponentialDecay", "Lamb, PiecewiseConstantDecay"],
    "mnist-cnn": ["Adam, constant", "SGD, CosineDecay", "Adamax, PolynomialDecay", "Ftrl, InverseTimeDecay"],
    "agnews-bilstm": ["Adam, constant", "Nadam, CosineDecay", "Adagrad, CosineDecayRestarts", "Adadelta, constant"],
    "imdb-distilbert": ["Adam, constant", "AdamW, linear warm-up", "SGD, constant"],
}


def main():
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, rule in [(name, rule) for name, rules in RULES.items() for rule in rules]:
            weights, one = {}, {}
            for floatx in ("float64", "float32"):
                path = f"{folder}/run.npz"
                subprocess.run([sys.executable, __file__, name, floatx, rule, path], check=True)
                with np.load(path) as kept:
                    paths, losses = kept["paths"].tolist(), kept["losses"].tolist()
                    begun, *after = [[kept[f"{step}/{k}"] for k in range(len(paths))] for step in (0, *STEPS)]
                weights[floatx] = after
                summaries = {str(step): summary(ws, begun, floatx) for step, ws in zip(STEPS, after)}
                one |= {"paths": paths, floatx: {"losses": losses[9::10], "after": summaries}}
            one["drift"] = {str(step): drift(*pair) for step, pair in zip(STEPS, zip(weights["float32"], weights["float64"]))}
            print(name, rule, one["drift"], file=sys.stderr, flush=True)
            found.setdefault(name, {})[rule] = one
    write(str(HERE / "nets.json.gz"), found)


def drift(narrow, wide):
    largest = max(np.abs(w).max() for w in wide)
    return float(f"{max(np.abs(a.astype('float64') - b).max() for a, b in zip(narrow, wide)) / largest:.2g}")


if len(sys.argv) == 1:
    main()
else:
    run(*sys.argv[1:])
