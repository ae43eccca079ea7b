"""Layers in training mode by real Keras, in float64: `python make_layers.py 3` (Keras 3.15.1) and `python make_layers.py 2` (tf_keras 2.21).

Per case: the model file as Keras wrote it, inputs, outputs of `model(x, training=True)`, the sum of `model.losses`, gradients of
`sum(outputs * cotangents) + sum(losses)` to every trainable weight, every other weight after the call, and every trainable weight after its
constraint. Nothing here is random. Numbers go to layers-keras2.json.gz and layers-keras3.json.gz.
"""
import base64
import gzip
import json
import os
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
MAJOR = int(sys.argv[1])
if MAJOR == 2:
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tf_keras as keras
else:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

keras.backend.set_floatx("float64")
L, R, C = keras.layers, keras.regularizers, keras.constraints
HERE = os.path.dirname(os.path.abspath(__file__))
cases = []


def orthogonal(factor, **options):
    made = R.OrthogonalRegularizer(factor, **options)
    made.factor = factor  # Keras 3 keeps it in float32, which float64 weights cannot be multiplied with
    return made


def case(*shapes, only=None, dtype="float64"):
    """`shapes` are of the inputs, with the batch; the function gets symbolic inputs and returns outputs."""

    def keep(build):
        if only in (None, MAJOR):
            cases.append((build.__name__, build, shapes, dtype))
        return build

    return keep


@case((8, 5))
def batch_norm(x):
    return L.BatchNormalization(momentum=0.9, name="bn")(x)


@case((4, 6, 3))
def batch_norm_sequence(x):
    return L.BatchNormalization(momentum=0.7, epsilon=1e-2, scale=False, name="bn")(x)


@case((3, 4, 5, 2))
def batch_norm_pictures(x):
    return L.BatchNormalization(momentum=0.8, center=False, name="bn")(x)


@case((3, 4, 5, 6))
def batch_norm_first_axis(x):
    return L.BatchNormalization(axis=1, name="bn")(x)


@case((2, 3, 4, 3, 2))
def batch_norm_volumes(x):
    return L.BatchNormalization(name="bn")(x)


@case((4, 6, 3))
def batch_norm_masked(x):
    return L.BatchNormalization(momentum=0.9, name="bn")(L.Masking(0.0)(x))


@case((4, 6), dtype="int32")
def batch_norm_after_embedding(x):
    h = L.Embedding(5, 3, mask_zero=True, embeddings_regularizer=R.L2(0.02), name="embedding")(x)
    return L.BatchNormalization(momentum=0.9, name="bn")(h)


@case((8, 5))
def batch_norm_twice(x):
    bn = L.BatchNormalization(momentum=0.5, name="bn")
    return L.Concatenate()([bn(x), bn(x * 2 + 1)])


@case((8, 5))
def batch_norm_frozen(x):
    bn = L.BatchNormalization(momentum=0.5, name="bn")
    bn.trainable = False
    return L.Dense(2, kernel_regularizer=R.L1(0.1), name="dense")(bn(x))


@case((8, 5))
def model_frozen(x):
    inner = keras.Sequential(
        [keras.Input((5,)), L.Dense(4, kernel_regularizer=R.L2(0.1), name="a"), L.BatchNormalization(name="bn")], name="inner"
    )
    inner.trainable = False
    return L.Dense(2, name="b")(inner(x))


@case((8, 5))
def model_inside(x):
    inner = keras.Sequential([keras.Input((5,)), L.Dense(4, name="a"), L.BatchNormalization(name="bn")], name="inner")
    return L.Dense(2, name="b")(inner(x))


@case((8, 5))
def called_for_inference(x):
    inner = keras.Sequential([keras.Input((5,)), L.Dense(4, name="a"), L.BatchNormalization(name="bn")], name="inner")
    return L.BatchNormalization(name="outer")(inner(x, training=False), training=False)


@case((4, 3, 5))
def time_distributed(x):
    return L.TimeDistributed(L.BatchNormalization(momentum=0.6, name="bn"), name="each")(x)


# tf_keras 2.21 moves the statistics of a model in TimeDistributed twice per call.
@case((4, 3, 5), only=3)
def time_distributed_model(x):
    inner = keras.Sequential([keras.Input((5,)), L.Dense(3, name="a"), L.BatchNormalization(name="bn")], name="inner")
    return L.TimeDistributed(inner, name="each")(x)


@case((6, 4))
def penalties(x):
    h = L.Dense(5, kernel_regularizer=R.L1L2(0.1, 0.2), bias_regularizer="l2", activity_regularizer=R.L2(0.3), name="a")(x)
    h = L.ActivityRegularization(l1=0.05, l2=0.1, name="act")(h)
    h = L.Dense(4, kernel_regularizer=orthogonal(0.3), activity_regularizer="l1", name="b")(h)
    return L.Dense(3, kernel_regularizer=orthogonal(0.3, mode="columns"), name="c")(h)


@case((2, 6, 6, 2))
def penalties_of_convolutions(x):
    h = L.SeparableConv2D(3, 2, depthwise_regularizer=R.L2(0.1), pointwise_regularizer=R.L1(0.2), bias_constraint="non_neg", name="s")(x)
    h = L.DepthwiseConv2D(2, depthwise_regularizer=R.L2(0.3), depthwise_constraint=C.MaxNorm(0.5, axis=[0, 1]), name="d")(h)
    h = L.PReLU(alpha_regularizer=R.L1(0.1), shared_axes=[1, 2], name="p")(h)
    h = L.BatchNormalization(gamma_regularizer=R.L2(0.1), beta_regularizer=R.L1(0.1), gamma_constraint="non_neg", name="bn")(h)
    return L.Conv2DTranspose(2, 2, kernel_regularizer=R.L2(0.05), kernel_constraint=C.UnitNorm(axis=[0, 1, 2]), name="t")(h)


@case((3, 5, 4))
def penalties_of_recurrence(x):
    options = dict(kernel_regularizer=R.L2(0.1), recurrent_regularizer=R.L1(0.2), bias_regularizer=R.L2(0.3))
    h = L.Bidirectional(L.LSTM(3, return_sequences=True, recurrent_constraint=C.MaxNorm(0.4), **options), name="both")(x)
    h = L.GRU(3, return_sequences=True, kernel_constraint=C.MinMaxNorm(0.3, 0.8, 0.7), activity_regularizer=R.L2(0.1), **options, name="gru")(h)
    return L.SimpleRNN(2, **options, name="rnn")(h)


@case((3, 5, 4))
def penalties_of_cells(x):
    cells = [L.LSTMCell(3, kernel_regularizer=R.L2(0.1)), L.GRUCell(2, recurrent_regularizer=R.L1(0.2), bias_constraint="unit_norm")]
    return L.RNN(cells, name="rnn")(x)


@case((3, 5, 4))
def penalties_of_attention(x):
    return L.MultiHeadAttention(2, 3, kernel_regularizer=R.L2(0.1), bias_regularizer=R.L1(0.1), kernel_constraint=C.MaxNorm(0.7), name="mha")(x, x)


def packed(array):
    array = np.asarray(array)
    kind = "int32" if array.dtype.kind in "iub" else "float64"
    data = array.astype("<i4" if kind == "int32" else "<f8").tobytes()
    return {"shape": list(array.shape), "dtype": kind, "data": base64.b64encode(data).decode()}


def run(name, build, shapes, dtype):
    keras.backend.clear_session()
    rng = np.random.default_rng(5)
    xs = [keras.Input(shape[1:], dtype=dtype, name=f"in{i}") for i, shape in enumerate(shapes)]
    model = keras.Model(xs, build(*xs), name=name)
    for w in model.weights:
        label = w.path if MAJOR == 3 else w.name
        w.assign(rng.uniform(0.5, 1.5, w.shape) if "variance" in label else rng.normal(0, 0.5, w.shape))
    if dtype == "int32":
        feeds = [rng.integers(0, 5, shape).astype("int32") for shape in shapes]
    else:
        feeds = [rng.normal(0.3, 1, shape) for shape in shapes]
    if "masked" in name:
        feeds[0][0, 4:] = 0
        feeds[0][2, 1:] = 0
    end = "keras" if MAJOR == 3 else "h5"
    path = os.path.join(tempfile.mkdtemp(), f"model.{end}")
    model.save(path)
    with open(path, "rb") as f:
        file = base64.b64encode(gzip.compress(f.read(), 9, mtime=0)).decode()
    before = [np.asarray(w) for w in model.weights]
    variables = [w.value if MAJOR == 3 else w for w in model.trainable_weights]
    shown = model(feeds, training=False)
    cotangents = [rng.normal(0, 1, y.shape) for y in (shown if isinstance(shown, (list, tuple)) else [shown])]

    # As in `fit`: the size of the batch is not known, for which tf_keras's TimeDistributed takes another way.
    @tf.function(input_signature=[[tf.TensorSpec((None, *shape[1:]), dtype) for shape in shapes]])
    def step(given):
        with tf.GradientTape() as tape:
            ys = model(given, training=True)
            ys = ys if isinstance(ys, (list, tuple)) else [ys]
            losses = [tf.cast(v, "float64") for v in model.losses]
            extra = tf.add_n(losses) if losses else tf.zeros((), "float64")
            score = extra + tf.add_n([tf.reduce_sum(y * c) for y, c in zip(ys, cotangents)])
        return list(ys), extra, [None if g is None else tf.convert_to_tensor(g) for g in tape.gradient(score, variables)]

    ys, extra, gradients = step([tf.constant(f) for f in feeds])
    after = [np.asarray(w) for w in model.weights]
    trainable = {id(w): i for i, w in enumerate(model.trainable_weights)}
    weights = []
    for w, old, new in zip(model.weights, before, after):
        i = trainable.get(id(w))
        entry = {"trainable": i is not None, "shape": list(w.shape), "name": w.path if MAJOR == 3 else w.name}
        if i is None:
            entry["after"] = packed(new)
        else:
            entry["gradient"] = packed(gradients[i] if gradients[i] is not None else np.zeros(w.shape))
            constraint = getattr(w, "constraint", None)
            if constraint is not None:
                entry["constrained"] = packed(constraint(tf.constant(old)))
        entry["before"] = packed(old)
        weights.append(entry)
    return {
        **{"name": name, "file": file, "format": end, "inputs": [packed(f) for f in feeds]},
        **{"outputs": [packed(y) for y in ys], "cotangents": [packed(c) for c in cotangents], "loss": float(extra), "weights": weights},
    }


made = [run(*entry) for entry in cases]
text = json.dumps({"madeWith": f"keras {keras.__version__}, tensorflow {tf.__version__}", "cases": made})
with open(os.path.join(HERE, f"layers-keras{MAJOR}.json.gz"), "wb") as f:
    f.write(gzip.compress(text.encode(), 9, mtime=0))
print(len(made), "cases")
