"""DeepLift, DeepLiftShap, GuidedBackprop and Deconvolution as captum computes them, and shap's Deep explainer: captum-backprop.json.gz and
shap-deep.json.gz. Only numbers of these packages are here, none of their code.

Global max pools become max pools over everything, which is the same function: captum and shap have a rule for those alone. In captum 0.9 the
rule of a max pool is lost where a relu stands right before it (both hook one tensor, and attributions no longer add up); adding 0 in between
brings it back. Its softmax rule subtracts a mean over the whole batch, so that results depend on who is explained together: nets with a softmax
are compared with shap. Where a max pool has ties (units that are off) gradients go to all tied elements in equal shares, as TensorFlow's do;
relu methods that pass something through units that are off need `torch.amax` for that, which does the same.
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


class Apart(nn.Module):
    """A max pool on a tensor of its own."""

    def __init__(self, pool):
        super().__init__()
        self.pool = pool

    def forward(self, x):
        return self.pool(x + 0)


class Largest(nn.Module):
    """A global max pool that gives its gradient to all ties."""

    def forward(self, x):
        axes = tuple(range(2, x.ndim))
        return torch.amax(x, axes, keepdim=True)


def prepared(name, dtype, ties=False):
    """The module to explain and its inputs, baselines and background; of token nets those of the embedding."""
    net, data = nets.load(name, dtype), nets.samples(name, dtype)
    if name == "cnn":
        net.pool1 = Apart(net.pool1)
    if name == "text":
        net.pool = Largest() if ties else Apart(nn.MaxPool1d(5))
    if name == "residual":
        net.pool3 = Largest() if ties else Apart(nn.MaxPool2d(3))
    if name == "text":  # padding everywhere would be a tie in every max
        rows = data.background[0]
        data.baselines = [torch.cat([rows, rows[:1]])]
    if name != "text":
        return net, data.inputs, data.baselines, data.background, data.targets
    embed = lambda tokens: [net.embed(t).detach() for t in tokens]  # noqa: E731
    return Head(net), embed(data.inputs), embed(data.baselines), embed(data.background), data.targets


def explain(name, method, dtype):
    """[float64 arrays]"""
    net, inputs, baselines, background, targets = prepared(name, dtype, method in ("GuidedBackprop", "Deconvolution"))
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


def background_of(name):
    """Every row of the background as a baseline, the inputs' rows together."""
    count = len(nets.samples(name).background)
    return {"baselines": [{"kind": "dataset", "data": {"$net": "background", "$input": i}} for i in range(count)]}


def record(name, method, compute, options=None, explain_options=None, **more):
    double, single = compute(torch.float64), compute(torch.float32)
    targets = nets.samples(name).targets
    if name in nets.PICTURES:
        double, single, targets = [d[:2] for d in double], [s[:2] for s in single], targets[:2]
        more["rows"] = [0, 1]
    entry = {"net": name, "method": method, "options": dict(options or {})}
    if name in nets.TOKENS:
        entry["options"]["layer"] = "embedding"
    if explain_options:
        entry["explain"] = explain_options
    entry |= {"target": targets, "attributions": [nets.pack(d) for d in double], **more}
    entry["float32Error"] = nets.share(single, double)
    print(name, method, entry["options"], "float32", entry["float32Error"], "largest", [float(d.abs().max()) for d in double])
    return entry


def main():
    records = []
    for name in ("mlp", "cnn", "residual", "text", "depthwise"):
        for method in ("DeepLift", "DeepLiftShap", "GuidedBackprop", "Deconvolution"):
            options = {"DeepLift": {"baselines": {"$net": "baselines"}}, "DeepLiftShap": background_of(name)}
            more = {}
            if (name, method) == ("text", "DeepLift"):
                rows = nets.samples("text").background[0]
                more["arrays"] = {"tokens": nets.pack(torch.cat([rows, rows[:1]]), exact=True)}
                options["DeepLift"] = {"baselines": {"$array": "tokens"}}
            records.append(record(name, method, lambda dtype: explain(name, method, dtype), None, options.get(method), **more))
    for method in ("GuidedBackprop", "Deconvolution"):
        records.append(record("table2", method, lambda dtype: explain("table2", method, dtype)))
    for name, layer in (("mlp", "relu1"), ("cnn", "conv2"), ("residual", "pool2")):
        layered = lambda dtype: explain(name, f"layer {layer}", dtype)  # noqa: E731
        records.append(record(name, "DeepLift", layered, {"layer": layer}, {"baselines": {"$net": "baselines"}}))
    nets.write("captum-backprop", "captum", CAPTUM, records)

    import shap

    records = []
    for name in ("mlp", "cnn", "residual", "text", "table2", "depthwise"):
        softmax = {"softmax": "elementwise"} if name == "table2" else {}
        records.append(record(name, "DeepLiftShap", lambda dtype: shap_values(name, dtype), softmax, background_of(name)))
    nets.write("shap-deep", "shap", shap.__version__, records)


if __name__ == "__main__":
    main()
