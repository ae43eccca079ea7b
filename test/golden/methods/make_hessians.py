"""Golden values of IntegratedHessians on the torch twins of the golden nets: path_explain-hessians.json.gz and torch-hessians.json.gz.

    python make_hessians.py          (requirements-paths.txt)

path_explain 0.0.7 takes flat inputs and float32 only, and equally spaced points with both ends, whose error falls with 1/n; it is given
midpoints in their place (its weights are 1/n anyhow). What is called torch is the definition taken at its word: the double integral by a product
of Gauss-Legendre rules, with second derivatives by torch in float64.
"""
import gzip
import json
import sys
from unittest.mock import MagicMock

import numpy as np
import torch

sys.modules["tensorflow"] = MagicMock()  # path_explain imports its TensorFlow half, too
from path_explain import PathExplainerTorch  # noqa: E402

import nets


def packed(array):
    array = np.asarray(array)
    return {"shape": list(array.shape), "dtype": "float", "data": [float(v) for v in array.ravel()]}


def spaces(name, dtype):
    """(forward on flat rows, inputs, baselines, options of ours, targets): several inputs lie side by side."""
    net, data = nets.load(name, dtype), nets.samples(name, dtype)
    if hasattr(net, "embed"):
        with torch.no_grad():
            x, b = net.embed(data.inputs[0]), net.embed(data.baselines[0])
        return lambda v: net.head(v.reshape(-1, *x.shape[1:])), x.flatten(1), b.flatten(1), {"layer": "embedding"}, data.targets
    widths = [x.shape[1] for x in data.inputs]
    forward = lambda v: net(*torch.split(v, widths, dim=1))
    return forward, torch.cat(data.inputs, 1), torch.cat(data.baselines, 1), {}, data.targets


def words(table, length, width):
    """Sums over the dimensions of both words."""
    return table.reshape(length, width, length, width).sum((1, 3))


def integrated_hessian(f, x, b, points):
    """Janizek et al. 2021, equations 3 and 4. `f` gives a score per row, so the second derivatives of all points are had at once."""
    t, w = np.polynomial.legendre.leggauss(points)
    t, w = torch.from_numpy((t + 1) / 2), torch.from_numpy(w / 2)
    alpha_beta, weights, d = torch.outer(t, t).flatten(), torch.outer(w, w).flatten(), x - b
    p = (b + alpha_beta[:, None] * d).requires_grad_()
    (first,) = torch.autograd.grad(f(p).sum(), p, create_graph=True)
    second = torch.stack([torch.autograd.grad(first[:, i].sum(), p, retain_graph=True)[0] for i in range(len(x))], 1)
    pairs = torch.outer(d, d) * torch.einsum("k,kij->ij", weights * alpha_beta, second)
    return (pairs + torch.diag(d * (weights @ first))).detach().numpy()


def write(name, source, version, records, **more):
    with open(f"{name}.json.gz", "wb") as file, gzip.GzipFile("", "wb", 9, file, 0) as zipped:
        zipped.write(json.dumps({"source": source, "version": version, **more, "records": records}, separators=(",", ":")).encode())
    print(name, len(records), "records", flush=True)


def rows_of(name):
    """Second derivatives of a recurrent net take their time."""
    return {"lstm": [0, 3], "gru": [1]}.get(name, [0, 1, 2, 3, 4])


def record(name, targets, options, found, softplus=None):
    """Ours has a table per input: its features in rows, all features in columns."""
    found = np.stack(found)
    tables = np.split(found, [5], axis=1) if name == "table2" else [found]
    return {
        "net": name,
        "method": "IntegratedHessians",
        "options": {**options, "softplus": softplus},
        "explain": {"baselines": {"$net": "baselines"}},
        "target": [targets[i] for i in rows_of(name)],
        "rows": rows_of(name),
        "attributions": [packed(table) for table in tables],
    }


class Midpoints(PathExplainerTorch):
    def _get_samples_input(self, input_tensor, baseline, num_samples, use_expectation):
        alphas = [(i + 0.5) / num_samples for i in range(num_samples)]
        points = torch.stack([baseline + a * (input_tensor - baseline) for a in alphas], 1)
        return points, (input_tensor - baseline).unsqueeze(1)


records = []
for name in ("mlp", "table2", "lstm"):
    forward, x, b, options, targets = spaces(name, torch.float32)
    found = []
    for i, t in [(i, targets[i]) for i in rows_of(name)]:
        explainer = Midpoints(forward)
        table = explainer.interactions(
            x[i : i + 1].clone().requires_grad_(), b[i : i + 1], num_samples=36, use_expectation=False, output_indices=torch.tensor([t]), verbose=False
        )
        found.append(table[0].detach().numpy())
    records.append(record(name, targets, {**options, "method": "riemann_middle", "nSteps": 6}, found))
write("path_explain-hessians", "path_explain", "0.0.7", records, single=True)

records = []
for name in ("mlp", "table2", "lstm", "text", "gru"):
    forward, x, b, options, targets = spaces(name, torch.float64)
    found = [integrated_hessian(lambda v: forward(v)[:, t], x[i], b[i], 6) for i, t in [(i, targets[i]) for i in rows_of(name)]]
    records.append(record(name, targets, {**options, "method": "gausslegendre", "nSteps": 6}, found))
    if options:
        length, width = {"lstm": (6, 4), "text": (7, 5), "gru": (5, 3)}[name]
        tables = [words(table, length, width) for table in found]
        records.append(record(name, targets, {**options, "method": "gausslegendre", "nSteps": 6, "pairs": "words"}, tables))
# Softplus in the place of relu, whose second derivative torch knows.
nets.nn.ReLU = lambda: nets.nn.Softplus(beta=10, threshold=700)
for name in ("mlp", "text"):
    forward, x, b, options, targets = spaces(name, torch.float64)
    found = [integrated_hessian(lambda v: forward(v)[:, t], x[i], b[i], 6) for i, t in [(i, targets[i]) for i in rows_of(name)]]
    records.append(record(name, targets, {**options, "method": "gausslegendre", "nSteps": 6}, found, softplus=10))
# A smooth net: the integral itself, to all digits.
forward, x, b, options, targets = spaces("lstm", torch.float64)
found = [words(integrated_hessian(lambda v: forward(v)[:, t], x[i], b[i], 16), 6, 4) for i, t in [(i, targets[i]) for i in rows_of("lstm")]]
records.append(record("lstm", targets, {**options, "pairs": "words", "nSteps": 20}, found))
write("torch-hessians", "torch double integral", torch.__version__.split("+")[0], records)
