"""Keras's time for a batch of one of the IMDB models, training and evaluating.

The same rows in the same order as Weft is given: no shuffling, Keras's own
`fit` and `evaluate` (one compiled function a batch), timed batch by batch after
a warm-up. Prints one JSON object.
"""

import os
import time

import common

models = {
    "imdb_lstm": lambda k: [k.LSTM(100)],
    "imdb_cnn_lstm": lambda k: [k.Conv1D(32, 3, padding="same", activation="relu"), k.MaxPooling1D(2), k.LSTM(100)],
    "imdb_lstm_dropout": lambda k: [k.Dropout(0.2), k.LSTM(100), k.Dropout(0.2)],
    "imdb_lstm_recurrent_dropout": lambda k: [k.LSTM(100, dropout=0.2, recurrent_dropout=0.2)],
    "imdb_bilstm": lambda k: [k.Bidirectional(k.LSTM(100, dropout=0.2, recurrent_dropout=0.2))],
    "imdb_cnn_lstm_dropout": lambda k: [k.Dropout(0.2), k.Conv1D(32, 3, padding="same", activation="relu"),
                                        k.MaxPooling1D(2), k.LSTM(100), k.Dropout(0.2)],
}


def useBackend(backend, threads):
    """Keras, once it is settled what it runs on, and on how many threads."""
    os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if backend == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    import keras

    return keras


def buildModel(keras, name):
    layers = keras.layers
    model = keras.Sequential([keras.Input((500,), dtype="int32"), layers.Embedding(5000, 32), *models[name](layers),
                              layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def setWeights(model, tensors):
    """By layer and weight name: `lstm/kernel` is layer lstm's weight kernel, `bidirectional/forward/kernel` that of one direction."""
    for layer in model.layers:
        kind = "".join("_" + c.lower() if c.isupper() else c for c in type(layer).__name__).strip("_")
        kind = {"l_s_t_m": "lstm", "conv1_d": "conv1d", "max_pooling1_d": "max_pooling1d"}.get(kind, kind)
        within = lambda weight: "".join(f"{way}/" for way in ("forward", "backward") if f"/{way}_" in weight.path)
        layer.set_weights([tensors[f"{kind}/{within(weight)}{weight.name}"] for weight in layer.weights])


def main():
    arguments = common.parseArguments(__doc__, models)
    keras = useBackend(arguments.backend, arguments.threads)
    keras.utils.set_random_seed(1)
    x, y = common.loadRows(arguments)
    model = buildModel(keras, arguments.model)
    if arguments.weights:
        setWeights(model, common.readSafetensors(arguments.weights))

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
    # The running mean over the epoch, as Weft prints it.
    common.report(arguments, f"Keras {keras.__version__} + {arguments.backend}", train.times, test.times, train.losses[-1])


if __name__ == "__main__":
    main()
