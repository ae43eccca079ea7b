"""Small random models through tensorflowjs's own converter, and what Keras computes from the file each came from: layers, graphs and files
that make_converted.py has not (shared layers, several inputs and outputs, attention, statistics of Normalization, quantised `.keras`,
weights in a group for each layer).

    pip install -r requirements-converted.txt && pip install --no-deps tensorflowjs==4.22.0
    python make_tfjs.py            writes models.json.gz beside this script

Every model is saved by Keras 2 (tf_keras) as .h5 or by Keras 3 as .h5 or .keras, converted, and predicted by the Keras that saved it.
Quantised weights are put back into the .h5 or .keras with tensorflowjs's own reader before Keras predicts, so that quantisation itself
is no difference. Seeds are fixed; the converter's time stamps do not matter.
"""
import base64
import gzip
import json
import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path
from unittest import mock

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
# The package imports converters of other formats, which layers models do not need.
for absent in ['jax', 'jax.experimental', 'jax.experimental.jax2tf', 'tensorflow_decision_forests', 'tensorflow_hub']:
    sys.modules[absent] = mock.MagicMock()

import h5py
import keras
import numpy as np
import tensorflow as tf
import tf_keras
from tensorflowjs import read_weights
from tensorflowjs.converters import converter

HERE = Path(__file__).parent
TOP = Path(tempfile.mkdtemp())


def cnn(k):
    L = k.layers
    return k.Sequential([
        L.Input((8, 8, 2)),
        L.Conv2D(4, 3, padding='same', activation='relu'),
        L.BatchNormalization(),
        L.MaxPooling2D(),
        L.SeparableConv2D(5, 3, use_bias=False),
        L.DepthwiseConv2D(2, activation='relu6' if k is tf_keras else 'relu'),
        L.LeakyReLU(),
        L.GlobalAveragePooling2D(),
        L.Dropout(0.3),
        L.Dense(3, activation='softmax'),
    ])


def text(k):
    L = k.layers
    return k.Sequential([
        L.Input((6,)),
        L.Embedding(12, 5),
        L.Conv1D(4, 2, padding='causal' if k is tf_keras else 'same', activation='tanh'),
        L.Bidirectional(L.LSTM(3, return_sequences=True)),
        L.GRU(4),
        L.Dense(2, activation='sigmoid'),
    ])


def graph(k):
    """Two inputs, a model inside the model, wrappers, merges, a layer called twice."""
    L = k.layers
    a, b = L.Input((4,), name='left'), L.Input((3, 4), name='right')
    inner_in = L.Input((4,))
    inner = k.Model(inner_in, L.Dense(4, name='inner_dense')(L.BatchNormalization(name='inner_norm')(inner_in)), name='inner')
    shared = L.Dense(4, activation='tanh', name='shared')
    x = L.Add()([inner(a), shared(a)])
    y = L.TimeDistributed(L.Dense(4), name='each')(b)
    y = L.SimpleRNN(4, name='recurrent')(L.LayerNormalization()(y))
    z = L.Concatenate()([shared(x), y, L.PReLU()(a)])
    return k.Model([a, b], [L.Dense(2, name='first')(z), L.Dense(1, activation='sigmoid', name='second')(z)], name='two')


def attention(k):
    L = k.layers
    x = L.Input((5, 4))
    y = L.MultiHeadAttention(2, 3)(x, x)
    y = L.Add()([x, y])
    y = L.LayerNormalization()(y)
    return k.Model(x, L.Dense(2)(L.Flatten()(y)))


def normalised(k):
    """An integer among the weights: the count of Normalization."""
    L = k.layers
    norm = L.Normalization(axis=-1)
    norm.adapt(np.arange(24, dtype='float32').reshape(6, 4) ** 1.5)
    return k.Sequential([L.Input((4,)), norm, L.Dense(3, activation='elu'), L.Dense(1)])


def inputs_of(name, rng):
    if name == 'cnn':
        return [rng.random((3, 8, 8, 2))]
    if name == 'text':
        return [rng.integers(0, 12, (3, 6))]
    if name == 'graph':
        return [rng.standard_normal((3, 4)), rng.standard_normal((3, 3, 4))]
    if name == 'attention':
        return [rng.standard_normal((3, 5, 4))]
    return [5 + 10 * rng.random((3, 4))]


def randomise(model, rng):
    model.set_weights([
        w if w.ndim == 0 else (rng.random(w.shape) + 0.5 if w.ndim == 1 else rng.standard_normal(w.shape) / max(1, np.prod(w.shape[:-1])) ** 0.5).astype(w.dtype)
        for w in model.get_weights()
    ])


def quantised(path, folder, target):
    """The file at `path` with its weights as the converted model has them."""
    manifest = json.loads((folder / 'model.json').read_text())['weightsManifest']
    arrays = {e['name']: e['data'] for e in read_weights.read_weights(manifest, str(folder), flatten=True)}
    if path.suffix == '.h5':
        shutil.copy(path, target)
        with h5py.File(target, 'r+') as f:
            for group in f['model_weights'].values():
                for name in group.attrs.get('weight_names', []):
                    name = name.decode() if isinstance(name, bytes) else name
                    group[name][...] = arrays[name[:-2] if name.endswith(':0') else name]
        return
    work = TOP / 'unpacked'
    shutil.rmtree(work, ignore_errors=True)
    with zipfile.ZipFile(path) as z:
        z.extractall(work)
    with h5py.File(work / 'model.weights.h5', 'r+') as f:
        for name, data in arrays.items():
            f[name][...] = data
    with zipfile.ZipFile(target, 'w') as z:
        for each in work.rglob('*'):
            if each.is_file():
                z.write(each, each.relative_to(work))


def convert(path, folder, quant, shard, split):
    table = None if quant is None else {quant: True}
    if path.suffix == '.h5':
        converter.dispatch_keras_h5_to_tfjs_layers_model_conversion(
            str(path), str(folder), table, split_weights_by_layer=split, weight_shard_size_bytes=shard)
    else:
        converter.dispatch_keras_keras_to_tfjs_layers_model_conversion(
            str(path), str(folder), table, split_weights_by_layer=split, weight_shard_size_bytes=shard)


def case(build, k, suffix, quant=None, shard=300, split=False):
    major = 2 if k is tf_keras else 3
    name = f'{build.__name__}-keras{major}{suffix.replace(".", "-")}' + (f'-{quant}' if quant else '') + ('-split' if split else '')
    k.backend.clear_session()
    k.utils.set_random_seed(7)
    rng = np.random.default_rng(11)
    model = build(k)
    if build is not normalised:
        randomise(model, rng)
    # The converter unpacks archives beside themselves.
    place = TOP / name
    place.mkdir()
    path = place / f'model{suffix}'
    model.save(path)
    folder = place / 'out'
    try:
        convert(path, folder, quant, shard, split)
    except Exception as error:
        print(name, 'the converter refuses:', type(error).__name__, str(error)[:200])
        return None
    source = path
    if quant is not None:
        source = place / f'quantised{suffix}'
        quantised(path, folder, source)
    model = k.models.load_model(source, compile=False)
    inputs = [x.astype('int32' if x.dtype.kind == 'i' else 'float32') for x in inputs_of(build.__name__, rng)]
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    return {
        'name': name,
        'model': json.loads((folder / 'model.json').read_text()),
        'shards': {p.name: base64.b64encode(p.read_bytes()).decode() for p in sorted(folder.glob('*.bin'))},
        'inputs': [{'shape': x.shape, 'data': x.ravel().tolist(), 'dtype': str(x.dtype)} for x in inputs],
        'outputs': [{'shape': y.shape, 'data': y.astype('float64').ravel().tolist()} for y in outputs],
    }


QUANTS = [None, 'float16', 'uint16', 'uint8']
cases = []
for k, suffix in [(tf_keras, '.h5'), (keras, '.h5'), (keras, '.keras')]:
    for build in [cnn, text, graph, attention, normalised]:
        for quant in QUANTS if build in (cnn, text) and suffix == '.keras' else [None, 'uint8']:
            cases.append(case(build, k, suffix, quant, shard=300 if build is cnn else 4096))
    cases.append(case(cnn, k, suffix, split=True))
cases = [c for c in cases if c is not None]
versions = {'tensorflow': tf.__version__, 'keras': keras.__version__, 'tf_keras': tf_keras.__version__, 'tensorflowjs': '4.22.0'}
with gzip.GzipFile(HERE / 'models.json.gz', 'wb', mtime=0) as f:
    f.write(json.dumps({'versions': versions, 'cases': cases}, separators=(',', ':')).encode())
print(len(cases), 'cases', (HERE / 'models.json.gz').stat().st_size, 'bytes')
shutil.rmtree(TOP)
