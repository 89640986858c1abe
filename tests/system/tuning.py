"""Schedules that are found by trying, and schedules that do not fit."""

import os
import re

import weft_system as system

model = """model m {
  input x: features[6, 5]
  output y = x |> lstm(UNITS) |> dense(1)
}
train {
  loss = mean_squared_error
  optimizer = adam()
}
"""


class Tuning(system.Test):
    def setUp(self):
        super().setUp()
        self.model = self.write("m.weft", model.replace("UNITS", "9"))
        self.schedules = self.path("m.schedules.mlir")

    def kernels(self):
        return self.run_(system.weft, "inspect", self.model, "--stage", "kernels")

    def schedule(self, digest, target=None):
        """The schedule of the step kernel as it is, said to be made for another kernel or target."""
        text = re.search(r"halide\.schedule @lstm\.step \{.*?\n  \}", self.kernels(), re.S).group(0)
        text = text.replace("@lstm.step {", f'@lstm.step attributes {{weft.kernel = "{digest}"}} {{', 1)
        head = f'module attributes {{weft.target = "{target}"}} {{\n' if target else "module {\n"
        with open(self.schedules, "w") as file:
            file.write(head + "  " + text + "\n}\n")

    def test_search(self):
        self.run_(system.weft, "tune", self.model, "--seconds", "4")
        # Whatever was found, the model is built with it.
        self.run_(system.weft, "build", self.model, "-o", self.path("m"))
        if os.path.exists(self.schedules):
            with open(self.schedules) as file:
                self.assertIn("weft.kernel", file.read())

    def test_stale(self):
        self.schedule("0123456789abcdef")
        self.refuses(system.weft, "build", self.model, "-o", self.path("m"), says="run `weft tune` again")
        self.refuses(system.weft, "build", self.model, "--schedule", self.schedules, "-o", self.path("m"),
                     says="what it computes has changed since")

    def test_other_target(self):
        self.schedule("0123456789abcdef", target="x86-64 for nobody")
        # Found beside the model it is for another machine; asked for it is a mistake.
        self.run_(system.weft, "build", self.model, "-o", self.path("m"))
        self.refuses(system.weft, "build", self.model, "--schedule", self.schedules, "-o", self.path("m"),
                     says="x86-64 for nobody")

    def test_unknown_kernel(self):
        self.refuses(system.weft, "tune", self.model, "--kernel", "nobody", says="no kernel 'nobody'")


if __name__ == "__main__":
    system.main()
