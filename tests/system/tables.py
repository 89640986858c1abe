"""Data of every kind, read and trained on by whole programs."""

import math

import numpy as np

import weft_system as system


class Tables(system.Test):
    def test_forecast_from_a_column(self):
        """Windows over a column, and what it is one row later."""
        program = self.build("""model forecast {
  input past: features[12, 1]
  output next = past |> lstm(12) |> dense(1)
}
train {
  data = csv("t.csv", x = "the level", y = "the level", test_split = 0.2)
  loss = mean_squared_error
  optimizer = adam(learning_rate = 0.02)
  epochs = 30
  batch = 16
}
""", output="forecast")
        level = [math.sin(0.3 * t) + 0.3 * math.sin(1.1 * t) for t in range(400)]
        self.write("t.csv", "day,the level\n" + "".join(f"{t},{value:.6f}\n" for t, value in enumerate(level)))
        self.run_(program, "train", "--quiet")
        loss = system.json.loads(self.run_(program, "evaluate", "--json"))
        self.assertEqual(loss["rows"], round(0.2 * (400 - 12)))
        self.assertLess(loss["loss"], 0.02 * np.var(level))

    def test_inputs_by_name(self):
        """The same arrays in one safetensors file, in .npy files by name, and in a table."""
        program = self.build("""model joined {
  input words: tokens[3] of 9
  input size: features[1]
  output y = concat(words |> embedding(2) |> flatten, size) |> dense(1)
}
train {
  loss = mean_squared_error
  optimizer = adam
  epochs = 2
  batch = 8
  seed = 5
}
""", output="joined")
        rng = np.random.default_rng(3)
        words, size, y = rng.integers(0, 9, (40, 3)), rng.normal(size=(40, 1)).astype("float32"), rng.normal(size=40).astype("float32")
        system.writeSafetensors(self.path("d.safetensors"), {"words": words, "size": size, "y": y})
        files = [f"{name}={self.save(name + '.npy', array)}" for name, array in (("y", y), ("size", size), ("words", words.astype("int16")))]
        rows = [",".join(map(repr, [*map(int, w), float(s[0]), float(label)])) for w, s, label in zip(words, size, y)]
        self.write("t.csv", "w0,w1,w2,size,y\n" + "\n".join(rows) + "\n")
        sources = ["arrays:d.safetensors", "npy:" + ",".join(files), "csv:t.csv(words=w0+w1+w2,size=size,y=y)"]
        for number, source in enumerate(sources):
            self.run_(program, "train", "--data", source, "--quiet", "--save", f"{number}.safetensors")
        weights = [system.readBytes(self.path(f"{number}.safetensors")) for number in range(3)]
        self.assertEqual(weights[0], weights[1])
        self.assertEqual(weights[0], weights[2])

    def test_sensor_rows_to_classes(self):
        """Several columns, windows of rows, and names of classes as labels."""
        program = self.build("""model state {
  input rows: features[8, 2]
  output state = rows |> gru(10) |> dense(3, activation = softmax)
}
train {
  data = csv("t.csv", x = [speed, force], y = state, test_split = 0.25)
  loss = sparse_categorical_crossentropy
  optimizer = adam(learning_rate = 0.02)
  metrics = [accuracy]
  epochs = 20
  batch = 16
}
""", output="state")
        rng = np.random.default_rng(1)
        lines = ["speed,force,state"]
        for block in range(60):
            name, mean = [("idle", 0), ("running", 1), ("stalled", -1)][block % 3]
            lines += [f"{mean + 0.3 * rng.normal():.4f},{abs(mean) + 0.3 * rng.normal():.4f},{name}" for _ in range(12)]
        self.write("t.csv", "\n".join(lines) + "\n")
        self.run_(program, "train", "--quiet")
        self.assertEqual(system.json.loads(system.readMetadata(self.path("state.safetensors"))["classes"]), ["idle", "running", "stalled"])
        self.assertGreater(system.json.loads(self.run_(program, "evaluate", "--json"))["accuracy"], 0.85)
        rows = self.save("rows.npy", np.full((2, 8, 2), [[[-1, 1]], [[0, 0]]], "float32"))
        self.assertEqual([line.split()[1] for line in self.run_(program, "predict", "--input", rows).splitlines()], ["stalled", "idle"])


if __name__ == "__main__":
    system.main()
