"""Exports of torchvision and scikit-learn models, and what onnxruntime and PyTorch compute with them, for test/shared/onnx/exports.test.ts.

    python make_exports.py FOLDER [NAME...]

Writes NAME.onnx, one per model (and exporter), and exports.json into FOLDER. Weights are random, from a fixed seed, and batch statistics are
those of one pass, so that signals keep their size. Gradients are of one output with regard to the whole input, in PyTorch; of scikit-learn's
models there are outputs only. Of large results every so manyth value is kept, and the largest.
"""
import copy
import json
import os
import sys
import warnings

import numpy as np
import onnxruntime as ort
import torch
import torchvision

warnings.filterwarnings("ignore")
KEPT = 300
# Name in torchvision, side of the picture.
VISION = [
    ("resnet18", 64), ("mobilenet_v2", 64), ("mobilenet_v3_small", 64), ("squeezenet1_1", 64), ("shufflenet_v2_x0_5", 64),
    ("densenet121", 64), ("googlenet", 64), ("efficientnet_b0", 64), ("mnasnet0_5", 64), ("regnet_y_400mf", 64),
    ("convnext_tiny", 64), ("swin_t", 64),
]


def formula(shape, step=0.37):
    n = int(np.prod(shape))
    return (0.5 * np.sin(step * np.arange(n, dtype=np.float64))).astype(np.float32).reshape(shape)


def kept(array):
    flat = np.asarray(array, dtype=np.float64).reshape(-1)
    step = max(1, -(-flat.size // KEPT))
    return {"shape": list(np.shape(array)), "step": step, "values": [float(f"{v:.9g}") for v in flat[::step]], "largest": float(np.abs(flat).max())}


def outputs_of(path, x):
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    found = session.run(None, {session.get_inputs()[0].name: x})
    return [{"name": n, **kept(y)} for n, y in zip(names, found) if isinstance(y, np.ndarray) and y.dtype != object]


def vision(folder, name, side):
    torch.manual_seed(7)
    more = {"init_weights": True, "aux_logits": False} if name == "googlenet" else {}
    model = getattr(torchvision.models, name)(weights=None, num_classes=10, **more)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
    model.train()
    for module in model.modules():
        if isinstance(module, (torch.nn.Dropout, torchvision.ops.StochasticDepth)):
            module.eval()
    x = torch.from_numpy(formula((2, 3, side, side)))
    # The pictures are among them, and the noise is as strong as they are: beside stronger noise a whole layer of densenet121 is negative for
    # them, and its ReLU ends every gradient.
    with torch.no_grad():
        model(torch.cat([x.std() * torch.randn(6, 3, side, side), x]))
    model.eval()
    # In float64: where rounding of float32 turns a ReLU on or off, gradients jump.
    exact = copy.deepcopy(model).double()
    wide = x.double().requires_grad_()
    exact(wide)[:, 1].sum().backward()
    gradient = kept(wide.grad.numpy())
    assert gradient["largest"] > 1e-6, f"{name}: a gradient of zeros says nothing"
    out = []
    for exporter in ("script", "dynamo"):
        path = os.path.join(folder, f"{name}-{exporter}.onnx")
        try:
            if exporter == "script":
                torch.onnx.export(model, (x,), path, dynamo=False, opset_version=17, input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "n"}, "y": {0: "n"}})
            else:
                torch.onnx.export(model, (x,), path, dynamo=True, opset_version=18, input_names=["x"], output_names=["y"], dynamic_shapes=[{0: torch.export.Dim("n")}], external_data=False, verbose=False)
            out.append({"name": f"{name}-{exporter}", "input": [2, 3, side, side], "target": 1, "outputs": outputs_of(path, x.numpy()), "gradient": gradient})
        except Exception as error:  # said, not hidden: the test reports how many there are
            print(f"{name} by {exporter}: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)
        print(f"{name} {exporter}", flush=True)
    return out


def tables(folder):
    from skl2onnx import to_onnx
    from sklearn import datasets, decomposition, linear_model, neural_network, pipeline, preprocessing

    iris, wine, diabetes = (load(return_X_y=True) for load in (datasets.load_iris, datasets.load_wine, datasets.load_diabetes))
    scaled = lambda model: pipeline.make_pipeline(preprocessing.StandardScaler(), model)
    models = {
        "logistic": (linear_model.LogisticRegression(max_iter=1000), iris),
        "linear": (linear_model.LinearRegression(), diabetes),
        "ridge": (linear_model.Ridge(alpha=0.1), diabetes),
        "mlp": (neural_network.MLPClassifier((16,), max_iter=500, random_state=1), iris),
        "scaled": (scaled(linear_model.LogisticRegression()), wine),
        "pca": (pipeline.make_pipeline(preprocessing.Normalizer(), decomposition.PCA(3), linear_model.LogisticRegression()), wine),
    }
    out = []
    for name, (model, (features, labels)) in models.items():
        features = features.astype(np.float32)
        model.fit(features, labels)
        classes = hasattr(model, "predict_proba")
        path = os.path.join(folder, f"{name}.onnx")
        options = {"options": {id(model): {"zipmap": False}}} if classes else {}
        with open(path, "wb") as file:
            file.write(to_onnx(model, features[:1], **options).SerializeToString())
        x = np.ascontiguousarray(features[::29])
        out.append({"name": name, "input": x.tolist(), "outputs": outputs_of(path, x)})
        print(name, flush=True)
    return out


def main(folder, chosen):
    os.makedirs(folder, exist_ok=True)
    torch.set_num_threads(2)
    models = [] if chosen and "tables" not in chosen else tables(folder)
    write(folder, models)
    for name, side in VISION:
        if chosen and name not in chosen:
            continue
        models += vision(folder, name, side)
        write(folder, models)


def write(folder, models):
    versions = {"torch": torch.__version__, "torchvision": torchvision.__version__, "onnxruntime": ort.__version__}
    with open(os.path.join(folder, "exports.json"), "w") as file:
        json.dump({"versions": versions, "models": models}, file)


main(sys.argv[1], sys.argv[2:])
