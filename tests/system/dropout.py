"""Dropout in a built program: only in training, the same for any number of threads."""

import os

import numpy as np

import weft_system as system

text = """model m(rate = 0.3) {
  input x: tokens[12] of 40
  output y = x
    |> embedding(8, dropout = rate)
    |> dropout(rate)
    |> bidirectional(gru(6, dropout = rate, recurrent_dropout = rate, return_sequences = true))
    |> lstm(7, dropout = rate, recurrent_dropout = rate)
    |> dropout(rate)
    |> dense(1, activation = sigmoid)
}
train {
  loss = binary_crossentropy
  optimizer = adam
  epochs = 2
  batch = 24
  seed = 5
}
"""


class Dropout(system.Test):
    def setUp(self):
        super().setUp()
        rng = np.random.default_rng(2)
        x = self.save("x.npy", rng.integers(0, 40, (200, 12)).astype("int32"))
        y = self.save("y.npy", rng.integers(0, 2, (200, 1)).astype("float32"))
        self.data = f"npy:{x},{y}"

    def train(self, program, save, *flags):
        self.run_(program, "train", "--data", self.data, "--validation", "none", "--save", save, *flags)
        return system.readBytes(self.path(save))

    def test_same_bytes_on_any_number_of_threads(self):
        program = self.build(text)
        one = self.train(program, "one.safetensors", "--threads", "1")
        self.assertEqual(one, self.train(program, "two.safetensors", "--threads", "2"))
        self.assertEqual(one, self.train(program, "again.safetensors", "--threads", "2"))
        self.assertNotEqual(one, self.train(program, "other.safetensors", "--seed", "6"))

    def test_nothing_is_dropped_outside_of_training(self):
        """Rates leave predictions, the loss of evaluate and gradients as they are."""
        with_, without = self.build(text), self.build(text.replace("rate = 0.3", "rate = 0"), output="without")
        self.train(with_, "w.safetensors")
        said = []
        for program in (with_, without):
            name = os.path.basename(program)
            p = self.predict(program, self.path("w.safetensors"), self.path("x.npy"), name + ".npy")
            said.append(self.run_(program, "evaluate", "--weights", "w.safetensors", "--data", self.data))
            self.run_(program, "gradients", "--weights", "w.safetensors", "--data", self.data, "--save", name + ".g")
            np.testing.assert_allclose(p, np.load(self.path("model.npy")), rtol=1e-5, atol=1e-6)
        self.assertEqual(said[0], said[1])
        a, b = (system.readSafetensors(self.path(name)) for name in ("model.g", "without.g"))
        for name in a:
            np.testing.assert_allclose(a[name], b[name], atol=1e-5 * abs(b[name]).max(), err_msg=name)

    def test_masks_change_from_batch_to_batch(self):
        """With a learning rate of 0 the loss of an epoch still differs from the next one's."""
        program = self.build(text.replace("optimizer = adam", "optimizer = sgd(learning_rate = 0)"))
        self.train(program, "w.safetensors", "--csv-log", "log.csv", "--no-shuffle")
        with open(self.path("log.csv")) as file:
            first, second = [line.split(",")[1] for line in file.read().split()[1:3]]
        self.assertNotEqual(first, second)


if __name__ == "__main__":
    system.main()
