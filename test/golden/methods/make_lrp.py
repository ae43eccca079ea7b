"""LRP as zennit computes it, for rules and composites, and captum's epsilon rule: zennit-lrp.json.gz and captum-lrp.json.gz. Only numbers of
these packages are here, none of their code.

The relevance at the output is the logit of the target; softmax is left out. Two things are set right in what zennit 0.5.1 is given: an addition is a
`Sum` module, which its composites know, and a batch normalization that its canonizer has merged into a convolution keeps its epsilon, so that it
would still divide by sqrt(1.001): it is set to 0. captum has no rule for batch normalization merged into a convolution; with a stabilizer of 1e-14 its
epsilon rule one after the other is the same.
"""
import warnings

import captum
import torch
import zennit
from captum.attr import LRP
from captum.attr._utils.custom_modules import Addition_Module
from captum.attr._utils.lrp_rules import EpsilonRule, IdentityRule
from torch import nn
from zennit.canonizers import SequentialMergeBatchNorm
from zennit.composites import EpsilonAlpha2Beta1Flat, EpsilonGammaBox, EpsilonPlus, EpsilonPlusFlat, LayerMapComposite, layer_map_base
from zennit.layer import Sum
from zennit.rules import AlphaBeta, Epsilon, Gamma, ZPlus
from zennit.types import Linear

import nets
from make_deep_lift import Head

warnings.filterwarnings("ignore")


class Merge(SequentialMergeBatchNorm):
    """With the epsilon of what has been merged at 0."""

    def register(self, linears, batch_norm):
        super().register(linears, batch_norm)
        self.epsilon, batch_norm.eps = batch_norm.eps, 0.0

    def remove(self):
        self.batch_norm.eps = self.epsilon
        super().remove()


class Added(nets.Residual):
    def __init__(self):
        super().__init__()
        self.sum = Sum(-1)

    def forward(self, x):
        x = self.relu1(self.norm1(self.conv1(nets.channels_first(x))))
        y = self.norm2(self.conv2(x))
        x = self.sum(x, y) if isinstance(self.sum, Addition_Module) else self.sum(torch.stack([x, y], -1))
        x = self.pool2(self.relu2(x))
        return self.logits(self.pool3(self.relu3(self.conv3(x))).flatten(1))


def prepared(name, dtype):
    net, data = nets.load(name, dtype), nets.samples(name, dtype)
    if name == "residual":
        other = Added().to(dtype).eval()
        other.load_state_dict(net.state_dict())
        net = other
    if hasattr(net, "softmax"):
        net.softmax = nn.Identity()
    if name == "text":
        return Head(net), [net.embed(data.inputs[0]).detach()], data.targets
    return net, data.inputs, data.targets


def relevances(name, make, dtype, layer=None):
    net, inputs, targets = prepared(name, dtype)
    composite = make([Merge()])
    xs = [x.clone().requires_grad_() for x in inputs]
    with composite.context(net) as module:
        seen = []
        hook = getattr(net, layer).register_forward_hook(lambda _, __, y: seen.append(y)) if layer else None
        out = module(*xs)
        start = torch.zeros_like(out)
        rows = range(len(targets))
        start[rows, targets] = out[rows, targets].detach()
        found = [g.detach() for g in torch.autograd.grad(out, seen or xs, start)]
        if hook:
            hook.remove()
        return [nets.channels_last(g) for g in found] if layer and found[0].ndim > 2 else found


def uniform(rule):
    return lambda canonizers: LayerMapComposite(layer_map_base() + [(Linear, rule)], canonizers=canonizers)


RULES = [
    ({"rule": "epsilon"}, uniform(Epsilon())),
    ({"rule": "epsilon", "epsilon": 0.2}, uniform(Epsilon(epsilon=0.2))),
    ({"rule": "gamma"}, uniform(Gamma())),
    ({"rule": "gamma", "gamma": 1}, uniform(Gamma(gamma=1.0))),
    ({"rule": "alpha-beta"}, uniform(AlphaBeta())),
    ({"rule": "z-plus"}, uniform(ZPlus())),
    ({"rule": "epsilon-plus"}, lambda canonizers: EpsilonPlus(canonizers=canonizers)),
]
AT_PIXELS = [
    ({"rule": "epsilon-plus-flat"}, lambda canonizers: EpsilonPlusFlat(canonizers=canonizers)),
    ({"rule": "epsilon-alpha2-beta1-flat"}, lambda canonizers: EpsilonAlpha2Beta1Flat(canonizers=canonizers)),
    (
        {"rule": "epsilon-gamma-box", "low": -4, "high": 4, "epsilon": 0.1},
        lambda canonizers: EpsilonGammaBox(low=-4.0, high=4.0, epsilon=0.1, canonizers=canonizers),
    ),
]


def of_captum(name, dtype):
    net, inputs, targets = prepared(name, dtype)
    if name == "text":
        net.net.embedding = nn.ReLU()  # which Head does not use, and captum wants a rule for
    if name == "residual":
        net.sum = Addition_Module()
    for module in net.modules():
        if not list(module.children()) and not isinstance(module, nn.ReLU):
            module.rule = IdentityRule() if isinstance(module, nn.Sigmoid) else EpsilonRule(1e-14)
    return [LRP(net).attribute(inputs[0].clone(), target=torch.tensor(targets)).detach()]


def record(name, options, compute):
    double, single = compute(torch.float64), compute(torch.float32)
    options = dict(options) | ({"layer": "embedding"} if name == "text" else {})
    rows = slice(2) if name in nets.PICTURES else slice(None)
    double, single = [d[rows] for d in double], [s[rows] for s in single]
    error = nets.share(single, double)
    print(name, options, "float32", error, "largest", [float(d.abs().max()) for d in double])
    return {
        "net": name,
        "method": "LRP",
        "options": options,
        "target": nets.samples(name).targets[rows],
        **({"rows": [0, 1]} if rows.stop else {}),
        "attributions": [nets.pack(d) for d in double],
        "float32Error": error,
    }


def main():
    records = []
    for name in ("mlp", "cnn", "residual", "text", "table2", "depthwise"):
        pixels = name in nets.PICTURES
        for options, make in [r for r in RULES if "gamma" not in r[0]] + AT_PIXELS if pixels else RULES:
            records.append(record(name, options, lambda dtype: relevances(name, make, dtype)))
    for name, layer, options in (
        ("mlp", "relu1", {"rule": "alpha-beta"}),
        ("cnn", "pool1", {"rule": "gamma"}),
        ("residual", "pool2", {"rule": "epsilon-plus"}),
    ):
        make = next(make for other, make in RULES if other == options)
        layered = lambda dtype: relevances(name, make, dtype, layer)  # noqa: E731
        records.append(record(name, options | {"layer": layer}, layered))
    nets.write("zennit-lrp", "zennit", "0.5.1", records)
    tiny = {"rule": "epsilon", "epsilon": 1e-14, "stabilizer": 1e-14}
    records = [record(name, tiny, lambda dtype: of_captum(name, dtype)) for name in ("mlp", "cnn", "residual", "text", "depthwise")]
    nets.write("captum-lrp", "captum", captum.__version__, records)


if __name__ == "__main__":
    main()
