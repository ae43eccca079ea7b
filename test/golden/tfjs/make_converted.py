"""Small models of Keras 2 and 3, converted by tensorflowjs, with the predictions of the files they came from.

    pip install -r test/golden/tfjs/requirements-converted.txt
    pip install --no-deps tensorflowjs==4.22.0
    python test/golden/tfjs/make_converted.py

Writes test/golden/tfjs/converted.json.gz. Predictions of quantized models are those of the same model with weights that tensorflowjs
quantized and brought back. Its imports of tensorflow_decision_forests and jax, which layers models do not need, are put out of the way.
"""
import base64, gzip, json, os, sys, tempfile, types

import keras as keras3
import numpy as np
import tensorflow as tf
import tf_keras as keras2

np.object = object
for name in ['tensorflow_decision_forests', 'jax', 'jax.experimental', 'jax.experimental.jax2tf']:
    sys.modules[name] = types.ModuleType(name)
from tensorflowjs import quantization
from tensorflowjs.converters import converter

HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(0)


def cnn(k):
    layers = k.layers
    return k.Sequential([
        layers.Input((8, 8, 3)),
        layers.Conv2D(4, 3, activation='relu', padding='same', name='conv'),
        layers.BatchNormalization(name='bn'),
        layers.DepthwiseConv2D(3, strides=2, name='depthwise'),
        layers.GlobalAveragePooling2D(name='pool'),
        layers.Dense(3, activation='softmax', name='out'),
    ], name='cnn'), [rng.normal(size=(3, 8, 8, 3)).astype('float32')]


def text(k):
    layers = k.layers
    ids = k.Input((7,), dtype='int32', name='ids')
    extra = k.Input((2,), name='extra')
    x = layers.Embedding(11, 5, name='embedding')(ids)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True), name='both')(x)
    x = layers.GRU(4, name='gru')(x)
    x = layers.LayerNormalization(name='ln')(x)
    x = layers.Concatenate(name='join')([x, extra])
    y = layers.Dense(2, activation='sigmoid', name='y')(x)
    return k.Model([ids, extra], y, name='text'), [rng.integers(0, 11, (3, 7)).astype('int32'), rng.normal(size=(3, 2)).astype('float32')]


def nested(k):
    layers = k.layers
    inside = k.Sequential([layers.Input((6,)), layers.Dense(5, activation='tanh', name='first'), layers.BatchNormalization(name='norm')], name='inside')
    x = k.Input((6,), name='x')
    y = layers.Dense(2, name='last')(inside(x))
    return k.Model(x, y, name='nested'), [rng.normal(size=(4, 6)).astype('float32')]


def randomise(model):
    weights = []
    for w in model.weights:
        shape = tuple(w.shape)
        value = rng.normal(size=shape) * 0.5
        weights.append((np.abs(value) + 0.2 if 'variance' in w.name else value).astype('float32'))
    model.set_weights(weights)


def brought_back(model, dtype):
    values = []
    for value in model.get_weights():
        quantized, scale = quantization.quantize_weights(value, getattr(np, dtype))
        values.append(quantization.dequantize_weights(quantized, scale, np.float32))
    copy = model.__class__.from_config(model.get_config())
    copy.build(model.input_shape) if not copy.built else None
    copy.set_weights(values)
    return copy


def listed(values):
    return [{'shape': list(v.shape), 'data': [float(n) for n in v.ravel()]} for v in values]


cases = []
for k, major in ((keras2, 2), (keras3, 3)):
    for make in (cnn, text, nested):
        model, x = make(k)
        randomise(model)
        for source in ('h5', 'keras') if major == 3 else ('h5',):
            for dtype in (None, 'float16', 'uint8', 'uint16') if source == 'h5' else (None,):
                name = f'keras{major}-{make.__name__}-{source}' + (f'-{dtype}' if dtype else '')
                folder = tempfile.mkdtemp()
                path = os.path.join(folder, f'm.{source}')
                out = os.path.join(folder, 'out')
                try:
                    model.save(path)
                    run = converter.dispatch_keras_h5_to_tfjs_layers_model_conversion if source == 'h5' else converter.dispatch_keras_keras_to_tfjs_layers_model_conversion
                    # Two shards at least for the larger ones.
                    run(path, out, quantization_dtype_map={dtype: '*'} if dtype else None, weight_shard_size_bytes=600)
                    expected = brought_back(model, dtype) if dtype else model
                    y = np.asarray(expected(x if len(x) > 1 else x[0], training=False))
                except Exception as error:
                    print(name, 'FAILED', type(error).__name__, str(error)[:300])
                    continue
                files = {f: base64.b64encode(open(os.path.join(out, f), 'rb').read()).decode() for f in sorted(os.listdir(out))}
                cases.append({'name': name, 'files': files, 'inputs': listed(x), 'output': listed([y])[0]})
                print(name, {f: len(v) for f, v in files.items()})

made = f'tensorflow {tf.__version__}, tf_keras {keras2.__version__}, keras {keras3.__version__}, tensorflowjs 4.22.0'
with gzip.GzipFile(os.path.join(HERE, 'converted.json.gz'), 'wb', mtime=0) as f:
    f.write(json.dumps({'made': made, 'cases': cases}).encode())
