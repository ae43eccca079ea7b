"""Expected values for test/keras/operations-golden.test.ts: operations of keras.ops recorded in functional models, run by real Keras.

Each case is a functional model as `to_json` writes it, its inputs, output, and the gradient of sum(output * cotangent) to each float
input, by central differences of Keras's own outputs, whose NumPy backend works in float32. Written to operations.json.gz beside this file. Run with Keras 3.15.1
on its NumPy backend: python test/golden/make_operations.py
"""
import gzip
import json
import os

os.environ["KERAS_BACKEND"] = "numpy"
import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import ops as K  # noqa: E402

keras.config.set_floatx("float64")
rng = np.random.default_rng(11)
cases = []
NAN = float("nan")


def numbers(array):
    flat = np.asarray(array, np.float64).ravel()
    text = [None if np.isnan(v) else ("inf" if v > 0 else "-inf") if np.isinf(v) else float(f"{v:.7g}") for v in flat]
    return {"shape": list(np.shape(array)), "data": text}


def case(name, build, *feeds, grad=True):
    feeds = [np.asarray(f, "int32" if np.asarray(f).dtype.kind == "i" else "float64") for f in feeds]
    xs = [keras.Input(batch_shape=f.shape, dtype=str(f.dtype)) for f in feeds]
    try:
        model = keras.Model(xs, build(*xs))
        text = json.loads(model.to_json())
        keras.tree.flatten(model(feeds))
    except Exception as error:
        print("skipped", name, type(error).__name__, str(error)[:160].replace("\n", " "))
        return
    flat = lambda args: [np.asarray(y) for y in keras.tree.flatten(model(list(args)))]  # noqa: E731
    ys = flat(feeds)
    grads = []
    if grad and all(np.issubdtype(y.dtype, np.floating) for y in ys):
        cots = [rng.normal(0, 1, y.shape)for y in ys]
        for i, f in enumerate(feeds):
            if f.dtype.kind != "f":
                continue
            slope = np.zeros_like(f)
            for at in np.ndindex(f.shape):
                ends = []
                for step in (1e-3, -1e-3):
                    moved = [g.copy() for g in feeds]
                    moved[i][at] += step
                    ends.append(sum((y * c).sum() for y, c in zip(flat(moved), cots)))
                slope[at] = (ends[0] - ends[1]) / 2e-3
            grads.append({"input": i, "value": numbers(slope)})
        grads = {"cotangents": [numbers(c) for c in cots], "of": grads}
    inputs = [{"dtype": str(f.dtype), **numbers(f)} for f in feeds]
    cases.append({"name": name, "version": keras.__version__, "architecture": text, "inputs": inputs, "outputs": [numbers(y) for y in ys], "gradients": grads or None})


def n(*shape):
    return rng.normal(0, 1, shape)


def u(*shape, low=0.1, high=0.9):
    return rng.uniform(low, high, shape)


ODD = np.array([[1.5, NAN, -2.0], [np.inf, 0.0, -np.inf]])
GAPS = np.array([[1.5, NAN, -2.0], [0.5, 3.0, NAN]])
for f in "fabs trunc exp2 cbrt deg2rad rad2deg arcsinh erfc sinc real conjugate copy convert_to_tensor imag".split():
    case(f, lambda x, f=f: getattr(K, f)(x), n(2, 3) * 2)
for f in "arcsin arccos arctanh".split():
    case(f, lambda x, f=f: getattr(K, f)(x), u(2, 3, low=-0.95, high=0.95))
case("arccosh", lambda x: K.arccosh(x), u(2, 3, low=1.1, high=5))
for f in "arctan2 hypot logaddexp logaddexp2 fmod heaviside fmax fmin ldexp".split():
    case(f, lambda x, y, f=f: getattr(K, f)(x, y), n(2, 3), rng.integers(-2, 3, (2, 3)) if f == "ldexp" else n(2, 3), grad=f not in ("ldexp", "heaviside"))
case("arctan2 axes", lambda x, y: K.arctan2(x, y), [0.0, 1.0, -1.0, 0.0], [-1.0, 0.0, 0.0, 1.0], grad=False)
for f in "isnan isinf isfinite isposinf isneginf isreal nan_to_num".split():
    case(f, lambda x, f=f: getattr(K, f)(x), ODD, grad=False)
case("nan_to_num with values", lambda x: K.nan_to_num(x, nan=7.0, posinf=1.0, neginf=-1.0), ODD, grad=False)
case("isclose", lambda x, y: K.isclose(x, y), [1.0, 2.0, 3.0], [1.0, 2.1, 3.0000001], grad=False)
case("fmax nan", lambda x, y: K.fmax(x, y), [NAN, 1.0, NAN], [1.0, NAN, NAN], grad=False)
case("threshold", lambda x: K.threshold(x, 0.2, -1.0), n(2, 3))

for shift, axis in ((1, 1), (-2, 1), (7, None), ([1, -1], [0, 1])):
    case(f"roll {shift} {axis}", lambda x, s=shift, a=axis: K.roll(x, s, axis=a), n(2, 3))
for k in (1, 2, 3, 0):
    case(f"rot90 {k}", lambda x, k=k: K.rot90(x, k=k), n(2, 3))
case("rot90 axes", lambda x: K.rot90(x, k=1, axes=(1, 2)), n(2, 3, 2))
for f in "fliplr flipud ravel".split():
    case(f, lambda x, f=f: getattr(K, f)(x), n(2, 3))
case("append flat", lambda x, y: K.append(x, y), n(2, 3), n(2, 2))
case("append axis", lambda x, y: K.append(x, y, axis=1), n(2, 3), n(2, 2))
for f in "vstack hstack dstack".split():
    case(f, lambda x, y, f=f: getattr(K, f)([x, y]), n(2, 3), n(2, 3))
for k in (-1, 0, 1):
    case(f"tril {k}", lambda x, k=k: K.tril(x, k), n(2, 3, 3))
    case(f"triu {k}", lambda x, k=k: K.triu(x, k), n(2, 3, 3))
    case(f"diagonal {k}", lambda x, k=k: K.diagonal(x, offset=k, axis1=1, axis2=2), n(2, 3, 4))
    case(f"trace {k}", lambda x, k=k: K.trace(x, offset=k, axis1=1, axis2=2), n(2, 3, 4))
    case(f"diag vector {k}", lambda x, k=k: K.diag(x, k), n(3))
    case(f"diag matrix {k}", lambda x, k=k: K.diag(x, k), n(3, 4))
case("diagflat", lambda x: K.diagflat(x, 1), n(2, 2))
case("diff", lambda x: K.diff(x), n(2, 4))
case("diff twice", lambda x: K.diff(x, n=2, axis=0), n(4, 2))
case("take_along_axis", lambda x, i: K.take_along_axis(x, i, axis=1), n(2, 4, 3), rng.integers(-4, 4, (2, 2, 3)))
case("take_along_axis last", lambda x, i: K.take_along_axis(x, i, axis=-1), n(2, 4), rng.integers(0, 4, (2, 6)))
case("linspace", lambda x, y: K.linspace(x, y, num=5), n(3), n(3))
case("linspace open", lambda x, y: K.linspace(x, y, num=4, endpoint=False), n(3), n(3))
case("meshgrid", lambda x, y: K.meshgrid(x, y), n(3), n(2))
case("meshgrid ij", lambda x, y: K.meshgrid(x, y, indexing="ij"), n(3), n(2))
case("select", lambda x, y: K.select([x > 0.5, x > -0.5], [x, y], default=K.zeros_like(x)), n(2, 3), n(2, 3))
case("slice_update", lambda x, y: K.slice_update(x, (0, 1), y), n(2, 4), n(2, 2))
for f, parts in (("hsplit", 2), ("vsplit", [1]), ("dsplit", 2), ("array_split", 3)):
    case(f, lambda x, f=f, p=parts: getattr(K, f)(x, p), n(4, 4, 2) if f != "array_split" else n(5, 2))
case("full_like of full", lambda x: K.full((2, 3), 4.0) + x, n(2, 3))

for f in "nansum nanmean nanvar nanstd nanmax nanmin nanprod".split():
    case(f, lambda x, f=f: getattr(K, f)(x, axis=1), GAPS, grad=False)
case("cumprod", lambda x: K.cumprod(x, axis=1), n(2, 5))
case("cumprod flat", lambda x: K.cumprod(x), n(2, 3))
case("nancumprod", lambda x: K.nancumprod(x, axis=1), GAPS, grad=False)
case("ptp", lambda x: K.ptp(x, axis=1), n(2, 4))
for f in "outer inner vdot kron".split():
    case(f, lambda x, y, f=f: getattr(K, f)(x, y), n(2, 3), n(2, 3))
case("cross", lambda x, y: K.cross(x, y), n(2, 3), n(2, 3))
case("cdist", lambda x, y: K.cdist(x, y), n(3, 2), n(4, 2))
case("trapezoid", lambda x: K.trapezoid(x, dx=0.5), n(2, 4))
case("corrcoef", lambda x: K.corrcoef(x), n(2, 5))

for padding in ("valid", "same"):
    case(f"conv {padding}", lambda x, k, p=padding: K.conv(x, k, strides=2, padding=p), n(1, 6, 5, 2), n(3, 2, 2, 3))
    case(f"conv 1d {padding}", lambda x, k, p=padding: K.conv(x, k, padding=p, dilation_rate=2), n(1, 7, 2), n(2, 2, 3))
    case(f"depthwise_conv {padding}", lambda x, k, p=padding: K.depthwise_conv(x, k, padding=p), n(1, 5, 5, 2), n(2, 2, 2, 2))
    case(f"conv_transpose {padding}", lambda x, k, p=padding: K.conv_transpose(x, k, strides=2, padding=p, data_format="channels_last"), n(1, 3, 3, 2), n(3, 3, 4, 2))
    case(f"max_pool {padding}", lambda x, p=padding: K.max_pool(x, 2, strides=2, padding=p), n(1, 5, 5, 2))
    case(f"average_pool {padding}", lambda x, p=padding: K.average_pool(x, 3, strides=2, padding=p), n(1, 5, 5, 2))
case("max_pool default", lambda x: K.max_pool(x, 2), n(1, 4, 4, 2))
case("separable_conv", lambda x, k, p: K.separable_conv(x, k, p), n(1, 5, 5, 2), n(2, 2, 2, 2), n(1, 1, 4, 3))
for logits in (False, True):
    case(f"binary_crossentropy {logits}", lambda t, x, g=logits: K.binary_crossentropy(t, x, from_logits=g), np.rint(u(2, 3)), n(2, 3) if logits else u(2, 3))
    case(f"categorical_crossentropy {logits}", lambda t, x, g=logits: K.categorical_crossentropy(t, x, from_logits=g), np.eye(3)[:2], n(2, 3) if logits else u(2, 3))
    case(f"sparse_categorical_crossentropy {logits}", lambda t, x, g=logits: K.sparse_categorical_crossentropy(t, x, from_logits=g), np.array([2, 0]), n(2, 3) if logits else u(2, 3))
case("multi_hot", lambda x: K.multi_hot(x, num_classes=5), rng.integers(0, 5, (2, 3)), grad=False)
# All inputs of a model share the batch axis, so parameters are constants of the file.
W = [K.convert_to_tensor(u(4)) for _ in range(4)]
case("batch_normalization", lambda x: K.batch_normalization(x, W[0], W[1], axis=-1, offset=W[2], scale=W[3]), n(2, 4))
case("layer_normalization", lambda x: K.layer_normalization(x, W[0], W[1], axis=-1), n(2, 4))
case("rms_normalization", lambda x: K.rms_normalization(x, W[0]), n(2, 4))
case("psnr", lambda x, y: K.psnr(x, y, max_val=1.0), u(2, 3), u(2, 3))
case("dot_product_attention", lambda q, k, v: K.dot_product_attention(q, k, v), n(1, 3, 2, 4), n(1, 3, 2, 4), n(1, 3, 2, 4))
case("dot_product_attention causal", lambda q, k, v: K.dot_product_attention(q, k, v, is_causal=True, scale=0.3), n(1, 3, 2, 4), n(1, 3, 2, 4), n(1, 3, 2, 4))
case("rgb_to_grayscale", lambda x: K.image.rgb_to_grayscale(x), u(1, 2, 2, 3))
case("pad_images", lambda x: K.image.pad_images(x, 1, 2, target_height=5, target_width=6), u(1, 3, 3, 2))
case("crop_images", lambda x: K.image.crop_images(x, 1, 0, target_height=2, target_width=2), u(1, 4, 3, 2))

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "operations.json.gz")
with gzip.GzipFile(path, "wb", mtime=0) as file:
    file.write(json.dumps(cases, separators=(",", ":")).encode())
print(len(cases), "cases", os.path.getsize(path), "bytes")
