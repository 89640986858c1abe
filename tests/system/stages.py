"""Every stage is text: it prints, it can be edited, and it builds again."""

import os
import random
import re

import numpy as np

import weft_system as system

model = """model small {
  input x: features[7, 3]
  output y = x |> lstm(24) |> dense(2)
}
train {
  loss = mean_squared_error
  optimizer = adam(learning_rate = 0.01)
  epochs = 2
  batch = 8
  seed = 3
}
"""


class Stages(system.Test):
    def setUp(self):
        super().setUp()
        self.model = self.write("small.weft", model)
        rng = np.random.default_rng(5)
        self.x = self.save("x.npy", rng.normal(size=(20, 7, 3)).astype("float32"))
        self.y = self.save("y.npy", rng.normal(size=(20, 2)).astype("float32"))

    def train(self, program, name):
        self.run_(program, "train", "--data", f"npy:{self.x},{self.y}", "--validation", "none", "--save", name)
        return self.path(name)

    def test_every_stage_prints(self):
        first = {"ast": "lstm", "seq": "seq.recurrent", "expanded": "seq.scan", "gradient": "seq.step",
                 "kernels": "halide.schedule", "program": "halide.call", "stmt": "for (", "llvm": "define ",
                 "asm": "ret"}
        for stage, text in first.items():
            with self.subTest(stage=stage):
                self.assertIn(text, self.inspect(self.model, stage))

    def test_resume_from_every_stage(self):
        expected = system.readBytes(self.train(self.build(self.model), "expected.safetensors"))
        for stage in ("seq", "expanded", "gradient", "kernels", "program"):
            with self.subTest(stage=stage):
                text = self.write(stage + ".mlir", self.inspect(self.model, stage))
                program = self.build(text, output=stage)
                self.assertEqual(system.readBytes(self.train(program, stage + ".safetensors")), expected)

    def test_edited_seq(self):
        program = self.build(self.model)
        weights = self.train(program, "w.safetensors")
        text = self.inspect(self.model, "seq")
        edited = text.replace("seq.tanh", "seq.sigmoid")
        self.assertNotEqual(text, edited)
        other = self.build(self.write("edited.mlir", edited), output="edited")
        self.assertGreater(np.abs(self.predict(other, weights, self.x, "q.npy") -
                                  self.predict(program, weights, self.x)).max(), 1e-3)

    def test_broken_seq_is_refused(self):
        text = self.inspect(self.model, "seq").replace("seq.recurrent", "seq.recurrence")
        self.refuses(system.weft, "build", self.write("broken.mlir", text), "-o", self.path("b"), says="broken.mlir:")

    def test_mutated_stages_are_answered(self):
        """Whatever a stage's text was changed to, it goes on or is refused with a reason."""
        draw = random.Random(11)
        texts = [re.findall(r"\w+|\s+|[^\w\s]", self.inspect(self.model, stage)) for stage in ("seq", "expanded", "gradient", "program")]
        codes = set()
        for round in range(40):
            words = list(draw.choice(texts))
            place, other = draw.randrange(len(words)), draw.randrange(len(words))
            numbers = [index for index, word in enumerate(words) if word.isdigit()]
            change = draw.randrange(4)
            if change == 0:
                del words[place]
            elif change == 1:
                words.insert(place, words[other])
            elif change == 2:
                words[place], words[other] = words[other], words[place]
            else:
                words[draw.choice(numbers)] = draw.choice(["0", "1", "3", "-1", "1000000", "4294967296"])
            done = self.start(system.weft, "inspect", self.write("mutated.mlir", "".join(words)), "--stage", "program")
            codes.add(done.returncode)
            told = f"round {round} ended with {done.returncode}:\n{done.stderr}"
            self.assertIn(done.returncode, (0, 1), told)
            self.assertEqual(done.returncode == 1, "error" in done.stderr, told)
            self.assertNotIn("legalize", done.stderr, told)
        self.assertEqual(codes, {0, 1})

    def test_edited_plus_changes_predictions(self):
        program = self.build(self.model)
        weights = self.train(program, "w.safetensors")
        expected = self.predict(program, weights, self.x)
        text = self.inspect(self.model, "kernels")
        # The additions of every kernel that predicts: one at a time, the first that matters is enough.
        changed = 0
        places = [match.start() for match in re.finditer(r"arith\.addf", text)]
        self.assertTrue(places)
        for place in places[:4]:
            edited = text[:place] + "arith.subf" + text[place + len("arith.addf"):]
            other = self.build(self.write("edited.mlir", edited), output="edited")
            changed += not np.allclose(self.predict(other, weights, self.x, "q.npy"), expected, atol=1e-5)
            if changed:
                break
        self.assertGreater(changed, 0)

    def test_edited_split_changes_code_only(self):
        program = self.build(self.model)
        weights = self.train(program, "w.safetensors")
        expected = self.predict(program, weights, self.x)
        text = self.inspect(self.model, "kernels")
        # Inner loops of rows that are unrolled; halving them keeps every bound a multiple.
        pattern = re.compile(r'(halide\.split @\w+ (?:update \d+ )?"\w+" into "\w+", "\w+" by )(\d+)')
        for match in pattern.finditer(text):
            factor = int(match.group(2))
            if factor < 2 or factor % 2:
                continue
            edited = text[:match.start(2)] + str(factor // 2) + text[match.end(2):]
            file = self.write("edited.mlir", edited)
            if self.inspect(file, "asm") == self.inspect(self.model, "asm"):
                continue
            other = self.build(file, output="edited")
            self.assertLess(np.abs(self.predict(other, weights, self.x, "q.npy") - expected).max(), 1e-5)
            return
        self.fail("no split changed the assembly")

    def test_schedule_file(self):
        text = self.inspect(self.model, "kernels")
        program = self.build(self.model, "--schedule", self.write("s.mlir", text), output="same")
        weights = self.train(program, "w.safetensors")
        kernel = re.search(r"halide\.schedule @(\w+|\"[^\"]*\")", text).group(1)
        bare = self.write("bare.mlir", f"halide.schedule @{kernel} {{\n}}\n")
        slow = self.build(self.model, "--schedule", bare, output="slow")
        np.testing.assert_allclose(self.predict(slow, weights, self.x, "q.npy"), self.predict(program, weights, self.x),
                                   atol=1e-5)

    def test_schedule_for_another_kernel(self):
        stale = self.write("stale.mlir", "halide.schedule @nothing {\n}\n")
        self.refuses(system.weft, "build", self.model, "--schedule", stale, "-o", self.path("m"), says="@nothing")

    def test_stale_schedule(self):
        text = self.inspect(self.model, "kernels")
        kernel = re.search(r"halide\.schedule @(\w+|\"[^\"]*\")", text).group(1)
        stale = self.write("stale.mlir", f'halide.schedule @{kernel} {{\n  halide.vectorize @elsewhere "u"\n}}\n')
        self.refuses(system.weft, "build", self.model, "--schedule", stale, "-o", self.path("m"), says="@elsewhere")

    def test_one_kernel(self):
        text = self.inspect(self.model, "kernels")
        names = re.findall(r"halide\.kernel @([\w.]+)", text)
        one = self.inspect(self.model, "kernels", "--kernel", names[-1])
        self.assertEqual(re.findall(r"halide\.kernel @([\w.]+)", one), [names[-1]])
        self.refuses(system.weft, "inspect", self.model, "--stage", "kernels", "--kernel", "nothing", says=names[0])


if __name__ == "__main__":
    system.main()
