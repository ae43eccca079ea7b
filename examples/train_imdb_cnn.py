"""Trains imdb-cnn.h5 with Keras: the text CNN of alibi's integrated-gradients document, on a vocabulary built here.

    python train_imdb_cnn.py DATA_FOLDER

DATA_FOLDER holds imdb/imdb_train.csv.gz and imdb_test.csv.gz (columns label, rating, id, text). Writes imdb-vocab.txt and
imdb-cnn.h5 beside this file and prints the test accuracy. Layer 1 of the model is the embedding: layer 0 is the input.
"""

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from imdb_text import SEQUENCE_LENGTH, VOCABULARY_SIZE, build_vocabulary, encode, load_reviews, save_vocabulary

HERE = Path(__file__).resolve().parent
SEED = 7


def build_model() -> keras.Model:
    tokens = layers.Input((SEQUENCE_LENGTH,), dtype="int32", name="tokens")
    out = layers.Embedding(VOCABULARY_SIZE, 50, name="embedding")(tokens)
    out = layers.Conv1D(250, 3, padding="valid", activation="relu", name="conv")(out)
    out = layers.Dropout(0.4, name="dropout_conv")(out)
    out = layers.GlobalMaxPooling1D(name="max_over_time")(out)
    out = layers.Dense(250, activation="relu", name="hidden")(out)
    out = layers.Dropout(0.4, name="dropout_hidden")(out)
    sentiment = layers.Dense(2, activation="softmax", name="sentiment")(out)
    return keras.Model(tokens, sentiment, name="imdb_cnn")


def main(data: Path) -> None:
    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    train_texts, train_labels = load_reviews(data, "train")
    test_texts, test_labels = load_reviews(data, "test")
    vocabulary = build_vocabulary(train_texts)
    save_vocabulary(vocabulary, HERE / "imdb-vocab.txt")

    # The file is sorted by label; shuffled once here, so that batches are mixed whatever Keras's own shuffling does.
    order = np.random.default_rng(SEED).permutation(len(train_texts))
    model = build_model()
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(
        encode(train_texts, vocabulary)[order],
        keras.utils.to_categorical(train_labels, 2)[order],
        batch_size=256,
        epochs=3,
        verbose=2,
    )

    path = HERE / "imdb-cnn.h5"
    model.save(path, include_optimizer=False)
    test_tokens = encode(test_texts, vocabulary)
    probabilities = model.predict(test_tokens, batch_size=256, verbose=0)
    reloaded = keras.models.load_model(path).predict(test_tokens, batch_size=256, verbose=0)
    if not np.array_equal(probabilities, reloaded):
        raise SystemExit(f"{path.name} read back predicts otherwise than the trained model")
    print(f"test accuracy {np.mean(reloaded.argmax(1) == test_labels):.4f} on {len(test_labels)} reviews")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python train_imdb_cnn.py DATA_FOLDER")
    main(Path(sys.argv[1]))
