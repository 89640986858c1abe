"""Keras's time for a batch of one of the IMDB models, training and evaluating.

The same rows in the same order as Weft is given: no shuffling, Keras's own
`fit` and `evaluate` (one compiled function a batch), timed batch by batch after
a warm-up. Prints one JSON object.
"""

import argparse
import json
import os
import statistics
import sys
import time


models = {
    "imdb_lstm": lambda k: [k.LSTM(100)],
    "imdb_cnn_lstm": lambda k: [k.Conv1D(32, 3, padding="same", activation="relu"), k.MaxPooling1D(2), k.LSTM(100)],
    "imdb_lstm_dropout": lambda k: [k.Dropout(0.2), k.LSTM(100), k.Dropout(0.2)],
    "imdb_lstm_recurrent_dropout": lambda k: [k.LSTM(100, dropout=0.2, recurrent_dropout=0.2)],
    "imdb_bilstm": lambda k: [k.Bidirectional(k.LSTM(100, dropout=0.2, recurrent_dropout=0.2))],
}


def parseArguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=list(models))
    parser.add_argument("--x", required=True, help="word ids, int32 [rows, 500]")
    parser.add_argument("--y", required=True, help="labels [rows]")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=20, help="timed batches")
    parser.add_argument("--warmup", type=int, default=3, help="batches before those")
    parser.add_argument("--weights", help="safetensors to start from (default: Keras's own start)")
    parser.add_argument("--backend", default="tensorflow")
    return parser.parse_args()


def buildModel(keras, name):
    layers = keras.layers
    model = keras.Sequential([keras.Input((500,), dtype="int32"), layers.Embedding(5000, 32), *models[name](layers),
                              layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


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


def setWeights(model, tensors):
    """By layer and weight name: `lstm/kernel` is layer lstm's weight kernel."""
    for layer in model.layers:
        kind = "".join("_" + c.lower() if c.isupper() else c for c in type(layer).__name__).strip("_")
        kind = {"l_s_t_m": "lstm", "conv1_d": "conv1d", "max_pooling1_d": "max_pooling1d"}.get(kind, kind)
        layer.set_weights([tensors[f"{kind}/{weight.name}"] for weight in layer.weights])


def main():
    arguments = parseArguments()
    os.environ["KERAS_BACKEND"] = arguments.backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    import numpy as np

    if arguments.backend == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
        tf.config.threading.set_inter_op_parallelism_threads(arguments.threads)
    if arguments.backend == "torch":
        import torch

        torch.set_num_threads(arguments.threads)
    import keras

    keras.utils.set_random_seed(1)
    x = np.load(arguments.x).astype("int32")
    y = np.load(arguments.y).astype("float32").reshape(-1, 1)
    rows = (arguments.warmup + arguments.steps) * arguments.batch
    if rows > len(x):
        sys.exit(f"keras_imdb: {rows} rows wanted, {len(x)} there")
    x, y = x[:rows], y[:rows]
    model = buildModel(keras, arguments.model)
    if arguments.weights:
        setWeights(model, readSafetensors(arguments.weights))

    class Clock(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.times, self.losses = [], []

        def begin(self, batch, logs=None):
            self.start = time.perf_counter()

        def end(self, batch, logs=None):
            self.times.append((time.perf_counter() - self.start) * 1e3)
            self.losses.append(float(logs["loss"]))

        on_train_batch_begin = on_test_batch_begin = begin
        on_train_batch_end = on_test_batch_end = end

    train, test = Clock(), Clock()
    model.fit(x, y, batch_size=arguments.batch, epochs=1, shuffle=False, verbose=0, callbacks=[train])
    model.evaluate(x, y, batch_size=arguments.batch, verbose=0, callbacks=[test])
    timed = slice(arguments.warmup, None)
    print(json.dumps({
        "peer": f"Keras {keras.__version__} + {arguments.backend}",
        "model": arguments.model,
        "batch": arguments.batch,
        "threads": arguments.threads,
        "steps": arguments.steps,
        "train_ms": round(statistics.median(train.times[timed]), 2),
        "train_ms_least": round(min(train.times[timed]), 2),
        "evaluate_ms": round(statistics.median(test.times[timed]), 2),
        "evaluate_ms_least": round(min(test.times[timed]), 2),
        "loss": round(train.losses[-1], 6),
    }))


if __name__ == "__main__":
    main()
