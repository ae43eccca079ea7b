"""Integrated gradients in float64, which the nets suite compares with, and how far float32 programs lie from them.

    python truth.py OUT.json < TASK.json

Picture models: Keras on TensorFlow, the file's own layers with every dtype policy and weight made float64, called eagerly. Transformers: captum
on PyTorch's class in double. The rule and the points are alibi's and ours (Gauss-Legendre). Then the same in float32, RUNS times, each with the
last bits of the input (of the table of pieces) drawn anew: other roundings, so other kinks are met. Their distances say what float32 is good for.
Ends with 3 where the packages are not there.
"""

import base64
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np  # noqa: E402

RUNS = 5
SEED = 22


def jitter(random, values):
    """One rounding of float32 up or down."""
    return (values * (1 + random.uniform(-1, 1, values.shape) * 2.0**-23)).astype(np.float32)


def leaves(model):
    """Layers that compute: neither inputs nor models inside the model, whose own dtype says nothing."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from leaves(layer)
        elif type(layer).__name__ != "InputLayer":
            yield layer


def of_picture(task: dict):
    import keras
    import tensorflow as tf
    from serve import array

    if keras.backend.backend() != "tensorflow":
        raise ImportError(f"Keras runs on {keras.backend.backend()}, not on TensorFlow")
    single = keras.saving.load_model(task["file"])
    config = single.get_config()

    def double(node):
        if isinstance(node, dict):
            if node.get("class_name") == "DTypePolicy":
                return {**node, "config": {**node["config"], "name": "float64"}}
            return {key: "float64" if key == "dtype" and value == "float32" else double(value) for key, value in node.items()}
        return type(node)(map(double, node)) if isinstance(node, (list, tuple)) else node

    keras.config.set_floatx("float64")
    exact = type(single).from_config(double(config))
    keras.config.set_floatx("float32")
    exact.set_weights([np.asarray(weight, np.float64) for weight in single.get_weights()])
    wrong = {layer.name for layer in leaves(exact) if layer.compute_dtype != "float64"}
    if wrong:
        raise ValueError(f"layers that are not float64: {sorted(wrong)}")
    x = array(task["inputs"], task["inputShape"])
    start = array(task["from"], task["inputShape"])
    nodes, weights = np.polynomial.legendre.leggauss(task["steps"])
    target = task["targets"][0]

    def explain(model, dtype, end):
        end, total = end.astype(dtype), 0
        begin = start.astype(dtype)
        for first in range(0, len(nodes), task["batch"]):
            part = slice(first, first + task["batch"])
            alphas = ((1 + nodes[part]) / 2).astype(dtype).reshape(-1, 1, 1, 1)
            points = tf.constant(begin + alphas * (end - begin))
            with tf.GradientTape() as tape:
                tape.watch(points)
                score = model(points, training=False)[:, target]
            gradient = tape.gradient(score, points).numpy()
            if gradient.dtype != dtype:
                raise ValueError(f"the gradient is {gradient.dtype}, not {np.dtype(dtype)}")
            total = total + np.tensordot((weights[part] / 2).astype(dtype), gradient, 1)
        return total * (end - begin)[0]

    random = np.random.default_rng(SEED)
    truth = explain(exact, np.float64, x)
    floats = (explain(single, np.float32, jitter(random, x)) for _ in range(RUNS))
    by = f"Keras {keras.__version__} on TensorFlow {tf.__version__}"
    return truth.reshape(-1), (each.reshape(-1) for each in floats), by


def of_transformer(task: dict):
    import captum
    import torch
    from captum_peer import transformer
    from captum.attr import LayerIntegratedGradients
    from serve import array

    x, baseline, mask = (torch.tensor(array(task[name], task["inputShape"])).long() for name in ("inputs", "from", "mask"))

    def explain(model):
        net = lambda ids, mask: torch.softmax(model(input_ids=ids, attention_mask=mask).logits, -1)  # noqa: E731
        explainer = LayerIntegratedGradients(net, model.base_model.embeddings)
        found = explainer.attribute(
            x,
            baseline,
            target=task["targets"],
            additional_forward_args=(mask,),
            n_steps=task["steps"],
            method="gausslegendre",
            internal_batch_size=task["batch"],
        )
        if found.dtype != next(model.parameters()).dtype:
            raise ValueError(f"the attributions are {found.dtype}")
        return found.sum(-1).detach().numpy().reshape(-1)

    truth = explain(transformer(torch, task["file"]).double())
    random = np.random.default_rng(SEED)

    def floats():
        for _ in range(RUNS):
            model = transformer(torch, task["file"])
            table = model.base_model.embeddings.word_embeddings.weight
            table.data = torch.tensor(jitter(random, table.numpy()))
            yield explain(model)

    return truth, floats(), f"captum {captum.__version__} on PyTorch {torch.__version__}"


def main() -> None:
    task = json.load(sys.stdin)
    try:
        truth, floats, by = (of_transformer if task["kind"] == "transformer" else of_picture)(task)
    except ImportError as error:
        print(error, file=sys.stderr)
        sys.exit(3)
    size, largest = np.linalg.norm(truth), np.abs(truth).max()
    # The rounding of the input itself is part of the difference, and far below it.
    apart = [each.astype(np.float64) - truth for each in floats]
    found = {
        "by": by,
        "distances": [float(np.linalg.norm(each) / size) for each in apart],
        "largest": [float(np.abs(each).max() / largest) for each in apart],
        "values": base64.b64encode(np.ascontiguousarray(truth, "<f8").tobytes()).decode(),
    }
    with open(sys.argv[1], "w") as file:
        json.dump(found, file)


if __name__ == "__main__":
    main()
