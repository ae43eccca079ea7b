"""Trains mnist-cnn.h5 with Keras: the image CNN of alibi's integrated-gradients document, inputs 28x28x1 in [0, 1].

    python train_mnist_cnn.py DATA_FOLDER

DATA_FOLDER holds mnist/train-images-idx3-ubyte.gz and the other three files of MNIST. Writes mnist-cnn.h5 beside this file
and prints the test accuracy.
"""

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from mnist_data import load_mnist

HERE = Path(__file__).resolve().parent
SEED = 7


def build_model() -> keras.Model:
    image = layers.Input((28, 28, 1), name="image")
    out = layers.Conv2D(64, 2, padding="same", activation="relu", name="conv_1")(image)
    out = layers.MaxPooling2D(2, name="pool_1")(out)
    out = layers.Dropout(0.3, name="dropout_1")(out)
    out = layers.Conv2D(32, 2, padding="same", activation="relu", name="conv_2")(out)
    out = layers.MaxPooling2D(2, name="pool_2")(out)
    out = layers.Dropout(0.3, name="dropout_2")(out)
    out = layers.Flatten(name="flatten")(out)
    out = layers.Dense(256, activation="relu", name="hidden")(out)
    out = layers.Dropout(0.5, name="dropout_hidden")(out)
    digit = layers.Dense(10, activation="softmax", name="digit")(out)
    return keras.Model(image, digit, name="mnist_cnn")


def main(data: Path) -> None:
    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    train_images, train_labels = load_mnist(data, "train")
    test_images, test_labels = load_mnist(data, "test")

    model = build_model()
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(train_images, keras.utils.to_categorical(train_labels, 10), batch_size=256, epochs=6, verbose=2)

    path = HERE / "mnist-cnn.h5"
    model.save(path, include_optimizer=False)
    probabilities = model.predict(test_images, batch_size=256, verbose=0)
    reloaded = keras.models.load_model(path).predict(test_images, batch_size=256, verbose=0)
    if not np.array_equal(probabilities, reloaded):
        raise SystemExit(f"{path.name} read back predicts otherwise than the trained model")
    print(f"test accuracy {np.mean(reloaded.argmax(1) == test_labels):.4f} on {len(test_labels)} images")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python train_mnist_cnn.py DATA_FOLDER")
    main(Path(sys.argv[1]))
