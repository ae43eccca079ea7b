"""Trains agnews-bilstm.h5 with Keras: a bidirectional LSTM that sorts news into four classes.

    python train_agnews_bilstm.py DATA_FOLDER

DATA_FOLDER holds ag_news/train_subset.csv and test.csv. Writes agnews-vocab.txt and agnews-bilstm.h5 beside this file and prints
the test accuracy. Layer 1 of the model is the embedding: layer 0 is the input. Padding is not masked: id 0 has a vector of its own.
"""

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from agnews_text import CLASSES, SEQUENCE_LENGTH, VOCABULARY_SIZE, encode, load_news
from imdb_text import build_vocabulary, save_vocabulary

HERE = Path(__file__).resolve().parent
SEED = 7
EPOCHS = 5
BATCH = 64


def build_model() -> keras.Model:
    tokens = layers.Input((SEQUENCE_LENGTH,), dtype="int32", name="tokens")
    out = layers.Embedding(VOCABULARY_SIZE, 64, name="embedding")(tokens)
    out = layers.Bidirectional(layers.LSTM(32, name="lstm"), name="bidirectional")(out)
    out = layers.Dense(16, activation="relu", name="hidden")(out)
    topic = layers.Dense(len(CLASSES), activation="softmax", name="topic")(out)
    return keras.Model(tokens, topic, name="agnews_bilstm")


def main(data: Path) -> None:
    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    train_texts, train_labels = load_news(data, "train")
    test_texts, test_labels = load_news(data, "test")
    vocabulary = build_vocabulary(train_texts, VOCABULARY_SIZE)
    save_vocabulary(vocabulary, HERE / "agnews-vocab.txt")

    # The training subset has more World and Sci/Tech than Sports and Business, the test set as many of each.
    counts = np.bincount(train_labels)
    order = np.random.default_rng(SEED).permutation(len(train_texts))
    rate = keras.optimizers.schedules.CosineDecay(2e-3, EPOCHS * -(-len(order) // BATCH))
    model = build_model()
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(
        encode(train_texts, vocabulary)[order],
        train_labels[order],
        batch_size=BATCH,
        epochs=EPOCHS,
        class_weight=dict(enumerate(len(order) / (len(counts) * counts))),
        verbose=2,
    )

    path = HERE / "agnews-bilstm.h5"
    model.save(path, include_optimizer=False)
    test_tokens = encode(test_texts, vocabulary)
    probabilities = model.predict(test_tokens, batch_size=256, verbose=0)
    reloaded = keras.models.load_model(path).predict(test_tokens, batch_size=256, verbose=0)
    if not np.array_equal(probabilities, reloaded):
        raise SystemExit(f"{path.name} read back predicts otherwise than the trained model")
    print(f"test accuracy {np.mean(reloaded.argmax(1) == test_labels):.4f} on {len(test_labels)} texts")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python train_agnews_bilstm.py DATA_FOLDER")
    main(Path(sys.argv[1]))
