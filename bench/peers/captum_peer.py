"""captum 0.9's own IntegratedGradients on PyTorch, for the benchmark: with the best of one and all threads and of batches of 100 and 500.

Four kinds of nets: the lists of layers that the example models are sent as, the bidirectional LSTM and picture models of a Keras
file (Keras 3 itself on PyTorch, channels last as the file has them), and transformers' PyTorch classes with the weights of tf_model.h5.
"""

import os
import time

os.environ["KERAS_BACKEND"] = "torch"

import numpy as np  # noqa: E402

BATCHES = (100, 500)


class Captum:
    def __init__(self, threads: int):
        import captum
        import torch

        self.torch, self.threads = torch, threads
        self.versions = {"captum": captum.__version__, "torch": torch.__version__}
        self.backend = "PyTorch CPU"

    def prepare(self, task: dict):
        """Returns a function that explains once, and what was chosen for it."""
        torch = self.torch
        if "layers" in task:
            explain = self.of_layers(task)
        elif task["kind"] == "transformer":
            explain = self.of_transformer(task)
        elif task["layer"] is None:
            explain = self.of_picture(task)
        else:
            explain = self.of_lstm(task)
        least = None
        # A batch that holds all points is the same for both numbers.
        points = task["inputShape"][0] * task["steps"]
        for threads in sorted({1, self.threads}):
            torch.set_num_threads(threads)
            for batch in BATCHES if points > BATCHES[0] else BATCHES[:1]:
                times = []
                for _ in range(3):
                    started = time.perf_counter()
                    explain(batch)
                    times.append(time.perf_counter() - started)
                    if times[0] > 20:
                        break
                if least is None or min(times) < least[0]:
                    least = (min(times), threads, batch)
        _, threads, batch = least
        torch.set_num_threads(threads)
        return (lambda: explain(batch)), {"backend": f"PyTorch CPU, batch {batch}", "threads": threads}

    def gradients(self, net, start, end, targets, steps):
        """captum's explainer from `start` to `end`."""
        from captum.attr import IntegratedGradients

        explainer = IntegratedGradients(net)
        return lambda batch: explainer.attribute(
            end, start, target=targets, n_steps=steps, method="gausslegendre", internal_batch_size=batch
        ).detach().numpy()

    def of_layers(self, task: dict):
        torch = self.torch
        from serve import array, torch_net

        shape = [task["rows"], *task["netShape"]]
        start, end = torch.tensor(array(task["from"], shape)), torch.tensor(array(task["to"], shape))
        return self.gradients(torch_net(torch, task["layers"]), start, end, task["targets"], task["steps"])

    def of_picture(self, task: dict):
        import keras
        from serve import array

        # Keras on PyTorch: convolutions see NHWC memory under NCHW names, which oneDNN runs as it is.
        model = keras.saving.load_model(task["file"])
        model.trainable = False
        end = self.torch.tensor(array(task["inputs"], task["inputShape"]))
        net = lambda x: model(x, training=False)  # noqa: E731
        return self.gradients(net, self.torch.zeros_like(end), end, task["targets"], task["steps"])

    def of_lstm(self, task: dict):
        import h5py
        from serve import array

        torch = self.torch
        found = {}

        def keep(name, item):
            if isinstance(item, h5py.Dataset):
                found[name] = item[()]

        with h5py.File(task["file"]) as file:
            file["model_weights"].visititems(keep)
        part = lambda *words: next(  # noqa: E731
            torch.tensor(value) for name, value in found.items() if all(word in name for word in words)
        )
        table = part("embedding", "embeddings")
        lstm = torch.nn.LSTM(table.shape[1], 32, batch_first=True, bidirectional=True)
        with torch.no_grad():
            # Keras's gates i, f, c, o are torch's i, f, g, o; its one bias is torch's first.
            for end, name in (("", "forward_lstm"), ("_reverse", "backward_lstm")):
                getattr(lstm, "weight_ih_l0" + end).copy_(part(name, "/kernel").T)
                getattr(lstm, "weight_hh_l0" + end).copy_(part(name, "/recurrent_kernel").T)
                getattr(lstm, "bias_ih_l0" + end).copy_(part(name, "/bias"))
                getattr(lstm, "bias_hh_l0" + end).zero_()
        hidden, hidden_bias, last, last_bias = (
            part(name, word) for name in ("hidden", "topic") for word in ("/kernel", "/bias")
        )
        for weight in lstm.parameters():
            weight.requires_grad_(False)

        def net(x):
            _, (state, _) = lstm(x)
            x = torch.relu(torch.cat([state[0], state[1]], -1) @ hidden + hidden_bias)
            return torch.softmax(x @ last + last_bias, -1)

        ids = torch.tensor(array(task["inputs"], task["inputShape"])).long()
        start = torch.tensor(array(task["from"], task["inputShape"])).long()
        return self.gradients(net, table[start], table[ids], task["targets"], task["steps"])

    def of_transformer(self, task: dict):
        from captum.attr import LayerIntegratedGradients
        from serve import array

        torch = self.torch
        model = transformer(torch, task["file"])
        x, baseline, mask = (
            torch.tensor(array(task[name], task["inputShape"])).long() for name in ("inputs", "from", "mask")
        )
        net = lambda ids, mask: torch.softmax(model(input_ids=ids, attention_mask=mask).logits, -1)  # noqa: E731
        explainer = LayerIntegratedGradients(net, model.base_model.embeddings)
        return lambda batch: explainer.attribute(
            x,
            baseline,
            target=task["targets"],
            additional_forward_args=(mask,),
            n_steps=task["steps"],
            method="gausslegendre",
            internal_batch_size=batch,
        ).detach().numpy()


def transformer(torch, folder: str):
    """The PyTorch class with the weights of `tf_model.h5`: TensorFlow's names and transposed kernels, put right. Every weight must fit."""
    import h5py
    from transformers import AutoConfig, AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_config(AutoConfig.from_pretrained(folder))
    prefix = model.base_model_prefix
    weights = {}

    def take(name, item):
        if not isinstance(item, h5py.Dataset):
            return
        parts = name.split(":")[0].split("/")
        parts = parts[parts.index(prefix, 1) if prefix in parts[1:] else 1 :]  # what Keras puts before
        if parts[0].startswith("tf_"):  # the class itself, which some versions write before the head's layers
            parts = parts[1:]
        parts = [part for i, part in enumerate(parts) if i == 0 or part != parts[i - 1]]
        value = torch.tensor(item[()])
        leaf = {"kernel": "weight", "gamma": "weight", "beta": "bias", "embeddings": "weight"}.get(parts[-1], parts[-1])
        if parts[-1] == "kernel":
            value = value.T.contiguous()
        path = ".".join([*parts[:-1], leaf]).replace("_._", ".")
        weights[path] = value

    with h5py.File(f"{folder}/tf_model.h5") as file:
        file.visititems(take)
    extra = {name: value for name, value in model.state_dict().items() if name.endswith("position_ids")}
    model.load_state_dict({**weights, **extra}, strict=True)
    for weight in model.parameters():
        weight.requires_grad_(False)
    return model.eval()
