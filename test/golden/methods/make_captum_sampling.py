"""Writes captum-sampling.json.gz: what captum says about the golden nets, for gradients at a point, noise, perturbation and Grad-CAM.

    python make_captum_sampling.py

Random numbers that captum draws are replaced by numbers of our own, recorded in each record, so that pathgrad can be fed the same. Noise is
multiples of 1/64 and so the same in both float types. captum has no occlusion or ablation of a layer: nets on tokens are cut behind their
embedding. Versions: requirements.txt.
"""
import gzip
import json
import os

import numpy as np
import torch
from captum import attr
from torch import nn

import nets

STEPS = 8
DRAWS = 4


def packed(array):
    array = np.asarray(array)
    whole = array.dtype.kind == "i"
    data = [int(v) for v in array.ravel()] if whole else [float(v) for v in array.ravel()]
    return {"shape": list(array.shape), "dtype": "int32" if whole else "float", "data": data}


class Head(nn.Module):
    """A net on tokens without its embedding."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net.head(x)


class Case:
    """A net in one float type, with what captum calls inputs and baselines: embedded tokens where a layer is explained."""

    def __init__(self, name, dtype, rows=None):
        self.name, self.dtype = name, dtype
        net, found = nets.load(name, dtype), nets.samples(name, dtype)
        rows = list(range(len(found.targets))) if rows is None else rows
        self.targets = [found.targets[row] for row in rows]
        take = lambda list_: tuple(t[rows] for t in list_)
        self.inputs, self.baselines = take(found.inputs), take(found.baselines)
        self.background = tuple(found.background)
        self.net = net
        self.layer = {}
        if name in nets.TOKENS:
            embed = lambda list_: tuple(net.embed(t).detach() for t in list_)
            self.inputs, self.baselines, self.background = map(embed, (self.inputs, self.baselines, self.background))
            self.net = Head(net)
            self.layer = {"layer": "embedding"}


def noise_like(rng, shape, spread=0.25):
    return np.round(rng.normal(0, spread, shape) * 64) / 64


class Patched:
    """While it lasts, `owner.name` is `function`."""

    def __init__(self, owner, name, function):
        self.owner, self.name, self.function = owner, name, function

    def __enter__(self):
        self.before = getattr(self.owner, self.name)
        setattr(self.owner, self.name, self.function)

    def __exit__(self, *_):
        setattr(self.owner, self.name, self.before)


records = []


def record(method, name, run, options=None, explain=None, rows=None, arrays=None, note=None, **more):
    """`run(case)` is called in both float types; what it gives in float64 is the golden value."""
    exact = Case(name, torch.float64, rows)
    as_list = lambda found: [t.detach().numpy() for t in (found if isinstance(found, tuple) else (found,))]
    # captum rounds sums and quadrature weights to float32 whatever the net computes in: here `float` means double.
    torch.set_default_dtype(torch.float64)
    with Patched(torch, "float", torch.float64), Patched(torch.Tensor, "float", torch.Tensor.double):
        wanted = as_list(run(exact))
    torch.set_default_dtype(torch.float32)
    single = as_list(run(Case(name, torch.float32, rows)))
    largest = max(np.abs(t).max() for t in wanted)
    entry = {
        "net": name,
        "method": method,
        "options": {**({} if "inner" in more else exact.layer), **(options or {})},
        "target": exact.targets,
        "attributions": [packed(t.astype(np.float64)) for t in wanted],
        "float32Error": float(max(np.abs(a - b).max() for a, b in zip(wanted, single)) / largest),
        **more,
    }
    if explain:
        entry["explain"] = explain
    if rows is not None:
        entry["rows"] = rows
    if arrays:
        entry["arrays"] = {key: packed(value) for key, value in arrays.items()}
    if note:
        entry["note"] = note
    records.append(entry)


def net_inputs(case):
    return case.inputs if len(case.inputs) > 1 else case.inputs[0]


def net_baselines(case):
    return case.baselines if len(case.baselines) > 1 else case.baselines[0]


def gradients():
    for name in nets.NETS:
        for signed in (False, True) if name in ("mlp", "cnn", "text") else (True,):
            run = lambda c: attr.Saliency(c.net).attribute(net_inputs(c), target=c.targets, abs=not signed)
            record("Saliency", name, run, {"abs": False} if signed else {})
        record("InputXGradient", name, lambda c: attr.InputXGradient(c.net).attribute(net_inputs(c), target=c.targets))


def noise_tunnel():
    inner = {
        "Saliency": (lambda c: attr.Saliency(c.net), {}, lambda c: {}, {}),
        "InputXGradient": (lambda c: attr.InputXGradient(c.net), {}, lambda c: {}, {}),
        "IntegratedGradients": (
            lambda c: attr.IntegratedGradients(c.net),
            {"nSteps": STEPS},
            lambda c: {"n_steps": STEPS, "method": "gausslegendre", "baselines": net_baselines(c)},
            {"baselines": {"$net": "baselines"}},
        ),
    }
    for seed, name in enumerate(nets.NETS):
        for method, (make, settings, arguments, explain) in inner.items():
            if method == "IntegratedGradients" and name in ("residual", "lstm") or method != "Saliency" and name in ("depthwise", "gru"):
                continue
            for kind in ("smoothgrad", "smoothgrad_sq", "vargrad"):
                rng = np.random.default_rng(100 * seed + len(kind))
                rows = [0, 1]
                case = Case(name, torch.float64, rows)
                noise = [noise_like(rng, (len(case.targets), DRAWS, *t.shape[1:])) for t in case.inputs]
                # captum keeps the draws of a sample together; ours come draw by draw.
                arrays = {f"noise{i}": t.swapaxes(0, 1) for i, t in enumerate(noise)}

                def run(c):
                    left = [torch.from_numpy(t.reshape(-1, *t.shape[2:])).to(c.dtype) for t in noise]
                    with Patched(torch, "normal", lambda *_: left.pop(0)):
                        tunnel = attr.NoiseTunnel(make(c))
                        return tunnel.attribute(
                            net_inputs(c), nt_type=kind, nt_samples=DRAWS, stdevs=0.25, target=c.targets, **arguments(c)
                        )

                settings = {**settings, **case.layer}
                options = {"type": kind, "nSamples": DRAWS, "noise": [{"$array": key} for key in arrays]}
                record("NoiseTunnel", name, run, options, explain, rows, arrays, inner={"method": method, "options": settings})


def gradient_shap():
    """One sample a record: captum chooses a baseline for each draw of each sample, and ours takes them in order."""
    for seed, name in enumerate(nets.NETS):
        for row, noisy in ((0, True), (1, False)):
            rng = np.random.default_rng(500 + 10 * seed + row)
            case = Case(name, torch.float64, [row])
            noise = [noise_like(rng, (DRAWS, 1, *t.shape[1:])) for t in case.inputs]
            alphas = np.round(rng.uniform(0, 1, DRAWS) * 64) / 64
            chosen = rng.integers(0, 4, DRAWS)
            background = nets.samples(name, torch.float64).background
            arrays = {f"baselines{i}": t.numpy()[chosen] for i, t in enumerate(background)}
            arrays["alphas"] = alphas
            options = {"nSamples": DRAWS, "alphas": {"$array": "alphas"}}
            if noisy:
                arrays.update({f"noise{i}": t for i, t in enumerate(noise)})
                options["noise"] = [{"$array": f"noise{i}"} for i in range(len(noise))]
            kinds = [{"kind": "dataset", "data": {"$array": f"baselines{i}"}} for i in range(len(background))]

            def run(c):
                left = [torch.from_numpy(t.reshape(-1, *t.shape[2:])).to(c.dtype) for t in noise]
                draw = lambda *_: left.pop(0) if noisy else torch.zeros_like(left.pop(0))
                choose = lambda *_, **__: np.array(chosen)
                with Patched(torch, "normal", draw), Patched(np.random, "choice", choose), Patched(
                    np.random, "uniform", lambda *_: alphas
                ):
                    shap = attr.GradientShap(c.net)
                    background = c.background if len(c.background) > 1 else c.background[0]
                    return shap.attribute(net_inputs(c), background, n_samples=DRAWS, stdevs=0.25, target=c.targets)

            method = "GradientShap" if noisy else "ExpectedGradients"
            record(method, name, run, options, {"baselines": kinds}, rows=[row], arrays=arrays)


def occlusion():
    windows = {
        "mlp": [((2,), (1,)), ((3,), (2,))],
        "cnn": [((3, 3, 2), (2, 2, 2)), ((5, 4, 1), (4, 3, 1))],
        "residual": [((3, 3, 3), (1, 1, 1)), ((4, 2, 2), (3, 2, 1))],
        "lstm": [((2, 4), (1, 4))],
        "text": [((1, 5), (1, 5)), ((3, 2), (2, 2))],
        "depthwise": [((4, 3, 3), (2, 3, 3))],
        "gru": [((2, 3), (1, 3))],
    }
    for name, list_ in windows.items():
        for window, strides in list_:
            run = lambda c: attr.Occlusion(c.net).attribute(
                c.inputs[0], window, strides=strides, baselines=c.baselines[0], target=c.targets
            )
            options = {"window": list(window), "strides": list(strides), "groupValue": "whole"}
            record("Occlusion", name, run, options, {"baselines": {"$net": "baselines"}})
    run = lambda c: attr.Occlusion(c.net).attribute(
        c.inputs, ((2,), (1,)), strides=((2,), (1,)), baselines=c.baselines, target=c.targets
    )
    options = {"window": [[2], [1]], "strides": [[2], [1]], "groupValue": "whole"}
    record("Occlusion", "table2", run, options, {"baselines": {"$net": "baselines"}})


MASKS = {
    "mlp": [[[0, 2, 2, 5, 0, 7]]],
    "table2": [[[0, 1, 1, 3, 4]], [[4, 3, 9]]],
    "cnn": [(np.arange(12)[:, None, None] // 4 * 3 + np.arange(12)[None, :, None] // 4 + np.zeros((12, 12, 2), int))[None].tolist()],
    "residual": [(np.arange(8)[:, None, None] // 4 * 2 + np.arange(8)[None, :, None] // 4 + np.zeros((8, 8, 3), int))[None].tolist()],
    "text": [(np.arange(7)[:, None] + np.zeros((7, 5), int))[None].tolist()],
    "lstm": [(np.arange(6)[:, None] + np.zeros((6, 4), int))[None].tolist()],
    "depthwise": [(np.arange(8)[:, None, None] // 4 * 3 + np.arange(9)[None, :, None] // 3 + np.zeros((8, 9, 3), int))[None].tolist()],
    "gru": [(np.arange(5)[:, None] + np.zeros((5, 3), int))[None].tolist()],
}


def masks_of(name):
    tensors = tuple(torch.tensor(mask) for mask in MASKS[name])
    given = [packed(t.numpy()) for t in tensors]
    arrays = {f"mask{i}": t.numpy() for i, t in enumerate(tensors)}
    placeholders = [{"$array": key} for key in arrays]
    features = {"mask": placeholders if len(given) > 1 else placeholders[0]}
    return (tensors if len(tensors) > 1 else tensors[0]), arrays, features


def ablation():
    for name in nets.NETS:
        if name not in nets.PICTURES:
            run = lambda c: attr.FeatureAblation(c.net).attribute(
                net_inputs(c), baselines=net_baselines(c), target=c.targets
            )
            record("FeatureAblation", name, run, {}, {"baselines": {"$net": "baselines"}})
        mask, arrays, features = masks_of(name)
        run = lambda c: attr.FeatureAblation(c.net).attribute(
            net_inputs(c), baselines=net_baselines(c), target=c.targets, feature_mask=mask,
            enable_cross_tensor_attribution=True,
        )
        explain = {"baselines": {"$net": "baselines"}, "features": features}
        record("FeatureAblation", name, run, {"groupValue": "whole"}, explain, arrays=arrays)


def shapley():
    for seed, name in enumerate(nets.NETS):
        mask, arrays, features = masks_of(name)
        ids = np.unique(np.concatenate([a.ravel() for a in arrays.values()]))
        rng = np.random.default_rng(700 + seed)
        orders = [rng.permutation(len(ids)).tolist() for _ in range(DRAWS)]

        def run(c):
            method = attr.ShapleyValueSampling(c.net)
            # captum permutes the numbers up to the largest that a mask holds; those that it does not hold are passed over.
            missing = [i for i in range(int(ids.max()) + 1) if i not in ids]
            method.permutation_generator = lambda *_: [tuple([int(ids[i]) for i in order] + missing) for order in orders]
            return method.attribute(
                net_inputs(c), baselines=net_baselines(c), target=c.targets, feature_mask=mask, n_samples=DRAWS
            )

        explain = {"baselines": {"$net": "baselines"}, "features": features}
        options = {"groupValue": "whole", "permutations": orders}
        record("ShapleyValueSampling", name, run, options, explain, arrays=arrays)


def grad_cam():
    cases = [
        ("cnn", "conv1", lambda n: n.conv1, "bilinear"),
        ("cnn", "conv2", lambda n: n.conv2, "bilinear"),
        ("cnn", "relu2", lambda n: n.relu2, "nearest"),
        ("residual", "conv3", lambda n: n.conv3, "bilinear"),
        ("residual", "relu2", lambda n: n.relu2, "nearest"),
        ("text", "conv", lambda n: n.relu, "bilinear"),
        ("depthwise", "depthwise2", lambda n: n.depthwise2, "bilinear"),
    ]
    for name, layer, pick, mode in cases:
        for relu in (False, True):

            def cam(c):
                net = c.net.net if isinstance(c.net, Head) else c.net
                return attr.LayerGradCam(c.net, pick(net)).attribute(
                    c.inputs[0], target=c.targets, relu_attributions=relu
                )

            def upsampled(c):
                found = cam(c)
                if name == "text":
                    # One axis: the tokens.
                    line = "linear" if mode == "bilinear" else mode
                    return attr.LayerAttribution.interpolate(found, (7,), line).detach()[:, 0]
                size = tuple(c.inputs[0].shape[1:3])
                return nets.channels_last(attr.LayerAttribution.interpolate(found, size, mode))

            options = {"layer": layer, "relu": relu, "interpolation": mode}
            record("LayerGradCam", name, upsampled, options)
            if not relu:
                record("LayerGradCam", name, lambda c: nets.channels_last(cam(c)), {"layer": layer, "interpolation": None})


def guided_grad_cam():
    for name, layer in (("cnn", "conv2"), ("residual", "conv3"), ("cnn", "conv1"), ("text", "conv"), ("depthwise", "conv3")):
        embedded = {"inputLayer": "embedding"} if name == "text" else {}
        for mode in ("nearest", "bilinear"):
            # captum resizes to the last two axes of the input, so the net gets channels first here.
            run = lambda c: guided(c, layer, mode)
            record("GuidedGradCam", name, run, {"layer": layer, "interpolation": mode, **embedded})


class ChannelsFirst(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(nets.channels_last(x))


def guided(case, layer, mode):
    if case.name == "text":  # one axis, and a relu inside the layer
        layer, mode = case.net.net.relu, "linear" if mode == "bilinear" else mode
    else:
        layer = getattr(case.net, layer)
    method = attr.GuidedGradCam(ChannelsFirst(case.net), layer)
    x = nets.channels_first(case.inputs[0]).contiguous()
    return nets.channels_last(method.attribute(x, target=case.targets, interpolate_mode=mode))


def main():
    torch.manual_seed(0)
    for part in (gradients, noise_tunnel, gradient_shap, occlusion, ablation, shapley, grad_cam, guided_grad_cam):
        before = len(records)
        part()
        worst = max(r["float32Error"] for r in records[before:])
        print(part.__name__, len(records) - before, "records, float32 off by", worst)
    text = json.dumps({"source": "captum", "version": "0.9.0", "records": records}, separators=(",", ":"))
    with open(os.path.join(nets.HERE, "captum-sampling.json.gz"), "wb") as file:
        file.write(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
