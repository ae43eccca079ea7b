"""Golden values of DiscretizedIG and SequentialIG from inseq 0.7.1, on the torch twins of the golden nets: inseq-words.json.gz.

    python make_inseq.py          (requirements-paths.txt)

inseq's classes are driven on their own, with the embedding matrix as vocabulary, one text at a time, since the discretized method orders the rows of
several in two ways. Its path builder's choices and points are taken in float64; its `scale_inputs` would round them to float32.
"""
import gzip
import json

import numpy as np
import torch
from inseq.attr.feat.ops.discretized_integrated_gradients import DiscretetizedIntegratedGradients
from inseq.attr.feat.ops.monotonic_path_builder import MonotonicPathBuilder
from inseq.attr.feat.ops.sequential_integrated_gradients import SequentialIntegratedGradients
from sklearn.neighbors import kneighbors_graph

import nets

DTYPE = torch.float64
torch.set_default_dtype(DTYPE)  # the sequential method makes its weights in the default type


def packed(array, dtype="float"):
    array = np.asarray(array)
    data = [int(v) for v in array.ravel()] if dtype == "int32" else [float(v) for v in array.ravel()]
    return {"shape": list(array.shape), "dtype": dtype, "data": data}


def other_texts(data):
    return data.background[0][[0, 1, 2, 3, 1]]


records = []


def record(name, method, options, baselines, targets, found):
    records.append(
        {
            "net": name,
            "method": method,
            "options": options,
            "explain": {"baselines": {"$array": "baselines"}},
            "arrays": {"baselines": packed(baselines, "int32" if baselines.dtype == torch.int64 else "float")},
            "target": targets,
            "attributions": [packed(part) for part in found],
        }
    )


for name in nets.TOKENS:
    net, data = nets.load(name, DTYPE), nets.samples(name, DTYPE)
    matrix = net.embedding.weight.detach()
    texts, others = data.inputs[0], other_texts(data)
    for strategy, steps, neighbors, special in (("greedy", 12, 6, []), ("maxcount", 9, 8, []), ("greedy", 20, 19, [3, 7]), ("maxcount", 30, 4, [])):
        graph = kneighbors_graph(matrix.numpy(), n_neighbors=neighbors, mode="distance")
        builder = MonotonicPathBuilder(matrix, graph, special)
        found = []
        for text, other, target in zip(texts, others, data.targets):
            paths = [
                builder.build_monotonic_path_embedding(builder.find_path(int(w), int(b), steps, strategy), int(b), steps)
                for w, b in zip(text, other)
            ]
            points = torch.stack(paths, 1).requires_grad_()
            explained = DiscretetizedIntegratedGradients(net.head)._attribute((points,), target=target, n_steps=steps)
            found.append(explained[0][0].detach().numpy())
        options = {"layer": "embedding", "nSteps": steps, "rule": "left", "anchors": strategy, "neighbors": neighbors, "specialTokens": special}
        record(name, "DiscretizedIG", options, others, data.targets, [np.stack(found)])

    for method, steps in (("gausslegendre", 8), ("riemann_middle", 5)):
        with torch.no_grad():
            x, b = net.embed(texts), net.embed(others)
        found = [
            SequentialIntegratedGradients(net.head).attribute(x[i : i + 1], b[i : i + 1], target=t, n_steps=steps, method=method)[0]
            for i, t in enumerate(data.targets)
        ]
        options = {"layer": "embedding", "nSteps": steps, "method": method}
        record(name, "SequentialIG", options, others, data.targets, [torch.stack(found).detach().numpy()])

# A table is a sequence of features, a picture one of rows.
for name in ("mlp", "cnn"):
    net, data = nets.load(name, DTYPE), nets.samples(name, DTYPE)
    x, b = data.inputs[0], data.baselines[0]
    found = [
        SequentialIntegratedGradients(net).attribute(x[i : i + 1], b[i : i + 1], target=t, n_steps=10)[0] for i, t in enumerate(data.targets)
    ]
    record(name, "SequentialIG", {"nSteps": 10}, b, data.targets, [torch.stack(found).detach().numpy()])

with open("inseq-words.json.gz", "wb") as file, gzip.GzipFile("", "wb", 9, file, 0) as zipped:
    zipped.write(json.dumps({"source": "inseq", "version": "0.7.1", "records": records}, separators=(",", ":")).encode())
print(len(records), "records")
