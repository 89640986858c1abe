"""A run that is killed again and again ends as one that was left alone."""

import os
import re
import signal
import subprocess
import time

import weft_system as system

MODEL = """
model m {
  input symbols: features[20, 7]
  output valid = symbols |> gru(12) |> dense(1, activation = sigmoid, kernel_regularizer = l2(0.0001))
}
train {
  data       = reber(length = 20, samples = 600, seed = 3)
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

    def test_killed_a_hundred_times(self):
        program = self.build(MODEL)
        words = [program, "train", "--save", "w.safetensors", "--checkpoint-every", "3", "--threads", "2"]
        start = time.perf_counter()
        whole = self.start(*words)
        took = time.perf_counter() - start
        self.assertEqual(whole.returncode, 0, whole.stderr)
        wanted = self.files()
        for name in os.listdir(self.work):
            if name not in ("model", "model.weft"):
                os.remove(self.path(name))

        # How long a run needs before it trains: that much more each time, so that the
        # kills are spread evenly over the training.
        start = time.perf_counter()
        self.run_(*words[:2], "--save", "none.safetensors", "--steps", "0", "--quiet")
        begins = time.perf_counter() - start
        done, places = 0, [(0, 0)]
        while done < kills:
            process = subprocess.Popen(words + ["--resume"], cwd=self.work, text=True, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:
                process.wait(begins + took / kills)
                said = process.stderr.read()
                self.assertEqual(process.returncode, 0, said)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                said = process.stderr.read()
                process.wait()
            process.stderr.close()
            done += 1
            if match := re.search(r"epoch (\d+), (\d+) of \d+ batches done", said):
                places.append((int(match[1]), int(match[2])))
            if "the run is finished" in said:
                break
        final = self.start(*words, "--resume")
        self.assertEqual(final.returncode, 0, final.stderr)
        print(f"{done} kills over {len(set(places))} places in a run of {took:.1f} s")
        self.assertEqual(places, sorted(places), "a batch before the checkpoint was run again")
        self.assertGreater(len(set(places)), 10)
        found = self.files()
        for name, text in wanted.items():
            self.assertEqual(found[name], text, name)
        self.assertEqual([name for name in os.listdir(self.work) if name.endswith(".tmp")], [])


if __name__ == "__main__":
    system.main()
