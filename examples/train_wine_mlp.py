"""Trains wine-mlp.keras with Keras: which of three cultivars a wine is of, by 13 chemical measurements of scikit-learn's wine data.

    python train_wine_mlp.py

Writes wine-mlp.keras and wine.csv (all 178 wines, with the column `cultivar`) beside this file and prints the accuracy on the third of the
wines that was not trained on. The measurements are as they were made: a Normalization, whose means and variances are those of the training
wines, is part of the model.
"""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

HERE = Path(__file__).resolve().parent
SEED = 7


def main() -> None:
    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    wine = load_wine()
    x, y = wine.data.astype("float32"), wine.target
    train, test = train_test_split(np.arange(len(x)), test_size=1 / 3, random_state=SEED, stratify=y)

    normalization = layers.Normalization(name="normalization")
    normalization.adapt(x[train])
    measurements = layers.Input((13,), name="measurements")
    out = normalization(measurements)
    out = layers.Dense(16, activation="relu", name="hidden")(out)
    cultivar = layers.Dense(3, activation="softmax", name="cultivar")(out)
    model = keras.Model(measurements, cultivar, name="wine_mlp")
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    model.fit(x[train], y[train], batch_size=16, epochs=30, verbose=2)

    path = HERE / "wine-mlp.keras"
    model.save(path)
    probabilities = keras.models.load_model(path).predict(x, verbose=0)
    if not np.array_equal(probabilities, model.predict(x, verbose=0)):
        raise SystemExit(f"{path.name} read back predicts otherwise than the trained model")
    names = [name.replace("od280/od315_of_diluted_wines", "od280/od315") for name in wine.feature_names]
    rows = [",".join([f"{value:g}" for value in row] + [str(label)]) for row, label in zip(wine.data, y)]
    (HERE / "wine.csv").write_text("\n".join([",".join([*names, "cultivar"]), *rows]) + "\n")
    print(f"test accuracy {np.mean(probabilities[test].argmax(1) == y[test]):.4f} on {len(test)} wines")


if __name__ == "__main__":
    main()
