"""Expected values for test/keras/layers/golden.test.ts: the layers of sound, ReversibleEmbedding, AutoContrast, Pipeline, and layers that a saved
model leaves out when it predicts. Each model is saved as .keras and loaded again, and its output is that of predict; the gradient is
TensorFlow's, of sum(output * cotangent). Samples are given one at a time, since MelSpectrogram's top_db takes the loudest of a batch.

Run with Keras 3.15 on TensorFlow 2.21 (CPU): python test/golden/make_spectrograms.py  -> spectrograms.json.gz
"""
import gzip
import json
import os
import tempfile

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers as L  # noqa: E402
from small_models import all_layers, numbers, prune  # noqa: E402

rng = np.random.default_rng(11)
cases = []


def leaves(model):
    for top in model.layers:
        yield from top.layers if isinstance(top, L.Pipeline) else all_layers(top)


def case(name, build, *shapes, ints=None, scale=1.0, keep=(), data=None):
    """`keep`: classes whose weights stay as Keras made them."""
    xs = [keras.Input(s, dtype="int32" if ints else "float32") for s in shapes]
    model = keras.Model(xs, build(*xs))
    for leaf in leaves(model):
        if leaf.weights and not isinstance(leaf, keep):
            new = [w.numpy() if "seed" in w.path else rng.uniform(0.4, 1.2, w.shape) for w in leaf.weights]
            leaf.set_weights(new)
    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/m.keras")
        model = keras.saving.load_model(f"{folder}/m.keras")
    xla = name.endswith("channels_first")  # for which TensorFlow itself has no convolution on a CPU
    model.compile(jit_compile=xla)
    feeds = data or [rng.integers(0, ints, (2, *s)) if ints else rng.normal(0, scale, (2, *s)) for s in shapes]
    feeds = [np.asarray(f, "int32" if ints else "float32") for f in feeds]
    rows = [[f[i : i + 1] for f in feeds] for i in range(len(feeds[0]))]
    y = np.concatenate([model.predict(row if len(row) > 1 else row[0], verbose=0) for row in rows])
    cotangent = rng.normal(0, 1, y.shape).astype("float32")

    @tf.function(jit_compile=xla)
    def gradient(tensors, g):
        with tf.GradientTape() as tape:
            tape.watch(tensors[0])
            score = tf.reduce_sum(model(tensors, training=False) * g)
        return tape.gradient(score, tensors[0])

    grads = [gradient([tf.constant(f) for f in row], cotangent[i : i + 1]) for i, row in enumerate(rows) if not ints]
    kept = {leaf.name: [w for w in leaf.weights if "seed" not in w.path] for leaf in leaves(model)}
    cases.append(
        {
            "name": name,
            "architecture": prune(json.loads(model.to_json())),
            "weights": {k: [{"name": w.name, **numbers(w.numpy(), 9)} for w in ws] for k, ws in kept.items() if ws},
            "inputs": [numbers(f, 9) for f in feeds],
            "output": numbers(y),
            "cotangent": numbers(cotangent),
            "gradient": None if ints else numbers(np.concatenate(grads)),
        }
    )


def one(layer, *shape, label="", **more):
    case(f"{type(layer).__name__} {label}".strip(), lambda x: layer(x), shape, **more)


def mel(label="", length=60, **options):
    settings = {"fft_length": 16, "sequence_stride": 8, "num_mel_bins": 5, "sampling_rate": 4000, **options}
    one(L.MelSpectrogram(**settings), length, label=label)


mel()
mel("power", power_to_db=False)
mel("magnitude", power_to_db=False, mag_exp=1.0)
mel("exponent 3", power_to_db=False, mag_exp=3.0, min_freq=200.0, max_freq=1500.0)
mel("short window", sequence_length=10, window="hamming")
mel("odd window", sequence_length=11)
mel("odd transform", fft_length=15, sequence_stride=4)
mel("no window", window=None)
mel("top_db", top_db=6.0, ref_power=2.0, min_power=0.5)
one(L.MelSpectrogram(), 1500, label="defaults but the length")
one(
    L.MelSpectrogram(fft_length=16, sequence_stride=8, num_mel_bins=12, sampling_rate=16000),
    40,
    label="bands without a bin, and silence",
    data=[np.concatenate([rng.normal(0, 1, (2, 20)), np.zeros((2, 20))], 1)],
)

for mode in ("log", "magnitude", "psd", "real", "imag", "angle", "stft"):
    one(L.STFTSpectrogram(mode=mode, frame_length=6, frame_step=3), 20, 2, label=mode, keep=L.STFTSpectrogram)
own = {"keep": L.STFTSpectrogram}
one(L.STFTSpectrogram(frame_length=6, padding="same", data_format="channels_first"), 2, 20, label="same channels_first", **own)
one(L.STFTSpectrogram(frame_length=6, expand_dims=True), 20, 2, label="expand_dims", **own)
one(L.STFTSpectrogram(frame_length=6, expand_dims=True, data_format="channels_first"), 2, 20, label="expand_dims channels_first", **own)
one(L.STFTSpectrogram(frame_length=5, fft_length=16, window="blackman", periodic=True, scaling="spectrum"), 20, 1, label="options", **own)
one(L.STFTSpectrogram(frame_length=4, frame_step=1, window=None, scaling=None), 12, 1, label="no window", scale=30, **own)
one(L.STFTSpectrogram(mode="stft", frame_length=4), 12, 1, label="trained kernels")


def language(**options):
    def build(x):
        table = L.ReversibleEmbedding(6, 3, **options)
        return table(L.Dense(3)(table(x)), reverse=True)

    return build


def pooled(x):
    return L.GlobalAveragePooling1D()(L.ReversibleEmbedding(6, 3, mask_zero=True)(x))


ids = [[[1, 4, 0, 0], [2, 0, 3, 5]]]
case("ReversibleEmbedding", language(), (4,), ints=6)
case("ReversibleEmbedding with a matrix of its own", language(tie_weights=False), (4,), ints=6)
case("ReversibleEmbedding with a soft cap", language(logit_soft_cap=1.5, reverse_dtype="float32"), (4,), ints=6)
case("ReversibleEmbedding with a mask", pooled, (4,), ints=6, data=ids)


def backwards(x):
    table = L.ReversibleEmbedding(5, 3, tie_weights=False, logit_soft_cap=2.0)
    table(keras.Input((2,), dtype="int32"))
    return table(x, reverse=True)


case("ReversibleEmbedding called backwards alone", backwards, (2, 3))

one(L.AutoContrast(), 4, 3, 2, scale=40)
one(L.AutoContrast(value_range=(-1, 1)), 4, 3, 2, label="range")
one(L.AutoContrast(data_format="channels_first"), 2, 3, 4, label="channels_first", scale=40)

picture = (4, 4, 3)
for layer in (
    L.MixUp(),
    L.CutMix(),
    L.AugMix(),
    L.RandAugment(),
    L.RandomElasticTransform(),
    L.Solarization(0.5, 0.5),
    L.MaxNumBoundingBoxes(3),
    L.Pipeline([L.Equalization()]),
):
    one(layer, *picture, label="predicts", scale=40)
one(L.Pipeline([L.RandomFlip(), L.Rescaling(0.02), L.Conv2D(2, 2), L.BatchNormalization()]), *picture, label="of four", scale=40)
case(
    "Pipeline hands masks on",
    lambda x: L.GlobalAveragePooling1D()(L.Pipeline([L.Dropout(0.5), L.Dense(2)])(L.Embedding(6, 3, mask_zero=True)(x))),
    (4,),
    ints=6,
    data=ids,
)

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "spectrograms.json.gz")
made_with = f"keras {keras.__version__}, tensorflow {tf.__version__}"
with open(path, "wb") as file, gzip.GzipFile("", "wb", 9, file, 0) as zipped:
    zipped.write(json.dumps({"made_with": made_with, "cases": cases}, separators=(",", ":")).encode())
print(len(cases), "cases,", os.path.getsize(path), "bytes")
