"""The log of a run as the real TensorBoard reads it.

TensorBoard's reader (no TensorFlow, no server) is installed from PyPI into a venv of
its own, which is kept; where PyPI is out of reach the tests are skipped.
"""

import json
import os
import struct
import subprocess
import sys
import unittest
import zlib

import numpy as np

import weft_system as system

packages = ["tensorboard==2.21.0", "protobuf==7.36.2", "absl-py==2.5.1", "numpy==2.4.6"]
venv = os.environ.get("WEFT_TENSORBOARD", os.path.expanduser("~/.cache/weft/tensorboard-venv"))

# Prints, for each folder, what TensorBoard knows of each tag.
READER = r"""
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

def plain(value):
    if value.dtype == object:
        return [v.decode("latin-1") for v in value.reshape(-1)]
    return value.tolist()

found = {}
for folder in sys.argv[1:]:
    reader = EventAccumulator(folder, size_guidance={"tensors": 0})
    reader.Reload()
    tags = reader.Tags()
    assert not any(tags[kind] for kind in ("images", "audio", "histograms", "scalars")), tags
    found[folder] = {
        tag: {
            "plugin": reader.SummaryMetadata(tag).plugin_data.plugin_name,
            "steps": [event.step for event in reader.Tensors(tag)],
            "type": tensor_util.make_ndarray(reader.Tensors(tag)[0].tensor_proto).dtype.str,
            "values": [plain(tensor_util.make_ndarray(event.tensor_proto)) for event in reader.Tensors(tag)],
        }
        for tag in tags["tensors"]
    }
print(json.dumps(found))
"""


def installReader():
    """The venv's Python; a venv that is not whole is made again."""
    python, mark = os.path.join(venv, "bin", "python"), os.path.join(venv, "installed")
    wanted = "\n".join(packages)
    if os.path.exists(mark) and system.readBytes(mark).decode() == wanted:
        return python
    base = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
    subprocess.run([base, "-m", "venv", "--clear", venv], check=True)
    done = subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps",
                           "--retries", "1", *packages], text=True, stderr=subprocess.PIPE)
    if done.returncode:
        raise unittest.SkipTest("TensorBoard cannot be installed from PyPI: " + done.stderr.strip()[-300:])
    with open(mark, "w") as file:
        file.write(wanted)
    return python


def decodePng(text):
    """Width, height and grey values of a PNG with one channel of 8 bits."""
    data = text.encode("latin-1")
    assert data[:8] == b"\x89PNG\r\n\x1a\n", data[:8]
    at, parts = 8, {}
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + size]
        (check,) = struct.unpack(">I", data[at + 8 + size : at + 12 + size])
        assert check == zlib.crc32(kind + body), kind
        parts[kind] = parts.get(kind, b"") + body
        at += 12 + size
    width, height, depth, color = struct.unpack(">IIBB", parts[b"IHDR"][:10])
    assert (depth, color) == (8, 0), (depth, color)
    lines = np.frombuffer(zlib.decompress(parts[b"IDAT"]), "u1").reshape(height, width + 1)
    assert not lines[:, 0].any(), "lines are stored as they are"
    return lines[:, 1:]


MODEL = """
model small {
  input words: tokens[8] of 20
  output y = words |> embedding(4) |> conv1d(5, 3) |> lstm(6) |> dense(1, activation = sigmoid)
}
train {
  loss = binary_crossentropy
  optimizer = adam(learning_rate = 0.01)
  metrics = [accuracy]
  validation = 0.25
  epochs = 3
  batch = 8
  %s
}
"""

weights = {"embedding/embeddings": (20, 4), "conv1d/kernel": (3, 4, 5), "conv1d/bias": (5,), "lstm/kernel": (5, 24),
           "lstm/recurrent_kernel": (6, 24), "lstm/bias": (24,), "dense/kernel": (6, 1), "dense/bias": (1,)}


class TensorBoard(system.Test):
    def log(self, setting, *flags):
        """Trains; what TensorBoard finds below `logs`: folder, then tag."""
        reader = installReader()
        random = np.random.default_rng(1)
        data = "npy:%s,%s" % (self.save("x.npy", random.integers(0, 20, (64, 8)).astype("i4")),
                              self.save("y.npy", random.integers(0, 2, (64, 1)).astype("f4")))
        program = self.build(MODEL % setting)
        self.run_(program, "train", "--data", data, "--save", "w.safetensors", *flags)
        self.assertEqual(sorted(os.listdir(self.path("logs"))), ["train", "validation"])
        for folder in ("train", "validation"):
            (name,) = os.listdir(self.path("logs/" + folder))
            self.assertRegex(name, r"^events\.out\.tfevents\.\d+\.[^.].*\.\d+\.\d+\.v2$")
        found = self.run_(reader, "-c", READER, "logs/train", "logs/validation")
        return json.loads(found)

    def checkScalars(self, found):
        train, validation = found["logs/train"], found["logs/validation"]
        for tag in ("epoch_loss", "epoch_accuracy", "epoch_learning_rate"):
            self.assertEqual((train[tag]["plugin"], train[tag]["steps"], train[tag]["type"]), ("scalars", [0, 1, 2], "<f4"))
        for tag in ("epoch_loss", "epoch_accuracy"):
            self.assertEqual((validation[tag]["plugin"], validation[tag]["steps"]), ("scalars", [0, 1, 2]))
        for tag in ("evaluation_loss_vs_iterations", "evaluation_accuracy_vs_iterations"):
            self.assertEqual((validation[tag]["plugin"], validation[tag]["steps"]), ("scalars", [6, 12, 18]))
        self.assertEqual(validation["epoch_loss"]["values"], validation["evaluation_loss_vs_iterations"]["values"])
        np.testing.assert_allclose(train["epoch_learning_rate"]["values"], [0.01] * 3, rtol=1e-6)

    def test_tags_without_histograms(self):
        found = self.log("", "--log-dir", "logs")
        self.assertEqual(set(found["logs/train"]), {"keras", "epoch_loss", "epoch_accuracy", "epoch_learning_rate"})
        self.assertEqual(set(found["logs/validation"]), {"epoch_loss", "epoch_accuracy", "evaluation_loss_vs_iterations",
                                                         "evaluation_accuracy_vs_iterations"})
        self.checkScalars(found)
        graph = found["logs/train"]["keras"]
        self.assertEqual((graph["plugin"], graph["steps"]), ("graph_keras_model", [0]))
        layers = [layer["class_name"] for layer in json.loads(graph["values"][0][0])["config"]["layers"]]
        self.assertEqual(layers, ["InputLayer", "Embedding", "Conv1D", "LSTM", "Dense"])

    def test_histograms_and_images(self):
        found = self.log('callbacks = [tensorboard(log_dir = "logs", histogram_freq = 1, write_graph = false, '
                         'write_images = true)]')
        train = found["logs/train"]
        images = {name for name, shape in weights.items() if np.prod(shape) > 1}
        self.assertEqual(set(train), {"epoch_loss", "epoch_accuracy", "epoch_learning_rate"} |
                         {name + "/histogram" for name in weights} | {name + "/image" for name in images})
        self.checkScalars(found)
        last = system.readSafetensors(self.path("w.safetensors"))
        for name, shape in weights.items():
            histogram = train[name + "/histogram"]
            self.assertEqual((histogram["plugin"], histogram["steps"], histogram["type"]), ("histograms", [0, 1, 2], "<f8"))
            for values in histogram["values"]:
                self.assertEqual(np.shape(values), (30, 3))
                self.assertEqual(sum(count for _, _, count in values), np.prod(shape))
            self.assertAlmostEqual(histogram["values"][-1][0][0], last[name].min(), places=6)
            self.assertAlmostEqual(histogram["values"][-1][-1][1], last[name].max(), places=6)
        for name in images:
            image = train[name + "/image"]
            self.assertEqual((image["plugin"], image["steps"]), ("images", [0, 1, 2]))
            width, height, *pictures = image["values"][-1]
            squeezed = last[name].squeeze()
            if squeezed.ndim == 1:
                expected = [squeezed[:, None]]
            elif squeezed.ndim == 2:
                expected = [squeezed.T if squeezed.shape[0] > squeezed.shape[1] else squeezed]
            else:
                expected = [squeezed[:, :, i] for i in range(3)]
            self.assertEqual(len(pictures), len(expected))
            for picture, values in zip(pictures, expected):
                grey = decodePng(picture)
                self.assertEqual(grey.shape, (int(height), int(width)))
                self.assertEqual(grey.shape, values.shape)
                self.assertLessEqual(np.abs(grey - np.clip(values, 0, 1) * 255).max(), 1)


if __name__ == "__main__":
    system.main()
