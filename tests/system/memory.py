"""Programs read and write no memory but their own.

Each runs with GuardedMemory.c preloaded: what touches the page behind a buffer dies.
"""

import os
import shutil
import unittest

import numpy as np

import weft_system as system

training = "}\ntrain {\n loss = mean_squared_error\n optimizer = adam\n batch = 26\n}\n"

# Odd numbers of rows, steps and columns leave remainders of every vector and every tile.
models = {
    "steps_as_columns": "input x: tokens[31] of 43\n output y = x |> embedding(10) |> dense(1, activation = softplus)\n",
    "rows_of_the_caller": "input x: features[14]\n output y = x |> dense(1, activation = relu)\n",
    "windows": "input x: features[28, 6]\n output y = x |> conv1d(5, 1) |> average_pool1d(4) |> conv1d(3, 2) |> flatten |> dense(3)\n",
    # The adjoint of the state multiplies by rows of the last weight: eight, in panels of twice eight.
    "panels_of_weights": "input x: features[5, 3]\n output y = x |> lstm(8, use_bias = false)\n",
    # Products of the words that occur, of which some are the last of the table.
    "lookups": "input x: tokens[7] of 43\n output y = x |> embedding(25) |> bidirectional(gru(9, use_bias = false))\n",
    "parts_of_a_split": "input x: features[9, 3]\n a = x |> lstm(12, return_sequences = true)\n"
                        "  output y = concat(a |> global_max_pool1d, a |> global_average_pool1d, a |> gru(4)) |> dense(2)\n",
}


class Memory(system.Test):
    def check(self, name):
        compiler = os.environ.get("CC") or shutil.which("cc")
        if not compiler:
            raise unittest.SkipTest("needs a C compiler")
        self.run_(compiler, "-shared", "-fPIC", os.path.join(system.source, "tests/support/GuardedMemory.c"), "-o", self.path("guard.so"))
        text = models[name]
        program = self.build(f"model m {{\n  {text}{training}")
        shape = tuple(int(extent) for extent in text[text.index("[") + 1:text.index("]")].split(","))
        random = np.random.default_rng(5)
        x = random.integers(0, 43, (26, *shape)).astype("i4") if "tokens" in text else random.normal(size=(26, *shape)).astype("f4")
        self.save("x.npy", x)
        guarded = {"LD_PRELOAD": self.path("guard.so")}
        self.save("y.npy", np.zeros((26, *self.outputShape(program)), "f4"))
        self.run_(program, "train", "--data", "npy:x.npy,y.npy", "--save", "w.safetensors", env=guarded)
        self.run_(program, "evaluate", "--weights", "w.safetensors", "--data", "npy:x.npy,y.npy", env=guarded)
        self.run_(program, "gradients", "--weights", "w.safetensors", "--data", "npy:x.npy,y.npy", "--save", "g.safetensors", env=guarded)
        self.run_(program, "predict", "--weights", "w.safetensors", "--input", "x.npy", "--output", "p.npy", env=guarded)

    def outputShape(self, program):
        line = next(line for line in self.run_(program, "info").splitlines() if line.startswith("output:"))
        return [int(extent) for extent in line[line.index("[") + 1:line.index("]")].split(",")]

    def test_steps_as_columns(self):
        self.check("steps_as_columns")

    def test_rows_of_the_caller(self):
        self.check("rows_of_the_caller")

    def test_windows(self):
        self.check("windows")

    def test_panels_of_weights(self):
        self.check("panels_of_weights")

    def test_lookups(self):
        self.check("lookups")

    def test_parts_of_a_split(self):
        self.check("parts_of_a_split")


if __name__ == "__main__":
    system.main()
