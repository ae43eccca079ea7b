"""Golden values of GuidedIG, BlurIG and XRAI from PAIR's saliency 0.2.1, on the torch twins of the golden nets: saliency-paths.json.gz.

    python make_saliency.py          (requirements-paths.txt)

saliency explains one sample at a time; gradients are torch's in float64. Of what it can it is given its own way, with three exceptions:
numpy 2.4 calls a keyword that it uses by another name; XRAI sums its integrated gradients in float32 and by a rule of its own, so it is given
those of 50 Gauss-Legendre points in float64 as `base_attribution`; and BlurIG is run with a batch of 1, since a larger one weighs all of its
steps like the last.
"""
import gzip
import json

import numpy as np
import saliency.core as saliency
import torch

import nets

DTYPE = torch.float64
quantile = np.quantile
np.quantile = lambda a, q, interpolation="linear": quantile(a, q, method=interpolation)


def packed(array, dtype="float"):
    array = np.asarray(array)
    data = [int(v) for v in array.ravel()] if dtype == "int32" else [float(v) for v in array.ravel()]
    return {"shape": list(array.shape), "dtype": dtype, "data": data}


def caller(forward, target):
    """What saliency calls: gradients of the target's score at a batch of values."""

    def call(values, call_model_args=None, expected_keys=None):
        x = torch.from_numpy(np.asarray(values, dtype=np.float64)).to(DTYPE).requires_grad_()
        (g,) = torch.autograd.grad(forward(x)[:, target].sum(), x)
        return {saliency.INPUT_OUTPUT_GRADIENTS: g.double().numpy()}

    return call


def other_texts(name):
    """A text for each, which in `gru` shares no word with it: of a layer, ours counts a share of what differs, saliency one of all."""
    return nets.samples(name).background[0][[1, 1, 2, 0, 1] if name == "gru" else [0, 1, 2, 3, 1]]


def spaces(name):
    """(forward, inputs, baselines, options of ours, targets) where the net takes floats: its input, or what its embedding gives. Texts are
    compared with other texts: all places of a padded one tie in the max pool, and torch gives the gradient of ties to another place."""
    net, data = nets.load(name, DTYPE), nets.samples(name, DTYPE)
    if hasattr(net, "embed"):
        with torch.no_grad():
            x, b = net.embed(data.inputs[0]).numpy(), net.embed(other_texts(name)).numpy()
        return net.head, x, b, {"layer": "embedding"}, data.targets
    return net, data.inputs[0].numpy(), data.baselines[0].numpy(), {}, data.targets


records = []

for name in ("mlp", "cnn", "residual", "text", "lstm", "depthwise", "gru"):
    forward, x, b, options, targets = spaces(name)
    for settings in (dict(x_steps=20, fraction=0.25, max_dist=0.1), dict(x_steps=12, fraction=0.5, max_dist=1.0), dict(x_steps=8, fraction=0.1, max_dist=0.0))[: 1 if name == "depthwise" else None]:
        found = [
            saliency.GuidedIG().GetMask(x[i], caller(forward, t), x_baseline=b[i], **settings) for i, t in enumerate(targets)
        ]
        ours = {"nSteps": settings["x_steps"], "fraction": settings["fraction"], "maxDistance": settings["max_dist"]}
        record = {
            "net": name,
            "method": "GuidedIG",
            "options": {**options, **ours},
            "explain": {"baselines": {"$net": "baselines"}},
            "target": targets,
            "attributions": [packed(np.stack(found))],
        }
        if options:
            record["explain"] = {"baselines": {"$array": "baselines"}}
            record["arrays"] = {"baselines": packed(other_texts(name), "int32")}
        records.append(record)

for name in nets.PICTURES:
    forward, x, _, options, targets = spaces(name)
    for settings in (dict(max_sigma=6, steps=24), dict(max_sigma=3, steps=10, grad_step=0.02, sqrt=True), dict(max_sigma=20, steps=40)):
        found = [saliency.BlurIG().GetMask(x[i], caller(forward, t), batch_size=1, **settings) for i, t in enumerate(targets)]
        ours = {"maxSigma": settings["max_sigma"], "nSteps": settings["steps"], "gradStep": settings.get("grad_step", 0.01)}
        records.append(
            {
                "net": name,
                "method": "BlurIG",
                "options": {**ours, "spacing": "sqrt" if settings.get("sqrt") else "linear"},
                "target": targets,
                "attributions": [packed(np.stack(found))],
            }
        )


def integrated(call, x, b, steps=50):
    t, w = np.polynomial.legendre.leggauss(steps)
    points = b + ((t + 1) / 2)[:, None, None, None] * (x - b)
    return (x - b) * np.tensordot(w / 2, call(points)[saliency.INPUT_OUTPUT_GRADIENTS], 1)


def partitions(height, width):
    """Three ways to cut a picture up: rows of tiles, broader tiles, stripes."""
    row, column = np.mgrid[0:height, 0:width]
    return np.stack([(row // 3) * 10 + column // 3, (row // 4) * 10 + column // 5, (row + column) // 4])


for name in nets.PICTURES:
    forward, x, _, options, targets = spaces(name)
    calls = [caller(forward, t) for t in targets]
    base = np.stack(
        [np.mean([integrated(call, p, np.full_like(p, v)) for v in (p.min(), p.max())], axis=0) for p, call in zip(x, calls)]
    )
    cuts = partitions(*x.shape[1:3])
    masks = [cut == label for cut in cuts for label in np.unique(cut)]
    runs = [("full", 1, masks, 1.0), ("fast", 4, masks, 1.0), ("full", 6, masks, 0.5), ("full" if name == "cnn" else "fast", 2, None, 1.0)]
    for algorithm, least, segments, area in runs if name != "depthwise" else runs[1::2]:
        rows = list(range(len(x))) if segments else [0, len(x) - 1]  # felzenszwalb's segments take their time
        extra = saliency.XRAIParameters(algorithm=algorithm, area_threshold=area)
        extra.experimental_params["min_pixel_diff"] = least
        found = [
            saliency.XRAI().GetMask(p, call, segments=segments, base_attribution=a, extra_parameters=extra)
            for p, call, a in [(x[i], calls[i], base[i]) for i in rows]
        ]
        ours = {"algorithm": algorithm, "minPixels": least, "areaThreshold": area}
        record = {
            "net": name,
            "method": "XRAI",
            "options": ours if segments is None else {**ours, "segments": {"$array": "segments"}},
            "target": [targets[i] for i in rows],
            "rows": rows,
            "attributions": [packed(np.stack(found))],
        }
        if segments is not None:
            record["arrays"] = {"segments": packed(cuts, "int32")}
        records.append(record)

with open("saliency-paths.json.gz", "wb") as file, gzip.GzipFile("", "wb", 9, file, 0) as zipped:
    zipped.write(json.dumps({"source": "saliency", "version": "0.2.1", "records": records}, separators=(",", ":")).encode())
print(len(records), "records")
