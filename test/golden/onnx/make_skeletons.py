"""The graphs of exported torchvision models without their weights, models of scikit-learn, and what onnxruntime computes with weights by a formula: skeletons.json.gz.

    python make_skeletons.py FOLDER

FOLDER holds what make_exports.py wrote: torch and its libraries are too large to be installed by CI, the graphs are small. Every float tensor of 16
elements or more is replaced by numbers with its mean, its deviation and, where all are positive, not below its smallest; test/slow/onnx/exports.test.ts
makes the same. They lie in a file of their own, as external data. Pins: requirements-operators.txt; the exports' are in requirements-exports.txt.
"""
import base64
import glob
import gzip
import json
import os
import pathlib
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, numpy_helper

SIDE, KEPT = 64, 200


def noise(count, seed):
    """Uniform in [0, 1): the end of MurmurHash3 on the index."""
    h = (np.arange(count, dtype=np.uint64) + np.uint64(seed * 0x9E3779B9) & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    h = h * np.uint32(0x85EBCA6B)
    h ^= h >> np.uint32(13)
    h = h * np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(16)
    return h.astype(np.float64) / 2**32


def weights(count, seed, mean, spread, least):
    values = mean + spread * (noise(count, seed) - 0.5)
    return np.maximum(values, least if least is not None else -np.inf).astype("<f4")


def short(v):
    return float(f"{v:.4g}")


models = []
for path in sorted(glob.glob(f"{sys.argv[1]}/*-*.onnx")):
    name = os.path.basename(path)[:-5]
    model = onnx.load(path)
    stats, blob, offset = [], [], 0
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < 16:
            continue
        values = numpy_helper.to_array(tensor).astype(np.float64)
        least = short(values.min()) if values.min() > 0 else None
        one = [int(values.size), short(values.mean()), short(values.std() * 12**0.5), least]
        blob.append(weights(one[0], len(stats), *one[1:]))
        stats.append(one)
        for field in ("raw_data", "float_data"):
            tensor.ClearField(field)
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", "weights.bin"), ("offset", offset), ("length", 4 * values.size)):
            tensor.external_data.add(key=key, value=str(value))
        offset += 4 * values.size
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    del model.graph.value_info[:]
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    for value in [*model.graph.input, *model.graph.output, *model.graph.initializer]:
        del value.metadata_props[:]
    n = 3 * SIDE * SIDE
    x = (0.5 * np.sin(0.37 * np.arange(n, dtype=np.float64))).astype(np.float32).reshape(1, 3, SIDE, SIDE)
    with tempfile.TemporaryDirectory() as folder:
        np.concatenate(blob).tofile(f"{folder}/weights.bin")
        pathlib.Path(f"{folder}/m.onnx").write_bytes(model.SerializeToString())
        session = ort.InferenceSession(f"{folder}/m.onnx", providers=["CPUExecutionProvider"])
        (y,) = session.run(None, {session.get_inputs()[0].name: x})
        # How far onnxruntime itself moves where every input is the next float32: with weights that were not trained some nets magnify rounding.
        moved = [session.run(None, {session.get_inputs()[0].name: np.nextafter(x, np.float32(way))})[0] for way in (-9, 9)]
        shaken = max(float(np.abs(y - z).max()) for z in moved) / max(1, float(np.abs(y).max()))
    models.append({"name": name, "onnx": base64.b64encode(model.SerializeToString()).decode(), "weights": stats, "shaken": short(shaken), "output": [float(f"{v:.9g}") for v in y.ravel()[:KEPT]]})
    print(name, len(model.SerializeToString()), len(stats), float(np.abs(y).max()), short(shaken), flush=True)
# Models of scikit-learn are small: as they are, with the rows and outputs that make_exports.py wrote.
tables = []
for one in json.load(open(f"{sys.argv[1]}/exports.json"))["models"]:
    if isinstance(one["input"][0], list):
        data = pathlib.Path(f"{sys.argv[1]}/{one['name']}.onnx").read_bytes()
        tables.append({**one, "onnx": base64.b64encode(data).decode()})
text = json.dumps({"onnxruntime": ort.__version__, "side": SIDE, "models": models, "tables": tables}, separators=(",", ":"))
out = pathlib.Path(__file__).with_name("skeletons.json.gz")
with open(out, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as packed:
    packed.write(text.encode())
print(len(models), "models", out.stat().st_size, "bytes")
