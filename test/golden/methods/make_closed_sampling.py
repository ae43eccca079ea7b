"""Writes closed-sampling.json.gz: Grad-CAM++ as its paper derives it, from the second and third derivatives of exp(S).

    python make_closed_sampling.py

Chattopadhyay et al. 2018: `w_c = sum_p a_pc relu(dY/dA_pc)` with `a_pc = Y2 / (2 Y2 + sum_q A_qc Y3)`, where Y2 and Y3 are the second and third
derivatives of `Y = exp(S)` by A_pc alone, here computed by torch as such, entry by entry. The weights are divided by Y, a factor per
sample. Versions: requirements.txt.
"""
import gzip
import json
import os

import numpy as np
import torch
from torch.nn.functional import interpolate

import nets
from make_captum_sampling import Case, packed

records = []


def layer_values(case, module):
    """The layer's tensor, and the score as a function of it."""
    kept, put = {}, {}

    def hook(_module, _inputs, output):
        kept["values"] = output.detach()
        return put.get("values", output)

    handle = module.register_forward_hook(hook)
    with torch.no_grad():
        case.net(*case.inputs)

    def score(values, row):
        put["values"] = values
        return case.net(*[t[row : row + 1] for t in case.inputs])[0, case.targets[row]]

    return kept["values"], score, handle


def derivatives(score, values, row):
    """First, second and third derivatives of exp(score) by each entry alone, over exp(score)."""
    x = values[row : row + 1].clone().requires_grad_()
    y = torch.exp(score(x, row))
    (first,) = torch.autograd.grad(y, x, create_graph=True)
    flat, second, third = first.reshape(-1), [], []
    for at in range(flat.numel()):
        (one,) = torch.autograd.grad(flat[at], x, create_graph=True)
        (two,) = torch.autograd.grad(one.reshape(-1)[at], x, retain_graph=True)
        second.append(one.reshape(-1)[at].detach())
        third.append(two.reshape(-1)[at].detach())
    lists = (first.detach(), torch.stack(second).reshape(x.shape), torch.stack(third).reshape(x.shape))
    return [d[0] / y.detach() for d in lists]


def maps(case, module):
    values, score, handle = layer_values(case, module)
    out = []
    for row in range(len(case.targets)):
        first, second, third = derivatives(score, values, row)
        a = values[row]
        axes = tuple(range(1, a.dim()))
        denominator = 2 * second + a.sum(axes, keepdim=True) * third
        alpha = torch.where(denominator != 0, second / denominator, torch.zeros_like(second))
        weights = (alpha * first.clamp(min=0)).sum(axes, keepdim=True)
        out.append((weights * a).sum(0, keepdim=True))
    handle.remove()
    return torch.stack(out)


def main():
    torch.set_default_dtype(torch.float64)
    cases = [("cnn", "pool1", "pool1"), ("cnn", "relu2", "relu2"), ("residual", "conv3", "conv3"), ("text", "conv", "relu"),
             ("depthwise", "conv3", "conv3")]
    for name, layer, module in cases:
        case = Case(name, torch.float64)
        net = case.net.net if name == "text" else case.net
        found = maps(case, getattr(net, module))
        for relu in (True, False):
            kept = found.clamp(min=0) if relu else found
            if name == "text":
                stretched = interpolate(kept, (7,), mode="linear")[:, 0]
            else:
                stretched = nets.channels_last(interpolate(kept, case.inputs[0].shape[1:3], mode="bilinear"))
            records.append({
                "net": name,
                "method": "GradCamPlusPlus",
                "options": {"layer": layer, "relu": relu},
                "target": case.targets,
                "attributions": [packed(stretched.numpy())],
            })
    largest = [np.abs(r["attributions"][0]["data"]).max() for r in records]
    print(len(records), "records, largest values", np.round(largest, 3))
    text = json.dumps({"source": "closed form", "version": "by torch's derivatives", "records": records}, separators=(",", ":"))
    with open(os.path.join(nets.HERE, "closed-sampling.json.gz"), "wb") as file:
        file.write(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
