"""Outputs of real ONNX models by onnxruntime, for test/shared/onnx/models.test.ts.

    python make_models.py FOLDER OUT.json.gz

FOLDER holds the unpacked wheels that test/shared/download.sh fetches, each in a folder named after its package. Inputs follow a formula that the
test has as well; of large outputs every so manyth value is kept, and the largest.
"""
import gzip
import json
import sys

import numpy as np
import onnxruntime as ort

# Path in FOLDER; inputs: shape and kind by name; inputs that the test fixes.
MODELS = [
    {"path": "magika/magika/models/standard_v3_3/model.onnx", "inputs": {"bytes": ([2, 2048], "bytes")}},
    {"path": "rapidocr/rapidocr/models/ch_ppocr_mobile_v2.0_cls_mobile.onnx", "inputs": {"x": ([2, 3, 48, 192], "float")}},
    {"path": "rapidocr/rapidocr/models/PP-OCRv6_det_small.onnx", "inputs": {"x": ([2, 3, 64, 96], "float")}},
    {"path": "rapidocr/rapidocr/models/PP-OCRv6_rec_small.onnx", "inputs": {"x": ([2, 3, 48, 96], "float")}},
    {"path": "rapidocr_onnxruntime/rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx", "inputs": {"x": ([2, 3, 64, 96], "float")}},
    {"path": "rapidocr_onnxruntime/rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx", "inputs": {"x": ([2, 3, 48, 96], "float")}},
    {
        "path": "silero_vad/silero_vad/data/silero_vad.onnx",
        "inputs": {"input": ([1, 576], "float")},
        "fixed": {"state": ([2, 1, 128], "zeros"), "sr": ([], 16000)},
    },
    {
        "path": "silero_vad/silero_vad/data/silero_vad_op18_ifless.onnx",
        "inputs": {"input": ([1, 576], "float")},
        "fixed": {"state": ([2, 1, 128], "zeros"), "sr": ([], 16000)},
    },
    {
        "path": "silero_vad/silero_vad/data/silero_vad_16k_op15.onnx",
        "inputs": {"input": ([1, 576], "float")},
        "fixed": {"state": ([2, 1, 128], "zeros"), "sr": ([], 16000)},
    },
]
KEPT = 400


def values(shape, kind):
    n = int(np.prod(shape))
    i = np.arange(n, dtype=np.float64)
    if kind == "float":
        return (0.5 * np.sin(0.37 * i)).astype(np.float32).reshape(shape)
    if kind == "bytes":
        return ((np.arange(n) * 7919) % 257).reshape(shape)
    if kind == "zeros":
        return np.zeros(shape, dtype=np.float32)
    return np.array(kind)


def run(folder, model):
    session = ort.InferenceSession(f"{folder}/{model['path']}", providers=["CPUExecutionProvider"])
    kinds = {x.name: x.type for x in session.get_inputs()}
    given = {**model["inputs"], **model.get("fixed", {})}
    feeds = {}
    for name, (shape, kind) in given.items():
        dtype = {"tensor(float)": np.float32, "tensor(int64)": np.int64, "tensor(int32)": np.int32}[kinds[name]]
        feeds[name] = values(shape, kind).astype(dtype)
    outputs = session.run(None, feeds)
    record = []
    for info, y in zip(session.get_outputs(), outputs):
        flat = y.reshape(-1)
        step = max(1, len(flat) // KEPT)
        kept = [float(f"{v:.9g}") for v in flat[::step]]
        record.append({"name": info.name, "shape": list(y.shape), "step": step, "values": kept, "largest": float(np.abs(flat).max())})
    return {**model, "outputs": record}


def main():
    folder, out = sys.argv[1:]
    data = {"onnxruntime": ort.__version__, "models": [run(folder, model) for model in MODELS]}
    with gzip.GzipFile(out, "wb", mtime=0) as file:
        file.write(json.dumps(data, separators=(",", ":")).encode())


main()
