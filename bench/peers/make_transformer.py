"""Writes a transformer classifier with random weights, for the benchmark: config.json and tf_model.h5.

    python make_transformer.py distilbert|minilm FOLDER

The weights are those that transformers' TensorFlow classes draw from a fixed seed. distilbert: 6 layers, 768 wide, 12 heads, 30,522
pieces (66 million weights, 268 MB). minilm: a BERT of the sizes of all-MiniLM-L6-v2, 6 layers, 384 wide, 12 heads (22.7 million).
"""

import os
import sys

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import tensorflow as tf  # noqa: E402
import tf_keras  # noqa: E402
from transformers import (  # noqa: E402
    BertConfig,
    DistilBertConfig,
    TFBertForSequenceClassification,
    TFDistilBertForSequenceClassification,
)

tf_keras.utils.set_random_seed(11)
kind, folder = sys.argv[1:]
if kind == "distilbert":
    model = TFDistilBertForSequenceClassification(DistilBertConfig())
else:
    config = BertConfig(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536)
    model = TFBertForSequenceClassification(config)
model(tf.zeros((1, 4), tf.int32))
model.save_pretrained(folder)
print(sum(int(tf.size(weight)) for weight in model.weights), "weights")
