"""Golden values of IDGI, the paper's formula taken at its word by torch in float64: torch-idgi.json.gz.

    python make_idgi.py          (requirements.txt)
"""
import gzip
import json

import numpy as np
import torch

import nets


def packed(array):
    array = np.asarray(array)
    return {"shape": list(array.shape), "dtype": "float", "data": [float(v) for v in array.ravel()]}


def idgi(score, x, b, steps):
    """Yang et al. 2023, algorithm 1: lists of tensors, one per input."""
    found = [torch.zeros_like(part) for part in x]
    points = [[bp + k / steps * (xp - bp) for xp, bp in zip(x, b)] for k in range(steps + 1)]
    for here, after in zip(points, points[1:]):
        here = [part.clone().requires_grad_() for part in here]
        value = score(*here)
        squares = [g**2 for g in torch.autograd.grad(value, here)]
        change = (score(*after) - value).detach()
        total = sum(s.sum() for s in squares)
        found = [f + s / total * change for f, s in zip(found, squares)]
    return found


records = []
for name in ("mlp", "cnn", "residual", "lstm", "table2", "depthwise", "gru"):
    net, data = nets.load(name), nets.samples(name)
    forward, x, b, options = net, data.inputs, data.baselines, {}
    if hasattr(net, "embed"):
        with torch.no_grad():
            forward, x, b, options = net.head, [net.embed(x[0])], [net.embed(b[0])], {"layer": "embedding"}
    for steps in (6, 15):
        found = []
        for i, target in enumerate(data.targets):
            score = lambda *parts: forward(*[part[None] for part in parts])[0, target]
            found.append(idgi(score, [part[i] for part in x], [part[i] for part in b], steps))
        records.append(
            {
                "net": name,
                "method": "IDGI",
                "options": {**options, "nSteps": steps},
                "explain": {"baselines": {"$net": "baselines"}},
                "target": data.targets,
                "attributions": [packed(torch.stack(part).numpy()) for part in zip(*found)],
            }
        )
with open("torch-idgi.json.gz", "wb") as file, gzip.GzipFile("", "wb", 9, file, 0) as zipped:
    version = torch.__version__.split("+")[0]
    zipped.write(json.dumps({"source": "torch, the definition", "version": version, "records": records}, separators=(",", ":")).encode())
print(len(records), "records")
