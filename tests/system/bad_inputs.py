"""What a person gets wrong: each a clear message and exit code 1, and nothing lost."""

import os
import shutil

import numpy as np

import weft_system as system

small = """model small {
  input x: features[6, 3]
  output y = x |> lstm(5) |> dense(1)
}
train {
  loss = mean_squared_error
  optimizer = adam(learning_rate = 0.01)
  epochs = 1
  batch = 8
}
"""

words = """model words {
  input x: tokens[6] of 20
  output y = x |> embedding(4) |> lstm(5) |> dense(1, activation = sigmoid)
}
train {
  loss = binary_crossentropy
  optimizer = adam
  epochs = 1
  batch = 8
}
"""


class Source(system.Test):
    """Mistakes in a model file: place, code, and what was expected."""

    def refusesText(self, text, *says):
        model = self.write("m.weft", text)
        return self.refuses(system.weft, "build", model, "-o", self.path("m"), says=["error[W", "m.weft:", *says])

    def test_unknown_layer(self):
        told = self.refusesText(small.replace("lstm(5)", "lstn(5)"), "lstn")
        self.assertIn("lstm", told, "the nearest name is suggested")

    def test_wrong_argument(self):
        self.refusesText(small.replace("lstm(5)", "lstm(5, unit = 3)"), "unit")

    def test_mismatched_shapes(self):
        self.refusesText(small.replace("|> dense(1)\n", "|> lstm(3) |> dense(1)\n"))

    def test_all_errors_in_one_run(self):
        told = self.refusesText(small.replace("lstm(5)", "lstn(5)").replace("mean_squared_error", "squared"), "lstn",
                                "squared")
        self.assertGreaterEqual(told.count("error[W"), 2)

    def test_state_never_assigned(self):
        self.refusesText("""cell lazy(units) {
  weight kernel [input, units] = glorot_uniform
  state h[units], memory[units]
  h' = tanh(x @ kernel + memory)
  return h'
}
""" + small.replace("lstm(5)", "lazy(5)"), "memory")

    def test_code_is_explained(self):
        told = self.refusesText(small.replace("lstm(5)", "lstn(5)"))
        code = told[told.index("error[") + len("error["):].split("]")[0]
        self.assertTrue(self.run_(system.weft, "explain", code).strip())

    def test_unknown_code(self):
        self.refuses(system.weft, "explain", "W9999", says="W9999")

    def test_missing_file(self):
        self.refuses(system.weft, "build", self.path("none.weft"), says="none.weft")

    def test_unknown_parameter(self):
        self.refuses(system.weft, "build", self.write("m.weft", small), "--set", "depth=3", says="depth")

    def test_unknown_stage(self):
        self.refuses(system.weft, "inspect", self.write("m.weft", small), "--stage", "loops", says="gradient")

    def test_unknown_target(self):
        self.refuses(system.weft, "build", self.write("m.weft", small), "--target", "z80", says="z80")

    def test_sequences_against_one_label(self):
        model = words.replace("lstm(5) |> ", "").replace("tokens[6]", "tokens[500]")
        program = None
        model = self.write("m.weft", model)
        done = self.start(system.weft, "build", model, "-o", self.path("m"))
        if done.returncode == 0:  # Labels are known when there is data.
            x = self.save("x.npy", np.ones((8, 500), "int32"))
            y = self.save("y.npy", np.ones((8, 1), "float32"))
            done = self.start(self.path("m"), "train", "--data", f"npy:{x},{y}")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("output is 500×1, the data has one label a row", done.stderr)


class Data(system.Test):
    """Mistakes in what a program is given."""

    def setUp(self):
        super().setUp()
        self.program = self.build(words, output="words")
        self.x = np.ones((16, 6), "int32")
        self.y = np.ones((16, 1), "float32")

    def data(self, x=None, y=None):
        return "npy:%s,%s" % (self.save("x.npy", self.x if x is None else x), self.save("y.npy", self.y if y is None else y))

    def trained(self):
        self.run_(self.program, "train", "--data", self.data(), "--save", "words.safetensors")
        return self.path("words.safetensors")

    def test_word_out_of_range(self):
        self.x[3, 2] = 20
        self.refuses(self.program, "train", "--data", self.data(), says="20")

    def test_empty_data(self):
        self.refuses(self.program, "train", "--data", self.data(self.x[:0], self.y[:0]), says="no rows")

    def test_wrong_shape(self):
        self.refuses(self.program, "train", "--data", self.data(np.ones((16, 7), "int32")), says="7")

    def test_truncated_weights(self):
        weights = self.trained()
        content = system.readBytes(weights)
        for length in (4, 40, len(content) - 10):
            with open(self.path("cut.safetensors"), "wb") as file:
                file.write(content[:length])
            self.refuses(self.program, "evaluate", "--data", self.data(), "--weights", self.path("cut.safetensors"),
                         says="cut.safetensors")

    def test_weights_of_another_model(self):
        other = self.build(small, output="small")
        weights = self.trained()
        self.refuses(other, "predict", "--weights", weights, "--input", self.save("f.npy", np.ones((2, 6, 3), "float32")),
                     "--output", self.path("p.npy"), says="lstm/kernel")

    def test_missing_weights(self):
        self.refuses(self.program, "evaluate", "--data", self.data(), "--weights", self.path("none.safetensors"),
                     says="none.safetensors")

    def test_missing_data_file(self):
        self.refuses(self.program, "train", "--data", "npy:none.npy,none.npy", says="none.npy")

    def test_failed_train_keeps_the_weights(self):
        before = system.readBytes(self.trained())
        self.x[0, 0] = 99
        self.refuses(self.program, "train", "--data", self.data(), "--save", "words.safetensors", says="99")
        self.assertEqual(system.readBytes(self.path("words.safetensors")), before)

    def test_unknown_flag(self):
        self.refuses(self.program, "train", "--speed", "9", says="--speed")


class Tables(system.Test):
    """Mistakes in tables and texts, and in what they are trained against."""

    def setUp(self):
        super().setUp()
        self.program = self.build("""model kinds {
  input x: features[2]
  output kind = x |> dense(3, activation = softmax)
}
train {
  data = csv("t.csv", x = [a, b], y = kind)
  loss = sparse_categorical_crossentropy
  optimizer = adam
}
""", output="kinds")

    def refusesTable(self, text, *flags, says):
        with open(self.path("t.csv"), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        told = self.refuses(self.program, "train", *flags, says=says)
        self.assertEqual(told.count("\n"), 1, "one message")

    def test_ragged(self):
        self.refusesTable("a,b,kind\n1,2,0\n1,2\n", says="t.csv, line 3: 2 fields, but the first line names 3 columns")

    def test_missing_column(self):
        self.refusesTable("a,c,kind\n1,2,0\n", says="t.csv has no column 'b'; it has a, c, kind")

    def test_unknown_class(self):
        self.refusesTable("a,b,kind\n1,2,red\n1,2,green\n", "--data", "csv:t.csv(x=a+b,y=kind,classes=red+blue)",
                          says="t.csv, line 3: column 'kind' is the class 'green', which is not known; there are red, blue")
        self.refusesTable("a,b,kind\n" + "".join(f"1,2,c{n}\n" for n in range(4)), says="has 4 classes (c0, c1, c2, c3), the output has 3")

    def test_label_out_of_range(self):
        self.refusesTable("a,b,kind\n1,2,0\n1,2,3\n", says="is class 3, but the output has 3: classes go from 0 to 2")
        self.refusesTable("a,b,kind\n1,2,0\n1,2,-1\n", says="is class -1")
        self.refusesTable("a,b,kind\n1,2,0\n1,2,0.5\n", says="is 0.5, which is no class number")

    def test_label_out_of_a_losss_bounds(self):
        self.program = self.build("""loss margin(p, y: [-1, 1]) = mean(maximum(1 - y * p, 0))
model side {
  input x: features[2]
  output y = x |> dense(1)
}
train {
  data = csv("t.csv")
  loss = margin
  optimizer = sgd
}
""", output="side")
        self.refusesTable("a,b,y\n1,2,1\n1,2,-1.5\n", says="t.csv: row 1 (from 0) is -1.5, but labels for margin go from -1 to 1")

    def test_nan(self):
        self.refusesTable("a,b,kind\n1,2,0\n1,nan,1\n", says="t.csv, line 3: column 'b' is not a number (NaN)")
        self.refusesTable("a,b,kind\n1,2,0\n1,,1\n", says="t.csv, line 3: column 'b' is empty")
        x = np.ones((4, 2), "float32")
        x[2, 1] = np.nan
        self.refuses(self.program, "train", "--data", f"npy:{self.save('x.npy', x)},{self.save('y.npy', np.zeros(4))}",
                     says="row 2, position 1 (both from 0) is not a number (NaN)")

    def test_no_utf8(self):
        program = self.build(words, output="words")
        with open(self.path("t.csv"), "wb") as file:
            file.write(b"text,y\nfine,1\ncaf\xe9,0\n")
        self.refuses(program, "train", "--data", "csv:t.csv(x=text,y=y)",
                     says="t.csv, line 3: column 'text' is no UTF-8 text (byte 3 from 0 is 0xe9)")
        os.makedirs(self.path("d/neg"))
        os.makedirs(self.path("d/pos"))
        self.write("d/pos/1.txt", "fine")
        with open(self.path("d/neg/1.txt"), "wb") as file:
            file.write(b"\xff\xfe")
        self.refuses(program, "train", "--data", "text:d", says="d/neg/1.txt is no UTF-8 text")

    def test_loss_that_does_not_fit(self):
        model = """model m {
  input x: features[2]
  output y = x |> dense(1)
}
train {
  loss = sparse_categorical_crossentropy
  optimizer = adam
}
"""
        self.refuses(system.weft, "build", self.write("m.weft", model), "-o", self.path("m"),
                     says=["error[W0412]", "chooses among classes"])
        program = self.build(model.replace("sparse_categorical_crossentropy", "binary_crossentropy"), output="m")
        self.write("t.csv", "a,b,y\n1,2,0\n1,2,7\n")
        self.refuses(program, "train", "--data", "csv:t.csv", says="is 7, but labels for binary_crossentropy go from 0 to 1")
        self.write("t.csv", "a,b,y\n-9,-9,0\n9,9,1\n")
        self.refuses(program, "train", "--data", "csv:t.csv",
                     says="the loss is no number in epoch 1, batch 1, before any weight has changed: does it fit the output")
        program = self.build(model.replace("sparse_", "").replace("dense(1)", "dense(3) |> softmax"), output="m")
        self.refuses(program, "train", "--data", "csv:t.csv(y=y)",
                     says="output is 3, the data has one label a row (categorical_crossentropy compares each value of the output")

    def test_places_that_cannot_be_written(self):
        self.write("t.csv", "a,b,kind\n1,2,0\n2,1,1\n")
        for flags in (["--log-dir", "t.csv/log"], ["--csv-log", "none/log.csv"], ["--save", "none/w.safetensors"]):
            self.refuses(self.program, "train", *flags, says="cannot write")
        self.refuses(self.program, "train", "--save", "/dev/full", says="No space left on device")
        self.run_(self.program, "train", "--quiet")
        before = system.readBytes(self.path("kinds.safetensors"))
        self.refuses("/bin/sh", "-c", f"ulimit -f 0; {self.program} train", says="File too large")
        self.assertEqual(system.readBytes(self.path("kinds.safetensors")), before)

    def test_numbers_that_are_none(self):
        self.write("t.csv", "a,b,kind\n1,2,0\n2,1,1\n")
        train = [self.program, "train"]
        self.refuses(*train, "--batch", "99999999999999999999", says="--batch: 99999999999999999999 is no whole number")
        self.refuses(*train, "--epochs", "1e3", says="--epochs: 1e3 is no whole number")
        self.refuses(*train, "--threads", "100000", says="--threads should be at most 1024, it is 100000")
        self.refuses(self.program, "tarin", says="there is no command 'tarin'; did you mean 'train'?")
        # As large as can be is no mistake: all rows make one batch.
        self.run_(*train, "--batch", "9223372036854775807", "--save", "large.safetensors")
        self.run_(*train, "--batch", "2", "--save", "two.safetensors")
        self.assertEqual(system.readBytes(self.path("large.safetensors")), system.readBytes(self.path("two.safetensors")))
        self.run_(*train, "--steps", "9223372036854775807", "--epochs", "1", "--save", "steps.safetensors")
        self.run_(*train, "--epochs", "1", "--save", "epoch.safetensors")
        self.assertEqual(system.readBytes(self.path("steps.safetensors")), system.readBytes(self.path("epoch.safetensors")))

    def test_devices(self):
        self.refuses(self.program, "train", "--data", "csv:/dev/zero", says="cannot read /dev/zero: it is a device")
        self.refuses(self.program, "evaluate", "--weights", "/dev/zero", says="cannot read /dev/zero: it is a device")


class Machine(system.Test):
    """Something is missing around Weft."""

    def test_missing_archive(self):
        env = {"WEFT_DATA": self.path("nowhere"), "WEFT_CACHE": self.path("cache")}
        self.refuses(system.weft, "data", "imdb", "--from", self.path("none.tar.gz"), says="none.tar.gz", env=env)

    def test_damaged_archive(self):
        archive = self.write("aclImdb_v1.tar.gz", "not an archive")
        self.refuses(system.weft, "data", "imdb", "--from", archive, says="aclImdb_v1.tar.gz",
                     env={"WEFT_CACHE": self.path("cache")})

    def test_no_linker(self):
        model = self.write("m.weft", small)
        os.mkdir(self.path("bin"))
        # A program that was built before is in the cache and needs no linker.
        told = self.refuses(system.weft, "build", model, "-o", self.path("m"), says="link",
                            env={"PATH": self.path("bin"), "WEFT_CACHE": self.path("cache")})
        self.assertFalse(os.path.exists(self.path("m")), told)

    def test_output_not_writable(self):
        model = self.write("m.weft", small)
        self.refuses(system.weft, "build", model, "-o", self.path("none/m"), says="none/m")


if __name__ == "__main__":
    system.main()
