"""Small HDF5 files with every index of chunks and every filter that h5py writes by itself: `python make_hdf5.py`.

Writes hdf5/*.h5.gz beside this file and hdf5/expected.json.gz, what h5py reads in them: values by file and dataset, and attributes of
the root. Needs h5py 3.16 (HDF5 2.0), whose `latest` is newer than 1.14's, and ctypes for an option that h5py does not offer.
"""
import ctypes
import glob
import gzip
import json
import os
import zlib

import h5py
import numpy as np
from h5py import h5a, h5d, h5p, h5s, h5t, h5z

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = f"{HERE}/hdf5"
ANY = h5s.UNLIMITED
rng = np.random.default_rng(9)
normal = rng.standard_normal
library = ctypes.CDLL(glob.glob(f"{os.path.dirname(h5py.__file__)}.libs/libhdf5-*.so*")[0])
expected = {}


def low(file, name, shape, chunk, most=None, kind=h5t.IEEE_F32LE, setup=None, data=None):
    space = h5s.create_simple(shape, most or shape)
    made = h5p.create(h5p.DATASET_CREATE)
    made.set_chunk(chunk)
    if setup:
        setup(made)
    dataset = h5py.Dataset(h5d.create(file.id, name.encode(), kind, space, made))
    if data is not None:
        dataset[...] = data
    return dataset


def early(made):
    made.set_alloc_time(h5d.ALLOC_TIME_EARLY)


def gzipped(made):
    made.set_deflate(6)


def edges_plain(made):
    made.set_shuffle()
    made.set_deflate(6)
    made.set_fletcher32()
    assert library.H5Pset_chunk_opts(ctypes.c_int64(made.id), ctypes.c_uint(2)) >= 0


def indexes(f):
    low(f, "single", (3, 4), (3, 4), data=normal((3, 4)))
    low(f, "single_gzip", (3, 4), (3, 4), setup=gzipped, data=normal((3, 4)))
    low(f, "implicit", (7, 9), (3, 4), setup=early, data=normal((7, 9)))
    low(f, "implicit_growing", (7, 9), (3, 4), most=(10, 13), setup=early, data=normal((7, 9)))
    low(f, "implicit_unwritten", (7, 9), (3, 4), setup=early)
    low(f, "fixed", (7, 9), (3, 4), data=normal((7, 9)))
    low(f, "fixed_gzip", (7, 9), (3, 4), most=(8, 20), setup=gzipped, data=normal((7, 9)))
    bytes_ = rng.integers(0, 255, 1100)
    low(f, "fixed_pages", (1100,), (1,), kind=h5t.STD_U8LE, data=bytes_)
    sparse = low(f, "fixed_pages_sparse", (3000,), (1,), kind=h5t.STD_U8LE)
    sparse[1030], sparse[2999] = 3, 4
    low(f, "extensible", (400,), (1,), most=(ANY,), kind=h5t.STD_I16BE, data=rng.integers(-99, 99, 400))
    low(f, "extensible_gzip", (30,), (4,), most=(ANY,), setup=gzipped, data=normal(30))
    low(f, "extensible_second_axis", (3, 40), (1, 2), most=(5, ANY), data=normal((3, 40)))
    sparse = low(f, "extensible_pages", (140000,), (1,), most=(ANY,), kind=h5t.STD_U8LE)
    for at in [0, 3, 5, 300, 131056 + 5, 131056 + 2048 * 3 + 1500]:
        sparse[at] = at % 251 + 1
    low(f, "tree", (5, 6), (2, 2), most=(ANY, ANY), data=normal((5, 6)))
    low(f, "tree_deep", (20, 20), (1, 1), most=(ANY, ANY), kind=h5t.STD_I8LE, data=rng.integers(-99, 99, (20, 20)))
    low(f, "tree_gzip", (9, 11), (1, 3), most=(ANY, ANY), setup=gzipped, data=normal((9, 11)))
    for name, most in [("fixed", None), ("extensible", (ANY, 9)), ("tree", (ANY, ANY))]:
        low(f, f"edges_plain_{name}", (7, 9), (3, 4), most=most, setup=edges_plain, data=normal((7, 9)))
    shrunk = low(f, "shrunk", (20,), (3,), most=(ANY,), data=normal(20))
    shrunk.resize((8,))


def filters(f):
    low(f, "fletcher", (30,), (7,), setup=lambda p: p.set_fletcher32(), data=normal(30))
    f.create_dataset("lzf", data=np.round(normal(300)), chunks=(128,), compression="lzf", shuffle=True, dtype="f4")
    f.create_dataset("lzf_runs", data=np.arange(3000) // 700, chunks=(2000,), compression="lzf", dtype=">f8")
    f.create_dataset("lzf_noise", data=normal(50), chunks=(20,), compression="lzf", fletcher32=True, dtype="f4")
    for name, kind, top in [("i1", h5t.STD_I8LE, 9), ("u2", h5t.STD_U16BE, 999), ("i4", h5t.STD_I32LE, 2**31), ("i8", h5t.STD_I64BE, 2**52)]:
        data = rng.integers(0 if name == "u2" else -top, top, 40)
        low(f, f"scaled_{name}", (40,), (9,), kind=kind, setup=lambda p: p.set_scaleoffset(h5z.SO_INT, 0), data=data)
    low(f, "scaled_same", (40,), (9,), kind=h5t.STD_I32LE, setup=lambda p: p.set_scaleoffset(h5z.SO_INT, 0), data=np.full(40, 77))
    for name, kind in [("f4", h5t.IEEE_F32LE), ("f8", h5t.IEEE_F64BE)]:
        for digits in [0, 3, 9]:
            setup = lambda p, digits=digits: p.set_scaleoffset(h5z.SO_FLOAT_DSCALE, digits)  # noqa: E731
            low(f, f"scaled_{name}_{digits}", (40,), (9,), kind=kind, setup=setup, data=100 * normal(40))

    def with_fill(p):
        p.set_fill_value(np.array(7, "i4"))
        p.set_scaleoffset(h5z.SO_INT, 0)

    low(f, "scaled_fill", (40,), (9,), kind=h5t.STD_I32BE, setup=with_fill)[5:20] = rng.integers(-99, 99, 15)
    for name, base, precision, offset in [("i4", h5t.STD_I32LE, 11, 3), ("u2", h5t.STD_U16BE, 9, 4), ("i8", h5t.STD_I64BE, 43, 5), ("i1", h5t.STD_I8LE, 5, 2)]:
        if f.libver[0] == "earliest":
            break  # HDF5 2 refuses such types there
        kind = base.copy()
        kind.set_precision(precision)
        kind.set_offset(offset)
        top = 2 ** (precision - 1)
        data = rng.integers(0 if name == "u2" else -top, top, 30)
        low(f, f"nbit_{name}", (30,), (7,), kind=kind, setup=lambda p: p.set_filter(h5z.FILTER_NBIT), data=data)
        low(f, f"spare_{name}", (30,), (7,), kind=kind, data=data)
    masked = f.create_dataset("masked", (6,), chunks=(3,), dtype="f4", shuffle=True, compression="gzip")
    three = np.arange(3, dtype="f4")
    masked.id.write_direct_chunk((0,), three.tobytes(), filter_mask=3)
    masked.id.write_direct_chunk((3,), zlib.compress(three.tobytes()), filter_mask=1)


def unwritten(f):
    f.create_dataset("plain", (3, 2), dtype="f4")
    f.create_dataset("filled", (3, 2), dtype=">f8", fillvalue=2.5)
    f.create_dataset("chunked", (30,), chunks=(7,), dtype="i2", fillvalue=-3)
    f.create_dataset("partly", (30,), chunks=(7,), dtype="f4", compression="gzip", fillvalue=1.5)[9:15] = normal(6)
    f.create_dataset("growing", (0, 4), maxshape=(None, 4), dtype="f4")

    def undefined(p):
        p.set_fill_time(h5d.FILL_TIME_NEVER)

    low(f, "never", (30,), (7,), setup=undefined)


def types(f):
    f["float"] = np.dtype(">f4")
    f.create_dataset("named", data=normal(5), dtype=f["float"])
    f.create_dataset("named_chunks", data=normal(50), dtype=f["float"], chunks=(9,), compression="gzip")
    for kind in ["f2", ">f2", ">f8", "i1", ">i2", ">u4", ">i8", "?"]:
        f.create_dataset(f"type_{kind}", data=rng.integers(0, 2 if kind == "?" else 99, 7).astype(kind), chunks=(4,))
    made = h5p.create(h5p.DATASET_CREATE)
    made.set_layout(h5d.COMPACT)
    h5py.Dataset(h5d.create(f.id, b"compact", h5t.STD_I16BE, h5s.create_simple((5,)), made))[...] = [1, 2, -3, 4, 5]
    f.attrs.create("named", normal(3), dtype=f["float"])
    fixed = h5t.C_S1.copy()
    fixed.set_size(6)
    fixed.set_strpad(h5t.STR_SPACEPAD)
    attribute = h5a.create(f.id, b"spaces", fixed, h5s.create_simple((2,)))
    attribute.write(np.array([b"ab c  ", b" d    "], dtype="S6"), mtype=fixed)
    f.attrs["names"] = ["kernel:0", "bias:0 "]
    if f.libver[0] != "earliest":
        for i in range(20):
            f.attrs[f"many{i}"] = np.full(9000 if i == 7 else 3, i, "f8")
        for i in range(60):
            f.create_group(f"group_with_a_long_name_{i}")


def model(f):
    layers = [
        {"class_name": "InputLayer", "config": {"name": "in", "batch_input_shape": [None, 4], "dtype": "float32"}},
        {"class_name": "Dense", "config": {"name": "dense", "units": 3, "activation": "linear", "use_bias": True}},
    ]
    f.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"name": "m", "layers": layers}})
    f.attrs["keras_version"] = "2.15.0"
    f.attrs["backend"] = "tensorflow"
    weights = f.create_group("model_weights")
    weights.attrs["layer_names"] = ["dense"]
    group = weights.create_group("dense")
    group.attrs["weight_names"] = ["dense/kernel:0", "dense/bias:0"]
    group.create_dataset("dense/kernel:0", data=normal((4, 3)), dtype="f4", chunks=(3, 2), compression="lzf", shuffle=True)
    group.create_dataset("dense/bias:0", (3,), dtype="f4", fillvalue=0.5)


def finish(name):
    path = f"{OUT}/{name}.h5"
    found = {"datasets": {}, "attributes": {}}
    with h5py.File(path) as f:

        def visit(key, item):
            if isinstance(item, h5py.Dataset):
                values = item[...].astype("f8").ravel()
                found["datasets"][key] = {"shape": list(item.shape), "data": [float(v) for v in values]}
                if len(values) > 9999:  # nearly all 0
                    found["datasets"][key]["data"] = {int(i): float(values[i]) for i in np.nonzero(values)[0]}

        f.visititems(visit)
        for key, value in f.attrs.items():
            texts = isinstance(value, np.ndarray) and value.dtype.kind in "OS"
            listed = [v.decode() if isinstance(v, bytes) else v for v in value] if texts else None
            found["attributes"][key] = listed or (value if isinstance(value, str) else [float(v) for v in value])
    expected[name] = found
    with open(path, "rb") as raw, open(f"{path}.gz", "wb") as packed:
        packed.write(gzip.compress(raw.read(), 9, mtime=0))
    print(name, os.path.getsize(path), os.path.getsize(f"{path}.gz"))
    os.remove(path)


os.makedirs(OUT, exist_ok=True)
for libver in ["earliest", "v110", "latest"]:
    for part in [indexes, filters, unwritten, types, model]:
        name = f"{part.__name__}-{libver}"
        bounds = ("earliest", "v108") if libver == "earliest" else (libver, libver)
        with h5py.File(f"{OUT}/{name}.h5", "w", libver=bounds) as file:
            if not (part is indexes and libver == "earliest"):
                part(file)
            else:
                low(file, "tree_1", (20, 20), (1, 1), most=(ANY, ANY), kind=h5t.STD_I8LE, data=rng.integers(-99, 99, (20, 20)))
                low(file, "tree_1_gzip", (9, 11), (2, 3), most=(ANY, ANY), setup=gzipped, data=normal((9, 11)))
        finish(name)
with open(f"{OUT}/expected.json.gz", "wb") as packed:
    packed.write(gzip.compress(json.dumps(expected).encode(), 9, mtime=0))
