"""The golden nets of the attribution methods: plain torch twins of the `.keras` files beside this file, and their inputs.

    from nets import NETS, load, samples
    net = load("cnn", torch.float64)     # an nn.Module in eval mode with the weights of cnn.keras
    x = samples("cnn", torch.float64)    # .inputs, .baselines, .background: lists of tensors, one per input of the net

Twins take and give what the Keras models do: channels last, int64 tokens. Every layer of the Keras model is a module of the same name
here (`relu1`, `pool1`, ...), so a hook on `net.conv2` sees what `layer: 'conv2'` means in pathgrad, though with channels first
([N, C, H, W], [N, C, T]); `channels_last` turns that around. One layer differs: `conv` of `text` has its relu inside in Keras, which is
`net.relu` here. Weights are float32 numbers, also in float64. `net.embed(tokens)` and `net.head(embedded)` are the two halves of nets on tokens.
make_nets.py writes the files and asserts that twin and Keras agree.
"""
import gzip
import json
import os
import re
import zipfile
from types import SimpleNamespace

import h5py
import numpy as np
import torch
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
NETS = ("mlp", "cnn", "residual", "text", "lstm", "table2", "depthwise", "gru")
PICTURES = ("cnn", "residual", "depthwise")
TOKENS = ("text", "lstm", "gru")


def channels_last(x):
    """[N, C, ...] to [N, ..., C]."""
    return x.movedim(1, -1)


def channels_first(x):
    return x.movedim(-1, 1)


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense1, self.relu1 = nn.Linear(6, 10), nn.ReLU()
        self.dense2, self.sigmoid2 = nn.Linear(10, 8), nn.Sigmoid()
        self.logits = nn.Linear(8, 3)

    def forward(self, x):
        return self.logits(self.sigmoid2(self.dense2(self.relu1(self.dense1(x)))))


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4, eps=1e-3)
        self.relu1, self.pool1 = nn.ReLU(), nn.MaxPool2d(2)
        self.conv2, self.relu2, self.pool2 = nn.Conv2d(4, 5, 3), nn.ReLU(), nn.AvgPool2d(2)
        self.logits = nn.Linear(20, 4)

    def forward(self, x):
        x = self.pool1(self.relu1(self.norm1(self.conv1(channels_first(x)))))
        x = self.pool2(self.relu2(self.conv2(x)))
        return self.logits(channels_last(x).flatten(1))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.norm1, self.relu1 = nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4, eps=1e-3), nn.ReLU()
        self.conv2, self.norm2 = nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4, eps=1e-3)
        self.relu2, self.pool2 = nn.ReLU(), nn.AvgPool2d(2)
        self.conv3, self.relu3 = nn.Conv2d(4, 6, 2), nn.ReLU()
        self.pool3, self.logits = nn.AdaptiveMaxPool2d(1), nn.Linear(6, 3)

    def forward(self, x):
        x = self.relu1(self.norm1(self.conv1(channels_first(x))))
        x = self.pool2(self.relu2(x + self.norm2(self.conv2(x))))
        return self.logits(self.pool3(self.relu3(self.conv3(x))).flatten(1))


class Text(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.conv, self.relu = nn.Embedding(20, 5), nn.Conv1d(5, 6, 3), nn.ReLU()
        self.pool, self.logits = nn.AdaptiveMaxPool1d(1), nn.Linear(6, 2)

    def embed(self, tokens):
        return self.embedding(tokens)

    def head(self, x):
        return self.logits(self.pool(self.relu(self.conv(channels_first(x)))).flatten(1))

    def forward(self, tokens):
        return self.head(self.embed(tokens))


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.lstm = nn.Embedding(20, 4), nn.LSTM(4, 6, batch_first=True)
        self.logits, self.softmax = nn.Linear(6, 3), nn.Softmax(dim=1)

    def embed(self, tokens):
        return self.embedding(tokens)

    def head(self, x):
        return self.softmax(self.logits(self.lstm(x)[0][:, -1]))

    def forward(self, tokens):
        return self.head(self.embed(tokens))


class Table2(nn.Module):
    """Two inputs."""

    def __init__(self):
        super().__init__()
        self.dense1, self.tanh1 = nn.Linear(5, 6), nn.Tanh()
        self.dense2, self.elu2 = nn.Linear(3, 4), nn.ELU()
        self.dense3, self.relu3 = nn.Linear(10, 7), nn.ReLU()
        self.logits, self.softmax = nn.Linear(7, 3), nn.Softmax(dim=1)

    def forward(self, a, b):
        x = torch.cat([self.tanh1(self.dense1(a)), self.elu2(self.dense2(b))], 1)
        return self.softmax(self.logits(self.relu3(self.dense3(x))))


class Depthwise(nn.Module):
    """Pictures that are not square, strides, a depthwise and a pointwise convolution, an average over all places."""

    def __init__(self):
        super().__init__()
        self.conv1, self.relu1 = nn.Conv2d(3, 4, 3, stride=2), nn.ReLU()
        self.depthwise2, self.norm2 = nn.Conv2d(4, 8, 3, padding=1, groups=4), nn.BatchNorm2d(8, eps=1e-3)
        self.relu2, self.conv3, self.relu3 = nn.ReLU(), nn.Conv2d(8, 5, 1), nn.ReLU()
        self.pool3, self.logits = nn.AdaptiveAvgPool2d(1), nn.Linear(5, 3)

    def forward(self, x):
        x = self.relu1(self.conv1(channels_first(x)))
        x = self.relu2(self.norm2(self.depthwise2(x)))
        return self.logits(self.pool3(self.relu3(self.conv3(x))).flatten(1))


class Attention(nn.Module):
    """Every place a mean of all, weighed by the softmax of their products with it: no weights."""

    def forward(self, x):
        return torch.softmax(x @ x.transpose(1, 2), -1) @ x


class Gru(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.gru = nn.Embedding(20, 3), nn.GRU(3, 4, batch_first=True)
        self.attention, self.logits = Attention(), nn.Linear(4, 3)

    def embed(self, tokens):
        return self.embedding(tokens)

    def head(self, x):
        return self.logits(self.attention(self.gru(x)[0]).mean(1))

    def forward(self, tokens):
        return self.head(self.embed(tokens))


CLASSES = {
    "mlp": Mlp, "cnn": Cnn, "residual": Residual, "text": Text, "lstm": Lstm, "table2": Table2, "depthwise": Depthwise, "gru": Gru,
}


def keras_weights(name):
    """{layer name: [arrays in Keras's order]} as they lie in the file."""
    with zipfile.ZipFile(os.path.join(HERE, f"{name}.keras")) as archive:
        config = json.loads(archive.read("config.json"))
        with archive.open("model.weights.h5") as file, h5py.File(file) as weights:
            # Groups are named by class and numbered in the order of the config.
            counts, found = {}, {}
            for layer in config["config"]["layers"]:
                kind = snake(layer["class_name"])
                at = counts.get(kind, 0)
                counts[kind] = at + 1
                group = weights["layers"][kind if at == 0 else f"{kind}_{at}"]
                vars_ = group["cell"]["vars"] if "cell" in group else group.get("vars", {})
                found[layer["config"]["name"]] = [np.array(vars_[str(i)]) for i in range(len(vars_))]
    return found


def snake(name):
    """Keras's name of a group for a class: max_pooling2d for MaxPooling2D."""
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()


def load(name, dtype=torch.float64):
    """The twin of `name`.keras, in eval mode."""
    net = CLASSES[name]().to(dtype)
    with torch.no_grad():
        for layer, arrays in keras_weights(name).items():
            if arrays:
                copy(getattr(net, layer), [torch.from_numpy(a.astype(np.float64)).to(dtype) for a in arrays])
    return net.eval()


def copy(module, arrays):
    if isinstance(module, nn.Linear):
        targets = [(module.weight, arrays[0].T), (module.bias, arrays[1])]
    elif isinstance(module, nn.Conv2d) and module.groups > 1:  # [height, width, channels, multiplier]
        targets = [(module.weight, arrays[0].movedim((2, 3), (0, 1)).flatten(0, 1)[:, None]), (module.bias, arrays[1])]
    elif isinstance(module, (nn.Conv1d, nn.Conv2d)):
        targets = [(module.weight, arrays[0].movedim((-1, -2), (0, 1)))] + ([(module.bias, arrays[1])] if len(arrays) > 1 else [])
    elif isinstance(module, nn.BatchNorm2d):
        names = ("weight", "bias", "running_mean", "running_var")
        targets = [(getattr(module, n), a) for n, a in zip(names, arrays)]
    elif isinstance(module, nn.Embedding):
        targets = [(module.weight, arrays[0])]
    elif isinstance(module, nn.LSTM):  # the gates i, f, g, o lie in one order in both
        targets = [(module.weight_ih_l0, arrays[0].T), (module.weight_hh_l0, arrays[1].T), (module.bias_ih_l0, arrays[2])]
        module.bias_hh_l0.zero_()
    elif isinstance(module, nn.GRU):  # update, reset, candidate in Keras; reset, update, candidate in torch
        turned = [torch.cat([part[..., [1, 0], :], part[..., 2:, :]], -2) for part in (a.unflatten(-1, (3, -1)) for a in arrays)]
        kernel, recurrent, bias = [part.flatten(-2) for part in turned]
        targets = [(module.weight_ih_l0, kernel.T), (module.weight_hh_l0, recurrent.T)]
        targets += [(module.bias_ih_l0, bias[0]), (module.bias_hh_l0, bias[1])]
    else:
        raise TypeError(module)
    for to, value in targets:
        assert to.shape == value.shape, (module, to.shape, value.shape)
        to.copy_(value)


def samples(name, dtype=torch.float64):
    """What nets.json holds for `name`: `.inputs`, `.baselines` (one row per sample), `.background` (rows to draw from), each a list of
    tensors; `.targets`, a class per sample; `.predictions` [samples, classes] in float64."""
    with open(os.path.join(HERE, "nets.json")) as file:
        entry = json.load(file)[name]

    def tensor(packed):
        array = torch.tensor(packed["data"], dtype=torch.int64 if packed["dtype"] == "int32" else dtype)
        return array.reshape(packed["shape"])

    lists = {key: [tensor(t) for t in entry[key]] for key in ("inputs", "baselines", "background")}
    predictions = torch.tensor(entry["predictions"]["data"], dtype=torch.float64).reshape(entry["predictions"]["shape"])
    return SimpleNamespace(**lists, targets=entry["targets"], predictions=predictions)


def pack(values, exact=False):
    """An array as records hold it. Floats are rounded to 1e-14 of the largest, which keeps the files small and is far below the 1e-10 that
    is compared; numbers that are fed to pathgrad (noise, perturbations) must be `exact`."""
    array = values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)
    if array.dtype.kind in "iub":
        return {"shape": list(array.shape), "dtype": "int32", "data": [int(v) for v in array.ravel()]}
    data = array.astype(np.float64).ravel()
    assert np.isfinite(data).all()
    largest = np.abs(data).max(initial=0)
    digits = 14 - int(np.floor(np.log10(largest))) if largest > 0 and not exact else None
    return {"shape": list(array.shape), "dtype": "float", "data": [float(v) if digits is None else round(float(v), digits) for v in data]}


def share(single, double):
    """How far float32 results are from float64 ones, as a share of each sample's largest: `float32Error` of a record."""
    worst = 0.0
    for row in range(double[0].shape[0]):
        off = max(float((s[row].double() - d[row]).abs().max()) for s, d in zip(single, double))
        largest = max(float(d[row].abs().max()) for d in double)
        worst = max(worst, off / largest if largest > 0 else off)
    return float(f"{worst:.2g}")


def write(file, source, version, records):
    """`file`.json.gz beside this module, the same bytes for the same records. method-golden.ts says what a record holds."""
    text = json.dumps({"source": source, "version": version, "records": records}, separators=(",", ":"))
    with open(os.path.join(HERE, f"{file}.json.gz"), "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as out:
        out.write(text.encode())
