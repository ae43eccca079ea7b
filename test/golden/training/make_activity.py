"""Losses of attention layers with an activity regularizer, in float64, of Keras 3.15.1 and tf_keras 2.21.0 (requirements.txt).

Prints what test/training/activity.test.ts holds: the loss of `evaluate`, which is the mean square of the outputs and the penalties.
"""
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import keras
import numpy as np
import tf_keras

x = np.sin(np.arange(2 * 3 * 4.0)).reshape(2, 3, 4)
v = np.cos(np.arange(2 * 5 * 4.0)).reshape(2, 5, 4)
for K, cls, options in (
    (keras, "MultiHeadAttention", dict(num_heads=2, key_dim=3)),
    (keras, "GroupQueryAttention", dict(head_dim=3, num_query_heads=2, num_key_value_heads=1)),
    (tf_keras, "MultiHeadAttention", dict(num_heads=2, key_dim=3)),
):
    K.backend.set_floatx("float64")
    a, b = K.Input((3, 4)), K.Input((5, 4))
    layer = getattr(K.layers, cls)(activity_regularizer="l2", name="at", **options)
    model = K.Model([a, b], layer(a, b))
    for i, w in enumerate(model.weights):
        w.assign(np.sin(0.7 * np.arange(np.prod(w.shape)) + i).reshape(w.shape) * 0.5)
    model.compile(loss="mse", optimizer="sgd")
    penalty = model.evaluate([x, v], np.zeros((2, 3, 4)), verbose=0)
    print(K.__name__, cls, repr(float(penalty)))
