"""Makes the golden values beside this file, from the example models, with real Keras and the real alibi.

    python make_golden.py DATA_FOLDER

DATA_FOLDER holds the real test sets: imdb/imdb_test.csv.gz and mnist/t10k-*.gz. They are not copied: of their samples only
row numbers, checksums and what the models say about them are stored. README.md says what is in each file.
"""

import sys
from pathlib import Path

import alibi
import keras
import numpy as np
import tensorflow as tf
from PIL import Image

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "examples"
sys.path.insert(0, str(EXAMPLES))

from alibi_runs import INTERNAL_BATCH_SIZE, RULES, STEPS, checksum, digits, run, write  # noqa: E402
from imdb_text import PAD, UNKNOWN, encode, load_reviews, load_vocabulary  # noqa: E402
from mnist_data import load_mnist, read_idx, scale  # noqa: E402

EMBEDDING = 1  # the layer that text is explained at
OWN_PER_RULE = 3  # how many of our own inputs are explained with every rule
PROVENANCE = {
    "alibi": alibi.__version__,
    "tensorflow": tf.__version__,
    "keras": keras.__version__,
    "nSteps": STEPS,
    "internalBatchSize": INTERNAL_BATCH_SIZE,
    "target": "predicted class",
}


def model_facts(path: Path) -> dict:
    return {"model": path.name, "modelChecksum": checksum(np.frombuffer(path.read_bytes(), np.uint8))}


def golden(path: Path, layer: int | None, x: np.ndarray, runs: list[tuple[str, int | float]]) -> dict:
    """What Keras predicts for x, and alibi's runs (rule, baseline) on x."""
    model = keras.models.load_model(path)
    return {
        "predictions": digits(model.predict(x, verbose=0)),
        "runs": [run(model, layer, rule, x, baseline) for rule, baseline in runs],
    }


def accuracy(path: Path, x: np.ndarray, labels: np.ndarray, rows: list[int]) -> dict:
    """Class and winning probability that Keras gives to each row, and the share of classes that are right."""
    probabilities = keras.models.load_model(path).predict(x, verbose=0)
    classes = probabilities.argmax(axis=1)
    return {
        "rows": rows,
        "classes": classes.tolist(),
        "probabilities": digits(probabilities.max(axis=1)),
        "accuracy": digits(np.mean(classes == labels)),
    }


def main(data: Path) -> None:
    keras.utils.set_random_seed(0)
    imdb, mnist = EXAMPLES / "imdb-cnn.h5", EXAMPLES / "mnist-cnn.h5"
    vocabulary = load_vocabulary(EXAMPLES / "imdb-vocab.txt")
    texts, sentiments = load_reviews(data, "test")
    tokens = encode(texts, vocabulary)
    images, digits_shown = load_mnist(data, "test")
    pixels = read_idx(data / "mnist" / "t10k-images-idx3-ubyte.gz")

    # The reviews are sorted by label, so the rows are taken from both halves; one short, padded review of each label.
    negative, positive = np.flatnonzero(sentiments == 0), np.flatnonzero(sentiments == 1)
    first_short = [int(half[(tokens[half, 40] == PAD).argmax()]) for half in (negative, positive)]
    rows = [*negative[:4].tolist(), *positive[:4].tolist(), *first_short]
    constants = [("gausslegendre", UNKNOWN), ("riemann_trapezoid", UNKNOWN)]
    write(
        HERE / "imdb-cnn.json.gz",
        {
            "provenance": PROVENANCE,
            **model_facts(imdb),
            "layer": EMBEDDING,
            "rows": rows,
            "labels": sentiments[rows].tolist(),
            "tokenChecksum": checksum(tokens[rows]),
            **golden(imdb, EMBEDDING, tokens[rows], [(rule, PAD) for rule in RULES] + constants),
        },
    )

    grey = [("gausslegendre", 0.5), ("riemann_trapezoid", 0.5)]
    write(
        HERE / "mnist-cnn.json.gz",
        {
            "provenance": PROVENANCE,
            **model_facts(mnist),
            "rows": list(range(10)),
            "labels": digits_shown[:10].tolist(),
            "pixelChecksum": checksum(pixels[:10]),
            **golden(mnist, None, images[:10], [(rule, 0.0) for rule in RULES] + grey),
        },
    )

    sentences = (EXAMPLES / "sentences.txt").read_text(encoding="utf-8").splitlines()
    own_tokens = encode(sentences, vocabulary)
    drawn = np.stack([np.asarray(Image.open(EXAMPLES / "digits" / f"{digit}.png")) for digit in range(10)])
    first = {
        "text": golden(imdb, EMBEDDING, own_tokens[:OWN_PER_RULE], [(rule, PAD) for rule in RULES[1:]]),
        "image": golden(mnist, None, scale(drawn[:OWN_PER_RULE]), [(rule, 0.0) for rule in RULES[1:]]),
    }
    text = golden(imdb, EMBEDDING, own_tokens, [(RULES[0], PAD)])
    image = golden(mnist, None, scale(drawn), [(RULES[0], 0.0)])
    text["runs"] += first["text"]["runs"]
    image["runs"] += first["image"]["runs"]
    write(
        HERE / "own-inputs.json.gz",
        {
            "provenance": PROVENANCE,
            "sentences": {**model_facts(imdb), "layer": EMBEDDING, "tokens": own_tokens.tolist(), **text},
            "digits": {**model_facts(mnist), "pixelChecksum": checksum(drawn), **image},
        },
    )

    rows = [*negative[:100].tolist(), *positive[:100].tolist()]
    write(
        HERE / "accuracy.json",
        {
            "provenance": {"keras": keras.__version__, "tensorflow": tf.__version__},
            "imdb": {
                **model_facts(imdb),
                "tokenChecksum": checksum(tokens[rows]),
                **accuracy(imdb, tokens[rows], sentiments[rows], rows),
            },
            "mnist": {
                **model_facts(mnist),
                "pixelChecksum": checksum(pixels[:200]),
                **accuracy(mnist, images[:200], digits_shown[:200], list(range(200))),
            },
        },
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python make_golden.py DATA_FOLDER")
    main(Path(sys.argv[1]))
