"""Makes agnews-bilstm.json.gz: what real Keras predicts and the real alibi explains on examples/agnews-bilstm.h5.

    python make_golden_agnews.py DATA_FOLDER

Explained: examples/headlines.txt, at the embedding, for each of the four classes. Of the real test texts in
DATA_FOLDER/ag_news/test.csv only row numbers, a checksum and what the model says about them are stored.
"""

import sys
from pathlib import Path

import alibi
import keras
import numpy as np
import tensorflow as tf

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "examples"
sys.path.insert(0, str(EXAMPLES))

from agnews_text import CLASSES, encode, load_news  # noqa: E402
from alibi_runs import INTERNAL_BATCH_SIZE, STEPS, checksum, digits, run, write  # noqa: E402
from imdb_text import PAD, load_vocabulary  # noqa: E402

EMBEDDING = 1
REAL_ROWS = 200


def main(data: Path) -> None:
    keras.utils.set_random_seed(0)
    path = EXAMPLES / "agnews-bilstm.h5"
    model = keras.models.load_model(path)
    vocabulary = load_vocabulary(EXAMPLES / "agnews-vocab.txt")
    tokens = encode((EXAMPLES / "headlines.txt").read_text(encoding="utf-8").splitlines(), vocabulary)
    texts, labels = load_news(data, "test")
    test_tokens = encode(texts, vocabulary)
    probabilities = model.predict(test_tokens, batch_size=256, verbose=0)
    classes = probabilities.argmax(axis=1)
    write(
        HERE / "agnews-bilstm.json.gz",
        {
            "provenance": {
                "alibi": alibi.__version__,
                "tensorflow": tf.__version__,
                "keras": keras.__version__,
                "nSteps": STEPS,
                "internalBatchSize": INTERNAL_BATCH_SIZE,
            },
            "model": path.name,
            "modelChecksum": checksum(np.frombuffer(path.read_bytes(), np.uint8)),
            "layer": EMBEDDING,
            "tokens": tokens.tolist(),
            "predictions": digits(model.predict(tokens, verbose=0)),
            "runs": [run(model, EMBEDDING, "gausslegendre", tokens, PAD, target) for target in range(len(CLASSES))],
            "real": {
                "tokenChecksum": checksum(test_tokens[:REAL_ROWS]),
                "predictions": digits(probabilities[:REAL_ROWS]),
                "accuracy": digits(np.mean(classes == labels)),
            },
        },
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python make_golden_agnews.py DATA_FOLDER")
    main(Path(sys.argv[1]))
