"""What a built program is: small, of its own, generated, and the same every time."""

import os
import re
import shutil
import subprocess
import time

import numpy as np

import weft_system as system

models = os.path.join(system.source, "models")


class Product(system.Test):
    def test_parameters(self):
        for model, count in (("imdb_lstm", "213,301"), ("imdb_cnn_lstm", "216,405")):
            self.assertIn(count, self.run_(system.weft, "summary", os.path.join(models, model + ".weft")))

    def test_size(self):
        program = self.build(os.path.join(models, "imdb_lstm.weft"))
        self.run_("strip", program)
        self.assertLess(os.path.getsize(program), 8 << 20)

    def test_stands_alone(self):
        """Needs nothing at run time but the C and C++ libraries."""
        program = self.build(os.path.join(models, "imdb_lstm.weft"))
        needed = re.findall(r"NEEDED.*\[(.*?)\]", self.run_("readelf", "-d", program))
        allowed = re.compile(r"(libc|libm|libstdc\+\+|libgcc_s|libpthread|libdl|ld-linux-x86-64)\.so")
        self.assertEqual([name for name in needed if not allowed.match(name)], [])

    def test_objects_import_libm_only(self):
        model = os.path.join(models, "imdb_cnn_lstm.weft")
        self.run_(system.weft, "build", model, "--emit", "obj", "-o", self.path("m.o"))
        imported = set(self.run_("nm", "--undefined-only", "--format=just-symbols", self.path("m.o")).split())
        libm = {"expf", "logf", "powf", "sqrtf", "tanhf", "log1pf", "expm1f", "sinf", "cosf", "floorf", "ceilf", "memcpy",
                "memset", "memmove", "_GLOBAL_OFFSET_TABLE_"}
        self.assertEqual({name for name in imported - libm if not name.startswith("weft_")}, set())

    def test_shared_library(self):
        model = os.path.join(models, "imdb_lstm.weft")
        self.run_(system.weft, "build", model, "--emit", "shared", "-o", self.path("m.so"))
        self.assertIn("weft_model", self.run_("nm", "-D", "--defined-only", self.path("m.so")))

    def test_same_bytes(self):
        model = os.path.join(models, "imdb_lstm.weft")
        one = self.build(model, output="one")
        two = self.build(model, output="two")
        again = {"WEFT_CACHE": self.path("cache")}
        self.run_(system.weft, "build", model, "-o", self.path("three"), env=again)
        self.assertEqual(system.readBytes(one), system.readBytes(two))
        self.assertEqual(system.readBytes(one), system.readBytes(self.path("three")), "a cold build differs")

    def test_build_time_does_not_grow_with_length(self):
        seconds, code = [], []
        for length in (500, 5000):
            with open(os.path.join(models, "imdb_lstm.weft")) as file:
                text = file.read().replace("500]", f"{length}]")
            text = text.replace("length = 500", f"length = {length}")
            start = time.perf_counter()
            self.run_(system.weft, "build", self.write(f"m{length}.weft", text), "-o", self.path(f"m{length}"),
                      env={"WEFT_CACHE": self.path(f"cache{length}")})
            seconds.append(time.perf_counter() - start)
            code.append(os.path.getsize(self.path(f"m{length}")))
        print("cold builds at 500 and 5000 steps: %.1f s and %.1f s" % tuple(seconds))
        self.assertLess(abs(code[1] - code[0]), 0.05 * code[0])
        self.assertLess(seconds[1], 2 * seconds[0] + 2)

    def test_renamed_and_reordered_cell(self):
        """No layer is known by name: the prelude's equations under other names give the same kernels."""
        template = """%s
model m {
  input x: features[9, 3]
  output y = x |> %s(20) |> dense(1)
}
train {
  loss = mean_squared_error
  optimizer = adam
}
"""
        cell = """cell strange(units) {
  weight kernel           [input, 4*units] = glorot_uniform
  weight recurrent_kernel [units, 4*units] = orthogonal
  weight bias             [4*units]        = [zeros, ones, zeros, zeros]
  state a[units], b[units]
  p, q, r, s = split(x @ kernel + a @ recurrent_kernel + bias)
  candidate = tanh(r)
  b' = sigmoid(q) * b + sigmoid(p) * candidate
  a' = sigmoid(s) * tanh(b')
  return a'
}
"""
        plain, own = self.write("plain.weft", template % ("", "lstm")), self.write("own.weft", template % (cell, "strange"))

        def kernels(file):
            text = self.inspect(file, "kernels")
            return re.sub(r"strange|lstm", "cell", text[text.index("halide.kernel"):])

        self.assertEqual(kernels(plain), kernels(own))

    def test_own_cell(self):
        """A cell that the prelude does not have learns."""
        text = """cell peephole(units) {
  weight kernel [input, 3*units] = glorot_uniform
  weight recurrent_kernel [units, 3*units] = orthogonal
  weight peep [units] = zeros
  state h[units], c[units]
  f, g, o = split(x @ kernel + h @ recurrent_kernel)
  c' = sigmoid(f + peep * c) * c + (1 - sigmoid(f + peep * c)) * tanh(g)
  h' = sigmoid(o) * tanh(c')
  return h'
}
model own {
  input x: features[10, 2]
  output y = x |> peephole(16) |> dense(1)
}
train {
  loss = mean_squared_error
  optimizer = adam(learning_rate = 0.02)
  epochs = 30
  batch = 32
}
"""
        program = self.build(text, output="own")
        rng = np.random.default_rng(1)
        x = rng.normal(size=(256, 10, 2)).astype("float32")
        y = x[:, :, :1].mean(axis=1)
        data = f"npy:{self.save('x.npy', x)},{self.save('y.npy', y)}"
        self.run_(program, "train", "--data", data, "--validation", "none", "--save", "own.safetensors")
        error = self.predict(program, self.path("own.safetensors"), self.path("x.npy")) - y
        self.assertLess((error**2).mean(), 0.2 * y.var())


if __name__ == "__main__":
    system.main()
