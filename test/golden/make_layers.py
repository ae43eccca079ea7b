"""Expected values for test/keras/layers: every layer and option that pathgrad supports, run by real Keras on random input.

Each case is a small functional model: its architecture as Keras writes it, its weights, inputs, output, and the gradient of
sum(output * cotangent) to the first input where that is a float. Written to layers.json beside this file.
Run with Keras 3.15 on TensorFlow 2.21 (CPU): python test/golden/make_layers.py
"""
import json
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers as L  # noqa: E402
from small_models import all_layers, numbers, prune  # noqa: E402

rng = np.random.default_rng(7)
cases = []


def random_weights(model):
    for layer in (leaf for top in model.layers for leaf in all_layers(top)):
        values = []
        for w in layer.weights:
            if "seed" in w.path:
                values.append(w.numpy())
            elif "variance" in w.name:
                values.append(rng.uniform(0.5, 1.5, w.shape))
            else:
                values.append(rng.normal(0, 0.6, w.shape))
        if values:
            layer.set_weights(values)
        if isinstance(layer, L.Normalization):
            layer.finalize_state()


def case(name, build, *shapes, ints=None, data=None):
    """`build` maps the inputs to an output; `shapes` are without the batch axis."""
    xs = [keras.Input(s, dtype="int32" if ints else "float32") for s in shapes]
    try:
        model = keras.Model(xs, build(*xs))
        random_weights(model)
        feeds = data or [rng.integers(0, ints, (2, *s)) if ints else rng.normal(0, 1, (2, *s)) for s in shapes]
        feeds = [np.asarray(f, "int32" if ints else "float32") for f in feeds]
        tensors = [tf.constant(f) for f in feeds]
        with tf.GradientTape() as tape:
            tape.watch(tensors[0])
            y = model(tensors, training=False)
            cotangent = rng.normal(0, 1, y.shape).astype("float32")
            score = tf.reduce_sum(tf.cast(y, tf.float32) * cotangent)
        grad = None if ints else tape.gradient(score, tensors[0])
    except Exception as error:  # a combination that TensorFlow has no CPU kernel for
        print("skipped", name, type(error).__name__, str(error)[:100])
        return
    weights = {}
    for top in model.layers:
        for leaf in all_layers(top):
            kept = [w for w in leaf.weights if "seed" not in w.path]
            if kept:
                weights[leaf.name] = [{"name": w.name, **numbers(w.numpy())} for w in kept]
    cases.append(
        {
            "name": name,
            "architecture": prune(json.loads(model.to_json())),
            "weights": weights,
            "inputs": [numbers(f) for f in feeds],
            "output": numbers(np.asarray(y)),
            "cotangent": numbers(cotangent),
            "gradient": None if grad is None else numbers(np.asarray(grad)),
        }
    )


def one(layer, *shape, label=""):
    case(f"{type(layer).__name__} {label}".strip(), lambda x: layer(x), shape)


one(L.Dense(3, activation="relu"), 4, label="relu")
one(L.Dense(3, use_bias=False), 2, 4, label="on sequences, no bias")
activations = (
    "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear log_sigmoid log_softmax "
    "mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish "
    "tanh tanh_shrink"
)
for name in activations.split():
    one(L.Activation(name), 6, label=name)
one(L.Dense(4, activation=L.LeakyReLU(negative_slope=0.1)), 3, label="with an activation layer")
one(L.ReLU(max_value=1.0, negative_slope=0.2, threshold=0.3), 6, label="options")
one(L.ReLU(max_value=0.5), 6, label="max_value")
one(L.LeakyReLU(negative_slope=0.2), 6)
one(L.ELU(alpha=0.7), 6)
one(L.PReLU(), 3, 2)
one(L.PReLU(shared_axes=[1]), 3, 2, label="shared")
one(L.Softmax(axis=1), 3, 2, label="axis 1")
one(L.Softmax(axis=[1, 2]), 3, 2, label="two axes")

for p in ("valid", "same", "causal"):
    one(L.Conv1D(3, 3, padding=p), 7, 2, label=p)
one(L.Conv1D(4, 2, strides=2, padding="same", activation="tanh"), 7, 2, label="strides")
one(L.Conv1D(4, 2, dilation_rate=2, padding="causal"), 7, 2, label="dilation causal")
one(L.Conv1D(4, 3, groups=2, use_bias=False), 6, 4, label="groups")
one(L.Conv1D(3, 2, data_format="channels_first", activation="softmax"), 2, 6, label="channels_first softmax")
one(L.Conv2D(3, (2, 3), padding="same", activation="relu"), 5, 4, 2, label="same")
one(L.Conv2D(2, 3, strides=(2, 1)), 6, 5, 2, label="strides")
one(L.Conv2D(2, 2, dilation_rate=(2, 1), padding="same"), 5, 5, 1, label="dilation")
one(L.Conv2D(2, 2, data_format="channels_first"), 2, 4, 4, label="channels_first")
one(L.Conv3D(2, 2, padding="same"), 3, 3, 3, 2)
one(L.Conv3D(2, 2, strides=2), 4, 4, 4, 1, label="strides")
for p in ("valid", "same"):
    one(L.DepthwiseConv1D(3, padding=p, depth_multiplier=2), 6, 2, label=p)
    one(L.DepthwiseConv2D(2, padding=p, strides=2, activation="relu"), 5, 5, 2, label=p)
    one(L.SeparableConv1D(3, 2, padding=p, depth_multiplier=2), 6, 2, label=p)
    one(L.SeparableConv2D(3, 2, padding=p, use_bias=False), 4, 4, 2, label=p)
    one(L.Conv1DTranspose(3, 3, strides=2, padding=p), 4, 2, label=p)
    one(L.Conv2DTranspose(2, (3, 2), strides=(2, 1), padding=p), 3, 3, 2, label=p)
    one(L.Conv2DTranspose(2, 2, strides=3, padding=p), 3, 3, 1, label=f"{p}, kernel < strides")
one(L.DepthwiseConv2D(2, dilation_rate=2), 5, 5, 2, label="dilation")
one(L.Conv1DTranspose(2, 3, strides=2, padding="same", output_padding=1), 4, 2, label="output_padding")
one(L.Conv1DTranspose(2, 3, strides=2, output_padding=1), 4, 2, label="valid output_padding")
one(L.Conv2DTranspose(2, 3, strides=2, padding="same", output_padding=0), 3, 3, 1, label="output_padding 0")
one(L.Conv3DTranspose(1, 2, strides=2, padding="same"), 2, 2, 2, 1)

for kind in (L.MaxPooling1D, L.AveragePooling1D):
    for p in ("valid", "same"):
        one(kind(3, strides=2, padding=p), 6, 2, label=p)
    one(kind(2, data_format="channels_first"), 2, 5, label="channels_first")
for kind in (L.MaxPooling2D, L.AveragePooling2D):
    one(kind((2, 3), strides=(1, 2), padding="same"), 4, 5, 2, label="same")
    one(kind(2), 5, 5, 1, label="default strides")
for kind in (L.MaxPooling3D, L.AveragePooling3D):
    one(kind(2, padding="same"), 3, 3, 3, 1)
for kind in (L.GlobalMaxPooling1D, L.GlobalAveragePooling1D):
    one(kind(), 4, 2)
    one(kind(keepdims=True, data_format="channels_first"), 4, 2, label="channels_first keepdims")
for kind in (L.GlobalMaxPooling2D, L.GlobalAveragePooling2D):
    one(kind(), 3, 3, 2)
    one(kind(keepdims=True), 3, 3, 2, label="keepdims")
    one(kind(data_format="channels_first"), 2, 3, 3, label="channels_first")
one(L.GlobalMaxPooling3D(), 2, 2, 2, 2)
one(L.GlobalAveragePooling3D(), 2, 2, 2, 2)

one(L.Flatten(), 3, 2)
one(L.Flatten(data_format="channels_first"), 2, 3, 3, label="channels_first")
one(L.Reshape((3, -1)), 2, 6)
one(L.Permute((2, 1)), 2, 3)
one(L.Permute((3, 1, 2)), 2, 3, 4, label="three axes")
one(L.RepeatVector(3), 4)
one(L.ZeroPadding1D((1, 2)), 3, 2)
one(L.ZeroPadding2D(((1, 0), (2, 1))), 2, 3, 1)
one(L.ZeroPadding2D((1, 2), data_format="channels_first"), 1, 2, 3, label="channels_first")
one(L.ZeroPadding3D(1), 2, 2, 2, 1)
one(L.Cropping1D((1, 2)), 5, 2)
one(L.Cropping2D(((1, 0), (0, 2))), 3, 4, 2)
one(L.Cropping3D(1), 3, 4, 3, 1)
one(L.UpSampling1D(3), 2, 2)
one(L.UpSampling2D((2, 3)), 2, 2, 2)
one(L.UpSampling2D((3, 2), interpolation="bilinear"), 3, 2, 2, label="bilinear")
one(L.UpSampling2D(2, interpolation="bilinear", data_format="channels_first"), 1, 1, 3, label="bilinear channels_first")
one(L.UpSampling3D(2), 2, 1, 2, 1)

one(L.BatchNormalization(), 3)
one(L.BatchNormalization(axis=1, scale=False, epsilon=0.01), 3, 4, label="axis 1, no scale")
one(L.BatchNormalization(center=False), 2, 2, 3, label="no center")
one(L.LayerNormalization(), 3, 4)
one(L.LayerNormalization(axis=[1, 2], epsilon=0.01), 3, 4, label="two axes")
one(L.LayerNormalization(axis=1, center=False), 3, 4, label="axis 1, no center")
one(L.LayerNormalization(scale=False), 4, label="no scale")
one(L.LayerNormalization(rms_scaling=True), 3, 4, label="rms_scaling")
one(L.GroupNormalization(groups=2), 3, 4)
one(L.GroupNormalization(groups=-1), 3, 3, 2, label="instance")
one(L.GroupNormalization(groups=3, axis=1, scale=False), 6, 4, label="axis 1")
one(L.UnitNormalization(), 3, 4)
one(L.UnitNormalization(axis=[1, 2]), 3, 4, label="two axes")
one(L.Rescaling(1 / 127.5, offset=-1), 4)
one(L.Rescaling([0.5, 2.0, 3.0], offset=[1.0, 0.0, -1.0]), 2, 3, label="per channel")
one(L.Normalization(mean=[1.0, 2.0, 3.0], variance=[4.0, 1.0, 0.25]), 3, label="given")
one(L.Normalization(mean=0.5, variance=2.0, axis=None), 3, label="scalar")
one(L.Normalization(axis=(1, 2)), 2, 3, label="adapted, two axes")
one(L.Normalization(mean=1.0, variance=4.0, invert=True), 3, label="inverted")
for layer in (L.Dropout(0.5), L.SpatialDropout1D(0.5), L.GaussianNoise(1.0), L.GaussianDropout(0.5), L.AlphaDropout(0.5)):
    one(layer, 3, 2)
one(L.ActivityRegularization(l1=0.1), 3)
one(L.RandomFlip(), 4, 4, 1)

for kind in (L.Add, L.Multiply, L.Average, L.Maximum, L.Minimum, L.Concatenate):
    case(f"{kind.__name__} of three", lambda *xs, k=kind: k()(list(xs)), (3, 2), (3, 2), (3, 2))
case("Subtract", lambda a, b: L.Subtract()([a, b]), (4,), (4,))
case("Add broadcast", lambda a, b: L.Add()([a, b]), (3, 2, 4), (4,))
case("Multiply broadcast", lambda a, b: L.Multiply()([a, b]), (3, 4), (1, 4))
case("Concatenate axis 1", lambda a, b: L.Concatenate(axis=1)([a, b]), (3, 2), (1, 2))
case("Dot of vectors", lambda a, b: L.Dot(axes=1)([a, b]), (4,), (4,))
case("Dot normalized", lambda a, b: L.Dot(axes=-1, normalize=True)([a, b]), (4,), (4,))
case("Dot of matrices", lambda a, b: L.Dot(axes=(2, 1))([a, b]), (2, 3), (3, 4))
case("Dot mixed", lambda a, b: L.Dot(axes=(1, 3))([a, b]), (3, 2), (2, 2, 3))
case("Dot of matrix and vector", lambda a, b: L.Dot(axes=(2, 1))([a, b]), (2, 3), (3,))

ids = [[[1, 4, 0, 0], [2, 0, 3, 5]]]
case("Embedding", lambda x: L.Embedding(6, 3)(x), (4,), ints=6)
case("Embedding of one id", lambda x: L.Flatten()(L.Embedding(6, 3)(x)), (1,), ints=6)
case("mask to GlobalAveragePooling1D", lambda x: L.GlobalAveragePooling1D()(L.Embedding(6, 3, mask_zero=True)(x)), (4,), ints=6, data=ids)
case("mask through Dense and Dropout", lambda x: L.GlobalAveragePooling1D()(L.Dropout(0.5)(L.Dense(2, activation="relu")(L.Embedding(6, 3, mask_zero=True)(x)))), (4,), ints=6, data=ids)
case("mask ends at Conv1D", lambda x: L.GlobalAveragePooling1D()(L.Conv1D(2, 3, padding="same")(L.Embedding(6, 3, mask_zero=True)(x))), (4,), ints=6, data=ids)
case("mask does not touch GlobalMaxPooling1D", lambda x: L.GlobalMaxPooling1D()(L.Embedding(6, 3, mask_zero=True)(x)), (4,), ints=6, data=ids)
case("masks of Add", lambda x: L.GlobalAveragePooling1D()(L.Add()([L.Embedding(6, 2, mask_zero=True)(x), L.Embedding(6, 2, mask_zero=True)(x)])), (4,), ints=6, data=ids)
case("one mask of Add is lost", lambda x: L.GlobalAveragePooling1D()(L.Add()([L.Embedding(6, 2, mask_zero=True)(x), L.Embedding(6, 2)(x)])), (4,), ints=6, data=ids)
case("masks of Concatenate", lambda x: L.GlobalAveragePooling1D()(L.Concatenate(axis=1)([L.Embedding(6, 2, mask_zero=True)(x), L.Embedding(6, 2)(x)])), (4,), ints=6, data=ids)
case("masks of Multiply", lambda x: L.GlobalAveragePooling1D()(L.Multiply()([L.Embedding(6, 2, mask_zero=True)(x), L.Embedding(6, 2)(x)])), (4,), ints=6, data=ids)
case("masks of Maximum", lambda x: L.GlobalAveragePooling1D()(L.Maximum()([L.Embedding(6, 2, mask_zero=True)(x), L.Embedding(6, 2)(x)])), (4,), ints=6, data=ids)
case("mask through TimeDistributed", lambda x: L.GlobalAveragePooling1D()(L.TimeDistributed(L.Dense(2))(L.Embedding(6, 3, mask_zero=True)(x))), (4,), ints=6, data=ids)
case("mask to Softmax", lambda x: L.Softmax(axis=1)(L.Reshape((4,))(L.Embedding(6, 1)(x)), mask=keras.ops.not_equal(x, 0)), (4,), ints=6, data=ids)
steps = [[[[1, 2], [0, 0], [3, 0]], [[0, 0], [0, 0], [1, -1]]]]
case("Masking", lambda x: L.Masking()(x), (3, 2), data=steps)
case("Masking with a value", lambda x: L.GlobalAveragePooling1D()(L.Masking(mask_value=1.0)(x)), (3, 2), data=[[[[1, 1], [0, 1], [3, 0]], [[0, 0], [1, 1], [1, -1]]]])

case("TimeDistributed Dense", lambda x: L.TimeDistributed(L.Dense(2, activation="relu"))(x), (3, 4))
case("TimeDistributed Conv2D", lambda x: L.TimeDistributed(L.Conv2D(2, 2))(x), (2, 3, 3, 1))
case("TimeDistributed model", lambda x: L.TimeDistributed(keras.Sequential([keras.Input((4,)), L.Dense(3, activation="tanh"), L.BatchNormalization()]))(x), (3, 4))
case("operators", lambda a, b: (a + b * 2.0 - 1.0) / (keras.ops.exp(a) + 3.0), (3,), (3,))


def shared(a, b):
    dense = L.Dense(3, activation="tanh", name="shared")
    return L.Concatenate()([dense(a), dense(b)])


def nested(x):
    inner = keras.Sequential([keras.Input((3,)), L.Dense(4, activation="relu"), L.Dropout(0.3), L.BatchNormalization(), L.Dense(3)], name="inner")
    return L.Add()([inner(x), inner(L.Activation("tanh")(x))])


def two_headed(a, b):
    x, y = keras.Input((3,)), keras.Input((2,))
    inner = keras.Model([x, y], [L.Dense(2)(x), L.Dense(2)(L.Concatenate()([x, y]))], name="two_headed")
    first, second = inner([a, b])
    return L.Subtract()([first, second])


case("shared layer", shared, (2,), (2,))
case("nested model, called twice", nested, (3,))
case("nested model of two inputs and outputs", two_headed, (3,), (2,))

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "layers.json")
with open(path, "w") as out:
    made_with = f"keras {keras.__version__}, tensorflow {tf.__version__}"
    json.dump({"made_with": made_with, "cases": cases}, out, separators=(",", ":"))
print(len(cases), "cases,", os.path.getsize(path), "bytes")
