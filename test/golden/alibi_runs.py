"""Runs the real alibi on a Keras model and packs what it returns for JSON: one entry per run.

Settings are alibi's defaults: 50 steps, internal_batch_size 100; the target is the predicted class unless one is given. alibi 0.9.6
names its rules as pathgrad does. Its riemann_trapezoid has weights that sum to 49/50 (compat 'alibi' in pathgrad).
Nine significant digits name a float32 exactly; float64 values are rounded to 14 decimals.
"""

import gzip
import hashlib
import json
from pathlib import Path

import keras
import numpy as np
from alibi.explainers import IntegratedGradients

STEPS = 50
INTERNAL_BATCH_SIZE = 100
DECIMALS_64 = 14  # attributions lie in [-1, 1], the largest of each sample above 0.02
RULES = ["gausslegendre", "riemann_left", "riemann_right", "riemann_middle", "riemann_trapezoid"]


def in_float64(model: keras.Model) -> keras.Model:
    """The same model with the same weights, computing in float64."""
    config = json.loads(json.dumps(model.get_config()).replace('"float32"', '"float64"'))
    copy = type(model).from_config(config)
    copy.set_weights([weight.astype(np.float64) for weight in model.get_weights()])
    return copy


def explain(model: keras.Model, layer: int | None, rule: str, x: np.ndarray, baseline: int | float, target: np.ndarray):
    """Attributions [samples, ...] of the input, or of the output of layer number `layer`, and deltas [samples]."""
    explainer = IntegratedGradients(
        model,
        layer=None if layer is None else model.layers[layer],
        method=rule,
        n_steps=STEPS,
        internal_batch_size=INTERNAL_BATCH_SIZE,
    )
    explanation = explainer.explain(x, baselines=baseline, target=target)
    return explanation.attributions[0], explanation.deltas


def run(
    model: keras.Model, layer: int | None, rule: str, x: np.ndarray, baseline: int | float, target: int | None = None
) -> dict:
    """One entry: deltas, and attributions [samples, tokens], summed over the embedding, or [samples, 784 pixels].

    `attributions` and `deltas` come from the file as it is, in float32; `attributions64` and `deltas64` from the same
    weights in float64. `float32Error` is the largest difference between the two, per sample, as a share of the sample's
    largest attribution: the precision that the float32 numbers have. At a layer, `raw` holds the unsummed float32
    attributions of sample 0, row-major [tokens, width]. With `target`, that class is explained for all samples, and stored.
    """
    classes = model.predict(x, verbose=0).argmax(axis=1) if target is None else np.full(len(x), target)
    raw, deltas = explain(model, layer, rule, x, baseline, classes)
    x64 = x.astype(np.float64) if layer is None else x
    raw64, deltas64 = explain(in_float64(model), layer, rule, x64, baseline, classes)
    entry = {"method": rule, "baseline": baseline, **({} if target is None else {"target": target})}
    return entry | values_of(raw, deltas, raw64, deltas64, with_raw=layer is not None)


def values_of(raw: np.ndarray, deltas: np.ndarray, raw64: np.ndarray, deltas64: np.ndarray, with_raw: bool) -> dict:
    """What is stored of attributions [samples, ..., last] and deltas, which come in float32 and in float64."""
    flat, flat64 = (values.astype(np.float64).sum(axis=-1).reshape(len(values), -1) for values in (raw, raw64))
    entry = {
        "deltas": digits(deltas),
        "attributions": digits(flat),
        "deltas64": digits(deltas64.round(DECIMALS_64), 17),
        "attributions64": digits(flat64.round(DECIMALS_64), 17),
        "float32Error": digits(np.abs(flat - flat64).max(1) / np.abs(flat64).max(1), 2),
    }
    if with_raw:
        entry["raw"] = digits(raw[0].ravel())
        entry["rawFloat32Error"] = digits(np.abs(raw[0] - raw64[0]).max() / np.abs(raw64[0]).max(), 2)
    return entry


def digits(values: np.ndarray | float, count: int = 9):
    """Nested lists of numbers rounded to `count` significant digits; whole numbers are written without a fraction."""
    if isinstance(values, np.ndarray) and values.ndim > 0:
        return [digits(value, count) for value in values]
    rounded = float(f"{float(values):.{count}g}")
    return int(rounded) if rounded.is_integer() else rounded


def checksum(values: np.ndarray) -> str:
    """SHA-256 of an array's bytes in row-major order: little-endian int32 for token ids, bytes for images."""
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()


def write(path: Path, content: dict) -> None:
    """Writes JSON, gzipped if the name ends in .gz; the same content gives the same file."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False).encode() + b"\n"
    path.write_bytes(gzip.compress(text, 9, mtime=0) if path.suffix == ".gz" else text)
    print(f"{path.name}: {path.stat().st_size} bytes")
