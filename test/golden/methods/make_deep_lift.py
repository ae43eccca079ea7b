"""DeepLift, DeepLiftShap, GuidedBackprop and Deconvolution as captum computes them, and shap's Deep explainer: captum-backprop.json.gz and
shap-deep.json.gz. Only numbers of these packages are here, none of their code.

Global max pools become max pools over everything, which is the same function: captum and shap have a rule for those alone. captum's softmax rule
subtracts a mean over the whole batch, so that its results depend on who is explained together; nets with a softmax are compared with shap.
"""
import warnings

import captum
import numpy as np
import torch
from captum.attr import DeepLift, DeepLiftShap, Deconvolution, GuidedBackprop, LayerDeepLift
from torch import nn

import nets

warnings.filterwarnings("ignore")
CAPTUM = f"{captum.__version__}"


class Head(nn.Module):
    """The part of a net behind its embedding."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net.head(x)


def prepared(name, dtype):
    """The module to explain and its inputs, baselines and background; of token nets those of the embedding."""
    net, data = nets.load(name, dtype), nets.samples(name, dtype)
    if name == "text":
        net.pool = nn.MaxPool1d(5)
    if name == "residual":
        net.pool3 = nn.MaxPool2d(3)
    if name != "text":
        return net, data.inputs, data.baselines, data.background, data.targets
    embed = lambda tokens: [net.embed(t).detach() for t in tokens]  # noqa: E731
    return Head(net), embed(data.inputs), embed(data.baselines), embed(data.background), data.targets


def explain(name, method, dtype):
    """[float64 arrays]"""
    net, inputs, baselines, background, targets = prepared(name, dtype)
    xs, target = tuple(inputs), torch.tensor(targets)
    if method == "DeepLift":
        found = DeepLift(net).attribute(xs, tuple(baselines), target=target)
    elif method == "DeepLiftShap":
        found = DeepLiftShap(net).attribute(xs, tuple(background), target=target)
    elif method == "GuidedBackprop":
        found = GuidedBackprop(net).attribute(xs, target=target)
    elif method == "Deconvolution":
        found = Deconvolution(net).attribute(xs, target=target)
    else:
        layer = method.split()[1]
        found = LayerDeepLift(net, getattr(net, layer)).attribute(xs, tuple(baselines), target=target)
        found = (nets.channels_last(found) if found.ndim > 2 else found,)
    return [f.detach() for f in found]


def shap_values(name, dtype):
    import shap

    net, inputs, _, background, targets = prepared(name, dtype)
    several = len(inputs) > 1
    explainer = shap.DeepExplainer(net, background if several else background[0])
    found = explainer.shap_values(inputs if several else inputs[0], check_additivity=False)
    found = found if several else [found]
    return [torch.from_numpy(np.stack([f[i, ..., t] for i, t in enumerate(targets)])) for f in found]


def record(name, method, compute, options=None, explain_options=None, **more):
    double, single = compute(torch.float64), compute(torch.float32)
    entry = {"net": name, "method": method, "options": dict(options or {})}
    if name in ("text", "lstm"):
        entry["options"]["layer"] = "embedding"
    if explain_options:
        entry["explain"] = explain_options
    entry |= {"target": nets.samples(name).targets, "attributions": [nets.pack(d) for d in double], **more}
    entry["float32Error"] = nets.share(single, double)
    print(name, method, entry["options"], "float32", entry["float32Error"], "largest", [float(d.abs().max()) for d in double])
    return entry


def main():
    records = []
    for name in ("mlp", "cnn", "residual", "text"):
        for method in ("DeepLift", "DeepLiftShap", "GuidedBackprop", "Deconvolution"):
            options = {"DeepLift": {"baselines": {"$net": "baselines"}}, "DeepLiftShap": {"baselines": {"$net": "background"}}}
            records.append(record(name, method, lambda dtype: explain(name, method, dtype), None, options.get(method)))
    for method in ("GuidedBackprop", "Deconvolution"):
        records.append(record("table2", method, lambda dtype: explain("table2", method, dtype)))
    for name, layer in (("mlp", "relu1"), ("cnn", "conv2"), ("residual", "norm2")):
        layered = lambda dtype: explain(name, f"layer {layer}", dtype)  # noqa: E731
        records.append(record(name, "DeepLift", layered, {"layer": layer}, {"baselines": {"$net": "baselines"}}))
    nets.write("captum-backprop", "captum", CAPTUM, records)

    import shap

    records = []
    for name in ("mlp", "cnn", "residual", "text", "table2"):
        softmax = {"softmax": "elementwise"} if name == "table2" else {}
        background = {"baselines": {"$net": "background"}}
        records.append(record(name, "DeepLiftShap", lambda dtype: shap_values(name, dtype), softmax, background))
    nets.write("shap-deep", "shap", shap.__version__, records)


if __name__ == "__main__":
    main()
