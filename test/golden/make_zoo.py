"""Models that touch every layer and option, saved by real Keras: `python make_zoo.py 3` (Keras 3) and `python make_zoo.py 2` (tf_keras).

Each family is one functional model whose outputs are the layers under test. Into zoo/ go, per family, the model file as Keras wrote
it (gzip) and a JSON of inputs, outputs and, per output, the gradient of sum(output * cotangent) to the first float input.
`verified.json` lists for each dialect the layer classes that its files contain. Versions: requirements.txt and tf_keras 2.21.0.
"""
import base64
import gzip
import json
import os
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
MAJOR = int(sys.argv[1])
ONLY = sys.argv[2:]
if MAJOR == 2:
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tf_keras as keras
else:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

L = keras.layers
HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "zoo")
BATCH = 2
families = {}


def family(*inputs, data=None, keras_only=None, formats=None):
    """`inputs` are (shape, dtype) pairs; the function gets the symbolic inputs and returns {name: output}."""

    def keep(build):
        if keras_only in (None, MAJOR):
            families[build.__name__] = (build, inputs, data, formats)
        return build

    return keep


def packed(array):
    array = np.asarray(array)
    kind = "int32" if array.dtype.kind in "iub" else "float32"
    return {"shape": list(array.shape), "dtype": kind, "data": base64.b64encode(array.astype("<" + kind[0] + "4").tobytes()).decode()}


def leaves(layer):
    inner = list(getattr(layer, "layers", None) or [])
    for name in ("layer", "forward_layer", "backward_layer", "cell"):
        if hasattr(layer, name):
            inner.append(getattr(layer, name))
    return [layer] + [leaf for child in inner for leaf in leaves(child)]


def random_weights(model, rng):
    for layer in model.layers:
        if type(layer).__name__ in ("StringLookup", "IntegerLookup", "TextVectorization", "Hashing", "HashedCrossing", "Normalization"):
            continue
        values = []
        for w in layer.weights:
            name = getattr(w, "path", w.name)
            if "seed" in name or "count" in name:
                values.append(np.asarray(w))
            elif "variance" in name or "stddev" in name:
                values.append(rng.uniform(0.5, 1.5, w.shape))
            else:
                values.append(rng.normal(0, 0.5, w.shape))
        if values:
            layer.set_weights(values)


def make(name, build, inputs, data, formats):
    rng = np.random.default_rng(11)
    keras.backend.clear_session()
    xs = [keras.Input(shape, dtype=dtype, name=f"in{i}") for i, (shape, dtype) in enumerate(inputs)]
    outputs = build(*xs)
    model = keras.Model(xs, list(outputs.values()), name=name)
    random_weights(model, rng)
    feeds = []
    for i, (shape, dtype) in enumerate(inputs):
        if data and data[i] is not None:
            feeds.append(np.asarray(data[i], None if dtype == "string" else dtype))
        else:
            feeds.append(rng.normal(0, 1, (BATCH, *shape)).astype(dtype))
    tensors = [tf.constant(f) for f in feeds]
    source = next((i for i, (_, dtype) in enumerate(inputs) if dtype == "float32"), None)
    cases = []
    with tf.GradientTape(persistent=True) as tape:
        if source is not None:
            tape.watch(tensors[source])
        ys = model(tensors, training=False)
        ys = ys if isinstance(ys, (list, tuple)) else [ys]
        cotangents = [rng.normal(0, 1, y.shape).astype("float32") for y in ys]
        scores = [tf.reduce_sum(tf.cast(y, tf.float32) * c) for y, c in zip(ys, cotangents)]
    for label, y, c, s in zip(outputs, ys, cotangents, scores):
        try:
            grad = None if source is None else tape.gradient(s, tensors[source])
        except LookupError:  # TensorFlow has no gradient of its own for the op
            grad = None
        grad = None if grad is None else packed(np.asarray(grad))
        cases.append({"name": label, "output": packed(np.asarray(y)), "cotangent": packed(c), "gradient": grad})
    files = {}
    for end in formats or (["h5", "keras"] if MAJOR == 3 else ["h5"]):
        path = os.path.join(tempfile.mkdtemp(), f"model.{end}")
        model.save(path)
        file = f"keras{MAJOR}-{name}.{end}.gz"
        with open(path, "rb") as f, open(os.path.join(OUT, file), "wb") as g:
            g.write(gzip.compress(f.read(), 9, mtime=0))
        files[end] = file
    classes = sorted({type(leaf).__name__ for top in model.layers for leaf in leaves(top)})
    def fed(f):
        if f.dtype.kind in "UOS":
            return {"shape": list(f.shape), "strings": [v.decode() if isinstance(v, bytes) else str(v) for v in f.ravel()]}
        return packed(f)
    made_with = f"keras {keras.__version__}, tensorflow {tf.__version__}"
    record = {"madeWith": made_with, "files": files, "classes": classes, "inputs": [fed(f) for f in feeds], "source": source, "cases": cases}
    with open(os.path.join(OUT, f"keras{MAJOR}-{name}.json.gz"), "wb") as g:
        g.write(gzip.compress(json.dumps(record, separators=(",", ":")).encode(), 9, mtime=0))
    total = sum(os.path.getsize(os.path.join(OUT, f)) for f in [*files.values(), f"keras{MAJOR}-{name}.json.gz"])
    print(f"{name}: {len(cases)} outputs, {len(classes)} classes, {total} bytes", flush=True)


def variants(layer_calls):
    """{label: output}, leaving out what this Keras cannot build, by name."""
    found = {}
    for label, call in layer_calls:
        try:
            found[label] = call()
        except Exception as error:  # an option that this Keras does not have
            print("  left out", label, type(error).__name__, str(error).split("\n")[0][:110], flush=True)
    return found


ACTIVATIONS = "elu exponential gelu hard_sigmoid linear mish relu selu sigmoid softmax softplus softsign swish tanh".split()
ACTIVATIONS3 = (
    "celu glu hard_shrink hard_silu hard_tanh leaky_relu log_sigmoid log_softmax relu6 silu soft_shrink sparse_plus sparse_sigmoid "
    "sparsemax squareplus tanh_shrink"
).split()


@family(((6,), "float32"))
def vectors(x):
    names = ACTIVATIONS + (ACTIVATIONS3 if MAJOR == 3 else [])
    calls = [(f"Activation {n}", lambda n=n: L.Activation(n)(x)) for n in names]
    calls += [
        ("Dense", lambda: L.Dense(3, activation="relu")(x)),
        ("Dense no bias", lambda: L.Dense(3, use_bias=False)(x)),
        ("Dense LeakyReLU inside", lambda: L.Dense(3, activation=L.LeakyReLU(0.1))(x)),
        ("ReLU", lambda: L.ReLU(max_value=1.0, negative_slope=0.2, threshold=0.3)(x)),
        ("LeakyReLU", lambda: L.LeakyReLU(0.2)(x)),
        ("ELU", lambda: L.ELU(0.7)(x)),
        ("ThresholdedReLU", lambda: L.ThresholdedReLU(0.4)(x)),
        ("PReLU", lambda: L.PReLU()(x)),
        ("Softmax", lambda: L.Softmax()(x)),
        ("BatchNormalization", lambda: L.BatchNormalization()(x)),
        ("LayerNormalization", lambda: L.LayerNormalization()(x)),
        ("RMSNormalization", lambda: L.RMSNormalization()(x)),
        ("UnitNormalization", lambda: L.UnitNormalization()(x)),
        ("GroupNormalization", lambda: L.GroupNormalization(3)(x)),
        ("Rescaling", lambda: L.Rescaling(0.5, offset=-1.0)(x)),
        ("Normalization", lambda: L.Normalization(mean=0.5, variance=2.0, axis=None)(x)),
        ("Dropout", lambda: L.Dropout(0.5)(x)),
        ("GaussianNoise", lambda: L.GaussianNoise(0.5)(x)),
        ("GaussianDropout", lambda: L.GaussianDropout(0.5)(x)),
        ("AlphaDropout", lambda: L.AlphaDropout(0.5)(x)),
        ("ActivityRegularization", lambda: L.ActivityRegularization(l1=0.1)(x)),
        ("Identity", lambda: L.Identity()(x)),
        ("RepeatVector", lambda: L.RepeatVector(3)(x)),
        ("Reshape", lambda: L.Reshape((3, -1))(x)),
        ("Flatten", lambda: L.Flatten()(x)),
        ("Discretization", lambda: L.Discretization(bin_boundaries=[-1.0, 0.0, 0.5])(x)),
        ("Discretization one_hot", lambda: L.Discretization(bin_boundaries=[-1.0, 0.0, 0.5], output_mode="one_hot")(x)),
        ("Discretization count", lambda: L.Discretization(bin_boundaries=[-1.0, 0.0], output_mode="count")(x)),
        ("SpectralNormalization", lambda: L.SpectralNormalization(L.Dense(3))(x)),
    ]
    return variants(calls)


@family(((7, 4), "float32"))
def sequences(x):
    calls = [(f"Conv1D {p}", lambda p=p: L.Conv1D(3, 3, padding=p)(x)) for p in ("valid", "same", "causal")]
    calls += [(f"{k} {p}", lambda k=k, p=p: getattr(L, k)(3, strides=2, padding=p)(x)) for k in ("MaxPooling1D", "AveragePooling1D") for p in ("valid", "same")]
    calls += [
        ("Conv1D strides", lambda: L.Conv1D(4, 2, strides=2, padding="same", activation="tanh")(x)),
        ("Conv1D dilation causal", lambda: L.Conv1D(4, 2, dilation_rate=2, padding="causal")(x)),
        ("Conv1D groups", lambda: L.Conv1D(4, 3, groups=2, use_bias=False)(x)),
        ("Conv1DTranspose", lambda: L.Conv1DTranspose(3, 3, strides=2, padding="same")(x)),
        ("Conv1DTranspose output_padding", lambda: L.Conv1DTranspose(3, 3, strides=2, output_padding=1)(x)),
        ("DepthwiseConv1D", lambda: L.DepthwiseConv1D(3, depth_multiplier=2, padding="same")(x)),
        ("SeparableConv1D", lambda: L.SeparableConv1D(3, 2, depth_multiplier=2, activation="relu")(x)),
        ("LocallyConnected1D 1", lambda: L.LocallyConnected1D(3, 3, strides=2, activation="tanh")(x)),
        ("LocallyConnected1D 2", lambda: L.LocallyConnected1D(3, 3, padding="same", implementation=2)(x)),
        ("LocallyConnected1D 3", lambda: L.LocallyConnected1D(2, 3, padding="same", strides=2, implementation=3)(x)),
        ("GlobalMaxPooling1D", lambda: L.GlobalMaxPooling1D()(x)),
        ("GlobalAveragePooling1D keepdims", lambda: L.GlobalAveragePooling1D(keepdims=True)(x)),
        ("GlobalAveragePooling1D channels_first", lambda: L.GlobalAveragePooling1D(data_format="channels_first")(x)),
        ("AdaptiveAveragePooling1D", lambda: L.AdaptiveAveragePooling1D(3)(x)),
        ("AdaptiveMaxPooling1D", lambda: L.AdaptiveMaxPooling1D(3)(x)),
        ("ZeroPadding1D", lambda: L.ZeroPadding1D((1, 2))(x)),
        ("Cropping1D", lambda: L.Cropping1D((1, 2))(x)),
        ("UpSampling1D", lambda: L.UpSampling1D(2)(x)),
        ("Permute", lambda: L.Permute((2, 1))(x)),
        ("SpatialDropout1D", lambda: L.SpatialDropout1D(0.5)(x)),
        ("PReLU shared", lambda: L.PReLU(shared_axes=[1])(x)),
        ("Softmax axis 1", lambda: L.Softmax(axis=1)(x)),
        ("BatchNormalization axis 1", lambda: L.BatchNormalization(axis=1, scale=False, epsilon=0.01)(x)),
        ("BatchNormalization no center", lambda: L.BatchNormalization(center=False)(x)),
        ("LayerNormalization two axes", lambda: L.LayerNormalization(axis=[1, 2], epsilon=0.01)(x)),
        ("LayerNormalization no center", lambda: L.LayerNormalization(center=False)(x)),
        ("LayerNormalization no scale", lambda: L.LayerNormalization(scale=False)(x)),
        ("LayerNormalization rms", lambda: L.LayerNormalization(rms_scaling=True)(x)),
        ("RMSNormalization axis", lambda: L.RMSNormalization(axis=-1, epsilon=0.01)(x)),
        ("GroupNormalization instance", lambda: L.GroupNormalization(groups=-1)(x)),
        ("UnitNormalization two axes", lambda: L.UnitNormalization(axis=[1, 2])(x)),
        ("TimeDistributed Dense", lambda: L.TimeDistributed(L.Dense(2, activation="relu"))(x)),
        ("TimeDistributed model", lambda: L.TimeDistributed(keras.Sequential([keras.Input((4,)), L.Dense(3, activation="tanh"), L.BatchNormalization()]))(x)),
        ("Masking", lambda: L.GlobalAveragePooling1D()(L.Masking(0.5)(x))),
        ("EinsumDense", lambda: L.EinsumDense("abc,cd->abd", output_shape=(None, 3), bias_axes="d", activation="relu")(x)),
        ("EinsumDense two axes", lambda: L.EinsumDense("abc,bcd->ad", output_shape=3)(x)),
    ]
    if MAJOR == 2:
        calls.append(("BatchNormalization two axes", lambda: L.BatchNormalization(axis=[1, 2])(x)))
    return variants(calls)


@family(((5, 6, 2), "float32"))
def images(x):
    calls = [(f"Conv2D {p}", lambda p=p: L.Conv2D(3, (2, 3), padding=p, activation="relu")(x)) for p in ("valid", "same")]
    calls += [(f"{k} {p}", lambda k=k, p=p: getattr(L, k)((2, 3), strides=(1, 2), padding=p)(x)) for k in ("MaxPooling2D", "AveragePooling2D") for p in ("valid", "same")]
    calls += [
        ("Conv2D strides", lambda: L.Conv2D(2, 3, strides=(2, 1))(x)),
        ("Conv2D dilation", lambda: L.Conv2D(2, 2, dilation_rate=(2, 1), padding="same")(x)),
        ("Conv2D groups", lambda: L.Conv2D(4, 2, groups=2)(x)),
        ("Conv2DTranspose", lambda: L.Conv2DTranspose(2, (3, 2), strides=(2, 1), padding="same")(x)),
        ("Conv2DTranspose output_padding", lambda: L.Conv2DTranspose(1, 3, strides=2, padding="same", output_padding=1)(x)),
        ("DepthwiseConv2D", lambda: L.DepthwiseConv2D(2, padding="same", strides=2, depth_multiplier=2)(x)),
        ("SeparableConv2D", lambda: L.SeparableConv2D(3, 2, padding="same", use_bias=False)(x)),
        ("LocallyConnected2D 1", lambda: L.LocallyConnected2D(2, (2, 3), strides=(1, 2))(x)),
        ("LocallyConnected2D 2", lambda: L.LocallyConnected2D(2, 3, padding="same", implementation=2, activation="relu")(x)),
        ("LocallyConnected2D 3", lambda: L.LocallyConnected2D(2, 2, padding="same", strides=2, implementation=3)(x)),
        ("GlobalMaxPooling2D", lambda: L.GlobalMaxPooling2D()(x)),
        ("GlobalAveragePooling2D", lambda: L.GlobalAveragePooling2D(keepdims=True)(x)),
        ("AdaptiveAveragePooling2D", lambda: L.AdaptiveAveragePooling2D((2, 4))(x)),
        ("AdaptiveMaxPooling2D", lambda: L.AdaptiveMaxPooling2D((3, 2))(x)),
        ("ZeroPadding2D", lambda: L.ZeroPadding2D(((1, 0), (2, 1)))(x)),
        ("Cropping2D", lambda: L.Cropping2D(((1, 0), (0, 2)))(x)),
        ("SpatialDropout2D", lambda: L.SpatialDropout2D(0.5)(x)),
        ("BatchNormalization", lambda: L.BatchNormalization()(x)),
        ("GroupNormalization", lambda: L.GroupNormalization(groups=2)(x)),
        ("Flatten", lambda: L.Flatten()(x)),
        ("Permute", lambda: L.Permute((3, 1, 2))(x)),
        ("Resizing", lambda: L.Resizing(3, 9)(x)),
        ("Resizing crop", lambda: L.Resizing(4, 3, crop_to_aspect_ratio=True)(x)),
        ("Resizing pad", lambda: L.Resizing(4, 9, pad_to_aspect_ratio=True, fill_value=0.5)(x)),
        ("Resizing antialias", lambda: L.Resizing(3, 4, antialias=True)(x)),
        ("CenterCrop", lambda: L.CenterCrop(3, 3)(x)),
        ("CenterCrop enlarged", lambda: L.CenterCrop(7, 4)(x)),
        ("RandomCrop", lambda: L.RandomCrop(4, 3)(x)),
        ("RandomFlip", lambda: L.RandomFlip()(x)),
        ("RandomRotation", lambda: L.RandomRotation(0.1)(x)),
        ("RandomZoom", lambda: L.RandomZoom(0.1)(x)),
        ("RandomTranslation", lambda: L.RandomTranslation(0.1, 0.1)(x)),
        ("RandomContrast", lambda: L.RandomContrast(0.1)(x)),
    ]
    if MAJOR == 2:  # Keras 3 cannot save RandomBrightness as .h5
        calls += [("RandomBrightness", lambda: L.RandomBrightness(0.1)(x)), ("RandomHeight", lambda: L.RandomHeight(0.1)(x)), ("RandomWidth", lambda: L.RandomWidth(0.1)(x))]
    for m in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area", "gaussian", "mitchellcubic"):
        if MAJOR == 3 and m in ("gaussian", "mitchellcubic"):
            continue
        calls.append((f"UpSampling2D {m}", lambda m=m: L.UpSampling2D((2, 3), interpolation=m)(x)))
        calls.append((f"Resizing {m}", lambda m=m: L.Resizing(7, 4, interpolation=m)(x)))
    return variants(calls)


@family(((3, 4, 3, 2), "float32"))
def volumes(x):
    return variants([
        ("Conv3D", lambda: L.Conv3D(2, 2, padding="same", activation="tanh")(x)),
        ("Conv3D strides", lambda: L.Conv3D(2, (2, 3, 1), strides=(1, 2, 1))(x)),
        ("Conv3DTranspose", lambda: L.Conv3DTranspose(1, 2, strides=2, padding="same")(x)),
        ("MaxPooling3D", lambda: L.MaxPooling3D(2, padding="same")(x)),
        ("AveragePooling3D", lambda: L.AveragePooling3D((1, 2, 2))(x)),
        ("GlobalMaxPooling3D", lambda: L.GlobalMaxPooling3D()(x)),
        ("GlobalAveragePooling3D", lambda: L.GlobalAveragePooling3D()(x)),
        ("AdaptiveAveragePooling3D", lambda: L.AdaptiveAveragePooling3D(2)(x)),
        ("AdaptiveMaxPooling3D", lambda: L.AdaptiveMaxPooling3D(2)(x)),
        ("ZeroPadding3D", lambda: L.ZeroPadding3D((1, 0, 2))(x)),
        ("Cropping3D", lambda: L.Cropping3D(((1, 0), (1, 1), (0, 1)))(x)),
        ("UpSampling3D", lambda: L.UpSampling3D((1, 2, 2))(x)),
        ("SpatialDropout3D", lambda: L.SpatialDropout3D(0.5)(x)),
        ("BatchNormalization", lambda: L.BatchNormalization()(x)),
        ("TimeDistributed Conv2D", lambda: L.TimeDistributed(L.Conv2D(2, 2))(x)),
    ])


@family(((4, 3), "float32"), ((4, 3), "float32"), ((1, 3), "float32"))
def merging(a, b, c):
    calls = [(f"{k} of three", lambda k=k: getattr(L, k)()([a, b, c])) for k in ("Add", "Multiply", "Average", "Maximum", "Minimum")]
    v, w = L.Flatten()(a), L.Flatten()(b)
    inner = keras.Sequential([keras.Input((4, 3)), L.Dense(3, activation="relu"), L.Dropout(0.3), L.BatchNormalization(), L.Dense(3)], name="inner")
    shared = L.Dense(3, activation="tanh", name="shared")
    return variants(calls + [
        ("Subtract", lambda: L.Subtract()([a, b])),
        ("Concatenate", lambda: L.Concatenate()([a, b])),
        ("Concatenate axis 1", lambda: L.Concatenate(axis=1)([a, b, c])),
        ("Dot vectors", lambda: L.Dot(axes=1)([v, w])),
        ("Dot normalized", lambda: L.Dot(axes=-1, normalize=True)([v, w])),
        ("Dot matrices", lambda: L.Dot(axes=(2, 2))([a, b])),
        ("Dot mixed", lambda: L.Dot(axes=(1, 1))([a, b])),
        ("shared layer", lambda: L.Add()([shared(a), shared(b)])),
        ("nested model twice", lambda: L.Add()([inner(a), inner(L.Activation("tanh")(b))])),
    ])


IDS = [[1, 4, 0, 0, 2], [2, 0, 3, 5, 0]]


@family(((5,), "int32"), data=[IDS])
def tokens(x):
    masked = L.Embedding(6, 3, mask_zero=True)(x)
    return variants([
        ("Embedding", lambda: L.Embedding(6, 3)(x)),
        ("mask to average", lambda: L.GlobalAveragePooling1D()(masked)),
        ("mask through Dense", lambda: L.GlobalAveragePooling1D()(L.Dropout(0.5)(L.Dense(2, activation="relu")(masked)))),
        ("mask ends at Conv1D", lambda: L.GlobalAveragePooling1D()(L.Conv1D(2, 3, padding="same")(masked))),
        ("mask through TimeDistributed", lambda: L.GlobalAveragePooling1D()(L.TimeDistributed(L.Dense(2))(masked))),
        ("CategoryEncoding multi_hot", lambda: L.CategoryEncoding(num_tokens=6)(x)),
        ("CategoryEncoding count", lambda: L.CategoryEncoding(num_tokens=6, output_mode="count")(x)),
        ("CategoryEncoding one_hot", lambda: L.CategoryEncoding(num_tokens=6, output_mode="one_hot")(L.Reshape((1,))(L.Cropping1D((0, 4))(L.Reshape((5, 1))(x))))),
        ("SimpleRNN", lambda: L.SimpleRNN(3)(masked)),
        ("LSTM", lambda: L.LSTM(3, return_sequences=True)(masked)),
        ("GRU", lambda: L.GRU(3)(masked)),
        ("Bidirectional", lambda: L.Bidirectional(L.LSTM(2))(masked)),
        ("MultiHeadAttention", lambda: L.MultiHeadAttention(2, 3)(masked, masked)),
    ])


@family(((5, 3), "float32"))
def recurrent(x):
    calls = []
    for kind in ("SimpleRNN", "LSTM", "GRU"):
        make_one = getattr(L, kind)
        calls += [
            (f"{kind}", lambda m=make_one: m(4)(x)),
            (f"{kind} sequences backwards", lambda m=make_one: m(3, return_sequences=True, go_backwards=True)(x)),
            (f"{kind} no bias relu", lambda m=make_one: m(3, use_bias=False, activation="relu")(x)),
            (f"{kind} state", lambda m=make_one: L.Concatenate()(list(m(3, return_state=True)(x)))),
            (f"{kind} initial state", lambda m=make_one, k=kind: m(3)(x, initial_state=[L.Dense(3)(L.Flatten()(x)) for _ in range(2 if k == "LSTM" else 1)])),
            (f"Bidirectional {kind}", lambda m=make_one: L.Bidirectional(m(3, return_sequences=True))(x)),
            (f"{kind} cell", lambda k=kind: L.RNN(getattr(L, f"{k}Cell")(3))(x)),
        ]
    calls += [(f"Bidirectional {m}", lambda m=m: L.Bidirectional(L.GRU(3), merge_mode=m)(x)) for m in ("sum", "mul", "ave", "concat")]
    calls += [
        ("Bidirectional two layers", lambda: L.Bidirectional(L.LSTM(3, return_sequences=True), backward_layer=L.GRU(3, return_sequences=True, go_backwards=True))(x)),
        ("Bidirectional None", lambda: L.Concatenate()(list(L.Bidirectional(L.LSTM(3), merge_mode=None)(x)))),
        ("GRU reset_after false", lambda: L.GRU(3, reset_after=False)(x)),
        ("LSTM hard_sigmoid", lambda: L.LSTM(3, recurrent_activation="hard_sigmoid")(x)),
        ("LSTM unroll", lambda: L.LSTM(3, unroll=True)(x)),
        ("StackedRNNCells", lambda: L.RNN(L.StackedRNNCells([L.LSTMCell(3), L.GRUCell(2)]), return_sequences=True)(x)),
        ("RNN list of cells", lambda: L.RNN([L.SimpleRNNCell(3), L.LSTMCell(2)])(x)),
        ("Masking LSTM", lambda: L.LSTM(3)(L.Masking(0.0)(L.ReLU()(x)))),
        ("TimeDistributed", lambda: L.TimeDistributed(L.Dense(2))(L.LSTM(3, return_sequences=True)(x))),
        ("ConvLSTM1D", lambda: L.ConvLSTM1D(2, 2)(L.Reshape((5, 3, 1))(x))),
        ("ConvLSTM2D", lambda: L.ConvLSTM2D(2, (1, 2), padding="same", return_sequences=True)(L.Reshape((5, 1, 3, 1))(x))),
        ("ConvLSTM3D", lambda: L.ConvLSTM3D(1, (1, 2, 1), padding="same")(L.Reshape((5, 1, 3, 1, 1))(x))),
    ]
    return variants(calls)


@family(((4, 6), "float32"), ((3, 6), "float32"))
def attention(x, y):
    return variants([
        ("MultiHeadAttention", lambda: L.MultiHeadAttention(2, 3)(x, y)),
        ("MultiHeadAttention value_dim", lambda: L.MultiHeadAttention(2, 3, value_dim=2, use_bias=False, output_shape=5)(x, y)),
        ("MultiHeadAttention causal", lambda: L.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True)),
        ("MultiHeadAttention scores", lambda: L.Flatten()(L.MultiHeadAttention(2, 3)(x, y, return_attention_scores=True)[1])),
        ("GroupQueryAttention", lambda: L.GroupQueryAttention(3, 4, 2)(x, y)),
        ("Attention", lambda: L.Attention()([x, y])),
        ("Attention scale", lambda: L.Attention(use_scale=True)([x, y])),
        ("Attention concat", lambda: L.Attention(score_mode="concat")([x, y])),
        ("Attention causal", lambda: L.Attention()([x, x], use_causal_mask=True)),
        ("AdditiveAttention", lambda: L.AdditiveAttention()([x, y])),
        ("AdditiveAttention no scale", lambda: L.AdditiveAttention(use_scale=False)([x, y])),
    ])


@family(((4, 6), "float32"), ((4, 6), "float32"), keras_only=3)
def operations(x, y):
    ops = keras.ops
    pairs = "add subtract multiply divide power maximum minimum greater greater_equal less less_equal equal not_equal".split()
    ones = "negative absolute exp square tanh sigmoid relu relu6 silu softplus softsign elu selu celu gelu leaky_relu hard_sigmoid hard_silu hard_tanh log_sigmoid mish sin cos sign floor ceil expm1 erf arctan sinh cosh log_softmax softmax hard_shrink soft_shrink tanh_shrink sparse_plus squareplus glu".split()
    every = "sum mean max min prod var std logsumexp norm".split()
    positive = ops.absolute(x) + 0.5
    calls = [(k, lambda k=k: ops.cast(getattr(ops, k)(positive if k == "power" else x, y), "float32")) for k in pairs]
    calls += [(k, lambda k=k: getattr(ops, k)(x)) for k in ones]
    calls += [(f"{k} of positive", lambda k=k: getattr(ops, k)(positive)) for k in ("log", "log1p", "log2", "log10", "sqrt", "rsqrt", "reciprocal")]
    calls += [(f"{k} axis", lambda k=k: getattr(ops, k)(x, axis=-1, keepdims=True)) for k in every]
    calls += [(f"{k} axes", lambda k=k: getattr(ops, k)(x, axis=(1, 2))) for k in every]
    calls += [
        ("slice", lambda: x[:, 1:3]), ("last", lambda: x[:, -1]), ("new axis", lambda: x[..., None]), ("steps", lambda: x[:, ::2, 0]), ("backwards", lambda: x[:, ::-1]),
        ("backwards part", lambda: x[:, 3:0:-2]),
        ("reshape", lambda: ops.reshape(x, (-1, 3, 8))), ("transpose", lambda: ops.transpose(x, (0, 2, 1))), ("swapaxes", lambda: ops.swapaxes(x, 1, 2)),
        ("moveaxis", lambda: ops.moveaxis(x, 1, 2)), ("concatenate", lambda: ops.concatenate([x, y], axis=1)), ("stack", lambda: ops.stack([x, y], axis=1)),
        ("split", lambda: ops.split(x, 2, axis=1)[1]), ("split at", lambda: ops.split(x, [1, 3], axis=1)[1]), ("matmul", lambda: ops.matmul(x, ops.transpose(y, (0, 2, 1)))),
        ("at", lambda: x @ ops.swapaxes(y, 1, 2)), ("einsum", lambda: ops.einsum("bij,bkj->bik", x, y)), ("where", lambda: ops.where(x > 0, x, 0.25 * y)),
        ("clip", lambda: ops.clip(x, -0.5, 0.5)), ("reversed operators", lambda: (1 - x) * 2.0 + 3.0 / positive), ("power 2", lambda: x**2),
        ("pad", lambda: ops.pad(x, ((0, 0), (1, 2), (0, 0)))), ("take", lambda: ops.take(x, [0, -1, 2], axis=1)), ("expand_dims", lambda: ops.expand_dims(x, 1)),
        ("squeeze", lambda: ops.squeeze(x[:, :1], axis=1)), ("tile", lambda: ops.tile(x, (1, 2, 1))), ("repeat", lambda: ops.repeat(x, 2, axis=1)),
        ("flip", lambda: ops.flip(x, axis=1)), ("cumsum", lambda: ops.cumsum(x, axis=1)), ("normalize", lambda: ops.normalize(x)),
        ("one_hot", lambda: ops.one_hot(ops.argmax(x, axis=1), 6)), ("argmin", lambda: ops.cast(ops.argmin(x, axis=-1), "float32")),
        ("logical", lambda: ops.cast(ops.logical_or(ops.logical_and(x > 0, y > 0), ops.logical_not(x > 0.5)), "float32")),
        ("constant", lambda: ops.convert_to_tensor(np.arange(6).astype("float32")) + x), ("full_like", lambda: ops.full_like(x, 3.0) + x), ("zeros_like", lambda: ops.zeros_like(x) + x),
        ("any", lambda: ops.cast(ops.any(x > 0.5, axis=1), "float32")), ("all", lambda: ops.cast(ops.all(x > -1, axis=1), "float32")), ("dot", lambda: ops.dot(x, np.ones((6, 2), "float32"))),
        ("tensordot", lambda: ops.tensordot(x, np.ones((6, 2), "float32"), axes=[[2], [0]])), ("mod", lambda: ops.mod(x, 0.7)), ("floor_divide", lambda: ops.floor_divide(x, 0.7)),
        ("image resize", lambda: ops.image.resize(ops.expand_dims(x, -1), (5, 3))),
    ]
    return variants(calls)


@family(((4, 6), "float32"), ((4, 6), "float32"), keras_only=2)
def tf_operations(x, y):
    K = keras.backend
    pairs = "add subtract multiply divide maximum minimum greater less equal not_equal squared_difference".split()
    ones = "negative abs exp square tanh sigmoid softplus sin cos sign floor expm1 erf atan sinh cosh".split()
    every = "reduce_sum reduce_mean reduce_max reduce_min reduce_prod reduce_variance reduce_std reduce_logsumexp".split()
    nn = "relu relu6 elu selu gelu leaky_relu softmax log_softmax softsign swish".split()
    positive = tf.abs(x) + 0.5
    calls = [(k, lambda k=k: tf.cast(getattr(tf.math, k)(x, y), tf.float32)) for k in pairs]
    calls += [(k, lambda k=k: getattr(tf.math, k)(x)) for k in ones] + [(k, lambda k=k: getattr(tf.nn, k)(x)) for k in nn]
    calls += [(f"{k} axis", lambda k=k: getattr(tf.math, k)(x, axis=-1, keepdims=True)) for k in every]
    calls += [(f"{k} axes", lambda k=k: getattr(tf.math, k)(x, axis=[1, 2])) for k in every]
    calls += [
        ("log sqrt rsqrt", lambda: tf.math.log(positive) + tf.sqrt(positive) * tf.math.rsqrt(positive) + tf.math.reciprocal(positive)), ("pow", lambda: positive**1.5),
        ("slice", lambda: x[:, 1:3]), ("last", lambda: x[:, -1]), ("new axis", lambda: x[..., None]), ("steps", lambda: x[:, ::2, 0]), ("backwards", lambda: x[:, ::-1]),
        ("reshape", lambda: tf.reshape(x, (-1, 3, 8))), ("reshape by shape", lambda: tf.reshape(x, (tf.shape(x)[0], -1))), ("transpose", lambda: tf.transpose(x, [0, 2, 1])),
        ("concat", lambda: tf.concat([x, y], 1)), ("stack", lambda: tf.stack([x, y], axis=1)), ("split", lambda: tf.split(x, 2, axis=1)[1]), ("split sizes", lambda: tf.split(x, [1, 3], axis=1)[1]),
        ("unstack", lambda: tf.unstack(x, axis=1)[2]), ("matmul", lambda: tf.matmul(x, y, transpose_b=True)), ("at", lambda: x @ tf.transpose(y, [0, 2, 1])),
        ("where", lambda: tf.where(x > 0, x, 0.25 * y)), ("clip", lambda: tf.clip_by_value(x, -0.5, 0.5)), ("reversed operators", lambda: (1 - x) * 2.0 + 3.0 / positive),
        ("pad", lambda: tf.pad(x, [[0, 0], [1, 2], [0, 0]])), ("gather", lambda: tf.gather(x, [0, 2], axis=1)), ("expand_dims", lambda: tf.expand_dims(x, 1)),
        ("squeeze", lambda: tf.squeeze(x[:, :1], axis=1)), ("tile", lambda: tf.tile(x, [1, 2, 1])), ("l2_normalize", lambda: tf.math.l2_normalize(x, axis=-1)),
        ("norm", lambda: tf.norm(x, axis=-1)), ("one_hot", lambda: tf.one_hot(tf.argmax(x, axis=1), 6)), ("constant", lambda: tf.constant([1.0, 2, 3, 4, 5, 6]) + x),
        ("resize", lambda: tf.image.resize(x[..., None], (5, 3))), ("identity", lambda: tf.identity(x)), ("K.mean", lambda: K.mean(x, axis=1)), ("K.batch_dot", lambda: K.batch_dot(x, y, axes=2)),
        ("space_to_depth", lambda: tf.nn.space_to_depth(x[..., None], 2)), ("depth_to_space", lambda: tf.nn.depth_to_space(tf.reshape(x, (-1, 2, 3, 4)), 2)), ("bias_add", lambda: tf.nn.bias_add(x, tf.ones(6))),
        ("cumsum", lambda: tf.cumsum(x, axis=1)), ("reverse", lambda: tf.reverse(x, [1])), ("cast", lambda: tf.cast(tf.cast(x, tf.int32), tf.float32)), ("any", lambda: tf.cast(tf.reduce_any(x > 0.5, axis=1), tf.float32)),
        ("stop_gradient", lambda: tf.stop_gradient(x) * x), ("K.dot", lambda: K.softmax(x)),
    ]
    return variants(calls)


class Scale(L.Layer):
    """One weight of its own."""

    def build(self, shape):
        self.factor = self.add_weight(name="factor", shape=(shape[-1],))

    def call(self, x):
        return x * self.factor


class TransformerBlock(L.Layer):
    """The block of Keras's text classification example."""

    def __init__(self, embed_dim, num_heads, ff_dim, **kwargs):
        super().__init__(**kwargs)
        self.sizes = {"embed_dim": embed_dim, "num_heads": num_heads, "ff_dim": ff_dim}
        self.att = L.MultiHeadAttention(num_heads, embed_dim)
        self.ffn = keras.Sequential([L.Dense(ff_dim, activation="relu"), L.Dense(embed_dim)])
        self.layernorm1 = L.LayerNormalization(epsilon=1e-6)
        self.layernorm2 = L.LayerNormalization(epsilon=1e-6)

    def call(self, x):
        out = self.layernorm1(x + self.att(x, x))
        return self.layernorm2(out + self.ffn(out))

    def get_config(self):
        return {**super().get_config(), **self.sizes}


class Residual(L.Layer):
    """A list of layers, and a weight of its own."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.blocks = [L.Dense(units, activation="tanh"), L.Dense(units)]

    def build(self, shape):
        for block in self.blocks:
            block.build(shape)
        self.gain = self.add_weight(name="gain", shape=(1,))

    def call(self, x):
        y = x
        for block in self.blocks:
            y = block(y)
        return x + y * self.gain

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@family(((4, 6), "float32"))
def custom(x):
    return variants([
        ("Scale", lambda: Scale()(x)),
        ("Residual", lambda: Residual(6)(x)),
        ("Lambda", lambda: L.Lambda(lambda t: t * 2.0 + 1.0, output_shape=(4, 6), name="double")(x)),
        ("TransformerBlock", lambda: TransformerBlock(6, 2, 5)(x)),
    ])


WORDS = ["the", "film", "was", "great", "poor"]


@family(((1,), "string"), ((3,), "string"), data=[[["The FILM was, great!"], ["a poor, poor film"]], [["the", "great", "none"], ["", "film", "was"]]], formats=["keras"])
def strings(text, words):
    def vectorize(**options):
        return L.TextVectorization(vocabulary=WORDS, **options)(text)

    adapted = L.TextVectorization(output_sequence_length=5, max_tokens=8)
    adapted.adapt(["the film was great", "the film", "a poor film"])
    idf = L.TextVectorization(output_mode="tf_idf", vocabulary=WORDS, idf_weights=[0.1, 0.4, 0.3, 0.9, 0.7]) if MAJOR == 3 else None
    tfidf = L.StringLookup(output_mode="tf_idf", max_tokens=10, pad_to_max_tokens=True)
    tfidf.adapt(np.array([["the", "film", "was"], ["the", "great", "film"], ["poor", "film", "the"]]))
    return variants([
        ("TextVectorization", lambda: vectorize(output_sequence_length=4)),
        ("TextVectorization lower", lambda: vectorize(output_sequence_length=6, standardize="lower")),
        ("TextVectorization strip", lambda: vectorize(output_sequence_length=6, standardize="strip_punctuation")),
        ("TextVectorization characters", lambda: L.TextVectorization(vocabulary=list("thefilm "), split="character", output_sequence_length=20)(text)),
        ("TextVectorization ngrams", lambda: L.TextVectorization(vocabulary=["film", "poor film", "was great"], ngrams=2, output_sequence_length=8)(text)),
        ("TextVectorization multi_hot", lambda: vectorize(output_mode="multi_hot")),
        ("TextVectorization count", lambda: vectorize(output_mode="count", max_tokens=9, pad_to_max_tokens=True)),
        ("TextVectorization tf_idf", lambda: idf(text)),
        ("TextVectorization adapted", lambda: L.Embedding(8, 3)(adapted(text))),
        ("StringLookup", lambda: L.StringLookup(vocabulary=WORDS)(words)),
        ("StringLookup mask", lambda: L.StringLookup(vocabulary=WORDS, mask_token="", num_oov_indices=1)(words)),
        ("StringLookup three oov", lambda: L.StringLookup(vocabulary=WORDS, num_oov_indices=3)(words)),
        ("StringLookup one_hot", lambda: L.StringLookup(vocabulary=WORDS, output_mode="one_hot")(words)),
        ("StringLookup multi_hot", lambda: L.StringLookup(vocabulary=WORDS, output_mode="multi_hot")(words)),
        ("StringLookup count", lambda: L.StringLookup(vocabulary=WORDS, output_mode="count", mask_token="")(words)),
        ("StringLookup tf_idf", lambda: tfidf(words)),
        ("Hashing", lambda: L.Hashing(num_bins=7)(words)),
        ("Hashing mask", lambda: L.Hashing(num_bins=7, mask_value="")(words)),
        ("Hashing salt", lambda: L.Hashing(num_bins=7, salt=[5, 9])(words)),
        ("Hashing one_hot", lambda: L.Hashing(num_bins=7, output_mode="multi_hot")(words)),
        ("lookup then Dense", lambda: L.Dense(2)(L.StringLookup(vocabulary=WORDS, output_mode="multi_hot")(words))),
    ])


@family(((3,), "int64"), ((1,), "int64"), data=[[[10, 30, 99], [20, 20, -1]], [[3], [12]]], formats=["keras"])
def integers(x, z):
    return variants([
        ("IntegerLookup", lambda: L.IntegerLookup(vocabulary=[10, 20, 30])(x)),
        ("IntegerLookup mask", lambda: L.IntegerLookup(vocabulary=[10, 20, 30], mask_token=99, num_oov_indices=2)(x)),
        ("IntegerLookup count", lambda: L.IntegerLookup(vocabulary=[10, 20, 30], output_mode="count")(x)),
        ("Hashing", lambda: L.Hashing(num_bins=5)(x)),
        ("HashedCrossing", lambda: L.HashedCrossing(num_bins=11)((z, z))),
        ("HashedCrossing one_hot", lambda: L.HashedCrossing(num_bins=11, output_mode="one_hot")((z, z))),
        ("lookup then Embedding", lambda: L.Embedding(4, 2)(L.IntegerLookup(vocabulary=[10, 20, 30])(x))),
    ])


@family(((6, 6, 2), "float32"), keras_only=3)
def pipelines(x):
    steps = lambda: [L.RandomFlip(), L.Conv2D(2, 3), L.AutoContrast(value_range=(-1, 1)), L.BatchNormalization(), L.Conv2D(1, 2)]  # noqa: E731
    return {
        "Pipeline": L.Pipeline(steps())(x),
        "Pipeline between layers": L.Conv2D(2, 2)(L.Pipeline(steps())(L.Conv2D(2, 1)(x))),
        "STFTSpectrogram": L.STFTSpectrogram(frame_length=4, mode="real")(L.Reshape((36, 2))(x)),
    }


@family(((4,), "int32"), data=[[[1, 4, 0, 0], [2, 0, 3, 5]]], keras_only=3)
def reversible(x):
    def model(**options):
        table = L.ReversibleEmbedding(6, 3, mask_zero=True, **options)
        return table(L.LSTM(3, return_sequences=True)(table(x)), reverse=True)

    return {"tied": model(), "a matrix of its own": model(tie_weights=False, logit_soft_cap=2.0)}


os.makedirs(OUT, exist_ok=True)
for name, spec in families.items():
    if ONLY and name not in ONLY:
        continue
    try:
        make(name, *spec)
    except Exception as error:
        print("FAILED", name, type(error).__name__, str(error)[:600], flush=True)
