"""Models that need no download reach what their comments say."""

import csv
import os
import sys

import weft_system as system

models = os.path.join(system.source, "models")


class Models(system.Test):
    def reaches(self, name, metric, best, data=None):
        """The best of a metric over the epochs, as the model's own settings train it.

        Of all epochs, not the last: one epoch goes up and down by some points with the rounding of the
        processor's vectors, whether the model learns does not.
        """
        if data:
            self.run_(sys.executable, os.path.join(models, "make_data.py"), data)
        program = self.build(os.path.join(models, name + ".weft"))
        self.run_(program, "train", "--quiet", "--save", "w.safetensors", "--csv-log", "log.csv")
        with open(self.path("log.csv")) as file:
            values = [float(row[metric]) for row in csv.DictReader(file)]
        print(name, metric, best(values), "last", values[-1])
        return best(values)

    def test_reber(self):
        for name in ("reber", "minimal_gated_unit", "peephole_lstm", "coupled_lstm", "normed_lstm"):
            self.assertGreater(self.reaches(name, "val_accuracy", max), 0.95, name)

    def test_adding(self):
        self.assertLess(self.reaches("adding", "val_loss", min), 0.01)

    def test_sensors(self):
        self.assertGreater(self.reaches("sensors", "val_accuracy", max, "sensors"), 0.95)

    def test_two_inputs(self):
        self.assertGreater(self.reaches("two_inputs", "val_accuracy", max, "two_inputs"), 0.95)


if __name__ == "__main__":
    system.main()
