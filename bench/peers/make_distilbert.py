"""Writes a full-size DistilBERT classifier with random weights, for the benchmark: config.json and tf_model.h5 (268 MB).

    python make_distilbert.py FOLDER

The weights are those that transformers' TensorFlow classes draw from a fixed seed: 6 layers, 768 wide, 12 heads, 30,522 pieces.
"""

import os
import sys

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import tensorflow as tf  # noqa: E402
import tf_keras  # noqa: E402
from transformers import DistilBertConfig, TFDistilBertForSequenceClassification  # noqa: E402

tf_keras.utils.set_random_seed(11)
model = TFDistilBertForSequenceClassification(DistilBertConfig())
model(tf.zeros((1, 4), tf.int32))
model.save_pretrained(sys.argv[1])
print(sum(int(tf.size(weight)) for weight in model.weights), "weights")
