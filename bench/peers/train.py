"""Epochs of the three nets of the train suite, in Keras and in PyTorch, from given weights, rows in their order.

An epoch returns the loss of the first batch, without dropout, before all training and after the epoch; and its milliseconds.
"""

import time

import numpy as np


def read(file: dict) -> np.ndarray:
    return np.fromfile(file["path"], file["dtype"]).reshape(file["shape"])


def keras_net(keras, name: str):
    layers = keras.layers
    if name == "imdb":
        inputs = layers.Input((100,), dtype="int32")
        out = layers.Embedding(10_000, 50)(inputs)
        out = layers.Conv1D(250, 3, activation="relu")(out)
        out = layers.GlobalMaxPooling1D()(layers.Dropout(0.4)(out))
        out = layers.Dropout(0.4)(layers.Dense(250, activation="relu")(out))
        return keras.Model(inputs, layers.Dense(2, activation="softmax")(out))
    if name == "mnist":
        inputs = layers.Input((28, 28, 1))
        out = layers.MaxPooling2D(2)(layers.Conv2D(64, 2, padding="same", activation="relu")(inputs))
        out = layers.Conv2D(32, 2, padding="same", activation="relu")(layers.Dropout(0.3)(out))
        out = layers.Flatten()(layers.Dropout(0.3)(layers.MaxPooling2D(2)(out)))
        out = layers.Dropout(0.5)(layers.Dense(256, activation="relu")(out))
        return keras.Model(inputs, layers.Dense(10, activation="softmax")(out))
    inputs = layers.Input((60,), dtype="int32")
    out = layers.Bidirectional(layers.LSTM(32))(layers.Embedding(1000, 64)(inputs))
    out = layers.Dense(16, activation="relu")(out)
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(out))


def keras_epoch(keras, task: dict):
    """`fit` on arrays, compiled with the defaults: what it makes of them is in its graph, and the first epoch is not timed."""
    keras.utils.set_random_seed(7)
    x, y, batch = read(task["x"]), read(task["labels"]), task["batch"]
    model = keras_net(keras, task["net"])
    weights = [read(weight) for weight in task["weights"]]
    model.set_weights(weights)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    first_loss = lambda: model.evaluate(x[:batch], y[:batch], batch_size=batch, verbose=0)  # noqa: E731
    before = first_loss()

    def epoch():
        started = time.perf_counter()
        model.fit(x, y, batch_size=batch, epochs=1, shuffle=False, verbose=0)
        ms = 1000 * (time.perf_counter() - started)
        return np.array([before, first_loss()]), ms

    return epoch


def torch_epoch(torch, task: dict):
    """A plain loop over slices of tensors that lie in memory, with torch's fused layers and its Adam (epsilon as Keras's)."""
    nn = torch.nn
    torch.manual_seed(7)
    weights = [torch.tensor(read(weight)) for weight in task["weights"]]
    x, y, batch = torch.tensor(read(task["x"])), torch.tensor(read(task["labels"])).long(), task["batch"]

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            if task["net"] == "mnist":
                self.conv1, self.conv2 = nn.Conv2d(1, 64, 2), nn.Conv2d(64, 32, 2)
                self.hidden, self.last = nn.Linear(1568, 256), nn.Linear(256, 10)
                parts = [self.conv1, self.conv2, self.hidden, self.last]
            elif task["net"] == "imdb":
                self.embedding, self.conv = nn.Embedding(10_000, 50), nn.Conv1d(50, 250, 3)
                self.hidden, self.last = nn.Linear(250, 250), nn.Linear(250, 2)
                parts = [self.embedding, self.conv, self.hidden, self.last]
            else:
                self.embedding = nn.Embedding(1000, 64)
                self.lstm = nn.LSTM(64, 32, batch_first=True, bidirectional=True)
                self.hidden, self.last = nn.Linear(64, 16), nn.Linear(16, 4)
                parts = [self.embedding, self.lstm, self.hidden, self.last]
            given = iter(weights)
            with torch.no_grad():
                for part in parts:
                    self.fill(part, given)

        @staticmethod
        def fill(part, given):
            if isinstance(part, nn.LSTM):
                # Keras's gates i, f, c, o are torch's i, f, g, o; its one bias is torch's first.
                for end in ("", "_reverse"):
                    getattr(part, "weight_ih_l0" + end).copy_(next(given).T)
                    getattr(part, "weight_hh_l0" + end).copy_(next(given).T)
                    getattr(part, "bias_ih_l0" + end).copy_(next(given))
                    getattr(part, "bias_hh_l0" + end).zero_()
                return
            kernel = next(given)
            if isinstance(part, (nn.Conv1d, nn.Conv2d)):
                kernel = kernel.movedim((-1, -2), (0, 1))
            part.weight.copy_(kernel.T if isinstance(part, nn.Linear) else kernel)
            if not isinstance(part, nn.Embedding):
                part.bias.copy_(next(given))

        def forward(self, x):
            F = nn.functional
            drop = lambda x, rate: F.dropout(x, rate, self.training)  # noqa: E731
            if task["net"] == "mnist":
                x = F.pad(x.movedim(-1, 1), (0, 1, 0, 1))
                x = drop(F.max_pool2d(F.relu(self.conv1(x)), 2), 0.3)
                x = drop(F.max_pool2d(F.relu(self.conv2(F.pad(x, (0, 1, 0, 1)))), 2), 0.3)
                # Rows of the dense kernel follow channels last.
                return self.last(drop(F.relu(self.hidden(x.movedim(1, -1).flatten(1))), 0.5))
            x = self.embedding(x)
            if task["net"] == "imdb":
                x = drop(F.relu(self.conv(x.movedim(-1, 1))), 0.4).amax(-1)
                return self.last(drop(F.relu(self.hidden(x)), 0.4))
            _, (state, _) = self.lstm(x)
            return self.last(F.relu(self.hidden(torch.cat([state[0], state[1]], -1))))

    net = Net()
    loss_of = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(net.parameters(), 1e-3, eps=1e-7)

    def first_loss() -> float:
        net.eval()
        with torch.no_grad():
            return float(loss_of(net(x[:batch]), y[:batch]))

    before = first_loss()

    def epoch():
        started = time.perf_counter()
        net.train()
        total = torch.zeros(())
        for some, truth in zip(x.split(batch), y.split(batch)):
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(net(some), truth)
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(truth)
        float(total)
        ms = 1000 * (time.perf_counter() - started)
        return np.array([before, first_loss()]), ms

    return epoch
