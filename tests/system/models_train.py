"""Models that need no download reach what their comments say."""

import os
import sys

import weft_system as system

models = os.path.join(system.source, "models")


class Models(system.Test):
    def reaches(self, name, data=None):
        """The mean of a metric over the validation of the last epoch, as the model's own settings train it."""
        if data:
            self.run_(sys.executable, os.path.join(models, "make_data.py"), data)
        program = self.build(os.path.join(models, name + ".weft"))
        said = self.run_(program, "train", "--quiet", "--save", "w.safetensors")
        scores = dict(pair.split(": ") for pair in said.strip().split(" - "))
        print(name, said.strip())
        return {key: float(value) for key, value in scores.items()}

    def test_reber(self):
        for name in ("reber", "minimal_gated_unit", "peephole_lstm", "coupled_lstm", "normed_lstm"):
            self.assertGreater(self.reaches(name)["val_accuracy"], 0.95, name)

    def test_adding(self):
        self.assertLess(self.reaches("adding")["val_loss"], 0.01)

    def test_sensors(self):
        self.assertGreater(self.reaches("sensors", "sensors")["val_accuracy"], 0.95)

    def test_two_inputs(self):
        self.assertGreater(self.reaches("two_inputs", "two_inputs")["val_accuracy"], 0.95)


if __name__ == "__main__":
    system.main()
