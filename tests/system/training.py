"""What the train block says, against the same sums done by hand in float64."""

import json
import os

import numpy as np

import weft_system as system

MODEL = """
model m {
  input x: features[5]
  output y = x |> dense(4, activation = tanh%s) |> dense(1%s)
}
train {
  loss = mean_squared_error
  optimizer = %s
  batch = 16
  validation = none
  shuffle = false
}
%s
"""

rows, batch, steps = 40, 16, 5  # the third batch is short; the fourth begins an epoch


def l1(rate):
    return lambda w: (rate * np.abs(w).sum(), rate * np.sign(w))


def l2(rate):
    return lambda w: (rate * (w**2).sum(), 2 * rate * w)


class Net:
    """The model above: weights by name, loss and gradients."""

    def __init__(self, regularizers={}):
        random = np.random.default_rng(3)
        shapes = {"dense/kernel": (5, 4), "dense/bias": (4,), "dense_1/kernel": (4, 1), "dense_1/bias": (1,)}
        self.weights = {name: random.normal(size=shape).astype("f4").astype("f8") for name, shape in shapes.items()}
        self.x = random.normal(size=(rows, 5)).astype("f4")
        self.y = random.normal(size=(rows, 1)).astype("f4")
        self.regularizers = regularizers

    def gradients(self, x, y):
        w = self.weights
        x, y = x.astype("f8"), y.astype("f8")
        h = np.tanh(x @ w["dense/kernel"] + w["dense/bias"])
        p = h @ w["dense_1/kernel"] + w["dense_1/bias"]
        loss = ((p - y) ** 2).mean()
        dp = 2 * (p - y) / len(x)
        dz = dp @ w["dense_1/kernel"].T * (1 - h**2)
        grads = {"dense/kernel": x.T @ dz, "dense/bias": dz.sum(0), "dense_1/kernel": h.T @ dp, "dense_1/bias": dp.sum(0)}
        for name, regularizer in self.regularizers.items():
            cost, slope = regularizer(w[name])
            loss += cost
            grads[name] = grads[name] + slope
        return loss, grads

    def train(self, update, clip=lambda grads: grads):
        """update(state, step, weight, gradient) -> weight, for each weight with a state of its own."""
        states = {name: {} for name in self.weights}
        for step in range(steps):
            first = step % 3 * batch
            _, grads = self.gradients(self.x[first : first + batch], self.y[first : first + batch])
            grads = clip(grads)
            for name in self.weights:
                self.weights[name] = update(states[name], step + 1, self.weights[name], grads[name])


def sgd(rate, momentum=0.0, nesterov=False):
    def update(state, step, w, g):
        v = state["v"] = momentum * state.get("v", 0) - rate * g
        return w + momentum * v - rate * g if nesterov else w + v

    return update


def adam(rate, decay=0.0):
    def update(state, step, w, g):
        w = w - w * decay * rate
        m = state["m"] = state.get("m", 0) * 0.9 + 0.1 * g
        v = state["v"] = state.get("v", 0) * 0.999 + 0.001 * g**2
        return w - rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step) * m / (np.sqrt(v) + 1e-7)

    return update


def rmsprop(rate, momentum=0.0, centered=False):
    def update(state, step, w, g):
        v = state["v"] = 0.9 * state.get("v", 0) + 0.1 * g**2
        if centered:
            a = state["a"] = 0.9 * state.get("a", 0) + 0.1 * g
            v = v - a**2
        m = state["m"] = momentum * state.get("m", 0) + rate * g / np.sqrt(v + 1e-7)
        return w - m

    return update


def adagrad(rate):
    def update(state, step, w, g):
        a = state["a"] = state.get("a", 0.1) + g**2
        return w - rate * g / np.sqrt(a + 1e-7)

    return update


def clipnorm(limit):
    return lambda grads: {n: g * limit / max(np.linalg.norm(g), limit) for n, g in grads.items()}


def clipvalue(limit):
    return lambda grads: {n: np.clip(g, -limit, limit) for n, g in grads.items()}


def globalClipnorm(limit):
    def clip(grads):
        norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
        return {n: g * limit / max(norm, limit) for n, g in grads.items()}

    return clip


class Training(system.Test):
    def prepare(self, net):
        self.data = "npy:%s,%s" % (self.save("x.npy", net.x), self.save("y.npy", net.y))
        system.writeSafetensors(self.path("start.safetensors"), net.weights)

    def check(self, net, update, optimizer, clip=lambda grads: grads, more="", layers=("", "")):
        """A few steps of the compiled program end where those of the net do."""
        self.prepare(net)
        program = self.build(MODEL % (*layers, optimizer, more))
        self.run_(program, "train", "--data", self.data, "--weights", "start.safetensors", "--steps", steps, "--save",
                  "end.safetensors", "--quiet")
        start = {name: value.copy() for name, value in net.weights.items()}
        net.train(update, clip)
        found = system.readSafetensors(self.path("end.safetensors"))
        for name, value in net.weights.items():
            moved = np.abs(value - start[name]).max()
            self.assertGreater(moved, 1e-5, optimizer)
            self.assertLess(np.abs(found[name] - value).max(), 2e-3 * moved + 1e-6, f"{name} with {optimizer}")
        return program

    def test_optimizers(self):
        for text, update in (
            ("sgd(learning_rate = 0.1)", sgd(0.1)),
            ("sgd(learning_rate = 0.05, momentum = 0.9, nesterov = true)", sgd(0.05, 0.9, True)),
            ("adam(learning_rate = 0.01, weight_decay = 0.1)", adam(0.01, 0.1)),
            ("adamw(learning_rate = 0.01)", adam(0.01, 0.004)),
            ("rmsprop(learning_rate = 0.01)", rmsprop(0.01)),
            ("rmsprop(learning_rate = 0.01, momentum = 0.5, centered = true)", rmsprop(0.01, 0.5, True)),
            ("adagrad(learning_rate = 0.05)", adagrad(0.05)),
        ):
            self.check(Net(), update, text)

    def test_clipping(self):
        self.check(Net(), sgd(0.1), "sgd(learning_rate = 0.1, clipnorm = 0.3)", clipnorm(0.3))
        self.check(Net(), adam(0.01), "adam(learning_rate = 0.01, clipvalue = 0.05)", clipvalue(0.05))
        self.check(Net(), sgd(0.1), "sgd(learning_rate = 0.1, global_clipnorm = 0.5)", globalClipnorm(0.5))

    def test_clipping_of_an_own_optimizer(self):
        own = """optimizer slow(learning_rate = 0.01, keep = 0.5) {
  state m
  m' = keep * m + gradient
  weight' = weight - learning_rate * m'
}"""

        def update(state, step, w, g):
            state["m"] = 0.5 * state.get("m", 0) + g
            return w - 0.1 * state["m"]

        self.check(Net(), update, "slow(learning_rate = 0.1, clipnorm = 0.3)", clipnorm(0.3), own)

    def test_regularizers(self):
        """Loss and gradients hold what the weights cost; so does what evaluate prints."""
        layers = (", kernel_regularizer = l2(0.02), bias_regularizer = l1(0.01)",
                  ", kernel_regularizer = l1_l2(l1 = 0.005, l2 = 0.03), bias_regularizer = far")
        own = "regularizer far(rate = 0.1) = rate * (weight - 1)^2"
        both = lambda w: tuple(a + b for a, b in zip(l1(0.005)(w), l2(0.03)(w)))
        far = lambda w: (0.1 * ((w - 1) ** 2).sum(), 0.2 * (w - 1))
        net = Net({"dense/kernel": l2(0.02), "dense/bias": l1(0.01), "dense_1/kernel": both, "dense_1/bias": far})
        program = self.check(net, sgd(0.1, 0.9), "sgd(learning_rate = 0.1, momentum = 0.9, clipnorm = 0.8)",
                             clipnorm(0.8), own, layers)
        loss, grads = Net(net.regularizers).gradients(net.x, net.y)
        said = self.run_(program, "evaluate", "--data", self.data, "--weights", "start.safetensors", "--json")
        self.assertAlmostEqual(json.loads(said)["loss"], loss, delta=1e-5)
        said = self.run_(program, "gradients", "--data", self.data, "--weights", "start.safetensors", "--save",
                         "g.safetensors")
        self.assertIn(f"{loss:.4f}", said)
        found = system.readSafetensors(self.path("g.safetensors"))
        for name, value in grads.items():
            np.testing.assert_allclose(found[name], value, atol=1e-5)
        said = self.run_(program, "train", "--data", self.data, "--weights", "start.safetensors", "--steps", 1, "--batch",
                         rows)
        self.assertIn(f"loss: {loss:.4f}", said)

    def test_regularized_cell(self):
        """The weights of a cell, the user's own too, are regularised like all others."""
        program = self.build("""
cell leaky(units) {
  weight kernel [input, units] = glorot_uniform with l2(0.5)
  state h[units]
  h' = 0.5 * h + tanh(x @ kernel)
  return h'
}
model m {
  input x: features[6, 3]
  output y = x |> gru(4, return_sequences = true, recurrent_regularizer = l2(0.25)) |> leaky(4) |> dense(1)
}
train {
  loss = mean_squared_error
  optimizer = sgd
}""")
        random = np.random.default_rng(1)
        data = "npy:%s,%s" % (self.save("x.npy", random.normal(size=(8, 6, 3)).astype("f4")),
                              self.save("y.npy", random.normal(size=(8, 1)).astype("f4")))
        self.run_(program, "train", "--data", data, "--epochs", 0, "--save", "a.safetensors")
        weights = system.readSafetensors(self.path("a.safetensors"))

        def losses(scale):
            changed = {name: value * (scale if name in ("leaky/kernel", "gru/recurrent_kernel") else 1)
                       for name, value in weights.items()}
            changed["dense/kernel"] = weights["dense/kernel"] * 0  # then only the penalty depends on the rest
            system.writeSafetensors(self.path("b.safetensors"), changed)
            said = self.run_(program, "evaluate", "--data", data, "--weights", "b.safetensors", "--json")
            return json.loads(said)["loss"]

        cost = 0.5 * (weights["leaky/kernel"] ** 2).sum() + 0.25 * (weights["gru/recurrent_kernel"] ** 2).sum()
        self.assertAlmostEqual(losses(2) - losses(1), 3 * cost, delta=1e-4 * cost)

    def test_class_weights(self):
        """A row's loss counts its class's weight times; the sum is divided by the rows of the batch."""
        random = np.random.default_rng(2)
        x = random.normal(size=(rows, 5)).astype("f4")
        classes = random.integers(0, 3, size=rows)
        weights = np.array([1.0, 3.0, 0.5])
        self.save("x.npy", x)
        template = """
model m {
  input x: features[5]
  output y = x |> dense(%d) |> %s
}
train {
  loss = %s
  optimizer = sgd(learning_rate = 0.5)
  batch = %d
  metrics = [accuracy]
  class_weights = %s
}"""
        for units, activation, loss, y, used in (
            (1, "sigmoid", "binary_crossentropy", (classes == 1).astype("f4")[:, None], "[1, 3]"),
            (3, "softmax", "categorical_crossentropy", np.eye(3, dtype="f4")[classes], "[1, 3, 0.5]"),
            (3, "softmax", "sparse_categorical_crossentropy", classes.astype("i4")[:, None], "[1, 3, 0.5]"),
        ):
            self.save("y.npy", y)
            program = self.build(template % (units, activation, loss, rows, used))
            kernel = random.normal(size=(5, units)).astype("f4")
            system.writeSafetensors(self.path("a.safetensors"), {"dense/kernel": kernel, "dense/bias": np.zeros(units)})
            said = self.run_(program, "train", "--data", "npy:x.npy,y.npy", "--weights", "a.safetensors", "--save",
                             "b.safetensors", "--epochs", 1, "--validation", "npy:x.npy,y.npy")
            z = x.astype("f8") @ kernel
            if units == 1:
                p, truth = 1 / (1 + np.exp(-z)), y
                each = -(truth * np.log(p) + (1 - truth) * np.log(1 - p))[:, 0]
                row = np.where(classes == 1, 3.0, 1.0)
                right = (p[:, 0] > 0.5) == (classes == 1)
            else:
                p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
                truth, row = np.eye(3)[classes], weights[classes]
                each = -np.log(p[np.arange(rows), classes])
                right = p.argmax(1) == classes
            self.assertIn(f" loss: {(row * each).mean():.4f}", said)
            self.assertIn(f"accuracy: {right.mean():.4f}", said, "metrics are not weighted")
            found = system.readSafetensors(self.path("b.safetensors"))["dense/kernel"]
            np.testing.assert_allclose(found, kernel - 0.5 * x.T @ (row[:, None] * (p - truth)) / rows, atol=1e-5)
            # What is evaluated counts every row once.
            said = json.loads(self.run_(program, "evaluate", "--data", "npy:x.npy,y.npy", "--weights", "a.safetensors",
                                        "--json"))
            self.assertAlmostEqual(said["loss"], each.mean(), delta=1e-5)

    def test_callbacks_of_the_train_block(self):
        net = Net()
        self.prepare(net)
        text = MODEL % ("", "", "sgd(learning_rate = 0.05)", "")
        text = text.replace("validation = none", """validation = 0.25
  metrics = [mae]
  epochs = 12
  callbacks = [early_stopping(monitor = val_mae, patience = 1, min_delta = 100),
               reduce_on_plateau(monitor = loss, patience = 1, min_delta = 100, factor = 0.5),
               warm_up(steps = 2, start = 0.5),
               checkpoint(monitor = val_loss), checkpoint(path = "each.{epoch}.safetensors", keep = every),
               csv_log("log.csv"),
               tensorboard(log_dir = "logs", histogram_freq = 1, write_graph = false)]""")
        program = self.build(text)
        done = self.start(program, "train", "--data", self.data, "--save", "w.safetensors")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("stopped early: val_mae was best in epoch 1", done.stderr)
        self.assertRegex(done.stderr, r"wall [\d.]+ s, CPU [\d.]+ s \([\d.]+ processors\), peak memory [\d.]+ MB")
        self.assertEqual(len(os.listdir(self.path("logs/train"))), 1)
        self.assertTrue(os.path.exists(self.path("w.best.safetensors")))
        with open(self.path("log.csv")) as file:
            lines = file.read().splitlines()
        self.assertEqual(lines[0], "epoch,learning_rate,loss,mae,val_loss,val_mae")
        self.assertEqual(len(lines), 3)
        # The second of the warm-up's two steps has all of the rate; the plateau halves it after.
        self.assertAlmostEqual(float(lines[1].split(",")[1]), 0.05, places=9)
        # Training ends with the best epoch's weights: the first one's.
        self.assertEqual(system.readBytes(self.path("w.safetensors")), system.readBytes(self.path("each.1.safetensors")))
        self.assertNotEqual(system.readBytes(self.path("w.safetensors")),
                            system.readBytes(self.path("each.2.safetensors")))
        # A finished run goes on where more epochs are asked for.
        done = self.start(program, "train", "--data", self.data, "--save", "w.safetensors", "--resume")
        self.assertIn("the run is finished, stopped early; to go on, say --epochs with more than 12", done.stderr)
        done = self.start(program, "train", "--data", self.data, "--save", "w.safetensors", "--resume", "--epochs", 14)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("epoch,", system.readBytes(self.path("log.csv")).decode())
        self.assertGreater(len(system.readBytes(self.path("log.csv")).splitlines()), 3)

    def test_evaluate_prints_accuracy(self):
        text = MODEL.replace("dense(1%s)", "dense(1%s, activation = sigmoid)") % ("", "", "sgd\n  metrics = [accuracy]", "")
        net = Net()
        net.y = (net.y > 0).astype("f4")
        self.prepare(net)
        program = self.build(text.replace("mean_squared_error", "binary_crossentropy"))
        said = self.run_(program, "evaluate", "--data", self.data, "--weights", "start.safetensors")
        self.assertRegex(said, r"(?m)^Loss: \d\.\d{6}$")
        self.assertRegex(said, r"(?m)^Accuracy: \d+\.\d\d%$")
        found = json.loads(self.run_(program, "evaluate", "--data", self.data, "--weights", "start.safetensors", "--json"))
        self.assertEqual(sorted(found), ["accuracy", "loss", "rows"])


if __name__ == "__main__":
    system.main()
