"""Fifty batches of 64 reviews without shuffling, from Keras's starting weights.

The mean loss must be Keras's within 1e-4, and the LSTM's weights in the end
within 1e-3; and nothing may depend on the number of threads, nor on the run.
"""

import csv
import os
import re
import resource
import time

import numpy as np

import weft_system as system


class Trajectory(system.Test):
    def train(self, program, model, name, *flags):
        folder = system.requireShared("trajectory")
        start, busy = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = self.start(program, "train", "--data", f"npy:{folder}/x.npy,{folder}/y.npy", "--weights",
                  os.path.join(folder, model, "weights.safetensors"), "--epochs", 1, "--batch", 64, "--no-shuffle",
                  "--validation", "none", "--save", name + ".safetensors", "--csv-log", name + ".csv", *flags)
        self.assertEqual(done.returncode, 0, done.stderr)
        memory = float(re.search(r"peak memory ([0-9.]+) MB", done.stderr).group(1))
        self.assertLess(memory, 500, "megabytes")
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        self.busy = (after.ru_utime + after.ru_stime - busy.ru_utime - busy.ru_stime) / wall
        return self.path(name + ".safetensors")

    def check(self, model):
        folder = os.path.join(system.requireShared("trajectory"), model)
        program = self.build(os.path.join(system.source, "models", model + ".weft"), output=model)
        after = system.readSafetensors(self.train(program, model, "run", "--threads", 2))
        with open(self.path("run.csv")) as file:
            row = next(csv.DictReader(file))
        expected = np.load(os.path.join(folder, "losses.npy")).mean()
        self.assertLess(abs(float(row["loss"]) - expected), 1e-4, f"mean loss {row['loss']}, Keras's {expected}")
        for name, weight in system.readSafetensors(os.path.join(folder, "after.safetensors")).items():
            if name.startswith("lstm/"):
                self.assertLess(np.abs(after[name] - weight).max(), 1e-3, name)
        return program

    def test_imdb_lstm(self):
        self.check("imdb_lstm")

    def test_imdb_cnn_lstm(self):
        self.check("imdb_cnn_lstm")

    def test_same_bits(self):
        model = "imdb_cnn_lstm"
        program = self.build(os.path.join(system.source, "models", model + ".weft"), output=model)
        two = system.readBytes(self.train(program, model, "two", "--threads", 2, "--steps", 20))
        print(f"processor time over wall time at 2 threads: {self.busy:.2f}")
        one = system.readBytes(self.train(program, model, "one", "--threads", 1, "--steps", 20))
        again = system.readBytes(self.train(program, model, "again", "--threads", 2, "--steps", 20))
        self.assertEqual(one, two, "1 and 2 threads differ")
        self.assertEqual(again, two, "two runs differ")


if __name__ == "__main__":
    system.main()
