"""Writes what Keras computes for a model, so that pathgrad can be checked against it: predictions and input gradients on random inputs.

    python write_reference.py model.keras                    # model.keras.reference.json beside it
    python write_reference.py model.h5 --inside              # into the model file itself
    python write_reference.py model.h5 --legacy              # with tf_keras (Keras 2)
    python write_reference.py model.keras --inputs x.npz     # inputs of your own: arrays x0, x1, … (texts are allowed)

Then, in JavaScript: `pathgrad inspect model.keras --verify model.keras.reference.json`, or `await model.verify(json)`.
Needs Keras 3 on TensorFlow (or tf_keras with --legacy) and NumPy; --inside on .h5 needs h5py. Tried with Keras 3.15.1, tf_keras 2.21.0.
A model with custom objects: import this file in a script of yours that defines them, and call `write_reference(model, path)`.
"""
import argparse
import base64
import json
import os
import sys
import zipfile


def packed(array):
    """Little-endian float32 or int32 in base64."""
    import numpy as np

    array = np.asarray(array)
    kind = "int32" if array.dtype.kind in "iub" else "float32"
    data = np.ascontiguousarray(array.astype("<" + kind[0] + "4"))
    return {"shape": list(array.shape), "dtype": kind, "data": base64.b64encode(data.tobytes()).decode()}


def smallest_vocabulary(model):
    """Ids below it are valid for every Embedding."""
    sizes = []
    layers = list(model.layers)
    while layers:
        layer = layers.pop()
        layers += list(getattr(layer, "layers", None) or [])
        if hasattr(layer, "input_dim") and hasattr(layer, "embeddings"):
            sizes.append(layer.input_dim)
    return min(sizes, default=2)


def random_inputs(model, samples, length, rng):
    made = []
    for tensor in model.inputs:
        shape = (samples, *(length if size is None else size for size in tensor.shape[1:]))
        dtype = getattr(tensor.dtype, "name", tensor.dtype)
        if dtype == "string":
            sys.exit(f"input {tensor.name} takes texts: give some with --inputs")
        embeds = any(type(layer).__name__ == "Embedding" for layer in model.layers[:3])
        if "int" in dtype or (embeds and len(model.inputs) == 1):
            made.append(rng.integers(0, smallest_vocabulary(model), shape).astype("int32" if "int" in dtype else dtype))
        elif dtype == "bool":
            made.append(rng.integers(0, 2, shape).astype(bool))
        else:
            made.append(rng.normal(0, 1, shape).astype("float32"))
    return made


def reference(model, inputs, tensorflow, made_with):
    import numpy as np

    tf = tensorflow
    tensors = [tf.constant(x) for x in inputs]
    floats = [i for i, t in enumerate(tensors) if t.dtype.is_floating]
    with tf.GradientTape(persistent=True) as tape:
        for i in floats:
            tape.watch(tensors[i])
        outputs = model(tensors if len(tensors) > 1 else tensors[0], training=False)
        outputs = tf.nest.flatten(outputs)
        # Weighted sums: plain ones of a softmax are constant.
        weights = [np.random.default_rng(i).normal(0, 1, y.shape).astype("float32") for i, y in enumerate(outputs)]
        sums = [tf.reduce_sum(tf.cast(y, "float32") * w) if y.dtype.is_floating else None for y, w in zip(outputs, weights)]
    gradients = []
    for o, total in enumerate(sums):
        for i in floats if total is not None else []:
            dx = tape.gradient(total, tensors[i])
            if dx is not None:
                values = packed(np.asarray(tf.convert_to_tensor(dx)))
                gradients.append({"output": o, "input": i, **values, "cotangent": packed(weights[o])})

    def stored(x, tensor):
        name = tensor.name.split(":")[0]
        if x.dtype.kind in "OUS":
            texts = [t.decode() if isinstance(t, bytes) else str(t) for t in x.ravel()]
            return {"name": name, "shape": list(x.shape), "strings": texts}
        return {"name": name, **packed(x)}

    return {
        "format": "pathgrad-reference",
        "version": 1,
        "madeWith": made_with,
        "inputs": [stored(np.asarray(x), t) for x, t in zip(inputs, model.inputs)],
        "outputs": [packed(np.asarray(y)) for y in outputs],
        "gradients": gradients,
    }


def put_inside(path, text):
    """Keras ignores both: a member of the archive, a dataset at the root of the HDF5 file."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if "pathgrad.json" in archive.namelist():
                sys.exit(f"{path} holds a reference already")
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("pathgrad.json", text)
        return
    import h5py
    import numpy as np

    with h5py.File(path, "r+") as file:
        if "pathgrad_reference" in file:
            del file["pathgrad_reference"]
        file["pathgrad_reference"] = np.frombuffer(text.encode(), dtype="u1")


def write_reference(model, path, inputs=None, samples=4, length=16, seed=0, inside=False, legacy=False):
    """Writes the reference of a loaded model beside `path` or into it; returns where."""
    import numpy as np
    import tensorflow as tf

    if legacy:
        import tf_keras as keras
    else:
        import keras
    inputs = inputs or random_inputs(model, samples, length, np.random.default_rng(seed))
    text = json.dumps(reference(model, inputs, tf, f"keras {keras.__version__}, tensorflow {tf.__version__}"))
    if inside:
        put_inside(path, text)
        return path
    with open(f"{path}.reference.json", "w") as file:
        file.write(text)
    return f"{path}.reference.json"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--inside", action="store_true", help="store the values in the model file")
    parser.add_argument("--legacy", action="store_true", help="load with tf_keras (Keras 2)")
    parser.add_argument("--inputs", help=".npz with arrays x0, x1, … to use as inputs")
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--length", type=int, default=16, help="size of axes that the model leaves open")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    if args.legacy:
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
        import tf_keras as keras
    else:
        import keras
    import numpy as np

    model = keras.models.load_model(args.model, compile=False)
    inputs = None
    if args.inputs:
        arrays = np.load(args.inputs)
        inputs = [arrays[f"x{i}"] for i in range(len(arrays.files))]
        inputs = [x.astype(object) if x.dtype.kind in "US" else x for x in inputs]
    print(write_reference(model, args.model, inputs, args.samples, args.length, args.seed, args.inside, args.legacy))


if __name__ == "__main__":
    main()
