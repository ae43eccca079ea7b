"""Integrated gradients with `tf.function`, for the benchmark: what a user gets who writes the loop himself and has TensorFlow compile it.

One traced function interpolates, goes forward and back, and sums; batches are as the task says. The same rule and points as alibi's. No XLA.
"""

import os

import numpy as np


class Compiled:
    def __init__(self, threads: int):
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        self.tf = tf
        self.versions = {"tensorflow": tf.__version__}
        self.backend = "TensorFlow CPU, tf.function"

    def prepare(self, task: dict):
        from serve import array

        tf = self.tf
        if task["kind"] == "transformer":
            net, start, end, mask = self.transformer(task)
        else:
            if task["layer"] is not None:
                raise ValueError("explains at the input of Keras models")
            import keras

            model = keras.saving.load_model(task["file"])
            net = lambda x, _: model(x, training=False)  # noqa: E731
            end = tf.constant(array(task["inputs"], task["inputShape"]))
            start = tf.zeros_like(end)
            mask = tf.ones([task["inputShape"][0], 1])
        nodes, weights = np.polynomial.legendre.leggauss(task["steps"])
        rows, steps, batch = task["inputShape"][0], task["steps"], task["batch"]
        targets = tf.constant(task["targets"], tf.int32)
        column = [-1] + [1] * (len(end.shape) - 1)

        @tf.function
        def part(alphas, scales, sample):
            a = tf.reshape(alphas, column)
            x = tf.gather(start, sample) + a * tf.gather(end - start, sample)
            with tf.GradientTape() as tape:
                tape.watch(x)
                score = tf.gather(net(x, tf.gather(mask, sample)), tf.gather(targets, sample), batch_dims=1)
            gradient = tape.gradient(score, x) * tf.reshape(scales, column)
            return tf.math.unsorted_segment_sum(gradient, sample, rows)

        ends = tf.function(net)
        chunks = []
        for first in range(0, rows * steps, batch):
            points = np.arange(first, min(first + batch, rows * steps))
            step = points // rows
            chunks.append(
                (
                    tf.constant((1 + nodes[step]) / 2, tf.float32),
                    tf.constant(weights[step] / 2, tf.float32),
                    tf.constant(points % rows, tf.int32),
                )
            )

        def explain():
            total = tf.add_n([part(*chunk) for chunk in chunks])
            ends(start, mask), ends(end, mask)
            return (total * (end - start)).numpy()

        return explain

    def transformer(self, task: dict):
        """The part of the classifier behind its embeddings, and the embeddings of both ends."""
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
        from serve import array
        from transformers import TFAutoModelForSequenceClassification

        tf = self.tf
        model = TFAutoModelForSequenceClassification.from_pretrained(task["file"])
        x, baseline, mask = (array(task[name], task["inputShape"]).astype(np.int32) for name in ("inputs", "from", "mask"))
        body = getattr(model, model.base_model_prefix)
        embed = lambda ids: body.embeddings(input_ids=tf.constant(ids), training=False)  # noqa: E731
        layers = range(model.config.num_hidden_layers)

        def distilbert(h, mask):
            hidden = body.transformer(
                h, mask, [None for _ in layers], False, False, None, training=False
            )[0]
            return model.classifier(tf.nn.relu(model.pre_classifier(hidden[:, 0])))

        def bert(h, mask):
            added = (1.0 - tf.cast(mask, h.dtype)[:, None, None, :]) * -10000.0
            none = [None for _ in layers]
            hidden = body.encoder(h, added, none, None, None, none, False, False, False, False, training=False)[0]
            return model.classifier(body.pooler(hidden))

        head = {"distilbert": distilbert, "bert": bert}[model.base_model_prefix]
        net = lambda h, mask: tf.nn.softmax(head(h, mask), -1)  # noqa: E731
        return net, embed(baseline), embed(x), tf.constant(mask)
