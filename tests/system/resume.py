"""A run that is killed again and again ends as one that was left alone."""

import json
import os
import signal
import subprocess
import time

import numpy as np

import weft_system as system

MODEL = """
model m {
  input symbols: tokens[20] of 8
  output valid = symbols
    |> embedding(7, dropout = 0.05)
    |> gru(12, dropout = 0.1, recurrent_dropout = 0.1)
    |> dropout(0.1)
    |> dense(1, activation = sigmoid, kernel_regularizer = l2(0.0001))
}
train {
  data       = npy("x.npy", "y.npy")
  loss       = binary_crossentropy
  optimizer  = adam(learning_rate = 0.01, clipnorm = 1)
  metrics    = [accuracy]
  validation = 0.2
  epochs     = 40
  batch      = 16
  seed       = 7
  shuffle    = true
  callbacks  = [early_stopping(monitor = val_loss, patience = 30), reduce_on_plateau(patience = 2, factor = 0.7),
                warm_up(steps = 50), cosine(final = 0.1), checkpoint(keep = best), csv_log("log.csv")]
}
"""

kills = 100


class Resume(system.Test):
    def files(self):
        return {name: system.readBytes(self.path(name)) for name in ("w.safetensors", "w.best.safetensors", "log.csv")}

    def place(self):
        """How many batches of the run are in the checkpoint."""
        try:
            text = system.readBytes(self.path("w.checkpoint.safetensors"))
        except FileNotFoundError:
            return 0
        header = json.loads(text[8 : 8 + int.from_bytes(text[:8], "little")])
        return json.loads(header["__metadata__"]["state"])["step"]

    def test_killed_a_hundred_times(self):
        ids = np.random.default_rng(3).integers(1, 8, (600, 20))
        self.save("x.npy", ids.astype("<i4"))
        self.save("y.npy", (ids[:, :10].sum(axis=1) < ids[:, 10:].sum(axis=1)).astype("<f4"))
        program = self.build(MODEL)
        words = [program, "train", "--save", "w.safetensors", "--checkpoint-every", "3", "--threads", "2"]
        start = time.perf_counter()
        whole = self.start(*words)
        took = time.perf_counter() - start
        self.assertEqual(whole.returncode, 0, whole.stderr)
        wanted, batches = self.files(), self.place()
        for name in os.listdir(self.work):
            if name not in ("model", "model.weft", "x.npy", "y.npy"):
                os.remove(self.path(name))

        # Each time as long as a hundredth of the training takes, and what a run needs
        # before it trains; shorter where the machine has become faster meanwhile.
        start = time.perf_counter()
        self.run_(*words[:2], "--save", "none.safetensors", "--steps", "0", "--quiet")
        begins = time.perf_counter() - start
        places = [0]
        for kill in range(1, kills + 1):
            least, most = kill / (kills + 1), (kill + 1) / (kills + 2)
            seconds = begins + max(least - places[-1] / batches, 0.2 / kills) * took
            process = subprocess.Popen(words + ["--resume", "--quiet"], cwd=self.work, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            end = time.perf_counter() + seconds
            while time.perf_counter() < end and self.place() < most * batches:
                time.sleep(0.003)
            self.assertIsNone(process.poll(), "ended by itself")
            process.send_signal(signal.SIGKILL)
            process.wait()
            places.append(self.place())
        final = self.start(*words, "--resume")
        self.assertEqual(final.returncode, 0, final.stderr)
        print(f"{kills} kills over {len(set(places))} places in a run of {took:.1f} s")
        self.assertEqual(places, sorted(places), "a batch before the checkpoint was run again")
        self.assertGreater(len(set(places)), kills // 2)
        found = self.files()
        for name, text in wanted.items():
            self.assertEqual(found[name], text, name)
        self.assertEqual([name for name in os.listdir(self.work) if name.endswith(".tmp")], [])


if __name__ == "__main__":
    system.main()
