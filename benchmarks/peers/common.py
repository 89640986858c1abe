"""What the programs that time a peer share: their options, starting weights, and the JSON that they print."""

import argparse
import json
import os
import statistics
import sys


def parseArguments(description, models):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("model", choices=list(models))
    parser.add_argument("--x", required=True, help="word ids, int32 [rows, 500]")
    parser.add_argument("--y", required=True, help="labels [rows]")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=20, help="timed batches")
    parser.add_argument("--warmup", type=int, default=3, help="batches before those")
    parser.add_argument("--weights", help="safetensors to start from (default: the peer's own start)")
    parser.add_argument("--backend", default="tensorflow", help="what Keras runs on")
    arguments = parser.parse_args()
    # Read by OpenMP as the peer is imported.
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    return arguments


def loadRows(arguments):
    """As many rows as the run takes, each once, in their order."""
    import numpy as np

    x = np.load(arguments.x).astype("int32")
    y = np.load(arguments.y).astype("float32").reshape(-1, 1)
    rows = (arguments.warmup + arguments.steps) * arguments.batch
    if rows > len(x):
        sys.exit(f"{sys.argv[0]}: {rows} rows wanted, {len(x)} there")
    return x[:rows], y[:rows]


def readSafetensors(path):
    import numpy as np

    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    return {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
        for name, entry in header.items()
        if name != "__metadata__"
    }


def report(arguments, peer, train, evaluate, loss):
    """`train` and `evaluate`: milliseconds of each batch, those of the warm-up among them."""
    result = {"peer": peer, "model": arguments.model, "batch": arguments.batch, "threads": arguments.threads,
              "steps": arguments.steps, "loss": round(loss, 6)}
    for kind, times in (("train", train), ("evaluate", evaluate)):
        timed = times[arguments.warmup:]
        result[f"{kind}_ms"] = round(statistics.median(timed), 2)
        result[f"{kind}_ms_least"] = round(min(timed), 2)
    print(json.dumps(result))
