"""One model for several processors: what can run here computes the same; the rest says what is missing."""

import numpy as np

import weft_system as system

model = """model m {
  input words: tokens[12] of 20
  output y = words |> embedding(5) |> conv1d(9, 3, padding = same, activation = relu) |> gru(10) |> dense(1, activation = sigmoid)
}
train {
  loss = binary_crossentropy
  optimizer = adam()
  shuffle = false
}
"""

targets = {"x86-64-v2": {"sse4_2"}, "x86-64-v3": {"avx2", "fma"}, "x86-64-v4": {"avx512f", "avx512vl", "avx512bw", "avx512dq"},
           "x86-64 avx f16c": {"avx"}}


def processorFlags():
    with open("/proc/cpuinfo") as file:
        return set(next(line for line in file if line.startswith("flags")).split())


class Targets(system.Test):
    def test_same_results(self):
        random = np.random.default_rng(3)
        x = self.save("x.npy", random.integers(0, 20, (11, 12), dtype="int32"))
        data = f"npy:{x},{self.save('y.npy', random.integers(0, 2, (11, 1)).astype('float32'))}"
        native = self.build(model)
        weights = self.path("w.safetensors")
        self.run_(native, "train", "--data", data, "--epochs", "1", "--save", weights)

        def computed(program, name):
            gradients = self.path(name + ".safetensors")
            self.run_(program, "gradients", "--weights", weights, "--data", data, "--save", gradients)
            return self.predict(program, weights, x), system.readSafetensors(gradients)

        predictions, gradients = computed(native, "native")
        for target, flags in targets.items():
            with self.subTest(target=target):
                program = self.build(model, "--target", target, output="m-" + target.replace(" ", "-"))
                if not flags <= processorFlags():
                    self.refuses(program, "info", says=["this processor lacks", "--target"])
                    continue
                # Other widths of vectors add in another order, and without FMA each product is rounded
                # too: sums of at most 30 terms are off by 30 roundings, 2e-6, at each of 12 steps; in practice
                # they rarely add up, so that a tenth of their bound is asked for.
                got, slopes = computed(program, target)
                self.assertLess(np.abs(got - predictions).max(), 2e-6)
                for name, expected in gradients.items():
                    self.assertLess(np.abs(slopes[name] - expected).max(), 3e-6 * np.abs(expected).max(), name)


if __name__ == "__main__":
    system.main()
