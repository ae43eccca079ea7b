"""Results of Keras 3's metrics over three batches: metrics.json. Keras 3.15.1, TensorFlow 2.21.

pip install -r ../requirements.txt && python make_metrics.py
"""
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
from common import numbers, write

keras.config.set_floatx("float64")
N, C, BATCHES = 12, 4, 3


def drawn(seed, *shape):
    return np.round(numbers(seed, int(np.prod(shape))), 2).reshape(shape)


raw = [drawn(50 + b, N, C) for b in range(BATCHES)]
unit = [0.5 + 0.5 * x for x in raw]
other = [drawn(60 + b, N, C) for b in range(BATCHES)]
classes = [(np.abs(x[:, 0]) * 100 + 0.5).astype("int64") % C for x in other]
one_hot = [np.eye(C)[c] for c in classes]
multi = [(x > 0.2).astype("float64") for x in other]
binary = [x[:, :1] for x in multi]
one = [x[:, :1] for x in unit]
tied = [np.round(x, 1) for x in unit]
weights = [np.abs(drawn(70 + b, N)) for b in range(BATCHES)]
steps = [0.5 + 0.5 * drawn(80 + b, N, 3, C) for b in range(BATCHES)]
step_classes = [(np.abs(drawn(90 + b, N, 3)) * 100 + 0.5).astype("int64") % C for b in range(BATCHES)]
step_weights = [np.abs(drawn(95 + b, N, 3)) for b in range(BATCHES)]
predicted_classes = [(np.abs(x[:, 1]) * 100 + 0.5).astype("int64") % C for x in other]

INPUTS = {
    "raw": raw, "unit": unit, "other": other, "classes": classes, "one_hot": one_hot, "multi": multi, "binary": binary, "one": one,
    "tied": tied, "weights": weights, "steps": steps, "step_classes": step_classes, "step_weights": step_weights,
    "predicted_classes": predicted_classes, "flat": [x[:, 0] for x in binary], "column": [c[:, None] for c in classes],
}
CASES = [
    ("Accuracy", {}, "classes", "predicted_classes"),
    ("BinaryAccuracy", {}, "binary", "one"),
    ("BinaryAccuracy", {}, "flat", "one"),
    ("BinaryAccuracy", {"threshold": 0.3}, "multi", "unit"),
    ("CategoricalAccuracy", {}, "one_hot", "unit"),
    ("SparseCategoricalAccuracy", {}, "classes", "unit"),
    ("SparseCategoricalAccuracy", {}, "column", "unit"),
    ("SparseCategoricalAccuracy", {}, "step_classes", "steps"),
    ("TopKCategoricalAccuracy", {"k": 2}, "one_hot", "tied"),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, "classes", "unit"),
    ("SparseTopKCategoricalAccuracy", {"k": 3}, "step_classes", "steps"),
    ("AUC", {}, "binary", "one"),
    ("AUC", {}, "flat", "one"),
    ("AUC", {}, "multi", "unit"),
    ("AUC", {"curve": "PR"}, "multi", "unit"),
    ("AUC", {"curve": "PRGAIN"}, "multi", "unit"),
    ("AUC", {"curve": "PR", "summation_method": "majoring"}, "multi", "tied"),
    ("AUC", {"summation_method": "minoring", "num_thresholds": 11}, "multi", "tied"),
    ("AUC", {"thresholds": [0.7, 0.2, 0.4]}, "multi", "tied"),
    ("AUC", {"thresholds": [0.25, 0.5, 0.75]}, "multi", "tied"),
    ("AUC", {"multi_label": True}, "multi", "unit"),
    ("AUC", {"multi_label": True, "label_weights": [1.0, 2.0, 0.5, 0.0], "curve": "PR"}, "multi", "unit"),
    ("AUC", {"multi_label": True, "thresholds": [0.3, 0.8]}, "multi", "unit"),
    ("AUC", {"label_weights": [1.0, 2.0, 0.5, 0.0]}, "multi", "unit"),
    ("AUC", {"from_logits": True}, "multi", "raw"),
    ("Precision", {}, "multi", "unit"),
    ("Precision", {}, "flat", "one"),
    ("Precision", {"thresholds": 0.7}, "multi", "unit"),
    ("Precision", {"top_k": 2}, "multi", "tied"),
    ("Precision", {"top_k": 2, "class_id": 1}, "multi", "tied"),
    ("Precision", {"class_id": 2}, "one_hot", "unit"),
    ("Recall", {}, "multi", "unit"),
    ("Recall", {"thresholds": 0.7}, "binary", "one"),
    ("Recall", {"top_k": 3}, "one_hot", "unit"),
    ("Recall", {"class_id": 0, "thresholds": 0.2}, "one_hot", "unit"),
    ("F1Score", {"average": "micro"}, "one_hot", "unit"),
    ("F1Score", {"average": "macro"}, "one_hot", "unit"),
    ("F1Score", {"average": "weighted"}, "one_hot", "tied"),
    ("F1Score", {"average": "macro", "threshold": 0.6}, "multi", "unit"),
    ("F1Score", {"threshold": 0.5}, "binary", "one"),
    ("FBetaScore", {"average": "weighted", "beta": 2.0, "threshold": 0.4}, "multi", "unit"),
    ("MeanSquaredError", {}, "other", "raw"),
    ("MeanAbsoluteError", {}, "other", "raw"),
    ("MeanAbsolutePercentageError", {}, "multi", "unit"),
    ("MeanSquaredLogarithmicError", {}, "multi", "unit"),
    ("RootMeanSquaredError", {}, "other", "raw"),
    ("RootMeanSquaredError", {}, "flat", "one"),
    ("LogCoshError", {}, "other", "raw"),
    ("CosineSimilarity", {}, "other", "raw"),
    ("KLDivergence", {}, "one_hot", "unit"),
    ("Poisson", {}, "multi", "unit"),
    ("Hinge", {}, "multi", "raw"),
    ("SquaredHinge", {}, "multi", "raw"),
    ("CategoricalHinge", {}, "one_hot", "raw"),
    ("BinaryCrossentropy", {}, "multi", "unit"),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, "multi", "raw"),
    ("CategoricalCrossentropy", {"from_logits": True}, "one_hot", "raw"),
    ("SparseCategoricalCrossentropy", {}, "classes", "unit"),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, "step_classes", "steps"),
    ("MeanIoU", {"num_classes": 4}, "classes", "predicted_classes"),
    ("MeanIoU", {"num_classes": 4, "sparse_y_pred": False, "ignore_class": 2}, "step_classes", "steps"),
    ("MeanIoU", {"num_classes": 3, "sparse_y_pred": False, "sparse_y_true": False}, "one_hot", "unit"),
]


def run(name, options, truth, predicted):
    # TensorFlow's in_top_k takes float32 alone.
    keras.config.set_floatx("float32" if "TopK" in name else "float64")
    found = {"name": name, "options": options, "truth": truth, "predicted": predicted, "results": {}}
    kinds = [None, "weights"] + (["step_weights"] if predicted == "steps" else [])
    for kind in kinds:
        # Keras makes errors of whole weights for MeanIoU, and of weights [N] for predictions [N, steps].
        metric = getattr(keras.metrics, name)(**options)
        if kind == "weights" and (predicted == "steps" and name in ("MeanIoU",)):
            continue
        for b in range(BATCHES):
            weight = None if kind is None else INPUTS[kind][b]
            if weight is not None and name == "MeanIoU":
                weight = np.round(weight * 3)
            cast = keras.config.floatx() if INPUTS[predicted][b].dtype.kind == "f" else INPUTS[predicted][b].dtype
            metric.update_state(INPUTS[truth][b], INPUTS[predicted][b].astype(cast), sample_weight=weight)
        found["results"][str(kind).lower()] = float(np.ravel(metric.result())[0])
    found["config"] = {k: v for k, v in metric.get_config().items() if k != "dtype" and not hasattr(v, "numpy")}
    return found


keras.config.set_floatx("float64")
data = {"inputs": {k: [b.tolist() for b in v] for k, v in INPUTS.items()}, "cases": [run(*c) for c in CASES]}
write(os.path.join(os.path.dirname(__file__), "metrics.json"), data)
