"""Writes shap-sampling.json.gz: expected gradients and Shapley values of the golden nets by shap's GradientExplainer and KernelExplainer.

    python make_shap_sampling.py

KernelExplainer fits all coalitions of few groups, which is exact, or those that it draws, which are recorded with their weights.
GradientExplainer's choices of background rows and points are recorded too. Versions: requirements.txt.
"""
import gzip
import itertools
import json
import logging
import math
import os

import numpy as np
import shap
import torch
from shap.utils._legacy import DenseData

import nets
from make_captum_sampling import Case, MASKS, packed

DRAWS = 6
logging.getLogger("shap").setLevel(logging.ERROR)
torch.set_default_dtype(torch.float64)
records = []


def last_row(name):
    return min(2, len(nets.samples(name).targets) - 1)


def gradient_explainer():
    for seed, name in enumerate(nets.NETS):
        row = last_row(name)
        case = Case(name, torch.float64, [row])
        rng = np.random.default_rng(900 + seed)
        chosen = rng.integers(0, 4, DRAWS)
        alphas = np.round(rng.uniform(0, 1, DRAWS) * 64) / 64
        background = list(case.background)
        explainer = shap.GradientExplainer(case.net, background if len(background) > 1 else background[0])
        # Drawn anew, from the same seed, for each class.
        left = []
        before = np.random.choice, np.random.uniform, np.random.seed
        np.random.seed = lambda *_: left.__setitem__(slice(None), list(zip(chosen, alphas)))
        np.random.choice = lambda *_: left[0][0]
        np.random.uniform = lambda *_: left.pop(0)[1]
        try:
            x = list(case.inputs)
            found = explainer.shap_values(x if len(x) > 1 else x[0], nsamples=DRAWS, rseed=0)
        finally:
            np.random.choice, np.random.uniform, np.random.seed = before
        found = found if isinstance(found, list) else [found]
        arrays = {f"baselines{i}": t.numpy()[chosen] for i, t in enumerate(nets.samples(name).background)}
        arrays["alphas"] = alphas
        count = len(arrays) - 1
        records.append({
            "net": name,
            "method": "ExpectedGradients",
            "options": {**case.layer, "nSamples": DRAWS, "alphas": {"$array": "alphas"}},
            "explain": {"baselines": [{"kind": "dataset", "data": {"$array": f"baselines{i}"}} for i in range(count)]},
            "rows": [row],
            "target": case.targets,
            "arrays": {key: packed(value) for key, value in arrays.items()},
            "attributions": [packed(values[..., case.targets[0]]) for values in found],
        })


class Rows:
    """A net as a function of flat rows, with the groups of MASKS."""

    def __init__(self, name, row):
        self.found = nets.samples(name, torch.float64)
        self.net = nets.load(name, torch.float64)
        self.sizes = [t[0].numel() for t in self.found.inputs]
        self.shapes = [t.shape[1:] for t in self.found.inputs]
        masks = [np.array(mask) for mask in MASKS[name]]
        if name in nets.TOKENS:
            masks = [mask[..., 0] for mask in masks]  # tokens, not their embeddings
        self.masks = masks
        ids = np.concatenate([mask.ravel() for mask in masks])
        self.groups = [np.flatnonzero(ids == i) for i in np.unique(ids)]
        self.target = self.found.targets[row]
        self.x = np.concatenate([t[row].numpy().ravel() for t in self.found.inputs]).astype(float)

    def flat(self, tensors):
        return np.concatenate([t.numpy().reshape(len(t), -1) for t in tensors], 1).astype(float)

    def __call__(self, rows):
        parts = np.split(rows, np.cumsum(self.sizes)[:-1], 1)
        tensors = [
            torch.from_numpy(part.reshape(-1, *shape)).to(like.dtype)
            for part, shape, like in zip(parts, self.shapes, self.found.inputs)
        ]
        with torch.no_grad():
            return self.net(*tensors).numpy()[:, self.target]

    def whole(self, phi):
        """The value of a group on each of its features."""
        out = np.zeros(len(self.x))
        for group, value in zip(self.groups, phi):
            out[group] = value
        parts = np.split(out, np.cumsum(self.sizes)[:-1])
        return [packed(part.reshape(1, *shape)) for part, shape in zip(parts, self.shapes)]


def exact_shapley(rows, baseline):
    """The sum over all coalitions that defines Shapley values."""
    d = len(rows.groups)
    coalitions = [z for size in range(d + 1) for z in itertools.combinations(range(d), size)]
    batch = np.repeat(baseline[None], len(coalitions), 0)
    for at, z in enumerate(coalitions):
        for player in z:
            batch[at, rows.groups[player]] = rows.x[rows.groups[player]]
    value = dict(zip(coalitions, rows(batch)))
    phi = np.zeros(d)
    for z in coalitions:
        weight = math.factorial(len(z)) * math.factorial(d - len(z) - 1) / math.factorial(d) if len(z) < d else 0
        for player in set(range(d)) - set(z):
            phi[player] += weight * (value[tuple(sorted((*z, player)))] - value[z])
    return phi


def kernel_explainer():
    for name in nets.NETS:
        kinds = [("baselines", 0, None), ("baselines", 1, None), ("background", last_row(name), None)]
        if name in ("mlp", "cnn", "text"):
            kinds.append(("baselines", 0, 40))
        for source, row, budget in kinds:
            rows = Rows(name, row)
            drawn = rows.flat(getattr(rows.found, source))
            data = drawn[row : row + 1] if source == "baselines" else drawn
            names = [str(i) for i in range(len(rows.groups))]
            explainer = shap.KernelExplainer(rows, DenseData(data, names, rows.groups))
            np.random.seed(5)
            phi = explainer.shap_values(rows.x[None], nsamples=budget or 2 ** len(names), l1_reg=False, silent=True)[0]
            options, note = {"groupValue": "whole", "nSamples": 2 ** len(names)}, None
            if budget:
                assert explainer.M == len(names), name
                added = explainer.nsamplesAdded
                masks, weights = explainer.maskMatrix[:added], explainer.kernelWeights[:added]
                coalitions = [[int(i) for i in np.flatnonzero(m)] for m in masks]
                options = {
                    "groupValue": "whole",
                    "coalitions": [{"members": m, "weight": float(w)} for m, w in zip(coalitions, weights)],
                }
                note = "coalitions drawn by shap"
            else:
                exact = np.mean([exact_shapley(rows, b) for b in data], 0)
                assert np.abs(phi - exact).max() < 1e-11, (name, np.abs(phi - exact).max())
            if source == "baselines":
                baselines = {"$net": "baselines"}
            else:
                count = len(rows.sizes)
                baselines = [{"kind": "dataset", "data": {"$array": f"background{i}"}} for i in range(count)]
            arrays = {f"mask{i}": mask for i, mask in enumerate(rows.masks)}
            masks = [{"$array": key} for key in arrays]
            if source == "background":
                arrays.update({f"background{i}": t.numpy() for i, t in enumerate(rows.found.background)})
            entry = {
                "net": name,
                "method": "KernelShap",
                "options": options,
                "explain": {"baselines": baselines, "features": {"mask": masks if len(masks) > 1 else masks[0]}},
                "rows": [row],
                "target": [rows.target],
                "arrays": {key: packed(value) for key, value in arrays.items()},
                "attributions": rows.whole(phi),
            }
            if note:
                entry["note"] = note
            records.append(entry)


def main():
    gradient_explainer()
    kernel_explainer()
    print(len(records), "records")
    text = json.dumps({"source": "shap", "version": shap.__version__, "records": records}, separators=(",", ":"))
    with open(os.path.join(nets.HERE, "shap-sampling.json.gz"), "wb") as file:
        file.write(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
