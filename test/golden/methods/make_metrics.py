"""What captum, Quantus, scipy and scikit-image say about explanations of the golden nets: writes ../metrics/*.json.gz.

    pip install -r requirements.txt -r requirements-metrics.txt
    KERAS_BACKEND=torch python make_metrics.py

Attributions that are judged are gradient x (x - b), plus a little of a fixed number per feature so that no two are equal; they are stored, as are
all random numbers, so that pathgrad judges the same explanation under the same perturbations. Numbers in float64, channels last.
"""
import os
import warnings

import numpy as np
import scipy.stats
import skimage.metrics
import torch
from captum.attr import IntegratedGradients
from captum.metrics import infidelity, sensitivity_max
from torch import nn

import nets
from nets import PICTURES, TOKENS, load, pack, samples

warnings.filterwarnings("ignore")
import quantus  # noqa: E402
from quantus.functions.perturb_func import noisy_linear_imputation  # noqa: E402

OUT = os.path.join(nets.HERE, "..", "metrics")
os.makedirs(OUT, exist_ok=True)


def score(net, inputs, targets):
    out = net(*inputs)
    return out[torch.arange(len(targets)), torch.tensor(targets)]


def gradients(name, net, inputs, targets):
    """d score / d x, per input; of token nets for the embedding."""
    if name in TOKENS:
        embedded = net.embed(inputs[0]).detach().requires_grad_()
        out = net.head(embedded)[torch.arange(len(targets)), torch.tensor(targets)]
        return embedded.detach(), torch.autograd.grad(out.sum(), embedded)[0]
    xs = [x.detach().clone().requires_grad_() for x in inputs]
    return [x.detach() for x in xs], list(torch.autograd.grad(score(net, xs, targets).sum(), xs))


def wobble(shape, at=0):
    """Small fixed numbers, all different."""
    size = int(np.prod(shape))
    return torch.from_numpy(1e-3 * np.random.RandomState(41 + at).permutation(size).reshape(shape) / size)


def contributions(name, net, s):
    found = slopes_times_changes(name, net, s)
    return [a.round(decimals=8) for a in found] if name in ("depthwise", "gru") else found  # for small files


def slopes_times_changes(name, net, s):
    if name in TOKENS:
        embedded, grads = gradients(name, net, s.inputs, s.targets)
        base = net.embed(s.baselines[0]).detach()
        a = (grads * (embedded - base)).sum(-1)
        return [a + wobble(a.shape)]
    xs, grads = gradients(name, net, s.inputs, s.targets)
    return [g * (x - b) + wobble(x.shape, i) for i, (g, x, b) in enumerate(zip(grads, xs, s.baselines))]


def record(net, metric, values, s, attributions, options=None, arrays=None, **more):
    packed = {key: pack(value, exact=True) for key, value in (arrays or {}).items()}
    return {
        "net": net, "metric": metric, "options": options or {}, "target": list(s.targets),
        "attributions": [pack(a, exact=True) for a in attributions], "arrays": packed,
        "values": pack(np.asarray(values, dtype=np.float64), exact=True), **more,
    }


# --- captum ---------------------------------------------------------------------------------------------------------------


def expand(values, count):
    return values.repeat_interleave(count, dim=0)


def captum_infidelity(name, draws=5):
    records = []
    net, s = load(name), samples(name)
    random = np.random.RandomState(7)
    spread = 1 if name == "depthwise" else 0.3  # little moves leave little of the difference of two equal terms
    for kind in ("contributions",) if name in TOKENS else ("contributions", "gradients"):
        a = contributions(name, net, s)
        if kind == "gradients":
            a = [g + wobble(g.shape) for g in gradients(name, net, s.inputs, s.targets)[1]]
        # What x becomes, per input [N * draws, ...], a sample's draws one after another.
        moved = []
        for x, b in zip(s.inputs, s.baselines):
            if name in TOKENS:
                gone = torch.from_numpy(random.rand(len(x) * draws, *x.shape[1:]) < 0.4)
                moved.append(torch.where(gone, expand(b, draws), expand(x, draws)))
            else:
                noise = np.round(random.randn(len(x) * draws, *x.shape[1:]) * 64 * spread) / 64
                moved.append(expand(x, draws) - torch.from_numpy(noise))

        def perturb(inputs, baselines=None):
            xs = inputs if isinstance(inputs, tuple) else (inputs,)
            changes = []
            for x, now, b in zip(xs, moved, s.baselines):
                change = (x - now).double()
                if kind == "contributions":
                    distance = (x - expand(b, draws)).double()
                    change = change / torch.where(distance == 0, torch.ones_like(distance), distance)
                changes.append(change)
            found = tuple(moved)
            return (tuple(changes), found) if len(xs) > 1 else (changes[0], found[0])

        args = (tuple(s.inputs), tuple(a)) if len(a) > 1 else (s.inputs[0], a[0])
        variants = [{"normalize": False}, {"normalize": True}]
        found = [
            infidelity(net, perturb, *args, target=torch.tensor(s.targets), n_perturb_samples=draws, **v).numpy() for v in variants
        ]
        options = {"perturbations": draws, "attributions": kind}
        arrays = {f"moved{i}": m.reshape(len(s.targets), draws, *m.shape[1:]) for i, m in enumerate(moved)}
        records.append(record(name, "infidelity", np.stack(found), s, a, options, arrays, variants=variants))
    return records


def captum_sensitivity(name, draws=4):
    """Of gradient x (x - b), which one step of riemann_right is."""
    net, s = load(name), samples(name)
    random = np.random.RandomState(9)
    moved = [expand(x, draws) + torch.from_numpy(np.round((random.rand(len(x) * draws, *x.shape[1:]) * 2 - 1) * 64 * 0.1) / 64) for x in s.inputs]

    def explain(inputs):
        xs = inputs if isinstance(inputs, tuple) else (inputs,)
        times = len(xs[0]) // len(s.targets)
        targets = [t for t in s.targets for _ in range(times)]
        with torch.enable_grad():
            xs, grads = gradients(name, net, xs, targets)
        out = tuple(g * (x - expand(b, times)) for g, x, b in zip(grads, xs, s.baselines))
        return out if isinstance(inputs, tuple) else out[0]

    def perturb(inputs):
        return tuple(moved) if len(moved) > 1 else moved[0]

    inputs = tuple(s.inputs) if len(s.inputs) > 1 else s.inputs[0]
    norms = {"2": 2, "1": 1, "inf": float("inf")}
    found = [sensitivity_max(explain, inputs, perturb, n_perturb_samples=draws, norm_ord=order).numpy() for order in norms.values()]
    arrays = {f"moved{i}": m.reshape(len(s.targets), draws, *m.shape[1:]) for i, m in enumerate(moved)}
    variants = [{"norm": norm if norm == "inf" else int(norm)} for norm in norms]
    return [record(name, "maxSensitivity", np.stack(found), s, [], {"perturbations": draws}, arrays, variants=variants)]


def captum_delta(name):
    net, s = load(name), samples(name)
    a = contributions(name, net, s)
    ig = IntegratedGradients(net)
    delta = ig.compute_convergence_delta(tuple(a), tuple(s.baselines), tuple(s.inputs), target=torch.tensor(s.targets))
    return [record(name, "completeness", delta.detach(), s, a)]


# --- Quantus --------------------------------------------------------------------------------------------------------------


class First(nn.Module):
    """The net for arrays [N, C, ...] as Quantus makes them: channels last, in float64; ids as integers. Its softmax stays as it is."""

    def __init__(self, name):
        super().__init__()
        self.name, self.net = name, load(name)

    def shaped(self, x):
        if self.name in TOKENS:
            return x[:, 0].long()
        return x[:, 0].double() if self.name == "mlp" else x.double().movedim(1, -1)

    def forward(self, x):
        return self.net(self.shaped(x))


class Hidden(nn.Module):
    """`First` whose modules Quantus does not see, so that it neither takes off nor adds a softmax."""

    def __init__(self, name):
        super().__init__()
        self.inside = [First(name)]

    def forward(self, x):
        return self.inside[0](x)


def first(name, values):
    """[N, ..., C] to what `First` takes; nets without channels get one."""
    array = values.detach().numpy()
    return array[:, None] if name in TOKENS or name == "mlp" else np.moveaxis(array, -1, 1)


def last_index(name, shape, index):
    """An index into a flattened [C, H, W] as one into the flattened [H, W, C]."""
    if name in TOKENS or name == "mlp":
        return index
    channels, *space = shape[1:]
    size = int(np.prod(space))
    return (index % size) * channels + index // size


BASELINE = {"mlp": 0.25, "cnn": 0.125, "residual": -0.25, "text": 0.0, "lstm": 0.0, "depthwise": 0.125, "gru": 0.0}


def quantus_call(metric, name, s, a, **more):
    x, y = first(name, s.inputs[0]).astype(np.float64), np.array(s.targets)
    return metric(model=Hidden(name).eval(), x_batch=x, y_batch=y, a_batch=first(name, a), channel_first=True, softmax=False, batch_size=64, **more)


def quantus_faithfulness(name, runs=12):
    net, s = load(name), samples(name)
    a = contributions(name, net, s)[0]
    count = int(np.prod(a.shape[1:]))
    size = max(1, count // 4)
    drawn = []

    def remember(arr, indices, **kwargs):
        drawn.append(indices)
        return quantus.functions.perturb_func.batch_baseline_replacement_by_indices(arr=arr, indices=indices, **kwargs)

    np.random.seed(3)
    metric = quantus.FaithfulnessCorrelation(
        nr_runs=runs, subset_size=size, abs=False, normalise=False, perturb_func=remember, perturb_baseline=BASELINE[name],
        return_aggregate=False, disable_warnings=True,
    )
    values = quantus_call(metric, name, s, a)
    shape = first(name, a).shape
    subsets = last_index(name, shape, np.stack(drawn, axis=1))  # [N, runs, size]
    options = {"runs": runs, "baselines": BASELINE[name]}
    return [record(name, "faithfulnessCorrelation", values, s, [a], options, {"subsets": subsets})]


def quantus_flipping(name):
    net, s = load(name), samples(name)
    a = contributions(name, net, s)[0]
    count = int(np.prod(a.shape[1:]))
    records = []
    for step in sorted({1, 2, max(1, count // 7)}) if count < 20 else (count // 10, count // 6):
        if count % step:
            continue
        metric = quantus.PixelFlipping(
            features_in_step=step, abs=False, normalise=False, perturb_baseline=BASELINE[name], disable_warnings=True
        )
        curves = quantus_call(metric, name, s, a)
        records.append(record(name, "deletion", curves, s, [a], {"featuresPerStep": step, "baselines": BASELINE[name]}))
    return records


def quantus_sparseness(name):
    """Quantus adds 1e-7 to |a| / max |a| of all samples: `shifted` is what it takes the Gini index of."""
    net, s = load(name), samples(name)
    a = contributions(name, net, s)[0]
    values = quantus_call(quantus.Sparseness(disable_warnings=True), name, s, a)
    shifted = (a.abs() / a.abs().max()) + 1e-7
    return [record(name, "sparseness", values, s, [shifted]), record(name, "sparseness", values, s, [a], tolerance=1e-5)]


# Weights that stand for random ones: by layer, weight and flat index in Keras's layout, exact in float32.
LAYERS = {
    "mlp": ["dense1", "dense2", "logits"],
    "cnn": ["conv1", "norm1", "conv2", "logits"],
    "residual": ["conv1", "norm1", "conv2", "norm2", "conv3", "logits"],
    "text": ["embedding", "conv", "logits"],
    "lstm": ["embedding", "lstm", "logits"],
    "depthwise": ["conv1", "depthwise2", "norm2", "conv3", "logits"],
    "gru": ["embedding", "gru", "logits"],
}


def stand_in(layer, weight, shape, kind):
    i = np.arange(int(np.prod(shape)), dtype=np.int64)
    value = ((i * i * 7 + i * 37 + layer * 11 + weight * 23) % 97 - 48) / 64
    if kind == "norm":
        value = 1 + value / 2 if weight == 0 else 1 + value if weight == 3 else value
    return value.reshape(shape)


def mprt(name, similarity, order):
    s = samples(name)
    keras = nets.keras_weights(name)
    model = First(name).eval()
    for at, layer in enumerate(LAYERS[name]):
        module = getattr(model.net, layer)
        module.stand_ins = [stand_in(at, k, w.shape, "norm" if layer.startswith("norm") else "") for k, w in enumerate(keras[layer])]

    def reset(self):
        if not hasattr(self, "stand_ins"):
            return  # a net that is being made
        with torch.no_grad():
            nets.copy(self, [torch.from_numpy(w) for w in self.stand_ins])

    for cls in (nn.Linear, nn.Conv1d, nn.Conv2d, nn.BatchNorm2d, nn.Embedding, nn.LSTM, nn.GRU):
        cls.reset_parameters = reset

    def explain(model, inputs, targets, **_):
        x = torch.from_numpy(np.asarray(inputs))
        shaped = model.shaped(x)
        grads = gradients(name, model.net, [shaped], list(targets))
        if name in TOKENS:
            return first(name, (grads[1] * grads[0]).sum(-1))  # for the embedding's zeros as baseline
        return first(name, grads[1][0] * grads[0][0])

    metric = quantus.MPRT(similarity_func=similarity, layer_order=order, abs=True, normalise=True, disable_warnings=True)
    x, y = first(name, s.inputs[0]).astype(np.float64), np.array(s.targets)
    found = metric(model=model, x_batch=x, y_batch=y, a_batch=explain(model, x, y), channel_first=True, softmax=False, explain_func=explain)
    layers = [layer for layer in found if layer != "original"]
    return s, [layer.split(".")[-1] for layer in layers], np.array([found[layer] for layer in layers])


def quantus_mprt(name):
    from quantus.functions.similarity_func import correlation_pearson, correlation_spearman

    records = []
    for label, similarity in (("spearman", correlation_spearman), ("pearson", correlation_pearson)):
        for ours, order in (("cascading", "top_down"), ("independent", "independent")):
            s, layers, values = mprt(name, similarity, order)
            options = {"similarity": label, "order": ours}
            records.append(record(name, "mprt", values, s, [], options, layers=layers))
    return records


class OneChannel(nn.Module):
    """The net on pictures of one channel: its other channels are half of it, turned round and a third of that."""

    def __init__(self, name):
        super().__init__()
        self.inside = [load(name), {"cnn": 2, "residual": 3, "depthwise": 3}[name]]

    def forward(self, x):
        x = x.double().movedim(1, -1)
        net, channels = self.inside
        return net(torch.cat([x, x * -0.5, x * 0.25][:channels], -1))


def quantus_road(name):
    s = samples(name)
    x = s.inputs[0][..., :1]
    model = OneChannel(name).eval()
    predicted = model(x.movedim(-1, 1)).argmax(-1)
    s.targets = [int(t) for t in predicted]
    random = np.random.RandomState(5)
    a = torch.from_numpy(random.permutation(x.numel()).reshape(x.shape) / x.numel() - 0.5)
    percentages = [5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 99]
    rows = []
    for i in range(len(x)):
        metric = quantus.ROAD(percentages=percentages, noise=0.0, abs=False, normalise=False, disable_warnings=True)
        found = metric(
            model=model, x_batch=first(name, x[i : i + 1]).astype(np.float64), y_batch=np.array(s.targets[i : i + 1]),
            a_batch=first(name, a[i : i + 1]), channel_first=True, softmax=False,
        )
        rows.append([float(found[p]) for p in percentages])
    options = {"percentages": percentages, "noise": 0}
    return [record(name, "road", rows, s, [a], options, {"x": x}, wrap="one-channel")]


def quantus_imputation(name):
    s = samples(name)
    random = np.random.RandomState(6)
    records = []
    for count in (0.1, 0.5, 0.95):
        x = s.inputs[0][0]
        pixels = x.shape[0] * x.shape[1]
        gone = np.sort(random.permutation(pixels)[: int(count * pixels)])
        filled = noisy_linear_imputation(np.moveaxis(x.numpy(), -1, 0), gone, noise=0.0)
        records.append(record(name, "imputation", np.moveaxis(filled, 0, -1), s, [], {}, {"x": x, "gone": gone}))
    return records


def similarities():
    random = np.random.RandomState(8)
    records = []
    for label, make in (
        ("no ties", lambda n: random.randn(n)),
        ("ties", lambda n: random.randint(0, 5, n).astype(float)),
        ("zeros", lambda n: np.maximum(random.randn(n), 0)),
    ):
        a, b = make(60), make(60)
        arrays = {"a": a, "b": b}
        for name, values in (("spearman", [scipy.stats.spearmanr(a, b)[0]]), ("pearson", [scipy.stats.pearsonr(a, b)[0]]), ("ranks", scipy.stats.rankdata(a))):
            records.append({"metric": name, "note": label, "arrays": {k: pack(v, exact=True) for k, v in arrays.items()}, "values": pack(np.asarray(values), exact=True)})
    for height, width in ((7, 7), (12, 9), (28, 28)):
        a, b = random.randn(height, width), random.randn(height, width)
        b = 0.6 * a + 0.8 * b
        low, high = min(a.min(), b.min()), max(a.max(), b.max())
        value = skimage.metrics.structural_similarity(a, b, data_range=high - low)
        records.append({"metric": "ssim", "note": f"{height} x {width}", "arrays": {"a": pack(a, exact=True), "b": pack(b, exact=True)}, "values": pack(np.asarray([value]), exact=True)})
    return records


def write(topic, source, version, records):
    nets.write(os.path.join("..", "metrics", topic), source, version, records)
    print(topic, len(records), "records")


if __name__ == "__main__":
    singles = ("mlp", "cnn", "residual", "text", "lstm", "depthwise", "gru")
    every = lambda make, names: [r for name in names for r in make(name)]  # noqa: E731
    import captum

    captum_records = every(captum_infidelity, (*singles, "table2")) + every(captum_sensitivity, ("mlp", *PICTURES, "table2"))
    write("captum", "captum", captum.__version__, captum_records + every(captum_delta, ("mlp", *PICTURES, "table2")))
    from importlib.metadata import version

    road = every(quantus_road, PICTURES) + every(quantus_imputation, PICTURES)
    parts = [every(make, singles) for make in (quantus_faithfulness, quantus_flipping, quantus_sparseness, quantus_mprt)]
    write("quantus", "Quantus", version("quantus"), [r for part in parts for r in part] + road)
    write("similarity", "scipy, scikit-image", f"{scipy.__version__}, {skimage.__version__}", similarities())
