"""Small models of real Keras with the files that people would give them, and what Keras predicts for those files.

    python make_models.py            (../requirements.txt, and pyarrow for houses.parquet)

Writes beside itself: houses.keras, wines.keras (tables with two inputs), colours.keras (several labels), reviews.keras (texts), tones.keras and
walks.keras (series), their inputs (CSV, NDJSON, Parquet, PNG, JPEG, text, WAV, npz) and expected.json. All data are drawn here.
"""
import json
import os
import wave

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import pyarrow
import pyarrow.parquet
from keras import layers
from PIL import Image

here = os.path.dirname(os.path.abspath(__file__))
keras.utils.set_random_seed(12)
rng = np.random.default_rng(12)
expected = {"keras": keras.__version__}


def at(name):
    return os.path.join(here, name)


def keep(name, model, inputs):
    model.save(at(f"{name}.keras"), include_optimizer=False)
    expected[name] = np.asarray(model.predict(inputs, verbose=0)).astype(float).tolist()


def write_csv(name, columns, rows, separator=",", end="\n"):
    def field(value):
        text = str(value)
        return '"' + text.replace('"', '""') + '"' if separator in text or '"' in text else text

    with open(at(name), "w", newline="", encoding="utf-8") as file:
        for row in [columns, *rows]:
            file.write(separator.join(field(value) for value in row) + end)


def houses():
    """A regression: four numbers, normalized, and a city, looked up and one-hot."""
    n = 600
    area = rng.integers(35, 220, n)
    rooms = np.clip(area // 28 + rng.integers(-1, 2, n), 1, 8)
    year = rng.integers(1900, 2024, n)
    distance = np.round(rng.gamma(2.0, 4.0, n), 1)
    names = np.array(["Zürich", "Bern", "Basel, Stadt", "Genève"])
    city = rng.integers(0, 4, n)
    price = 60 + 5.5 * area + 14 * rooms + 1.2 * (year - 1960) - 9 * distance + np.array([180, 0, 60, 120])[city]
    price = np.round(price + rng.normal(0, 15, n), 1)
    numbers = np.stack([area, rooms, year, distance], 1).astype("float32")
    cities = names[city][:, None]

    normalize = layers.Normalization(name="scaled")
    normalize.adapt(numbers)
    lookup = layers.StringLookup(vocabulary=list(names), output_mode="one_hot", name="city_code")
    x, c = keras.Input((4,), name="numbers"), keras.Input((1,), name="city", dtype="string")
    h = layers.Concatenate()([normalize(x), lookup(c)])
    h = layers.Dense(12, activation="relu")(h)
    model = keras.Model([x, c], layers.Dense(1, name="price")(h), name="houses")
    model.compile(keras.optimizers.Adam(0.05), "mae")
    import tensorflow as tf
    codes = lookup(tf.constant(cities))
    inner = keras.Sequential([keras.Input((9,)), *model.layers[-2:]])
    inner.compile(keras.optimizers.Adam(0.05), "mae")
    inner.fit(np.concatenate([normalize(numbers), codes], 1), price, epochs=120, batch_size=64, verbose=0)

    rows = [[a, r, c, y, d, p] for a, r, c, y, d, p in zip(area[:12], rooms[:12], names[city][:12], year[:12], distance[:12], price[:12])]
    columns = ["area", "rooms", "city", "year", "distance", "price"]
    write_csv("houses.csv", columns, rows)
    table = {key: [row[i].item() if hasattr(row[i], "item") else row[i] for row in rows] for i, key in enumerate(columns)}
    pyarrow.parquet.write_table(pyarrow.table(table), at("houses.parquet"), compression="snappy")
    keep("houses", model, [tf.constant(numbers[:12]), tf.constant(cities[:12])])


def wines():
    """Three classes: five measures, and the region looked up to an id and embedded."""
    n = 600
    kind = rng.integers(0, 3, n)
    centre = np.array([[13.7, 2.0, 106, 2.9, 5.5], [12.3, 1.9, 94, 2.1, 3.1], [13.1, 3.3, 99, 0.8, 7.4]])
    measures = np.round(centre[kind] + rng.normal(0, [0.5, 0.8, 12, 0.4, 1.1], (n, 5)), 2).astype("float32")
    regions = np.array(["coast", "hill", "valley"])
    region = np.where(rng.random(n) < 0.7, kind, rng.integers(0, 3, n))
    normalize = layers.Normalization(name="normalization")
    normalize.adapt(measures)
    lookup = layers.StringLookup(vocabulary=list(regions), name="region_id")
    x, r = keras.Input((5,), name="measures"), keras.Input((1,), name="region", dtype="string")
    e = layers.Flatten()(layers.Embedding(4, 3, name="region_vectors")(lookup(r)))
    h = layers.Dense(8, activation="tanh")(layers.Concatenate()([normalize(x), e]))
    model = keras.Model([x, r], layers.Dense(3, activation="softmax", name="cultivar")(h), name="wines")
    model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
    import tensorflow as tf
    data = tf.data.Dataset.from_tensor_slices(((measures, regions[region][:, None]), kind)).batch(64)
    model.fit(data, epochs=40, verbose=0)

    columns = ["alcohol", "malic acid", "magnesium", "flavanoids", "colour intensity"]
    with open(at("wines.ndjson"), "w", encoding="utf-8") as file:
        for m, k, g in zip(measures[:10], kind[:10], regions[region][:10]):
            file.write(json.dumps({"cultivar": int(k), "region": str(g), **{c: round(float(v), 2) for c, v in zip(columns, m)}}) + "\n")
    rounded = np.round(measures[:10].astype("float64"), 2).astype("float32")
    keep("wines", model, [tf.constant(rounded), tf.constant(regions[region][:10, None])])


def drawn(colours, size=16):
    """Blobs of the colours on grey."""
    row, column = np.mgrid[0:size, 0:size]
    picture = np.full((size, size, 3), 110.0)
    for colour in colours:
        y, x, r = rng.uniform(3, size - 3), rng.uniform(3, size - 3), rng.uniform(2, 4)
        picture[(row - y) ** 2 + (column - x) ** 2 < r * r] = colour
    return np.clip(np.round(picture + rng.normal(0, 6, picture.shape)), 0, 255).astype("uint8")


def colours():
    """Which of red, green and blue are in a picture: any of them may be."""
    palette = np.array([[220, 40, 40], [40, 190, 60], [50, 70, 220]])
    labels = rng.integers(0, 2, (1500, 3))
    pictures = np.stack([drawn(palette[row == 1]) for row in labels])
    model = keras.Sequential([
        keras.Input((16, 16, 3), name="picture"), layers.Rescaling(1 / 255),
        layers.Conv2D(6, 3, activation="relu"), layers.Conv2D(6, 3, activation="relu"), layers.GlobalMaxPooling2D(),
        layers.Dense(3, activation="sigmoid", name="colours"),
    ], name="colours")
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["binary_accuracy"])
    model.fit(pictures.astype("float32"), labels, epochs=15, batch_size=32, verbose=0)
    print("colours", model.evaluate(pictures.astype("float32"), labels, verbose=0))
    folder = at("colours")
    os.makedirs(folder, exist_ok=True)
    shown = [drawn(palette[[0]]), drawn(palette[[0, 2]]), drawn(palette[[1, 2]])]
    for name, picture in zip(["red.png", "red-blue.png"], shown):
        Image.fromarray(picture).save(os.path.join(folder, name))
    Image.fromarray(shown[2]).save(os.path.join(folder, "green-blue.jpg"), quality=95, subsampling=0)
    names = sorted(os.listdir(folder))
    read = np.stack([np.asarray(Image.open(os.path.join(folder, name)).convert("RGB")) for name in names])
    expected["colours files"] = names
    keep("colours", model, read.astype("float32"))


def reviews():
    """Texts that the model splits and looks up itself."""
    good, bad = ["superb", "lovely", "great", "moving"], ["dull", "awful", "boring", "weak"]
    filler = "the a film movie plot and was with acting story very so it this".split()
    def review(words):
        n = rng.integers(4, 12)
        text = list(rng.choice(filler, n))
        for word in rng.choice(words, rng.integers(1, 3)):
            text.insert(int(rng.integers(0, len(text) + 1)), str(word))
        return " ".join(text).capitalize() + "!"
    label = rng.integers(0, 2, 800)
    texts = [review(good if y else bad) for y in label]
    vectorize = layers.TextVectorization(max_tokens=60, output_sequence_length=16, name="words")
    vectorize.adapt(texts)
    model = keras.Sequential([
        keras.Input((1,), dtype="string", name="review"), vectorize,
        layers.Embedding(60, 8, mask_zero=True, name="vectors"), layers.Conv1D(8, 3, padding="same", activation="relu"),
        layers.GlobalMaxPooling1D(), layers.Dense(1, activation="sigmoid", name="positive"),
    ], name="reviews")
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    import tensorflow as tf
    model.fit(tf.constant(texts)[:, None], label, epochs=8, verbose=0)
    asked = ["What a superb, moving film!", "The plot was dull and the acting AWFUL.", "It was lovely, with a weak story."]
    with open(at("reviews.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(asked) + "\n")
    with open(at("foreign-vocab.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(["<pad>", "<unk>", *sorted(good + bad + filler)]) + "\n")
    expected["reviews vocabulary"] = vectorize.get_vocabulary()
    keep("reviews", model, tf.constant(asked)[:, None])


def tones():
    """Is a tone high or low: 1-D convolution on the samples of a WAV file."""
    n, rate = 256, 4000
    t = np.arange(n) / rate
    def tone(high):
        f = rng.uniform(700, 1200) if high else rng.uniform(80, 300)
        return (0.4 * np.sin(2 * np.pi * f * t + rng.uniform(0, 6)) + rng.normal(0, 0.05, n)).astype("float32")
    label = rng.integers(0, 2, 400)
    sound = np.stack([tone(y) for y in label])[..., None]
    model = keras.Sequential([
        keras.Input((n, 1), name="sound"), layers.Conv1D(6, 9, activation="relu"), layers.GlobalAveragePooling1D(),
        layers.Dense(2, activation="softmax", name="pitch"),
    ], name="tones")
    model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
    model.fit(sound, label, epochs=25, verbose=0)
    whole = np.round(tone(1).astype("float64") * 32767).astype("<i2")
    with wave.open(at("high.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(whole.tobytes())
    keep("tones", model, (whole / 32768).astype("float32")[None, :, None])


def walks():
    """Two channels of a sensor, three movements: rows of a CSV are steps."""
    n = 40
    t = np.arange(n)
    def walk(kind):
        a = np.sin(2 * np.pi * t / [20, 8, 40][kind] + rng.uniform(0, 6)) * [1, 0.6, 0.2][kind]
        b = np.cumsum(rng.normal([0, 0, 0.1][kind], 0.1, n))
        return np.stack([a + rng.normal(0, 0.1, n), b], 1)
    label = rng.integers(0, 3, 500)
    series = np.stack([walk(y) for y in label]).astype("float32")
    model = keras.Sequential([
        keras.Input((n, 2), name="motion"), layers.Conv1D(8, 5, activation="relu"), layers.MaxPooling1D(2),
        layers.Conv1D(8, 5, activation="relu"), layers.GlobalAveragePooling1D(), layers.Dense(3, activation="softmax", name="movement"),
    ], name="walks")
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(series, label, epochs=20, verbose=0)
    one = np.round(walk(1), 3)
    write_csv("walk.csv", ["swing", "drift"], one.tolist(), separator=";", end="\r\n")
    np.savez(at("walks.npz"), motion=np.stack([one, np.round(walk(2), 3)]).astype("float32"))
    stored = np.load(at("walks.npz"))["motion"]
    keep("walks", model, stored)


for make in [houses, wines, colours, reviews, tones, walks]:
    make()
with open(at("expected.json"), "w", encoding="utf-8") as file:
    json.dump(expected, file)
    file.write("\n")
