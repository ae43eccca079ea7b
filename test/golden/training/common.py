"""Numbers that the tests make again: Lehmer's generator, which float64 computes exactly, and the same gradients on both sides."""
import gzip
import json

import numpy as np


def numbers(seed, count):
    state, out = seed, []
    for i in range(count + 3):
        state = state * 48271 % 2147483647
        if i >= 3:
            out.append(2 * (state / 2147483647) - 1)
    return out


def parameter(index, shape):
    return np.array(numbers(11 + index, int(np.prod(shape)))).reshape(shape)


def gradient(step, index, shape):
    """Small values are zeros, and every tenth step is larger: clipping bites, and sparse gradients occur."""
    scale = 3.0 if step % 10 == 3 else 1.0
    values = [0.0 if abs(v) < 0.2 else v * scale for v in numbers(1000 * (step + 1) + index, int(np.prod(shape)))]
    return np.array(values).reshape(shape)


SHAPES = [[3, 4], [4]]
# An embedding's table, and the rows of it that a batch looks up: three times the first of them.
ROWS = [2, 0, 2, 4, 2, 0, 1]
TABLE = [5, 3]
STEPS = [1, 10, 100]


def short(array, dtype):
    flat = np.asarray(array).ravel()
    return [float(f"{v:.9g}") for v in flat] if dtype == "float32" else [float(v) for v in flat]


def write(path, data):
    text = json.dumps(data, separators=(",", ":")) + "\n"
    with open(path, "wb") as file:
        file.write(gzip.compress(text.encode(), 9, mtime=0) if path.endswith(".gz") else text.encode())
