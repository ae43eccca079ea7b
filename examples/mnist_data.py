"""Reads MNIST's gzipped IDX files and scales images the way mnist-cnn.h5 was trained: bytes / 255, in float32.

IDX: big-endian magic (two zero bytes, type 8 = unsigned byte, number of axes), one uint32 per axis, then the bytes.
"""

import gzip
from pathlib import Path

import numpy as np

PREFIXES = {"train": "train", "test": "t10k"}


def read_idx(path: Path) -> np.ndarray:
    """The uint8 array of a gzipped IDX file, in the file's shape."""
    with gzip.open(path, "rb") as file:
        content = file.read()
    if content[:3] != b"\0\0\x08":
        raise ValueError(f"{path.name} is no IDX file of unsigned bytes: it starts with {content[:4]!r}")
    rank = content[3]
    shape = np.frombuffer(content, ">u4", count=rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


def scale(images: np.ndarray) -> np.ndarray:
    """uint8 [count, 28, 28] -> float32 [count, 28, 28, 1] in [0, 1]."""
    return images.astype(np.float32)[..., None] / np.float32(255)


def load_mnist(data: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Scaled images [count, 28, 28, 1] and labels [count] of the split 'train' or 'test', in file order."""
    prefix = data / "mnist" / PREFIXES[split]
    return (
        scale(read_idx(Path(f"{prefix}-images-idx3-ubyte.gz"))),
        read_idx(Path(f"{prefix}-labels-idx1-ubyte.gz")).astype(np.int32),
    )
