"""Writes captum-layers.json.gz: what captum says about layers and neurons of the golden nets.

    python make_captum_layers.py

captum casts the weights of a quadrature to float32: sums are taken by the midpoint rule with 8 points, whose weights are exact there.
captum's conductance takes differences of the layer between neighbouring points (`compat: 'captum'` here); its InternalInfluence is the
quadrature itself. Neuron methods explain the entry `neuron` of a layer; a tuple has channels first in captum and last in the record.
Versions: requirements.txt.
"""
import gzip
import json
import os
from importlib.metadata import version

import torch
from captum import attr
from torch import nn

import nets

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = 8
RULE = "riemann_middle"
LAYERS = {"mlp": ("relu1", "dense2"), "cnn": ("norm1", "pool1", "conv2"), "residual": ("norm2", "relu2", "pool3"), "table2": ("tanh1", "dense3"),
          "text": ("pool",), "lstm": ("logits",), "depthwise": ("depthwise2", "pool3"), "gru": ("logits",)}
NEURONS = {"mlp": ("dense2", (3,)), "cnn": ("conv2", (2, 1, 3)), "table2": ("dense3", (4,)), "residual": ("relu2", (1, 2, 0)), "depthwise": ("norm2", (2, 1, 5))}
records = []


class Head(nn.Module):
    """A net on tokens behind its embedding."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net.head(x)


def case(name, dtype):
    net, found = nets.load(name, dtype), nets.samples(name, dtype)
    inputs, baselines = tuple(found.inputs), tuple(found.baselines)
    if name in nets.TOKENS:
        inputs, baselines = (tuple(net.embed(t).detach() for t in part) for part in (inputs, baselines))
        return Head(net), net, inputs, baselines, found.targets
    return net, net, inputs, baselines, found.targets


def last(t):
    """Channels last; a global pool has no space left in Keras."""
    t = nets.channels_last(t) if t.dim() > 2 else t
    return t.flatten(1) if t.dim() > 2 and t[0].numel() == t.shape[-1] else t


def record(method, name, run, options, target=None, explain=None, turn=lambda t: t):
    found = {}
    for dtype in (torch.float32, torch.float64):
        model, net, inputs, baselines, targets = case(name, dtype)
        result = run(model, net, inputs, baselines, torch.tensor(targets))
        found[dtype] = [turn(t.detach()) for t in (result if isinstance(result, tuple) else (result,))]
    exact = found[torch.float64]
    records.append({
        "net": name, "method": method, "options": options, "target": target or targets,
        **({"explain": explain} if explain else {}),
        "attributions": [nets.pack(t) for t in exact], "float32Error": nets.share(found[torch.float32], exact),
    })


for name, layers in LAYERS.items():
    where = {"inputLayer": "embedding"} if name in nets.TOKENS else {}
    for layer in layers:
        options = {**where, "layer": layer, "nSteps": STEPS}
        explain = {"baselines": {"$net": "baselines"}}
        record("LayerConductance", name, lambda model, net, x, b, t: attr.LayerConductance(model, getattr(net, layer)).attribute(
            x, b, target=t, n_steps=STEPS), {**options, "compat": "captum"}, explain=explain, turn=last)
        record("InternalInfluence", name, lambda model, net, x, b, t: attr.InternalInfluence(model, getattr(net, layer)).attribute(
            x, b, target=t, n_steps=STEPS, method=RULE), {**options, "method": RULE}, explain=explain, turn=last)

for name, (layer, neuron) in NEURONS.items():
    inner = neuron if len(neuron) == 1 else (neuron[-1], *neuron[:-1])
    rows = len(nets.samples(name).targets)
    target = [neuron[0] if len(neuron) == 1 else list(neuron)] * rows
    explain = {"baselines": {"$net": "baselines"}}
    record("NeuronAttribution", name, lambda model, net, x, b, t: attr.NeuronGradient(model, getattr(net, layer)).attribute(x, inner),
           {"neuronLayer": layer, "of": "Saliency", "with": {"abs": False}}, target)
    record("NeuronAttribution", name, lambda model, net, x, b, t: attr.NeuronIntegratedGradients(model, getattr(net, layer)).attribute(
        x, inner, baselines=b, n_steps=STEPS, method=RULE), {"neuronLayer": layer, "of": "IntegratedGradients", "with": {"nSteps": STEPS, "method": RULE}}, target, explain)

path = os.path.join(HERE, "captum-layers.json.gz")
content = json.dumps({"source": "captum", "version": version("captum"), "records": records}, separators=(",", ":"))
with open(path, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as file:
    file.write(content.encode())
print(len(records), "records,", os.path.getsize(path), "bytes; float32 errors up to", max(r["float32Error"] for r in records))
