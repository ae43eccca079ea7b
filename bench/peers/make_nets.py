"""Writes picture models of keras.applications with random weights, for the benchmark: one Keras file each.

    python make_nets.py FOLDER NAME:SIZE...        # MobileNetV2:96 writes FOLDER/MobileNetV2-96.keras

Kernels are those that Keras draws from a fixed seed. Batch normalisations are made sane: moving averages become those of the
activations that 16 pictures of noise give, as training would leave them, scales lie between 0.5 and 1.5 and shifts are small. With the initial 0
and 1 activations of nets of a hundred layers would vanish or overflow, which no trained net does.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras  # noqa: E402
import numpy as np  # noqa: E402

SEED = 14
CLASSES = 1000


def build(name: str, size: int) -> keras.Model:
    keras.utils.set_random_seed(SEED)
    more = {"include_preprocessing": False} if name in ("MobileNetV3Small", "ConvNeXtTiny") else {}
    model = getattr(keras.applications, name)(
        input_shape=(size, size, 3), weights=None, classes=CLASSES, **more
    )
    random = np.random.default_rng(SEED)
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for layer in norms:
        width = layer.moving_mean.shape[0]
        if layer.scale:
            layer.gamma.assign(random.uniform(0.5, 1.5, width).astype(np.float32))
        if layer.center:
            layer.beta.assign(random.normal(0, 0.1, width).astype(np.float32))
        layer.momentum = 0.0
    pictures = random.uniform(-1, 1, (16, size, size, 3)).astype(np.float32)
    if norms:
        model(pictures, training=True)  # with momentum 0 the moving averages are those of this batch
    for layer in norms:
        layer.momentum = 0.99
    for layer in model.layers:
        if type(layer).__name__ == "LayerScale":  # begins at 1e-6, which leaves a ConvNeXt with nothing but its shortcuts
            layer.gamma.assign(np.full(layer.gamma.shape, 0.3, np.float32))
    # Logits spread as a trained classifier's do, so that the softmax is neither flat nor one-hot.
    last = [layer for layer in model.layers if hasattr(layer, "kernel")][-1]
    kernel = last.kernel.numpy()
    inner = keras.Model(model.input, last.input)(pictures).numpy()
    logits = inner.reshape(len(pictures), -1) @ kernel.reshape(-1, kernel.shape[-1])
    last.kernel.assign(kernel * (2 / logits.std()))
    return model


def main() -> None:
    folder = sys.argv[1]
    for spec in sys.argv[2:]:
        name, size = spec.split(":")
        path = f"{folder}/{name}-{size}.keras"
        if os.path.exists(path):
            continue
        build(name, int(size)).save(path + ".part.keras")
        os.replace(path + ".part.keras", path)
        print(path, flush=True)
        keras.backend.clear_session()


main()
