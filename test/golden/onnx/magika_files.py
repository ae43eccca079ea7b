"""What onnxruntime's magika says of many files, for scripts/magika-distance.ts: nothing of it is kept in the project.

    python magika_files.py MODEL_FOLDER OUT.json FILE...

MODEL_FOLDER is magika/models/standard_v3_3 of the magika 1.0.3 package. Every file is read whole, and cut to 8, 64, 512 and 1,500 bytes: short files
are mostly padding. Numbers that the model reads are as examples/magika.mjs has them.
"""
import json
import sys

import numpy as np
import onnxruntime as ort

folder, out, *paths = sys.argv[1:]
config = json.load(open(f"{folder}/config.min.json"))
first, last, block, padding = config["beg_size"], config["end_size"], config["block_size"], config["padding_token"]
session = ort.InferenceSession(f"{folder}/model.onnx", providers=["CPUExecutionProvider"])


def numbers(content):
    begin = content[:block].lstrip()[:first]
    end = content[-block:].rstrip()[-last:]
    return list(begin) + [padding] * (first - len(begin)) + [padding] * (last - len(end)) + list(end)


cases = []
for path in paths:
    whole = open(path, "rb").read()
    for size in [None, 8, 64, 512, 1500]:
        if size is not None and size >= len(whole):
            continue
        read = numbers(whole[:size] if size else whole)
        if all(v == padding for v in read):
            continue
        (scores,) = session.run(None, {"bytes": np.array([read], np.int32)})
        cases.append({"bytes": size or len(whole), "padding": read.count(padding), "read": read, "scores": [float(v) for v in scores[0]]})
json.dump({"onnxruntime": ort.__version__, "cases": cases}, open(out, "w"))
print(len(cases), "inputs of", len(paths), "files")
