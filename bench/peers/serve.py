"""Integrated gradients and epochs of training in Python for the benchmark: alibi and `tf.function` on TensorFlow, Keras, captum or plain loops on PyTorch.

Holds the model warm and answers one JSON line per JSON line of standard input; arrays travel as base64 of float32. A time is
taken around the explanation or the epoch alone, so that neither pipes nor JSON count. One process per library and number of threads.
"""

import base64
import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np  # noqa: E402


def array(text: str, shape: list[int]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), np.float32).reshape(shape)


class Alibi:
    """alibi's own explainer on the Keras file, as its documents use it."""

    def __init__(self, threads: int):
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        import alibi
        import keras

        self.keras = keras
        self.versions = {"alibi": alibi.__version__, "tensorflow": tf.__version__, "keras": keras.__version__}
        self.backend = "TensorFlow CPU"

    def prepare(self, task: dict):
        from alibi.explainers import IntegratedGradients

        model = self.keras.saving.load_model(task["file"])
        layer = None if task["layer"] is None else model.layers[task["layer"]]
        x = array(task["inputs"], task["inputShape"])
        x = x if layer is None else x.astype(np.int32)
        explainer = IntegratedGradients(
            model, layer=layer, n_steps=task["steps"], internal_batch_size=task["batch"], method="gausslegendre"
        )
        return lambda: explainer.explain(x, baselines=None, target=task["targets"]).attributions[0]


class AlibiTransformers:
    """alibi on a Hugging Face classifier with TensorFlow classes, as its document for transformers does it (on Keras 2)."""

    def __init__(self, threads: int):
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        import alibi
        import tf_keras
        import transformers

        self.tf, self.keras, self.transformers = tf, tf_keras, transformers
        self.versions = {
            "alibi": alibi.__version__,
            "tensorflow": tf.__version__,
            "tf-keras": tf_keras.__version__,
            "transformers": transformers.__version__,
        }
        self.backend = "TensorFlow CPU"

    def prepare(self, task: dict):
        from alibi.explainers import IntegratedGradients

        tf, folder = self.tf, task["file"]
        classifier = self.transformers.TFAutoModelForSequenceClassification.from_pretrained(folder)

        class Probabilities(self.keras.Model):
            def __init__(self):
                super().__init__()
                self.classifier = classifier

            def call(self, input_ids, attention_mask=None):
                out = self.classifier(input_ids=input_ids, attention_mask=attention_mask, training=False)
                return tf.nn.softmax(out.logits, axis=-1)

        x, baseline, mask = (array(task[name], task["inputShape"]).astype(np.int32) for name in ("inputs", "from", "mask"))
        explainer = IntegratedGradients(
            Probabilities(),
            layer=getattr(classifier, classifier.base_model_prefix).embeddings,
            n_steps=task["steps"],
            internal_batch_size=task["batch"],
            method="gausslegendre",
        )
        kwargs = {"attention_mask": tf.constant(mask)}
        return lambda: explainer.explain(
            x, forward_kwargs=kwargs, baselines=baseline, target=task["targets"]
        ).attributions[0]


class Keras:
    """`fit`, compiled, as a user calls it."""

    def __init__(self, threads: int):
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        import keras

        self.keras = keras
        self.versions = {"tensorflow": tf.__version__, "keras": keras.__version__}
        self.backend = "TensorFlow CPU"

    def prepare(self, task: dict):
        from train import keras_epoch

        return keras_epoch(self.keras, task)


class Torch:
    """What captum does, without it: all path points through the net, batch by batch, in float32."""

    def __init__(self, threads: int):
        import torch

        torch.set_num_threads(threads)
        self.torch = torch
        self.versions = {"torch": torch.__version__}
        self.backend = "PyTorch CPU"

    def prepare(self, task: dict):
        torch = self.torch
        if task.get("train"):
            from train import torch_epoch

            return torch_epoch(torch, task)
        net = torch_net(torch, task["layers"])
        shape = [task["rows"], *task["netShape"]]
        start, end = torch.tensor(array(task["from"], shape)), torch.tensor(array(task["to"], shape))
        nodes, weights = np.polynomial.legendre.leggauss(task["steps"])
        targets = torch.tensor(task["targets"])
        points = torch.arange(task["rows"] * task["steps"])
        sample, step = points % task["rows"], points // task["rows"]
        alphas = torch.tensor((1 + nodes) / 2, dtype=torch.float32)[step].view(-1, *[1] * (start.dim() - 1))
        scale = torch.tensor(weights / 2, dtype=torch.float32)[step].view_as(alphas)

        def explain():
            total = torch.zeros_like(start)
            for chunk in points.split(task["batch"]):
                rows = sample[chunk]
                x = (start[rows] + alphas[chunk] * (end - start)[rows]).requires_grad_()
                score = net(x)[torch.arange(len(chunk)), targets[rows]].sum()
                (gradient,) = torch.autograd.grad(score, x)
                total.index_add_(0, rows, gradient * scale[chunk])
            with torch.no_grad():
                net(start), net(end)
            return (total * (end - start)).numpy()

        return explain


def opened(library: str, threads: int):
    if library == "captum":
        from captum_peer import Captum

        return Captum(threads)
    if library.startswith("tf-function"):
        if library.endswith("-transformers"):
            os.environ["TF_USE_LEGACY_KERAS"] = "1"
        from compiled import Compiled

        return Compiled(threads)
    return {"alibi": Alibi, "alibi-transformers": AlibiTransformers, "torch": Torch, "keras": Keras}[library](threads)


def torch_net(torch, sent: list[dict]):
    """The net of a list of layers, channels last on the outside."""
    F = torch.nn.functional
    put = lambda w: torch.tensor(array(w["data"], w["shape"]))  # noqa: E731
    layers = [
        (layer["kind"], put(layer["kernel"]), put(layer["bias"]), layer.get("padding"))
        if "kernel" in layer
        else (layer["kind"], None, None, None)
        for layer in sent
    ]
    # conv kernels [..., in, out] -> [out, in, ...]
    layers = [(kind, w.movedim((-1, -2), (0, 1)).contiguous() if kind == "conv" else w, b, p) for kind, w, b, p in layers]

    def net(x):
        x = x.movedim(-1, 1)
        for kind, weight, bias, padding in layers:
            if kind == "conv":
                x = (F.conv1d if weight.dim() == 3 else F.conv2d)(x, weight, bias, padding=padding)
            elif kind == "dense":
                x = torch.addmm(bias, x, weight)
            elif kind == "maxPool2":
                x = F.max_pool2d(x, 2)
            elif kind == "globalMax":
                x = x.amax(dim=tuple(range(2, x.dim())))
            elif kind == "flatten":
                x = x.movedim(1, -1).flatten(1)
            else:
                x = torch.relu(x) if kind == "relu" else torch.softmax(x, -1)
        return x

    return net


def main() -> None:
    library, threads = sys.argv[1], int(sys.argv[2])
    # Only answers go to standard output; what libraries print goes to standard error.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(message: dict) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    try:
        peer = opened(library, threads)
    except ImportError as error:
        answer({"error": f"{library}: {error}"})
        return
    answer({"versions": {**peer.versions, "python": sys.version.split()[0]}, "backend": peer.backend})
    explain = None
    for line in sys.stdin:
        try:
            task = json.loads(line)
            if task["do"] == "prepare":
                explain = peer.prepare(task)
                explain, chosen = explain if isinstance(explain, tuple) else (explain, {})
                answer({"ready": True, **chosen})
                continue
            started = time.perf_counter()
            result = explain()
            ms = 1000 * (time.perf_counter() - started)
            if isinstance(result, tuple):  # measured there, without what it does to check itself
                result, ms = result
            data = base64.b64encode(np.ascontiguousarray(result, np.float32).tobytes()).decode()
            answer({"ms": ms, "data": data})
        except Exception as error:  # the benchmark prints it beside the contender's name
            answer({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    # What the other modules import from here is this module, not a second one.
    sys.modules["serve"] = sys.modules["__main__"]
    main()
