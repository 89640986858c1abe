"""Keras's own numbers for small models: predictions, gradients, three steps of Adam.

`python golden.py Golden.test_<case>`; cases are the folders of shared/golden.
"""

import json
import os
import re
import unittest

import numpy as np

import weft_system as system

# The gradient of this case runs over 500 steps of words without padding: the exact one, in fp64, is 4e-4 of a tensor's
# largest away from Keras's float32, a NumPy LSTM in float32 3e-4. No float32 can be asked for 1e-4 there, and Adam's
# movement (which divides by the gradient) changes by more than 1% when a weight moves by its own rounding.
bent = {"imdb_lstm_long": 1e-3}

losses = {"bce": "binary_crossentropy", "mse": "mean_squared_error", "cce": "sparse_categorical_crossentropy"}


def layerText(layer):
    """A layer of case.json as Weft spells it."""
    kind = layer["class"]
    if kind == "Embedding":
        return f"embedding({layer['output_dim']})"
    if kind == "Bidirectional":
        return f"bidirectional({layer['layer_text']})"
    if kind == "Conv1D":
        return (f"conv1d({layer['filters']}, {layer['kernel_size'][0]}, strides = {layer['strides'][0]}, "
                f"padding = {layer['padding']}, dilation = {layer['dilation_rate'][0]}, activation = {layer['activation']})")
    if kind in ("MaxPooling1D", "AveragePooling1D"):
        name = {"M": "max_pool1d", "A": "average_pool1d"}[kind[0]]
        return f"{name}({layer['pool_size'][0]}, strides = {layer['strides'][0]}, padding = {layer['padding']})"
    if kind == "Dense":
        return f"dense({layer['units']}, activation = {layer['activation']})"
    if kind in ("LSTM", "GRU", "SimpleRNN"):
        name = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "simple_rnn"}[kind]
        more = [f"{key} = {str(layer[key]).lower()}" for key in ("return_sequences", "reset_after", "activation")
                if key in layer]
        return f"{name}({', '.join([str(layer['units'])] + more)})"
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", kind).lower().replace("pooling", "pool")


def modelText(name, case, rows):
    shape = case["input"]
    words = case["layers"][0]["class"] == "Embedding"
    kind = (f"tokens[{shape[0]}] of {case['layers'][0]['input_dim']}" if words
            else f"features[{', '.join(map(str, shape))}]")
    return f"""model {name} {{
  input x: {kind}
  output y = x |> {' |> '.join(map(layerText, case['layers']))}
}}
train {{
  loss = {losses[case['loss']]}
  optimizer = adam(learning_rate = 0.001)
  epochs = 3
  batch = {rows}
  shuffle = false
}}
"""


class Golden(system.Test):
    def check(self, name):
        folder = system.requireShared(os.path.join("golden", name))
        file = lambda part: os.path.join(folder, part)
        with open(file("case.json")) as text:
            case = json.load(text)
        x, y = np.load(file("x.npy")), np.load(file("y.npy"))
        # One column of labels, as the data of Weft has them.
        x, y = self.save("x.npy", x), self.save("y.npy", y.reshape(len(y), -1))
        rows = len(np.load(x))
        program = self.build(modelText(name, case, rows), output=name)
        weights = file("weights.safetensors")
        data = f"npy:{x},{y}"

        predictions = self.predict(program, weights, x)
        self.assertLess(np.abs(predictions - np.load(file("predictions.npy"))).max(), 1e-5, "predictions")

        said = self.start(program, "evaluate", "--weights", weights, "--data", data, "--json")
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertLess(abs(json.loads(said.stdout)["loss"] - float(np.load(file("loss.npy")))), 1e-5, "loss")

        self.run_(program, "gradients", "--weights", weights, "--data", data, "--save", "g.safetensors")
        gradients, expected = system.readSafetensors(self.path("g.safetensors")), system.readSafetensors(
            file("gradients.safetensors"))
        self.assertEqual(sorted(gradients), sorted(expected))
        tolerance = bent.get(name, 1e-4)
        for weight, gradient in expected.items():
            largest = np.abs(gradient).max()
            self.assertEqual(gradients[weight].shape, gradient.shape, weight)
            self.assertLess(np.abs(gradients[weight] - gradient).max(), tolerance * largest, f"gradient of {weight}")
        if name in bent:
            return

        self.run_(program, "train", "--weights", weights, "--data", data, "--epochs", 3, "--batch", rows, "--no-shuffle",
                  "--validation", "none", "--save", "after.safetensors")
        before, after = system.readSafetensors(weights), system.readSafetensors(self.path("after.safetensors"))
        for weight, expectedAfter in system.readSafetensors(file("after_adam.safetensors")).items():
            # Adam divides by the gradient's size: where that is next to nothing, rounding decides the direction.
            counts = np.abs(expected[weight]) > 0.01 * np.abs(expected[weight]).max()
            moved, expectedMove = (after[weight] - before[weight])[counts], (expectedAfter - before[weight])[counts]
            wrong = np.abs(moved - expectedMove) > 0.01 * np.abs(expectedMove) + 1e-7
            self.assertFalse(wrong.any(), f"{weight}: {wrong.sum()} of {wrong.size} moved otherwise")


def addCase(name):
    setattr(Golden, f"test_{name}", lambda self: self.check(name))


for name in ("imdb_lstm", "imdb_lstm_long", "imdb_cnn_lstm", "lstm_last", "lstm_sequences", "simple_rnn", "gru",
             "gru_reset_before", "conv_same_pool", "conv_causal_dilated", "conv_valid_stride", "bilstm_sequences",
             "imdb_bilstm"):
    addCase(name)

if __name__ == "__main__":
    system.main()
