"""Makes imdb-distilbert.json.gz: what Hugging Face's TensorFlow classes predict and the real alibi explains on
examples/imdb-distilbert.

    python make_golden_distilbert.py DATA_FOLDER

As in alibi's transformers document: a wrapper turns logits into probabilities, the attention mask is a forward keyword, the baseline
keeps [CLS] and [SEP] and has [PAD] elsewhere, batches of 5. Explained: examples/sentences.txt padded to 32 tokens, at the
embeddings and at the first transformer layer, for both classes. Of the reviews in DATA_FOLDER/imdb/imdb_test.csv.gz only row
numbers, checksums and what the model says about them are stored.
"""

import os
import sys
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import alibi
import numpy as np
import tensorflow as tf
import tf_keras
import transformers
from alibi.explainers import IntegratedGradients
from transformers import AutoTokenizer, TFDistilBertForSequenceClassification
from transformers.models.distilbert import modeling_tf_distilbert

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "examples"
sys.path.insert(0, str(EXAMPLES))

from alibi_runs import STEPS, checksum, digits, values_of, write  # noqa: E402
from imdb_text import load_reviews  # noqa: E402
from train_imdb_distilbert import LABELS, POSITIONS, encode, plain  # noqa: E402

INTERNAL_BATCH_SIZE = 5
LENGTH = 32
REAL_PER_LABEL = 25
FOLDER = EXAMPLES / "imdb-distilbert"
LAYERS = {
    "distilbert/embeddings": lambda main_layer: main_layer.embeddings,
    "distilbert/transformer/layer.0": lambda main_layer: main_layer.transformer.layer[0],
}


class Probabilities(tf_keras.Model):
    """ids -> probabilities [samples, 2] of a classifier whose output is an object with logits."""

    def __init__(self, classifier):
        super().__init__()
        self.classifier = classifier

    def call(self, input_ids, attention_mask=None):
        logits = self.classifier(input_ids=input_ids, attention_mask=attention_mask, training=False).logits
        return tf.nn.softmax(logits, axis=-1)


class TensorFlowInDouble:
    """TensorFlow with float64 for float32: transformers computes attention scores in tf.float32, whatever the weights are."""

    def __getattr__(self, name: str):
        return getattr(tf, "float64" if name == "float32" else name)


def in_dtype(model: Probabilities, compute):
    """The result of `compute(model)`, all of it in the type of the model's weights."""
    double = model.weights[0].dtype == tf.float64
    modeling_tf_distilbert.tf = TensorFlowInDouble() if double else tf
    try:
        return compute(model)
    finally:
        modeling_tf_distilbert.tf = tf


def gelu(x):
    """TensorFlow's own divides by the square root of 2 rounded to float32, in float64 too."""
    return 0.5 * x * (1 + tf.math.erf(x / tf.sqrt(tf.constant(2, x.dtype))))


def load(dtype: str) -> Probabilities:
    """The classifier with its weights computing in float32 or float64."""
    stored = TFDistilBertForSequenceClassification.from_pretrained(str(FOLDER))
    if dtype == "float32":
        return Probabilities(stored)
    tf_keras.backend.set_floatx(dtype)
    exact = TFDistilBertForSequenceClassification(stored.config)
    exact(tf.zeros((1, 4), tf.int32))
    exact.set_weights([weight.astype(dtype) for weight in stored.get_weights()])
    tf_keras.backend.set_floatx("float32")
    for layer in exact.distilbert.transformer.layer:
        layer.ffn.activation = gelu
    assert all(weight.dtype == dtype for weight in exact.weights)
    return Probabilities(exact)


def explain(model: Probabilities, layer: str, x: np.ndarray, mask: np.ndarray, baseline: np.ndarray, target: int):
    """Attributions [samples, tokens, width] of a layer's output, and deltas [samples]."""
    main_layer = model.classifier.distilbert
    explainer = IntegratedGradients(
        model, layer=LAYERS[layer](main_layer), method="gausslegendre", n_steps=STEPS, internal_batch_size=INTERNAL_BATCH_SIZE
    )
    kwargs = {"attention_mask": tf.constant(mask)}
    targets = np.full(len(x), target)
    explanation = explainer.explain(x, forward_kwargs=kwargs, baselines=baseline, target=targets)
    return np.asarray(explanation.attributions[0]), np.asarray(explanation.deltas)


def probabilities(model: Probabilities, inputs: dict[str, np.ndarray]) -> np.ndarray:
    return np.asarray(model(tf.constant(inputs["input_ids"]), attention_mask=tf.constant(inputs["attention_mask"])))


def main(data: Path) -> None:
    tf_keras.utils.set_random_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(str(FOLDER))
    sentences = (EXAMPLES / "sentences.txt").read_text(encoding="utf-8").splitlines()
    own = encode(tokenizer, sentences, LENGTH)
    x, mask = own["input_ids"], own["attention_mask"]
    special = (x == tokenizer.cls_token_id) | (x == tokenizer.sep_token_id)
    baseline = np.where(special, x, tokenizer.pad_token_id).astype(np.int32)
    single, double = load("float32"), load("float64")
    runs = []
    for layer in LAYERS:
        for target in range(len(LABELS)):
            compute = lambda model: explain(model, layer, x, mask, baseline, target)  # noqa: B023, E731
            (raw, deltas), (raw64, deltas64) = in_dtype(single, compute), in_dtype(double, compute)
            values = values_of(raw, deltas, raw64, deltas64, with_raw=target == 1)
            runs.append({"method": "gausslegendre", "layer": layer, "target": target, **values})

    texts, labels = load_reviews(data, "test")
    rows = [int(row) for label in (0, 1) for row in np.flatnonzero(labels == label)[:REAL_PER_LABEL]]
    reviews = encode(tokenizer, [plain(texts[row]) for row in rows], POSITIONS)
    write(
        HERE / "imdb-distilbert.json.gz",
        {
            "provenance": {
                "alibi": alibi.__version__,
                "tensorflow": tf.__version__,
                "tf-keras": tf_keras.__version__,
                "transformers": transformers.__version__,
                "nSteps": STEPS,
                "internalBatchSize": INTERNAL_BATCH_SIZE,
            },
            "model": "imdb-distilbert/tf_model.h5",
            "modelChecksum": checksum(np.frombuffer((FOLDER / "tf_model.h5").read_bytes(), np.uint8)),
            "ids": x.tolist(),
            "attentionMask": mask.tolist(),
            "baseline": baseline.tolist(),
            "tokens": [tokenizer.convert_ids_to_tokens(row[: mask[i].sum()]) for i, row in enumerate(x.tolist())],
            "predictions": digits(probabilities(single, own)),
            "predictions64": digits(in_dtype(double, lambda model: probabilities(model, own)), 17),
            "runs": runs,
            "real": {
                "rows": rows,
                "idChecksum": checksum(reviews["input_ids"]),
                "predictions": digits(probabilities(single, reviews)),
            },
        },
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python make_golden_distilbert.py DATA_FOLDER")
    main(Path(sys.argv[1]))
