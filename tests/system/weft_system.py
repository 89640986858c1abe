"""What the tests of whole commands share.

A test file is run as `python FILE [Class.method ...]`; it ends with 77 where all
of its tests were skipped, which ctest counts as skipped.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy as np

source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
binaries = os.environ.get("WEFT_BIN", os.path.join(source, "build/release/bin"))
weft = os.path.join(binaries, "weft")
shared = os.path.abspath(os.environ.get("WEFT_SHARED") or os.path.join(source, "..", "shared"))


def requireShared(part):
    path = os.path.join(shared, part)
    if not os.path.exists(path):
        raise unittest.SkipTest(f"needs {path} (the environment variable WEFT_SHARED names its folder)")
    return path


def readSafetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    return {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], {"F32": "<f4", "F64": "<f8", "I32": "<i4", "I64": "<i8"}[
            entry["dtype"]]).reshape(entry["shape"])
        for name, entry in header.items()
        if name != "__metadata__"
    }


def readMetadata(path):
    with open(path, "rb") as file:
        return json.loads(file.read(int.from_bytes(file.read(8), "little"))).get("__metadata__", {})


def writeSafetensors(path, tensors):
    header, data = {}, b""
    for name, value in tensors.items():
        bytes = np.ascontiguousarray(value, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(bytes)]}
        data += bytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + data)


def readBytes(path):
    with open(path, "rb") as file:
        return file.read()


class Test(unittest.TestCase):
    """A test with a folder of its own, in which commands run."""

    maxDiff = None

    def setUp(self):
        self.work = tempfile.mkdtemp(prefix="weft-test-")
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.work, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def save(self, name, array):
        np.save(self.path(name), array)
        return self.path(name)

    def start(self, *command, env=None):
        return subprocess.run([str(word) for word in command], cwd=self.work, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **(env or {})})

    def run_(self, *command, env=None):
        """Standard output of a command that must succeed."""
        done = self.start(*command, env=env)
        if done.returncode:
            self.fail(f"{' '.join(map(str, command))}\nended with {done.returncode}:\n{done.stderr}{done.stdout}")
        return done.stdout

    def refuses(self, *command, says, env=None):
        """A command that must end with exit code 1 and such a message."""
        done = self.start(*command, env=env)
        told = f"{' '.join(map(str, command))}\nended with {done.returncode} and said:\n{done.stderr}{done.stdout}"
        self.assertEqual(done.returncode, 1, told)
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, done.stderr, told)
        return done.stderr

    def build(self, model, *flags, output="model"):
        """A program made of a model file, or of a model's text."""
        if not os.path.exists(model):
            model = self.write(output + ".weft", model)
        self.run_(weft, "build", model, "-o", self.path(output), *flags)
        return self.path(output)

    def inspect(self, model, stage, *flags):
        return self.run_(weft, "inspect", model, "--stage", stage, *flags)

    def predict(self, program, weights, x, name="p.npy"):
        self.run_(program, "predict", "--weights", weights, "--input", x, "--output", self.path(name))
        return np.load(self.path(name))


def main():
    program = unittest.main(module="__main__", verbosity=2, exit=False)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if result.testsRun and len(result.skipped) == result.testsRun else 0)
