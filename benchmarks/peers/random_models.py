"""Random models: one description each, from which both Weft's text and the same model in Keras are made.

Options go by Keras's names and values here. What only one of the two has is left
out: masks that Keras does not turn around with `go_backwards`, `go_backwards` inside of `bidirectional`, own
cells and layers.
"""

import dataclasses
import typing

# Keras's class of each layer, and Weft's names of options where they are others.
layerClasses = {
    "embedding": "Embedding", "dense": "Dense", "dropout": "Dropout", "conv1d": "Conv1D", "max_pool1d": "MaxPooling1D",
    "average_pool1d": "AveragePooling1D", "global_max_pool1d": "GlobalMaxPooling1D",
    "global_average_pool1d": "GlobalAveragePooling1D", "activation": "Activation", "flatten": "Flatten",
    "layer_norm": "LayerNormalization", "lstm": "LSTM", "gru": "GRU", "simple_rnn": "SimpleRNN",
    "bidirectional": "Bidirectional", "concat": "Concatenate", "add": "Add", "multiply": "Multiply", "subtract": "Subtract",
}
spellings = {"kernel_size": "kernel", "dilation_rate": "dilation", "pool_size": "pool", "merge_mode": "merge", "output_dim": "units"}
joins = {"add": "+", "multiply": "*", "subtract": "-"}

activations = ["tanh", "sigmoid", "relu", "linear", "elu", "selu", "softplus", "softsign", "silu", "swish", "mish", "gelu",
               "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "tanh_shrink", "log_sigmoid", "relu6", "leaky_relu",
               "celu", "exponential", "softmax", "log_softmax"]
# Those that a recurrence can go through many times.
gentle = ["tanh", "sigmoid", "softsign", "hard_tanh", "hard_sigmoid", "relu", "softmax", "elu", "gelu", "mish", "silu", "linear",
          "relu6", "leaky_relu", "softplus", "selu", "tanh_shrink"]
gates = ["sigmoid", "hard_sigmoid", "tanh", "softsign", "relu6", "softmax"]


@dataclasses.dataclass
class Call:
    """A regularizer, an initialiser or a function with arguments: `l2(l2 = 0.01)`."""

    name: str
    arguments: dict
    module: str = "regularizers"

    def text(self, rng=None):
        return f"{self.name}({', '.join(f'{name} = {text(value)}' for name, value in self.arguments.items())})"

    def inKeras(self, keras):
        if self.module == "activations":
            function = getattr(keras.activations, self.name)
            return lambda x: function(x, **self.arguments)
        classes = {"l1": "L1", "l2": "L2", "l1_l2": "L1L2", "normal": "RandomNormal", "uniform": "RandomUniform"}
        name = classes.get(self.name) or "".join(part.capitalize() for part in self.name.split("_"))
        return getattr(getattr(keras, self.module), name)(**self.arguments)


@dataclasses.dataclass
class Layer:
    """A layer by its Weft kind, with options by Keras's names; `wraps` is what `bidirectional` goes around."""

    kind: str
    options: dict
    wraps: typing.Optional["Layer"] = None
    weights: str = ""  # Weft's name of this layer

    def text(self, rng):
        arguments = [self.wraps.text(rng)] if self.wraps else []
        byPlace = rng.random() < 0.6
        for name, value in self.options.items():
            # The first arguments may come without their names.
            if byPlace and not arguments and name in ("units", "filters", "pool_size", "rate", "output_dim", "activation"):
                arguments.append(text(value, rng))
                continue
            byPlace &= bool(arguments) and name == "kernel_size" and len(arguments) == 1
            spelled = {"activation": "f"}.get(name, name) if self.kind == "activation" else name
            spelled = spellings.get(spelled, spelled) if rng.random() < 0.5 else spelled
            arguments.append(text(value, rng) if byPlace else f"{spelled} = {text(value, rng)}")
        return f"{self.kind}({', '.join(arguments)})" if arguments else self.kind

    def inKeras(self, keras):
        if self.kind == "reverse":
            return reverseLayer(keras)
        options = {name: value.inKeras(keras) if isinstance(value, Call) else value for name, value in self.options.items()}
        if self.kind == "embedding":
            options["input_dim"] = self.vocabulary
        if self.wraps:
            options["layer"] = self.wraps.inKeras(keras)
        return getattr(keras.layers, layerClasses[self.kind])(**options)


def text(value, rng=None):
    if isinstance(value, Call):
        return value.text()
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def reverseLayer(keras):
    class Reverse(keras.layers.Layer):
        supports_masking = True

        def call(self, x):
            return keras.ops.flip(x, axis=1)

        def compute_mask(self, inputs, mask=None):
            return None if mask is None else keras.ops.flip(mask, axis=1)

    return Reverse()


@dataclasses.dataclass
class Input:
    name: str
    kind: str  # tokens or features
    shape: tuple
    vocabulary: int = 0

    def text(self):
        extents = ", ".join(map(str, self.shape))
        return f"{self.name}: {self.kind}[{extents}]" + (f" of {self.vocabulary}" if self.vocabulary else "")


@dataclasses.dataclass
class Node:
    """A layer, applied to the values `inputs`, gives the value `name`."""

    name: str
    layer: Layer
    inputs: list


@dataclasses.dataclass
class Head:
    """A value that nothing uses yet: its shape without the batch, and whether padding is masked."""

    name: str
    shape: tuple
    masked: bool = False

    @property
    def isSequence(self):
        return len(self.shape) == 2


class Model:
    """`inputs`, `nodes` in an order in which each can be computed, `output` and what trains it."""

    def __init__(self, rng):
        self.rng = rng
        self.inputs, self.nodes, self.counts = [], [], {}
        self.isRandom = False  # drops elements in training
        self.heads = [self.drawInput(i) for i in range(1 if rng.random() < 0.75 else 2)]
        for _ in range(rng.integers(0, 5)):
            self.grow()
        self.finish()
        self.drawTraining()

    def chance(self, share):
        return self.rng.random() < share

    def pick(self, options):
        return options[self.rng.integers(len(options))]

    def whole(self, least, most):
        return int(self.rng.integers(least, most + 1))

    def rate(self, least, most):
        return float(f"{self.rng.uniform(least, most):.2g}")

    # The graph.

    def drawInput(self, index):
        name = f"in{index}"
        # Two sequences of a length can be joined.
        lengths = [each.shape[0] for each in self.inputs if each.kind == "tokens" or len(each.shape) == 2]
        steps = lengths[0] if lengths and self.chance(0.6) else self.whole(1, 8) if self.chance(0.2) else self.whole(9, 41)
        kind = self.rng.random()
        if kind < 0.45:
            self.inputs.append(Input(name, "tokens", (steps,), self.whole(2, 60)))
            layer = self.optioned("embedding", {"output_dim": self.whole(1, 17), "mask_zero": self.chance(0.45) or None})
            layer.vocabulary = self.inputs[-1].vocabulary
            if self.chance(0.1):
                layer.options["embeddings_regularizer"] = self.regularizer()
            return self.apply(Head(name, (steps,)), layer, (steps, layer.options["output_dim"]), bool(layer.options.get("mask_zero")))
        if kind < 0.88:
            shape = (steps, self.whole(1, 19))
        else:
            shape = (self.whole(1, 40),)
        self.inputs.append(Input(name, "features", shape))
        return Head(name, shape)

    def optioned(self, kind, options):
        return Layer(kind, {name: value for name, value in options.items() if value is not None})

    def apply(self, head, layer, shape, masked=None):
        return self.join([head], layer, shape, head.masked if masked is None else masked)

    def join(self, heads, layer, shape, masked):
        if layer.kind not in joins and layer.kind != "concat":
            count = self.counts[layer.kind] = self.counts.get(layer.kind, -1) + 1
            layer.weights = f"{layer.kind}_{count}" if count else layer.kind
        name = f"v{len(self.nodes)}"
        self.nodes.append(Node(name, layer, [head.name for head in heads]))
        return Head(name, tuple(shape), masked)

    def grow(self):
        """One layer more on one of the heads, a branch beside it, or two heads made one."""
        index = self.rng.integers(len(self.heads))
        head = self.heads[index]
        others = [other for other in self.heads if other is not head and other.isSequence and head.isSequence and
                  other.shape[0] == head.shape[0]]
        if others and self.chance(0.5):
            self.heads = [each for each in self.heads if each is not head and each is not others[0]]
            self.heads.append(self.joined(head, others[0]))
        elif self.chance(0.15) and len(self.heads) < 3:
            side = self.layered(head)
            if side.isSequence and head.isSequence and side.shape[0] == head.shape[0] and self.chance(0.8):
                self.heads[index] = self.joined(*((head, side) if self.chance(0.5) else (side, head)))
            else:
                self.heads.append(side)
        else:
            self.heads[index] = self.layered(head)

    def joined(self, a, b):
        # Keras's rule: a step counts if it does in one of them, and where nothing is masked all do.
        masked = a.masked and b.masked
        if a.shape == b.shape and self.chance(0.7):
            return self.join([a, b], Layer(self.pick(list(joins)), {}), a.shape, masked)
        return self.join([a, b], Layer("concat", {}), (*a.shape[:-1], a.shape[-1] + b.shape[-1]), masked)

    def layered(self, head):
        kinds = ["dense", "activation", "layer_norm", "dropout"]
        if head.isSequence:
            kinds = ["recurrent"] * 6 + ["bidirectional"] * 2 + ["dense", "activation", "layer_norm", "dropout", "reverse"]
            if not head.masked:
                kinds += ["conv1d"] * 4 + ["max_pool1d", "average_pool1d"] * 2 + ["global_max_pool1d", "flatten"]
            kinds += ["global_average_pool1d"]
        kind = self.pick(kinds)
        if hasattr(self, "draw_" + kind):
            return getattr(self, "draw_" + kind)(head)
        # Without options.
        shape = {"flatten": lambda: (head.shape[0] * head.shape[1],), "reverse": lambda: head.shape}.get(kind, lambda: head.shape[1:])()
        return self.apply(head, Layer(kind, {}), shape, head.masked and kind == "reverse")

    # Layers with options.

    def regularizer(self):
        kind = self.pick(["l1", "l2", "l1_l2"])
        return Call(kind, {name: self.rate(0.001, 0.02) for name in kind.split("_")})

    def initializer(self):
        return self.pick([Call("normal", {"mean": 0.0, "stddev": 0.1}, "initializers"), "he_normal", "lecun_uniform", "glorot_normal",
                          Call("uniform", {"minval": -0.2, "maxval": 0.3}, "initializers"), "ones",
                          Call("truncated_normal", {"stddev": 0.2}, "initializers")])

    def affine(self, layer, weights=("kernel", "bias")):
        """use_bias, regularizers and initialisers."""
        if self.chance(0.2):
            layer.options["use_bias"] = self.chance(0.3)
        for weight in weights:
            if self.chance(0.07) and (weight != "bias" or layer.options.get("use_bias", True)):
                layer.options[weight + "_regularizer"] = self.regularizer()
            if self.chance(0.05):
                layer.options[weight + "_initializer"] = self.initializer()
        return layer

    def activation(self, share=0.6):
        if not self.chance(share):
            return None
        if self.chance(0.1):
            return self.pick([Call("leaky_relu", {"negative_slope": 0.1}, "activations"), Call("elu", {"alpha": 0.7}, "activations"),
                              Call("celu", {"alpha": 1.3}, "activations"), Call("gelu", {"approximate": True}, "activations")])
        return self.pick(activations)

    def units(self):
        return self.whole(1, 17) if self.chance(0.85) else self.whole(18, 50)

    def draw_dense(self, head):
        layer = self.optioned("dense", {"units": self.units(), "activation": self.activation()})
        return self.apply(head, self.affine(layer), (*head.shape[:-1], layer.options["units"]))

    def draw_activation(self, head):
        return self.apply(head, Layer("activation", {"activation": self.activation(1)}), head.shape)

    def draw_layer_norm(self, head):
        options = {"epsilon": self.pick([None, 1e-5, 0.01]), "center": self.pick([None, None, True, False]),
                   "scale": self.pick([None, None, True, False])}
        return self.apply(head, self.optioned("layer_norm", options), head.shape)

    def draw_dropout(self, head):
        # Most models shall be trained beside Keras, which draws other numbers.
        rate = self.rate(0.1, 0.7) if self.chance(0.3) else 0.0
        self.isRandom |= rate > 0
        return self.apply(head, Layer("dropout", {"rate": rate}), head.shape)

    def recurrent(self, wrapped, masked):
        kind = self.pick(["lstm", "gru", "simple_rnn"])
        sequences = self.pick([None, True, False]) if not self.chance(0.3) else True
        backwards = self.chance(0.2) and not wrapped and not (masked and sequences)
        layer = self.optioned(kind, {
            "units": self.units(), "activation": self.pick(gentle) if self.chance(0.35) else None,
            "recurrent_activation": self.pick(gates) if kind != "simple_rnn" and self.chance(0.25) else None,
            "return_sequences": sequences, "go_backwards": backwards or None,
            "unit_forget_bias": self.pick([None, True, False]) if kind == "lstm" else None,
            "reset_after": self.pick([None, True, False, False]) if kind == "gru" else None,
        })
        for name in ("dropout", "recurrent_dropout"):
            if self.chance(0.04):
                layer.options[name] = self.rate(0.1, 0.5)
                self.isRandom = True
        return self.affine(layer, ("kernel", "recurrent_kernel", "bias"))

    def draw_recurrent(self, head):
        layer = renamed(self.recurrent(False, head.masked))
        sequences = bool(layer.options.get("return_sequences"))
        return self.apply(head, layer, (head.shape[0],) * sequences + (layer.options["units"],), head.masked and sequences)

    def draw_bidirectional(self, head):
        wrapped = renamed(self.recurrent(True, head.masked))
        merge = self.pick([None, "concat", "sum", "mul", "ave"])
        sequences = bool(wrapped.options.get("return_sequences"))
        width = wrapped.options["units"] * (2 if merge in (None, "concat") else 1)
        layer = self.optioned("bidirectional", {"merge_mode": merge})
        layer.wraps = wrapped
        return self.apply(head, layer, (head.shape[0],) * sequences + (width,), head.masked and sequences)

    def draw_conv1d(self, head):
        padding = self.pick([None, "valid", "same", "causal"])
        size = self.whole(1, 7)
        dilation = self.whole(2, 4) if self.chance(0.25) else None
        strides = self.whole(1, 4) if not dilation and self.chance(0.4) else None
        if padding in (None, "valid") and (size - 1) * (dilation or 1) + 1 > head.shape[0]:
            size, dilation = min(size, head.shape[0]), None
        layer = self.optioned("conv1d", {
            "filters": self.units(), "kernel_size": size, "strides": strides, "padding": padding, "dilation_rate": dilation,
            "activation": self.activation()})
        steps = windowSteps(head.shape[0], (size - 1) * (dilation or 1) + 1, strides or 1, padding)
        return self.apply(head, self.affine(layer), (steps, layer.options["filters"]))

    def draw_pool(self, head, kind):
        padding = self.pick([None, "valid", "same"])
        size = self.whole(1, 5)
        if padding != "same":
            size = min(size, head.shape[0])
        strides = self.whole(1, 5) if self.chance(0.5) else None
        layer = self.optioned(kind, {"pool_size": size, "strides": strides, "padding": padding})
        return self.apply(head, layer, (windowSteps(head.shape[0], size, strides or size, padding), head.shape[1]))

    def draw_max_pool1d(self, head):
        return self.draw_pool(head, "max_pool1d")

    def draw_average_pool1d(self, head):
        return self.draw_pool(head, "average_pool1d")

    # The end.

    def finish(self):
        only = self.heads[0]
        if len(self.heads) > 1 or not only.isSequence or only.masked or self.chance(0.75):
            self.heads = [self.toVector(head) for head in self.heads]
            while len(self.heads) > 1:
                self.heads[-2:] = [self.joined(*self.heads[-2:])]
        last = self.heads[0]
        self.loss, outputs, functions = self.pick(endings)
        options = {"huber": ("delta", 0.2, 2), "binary_crossentropy": ("label_smoothing", 0.05, 0.4),
                   "categorical_crossentropy": ("label_smoothing", 0.05, 0.4)}.get(self.loss)
        self.lossOptions = {options[0]: self.rate(*options[1:])} if options and self.chance(0.3) else {}
        function = self.pick(functions)
        layer = Layer("dense", {"units": outputs if outputs == 1 else self.whole(outputs, 7)})
        if function and self.chance(0.25):
            last = self.apply(last, layer, (*last.shape[:-1], layer.options["units"]))
            last = self.apply(last, Layer("activation", {"activation": function}), last.shape)
        else:
            if function:
                layer.options["activation"] = function
            last = self.apply(last, self.affine(layer), (*last.shape[:-1], layer.options["units"]))
        self.output = last

    def toVector(self, head):
        while head.isSequence:
            kind = self.pick(["recurrent", "recurrent", "bidirectional", "global_average_pool1d"] +
                             ["flatten", "global_max_pool1d"] * (not head.masked))
            if hasattr(self, "draw_" + kind):
                head = getattr(self, "draw_" + kind)(head)
            else:
                head = self.apply(head, Layer(kind, {}), (head.shape[0] * head.shape[1],) if kind == "flatten" else head.shape[1:], False)
        return head

    def drawTraining(self):
        kind = self.pick(["adam", "adam", "rmsprop", "sgd", "adamw", "adagrad", "adadelta", "adamax", "nadam"])
        options = {"learning_rate": self.pick([None, 0.001, 0.01, 0.05])}
        if kind in ("adam", "adamw", "adamax", "nadam") and self.chance(0.3):
            options.update(beta_1=0.8, beta_2=0.95, epsilon=1e-6)
        if kind == "adam":
            options.update(amsgrad=self.pick([None, None, True]))
        if kind == "sgd" and self.chance(0.6):
            options.update(momentum=self.rate(0.1, 0.95), nesterov=self.chance(0.5))
        if kind == "rmsprop":
            options.update(rho=self.pick([None, 0.8]), momentum=self.pick([None, 0.6]), centered=self.pick([None, True]))
        if kind == "adagrad" and self.chance(0.3):
            options["initial_accumulator_value"] = 0.02
        if self.chance(0.2):
            options["weight_decay"] = self.pick([0.004, 0.1])
        clipping = self.pick([None, None, "clipnorm", "global_clipnorm", "clipvalue"])
        if clipping:
            options[clipping] = self.rate(0.001, 0.3)
        self.optimizer, self.optimizerOptions = kind, {name: value for name, value in options.items() if value is not None}
        self.rows = self.whole(1, 6) if self.chance(0.25) else self.whole(7, 70)
        self.batch = max(1, -(-self.rows // self.whole(1, 3)) - self.whole(0, 1))
        self.classWeights = None
        classes = self.output.shape[-1] if self.loss == "sparse_categorical_crossentropy" else 2
        isChoice = self.loss == "sparse_categorical_crossentropy" or (self.loss == "binary_crossentropy" and self.output.shape == (1,))
        if isChoice and not self.output.isSequence and self.chance(0.3):
            self.classWeights = [self.rate(0.3, 3) for _ in range(classes)]

    def text(self):
        lines = ["model drawn {"] + [f"  input {each.text()}" for each in self.inputs]
        for node in self.nodes:
            left = "output y" if node.name == self.output.name else node.name
            if node.layer.kind in joins:
                right = f" {joins[node.layer.kind]} ".join(node.inputs)
            elif node.layer.kind == "concat":
                right = f"concat({', '.join(node.inputs)})"
            else:
                right = f"{node.inputs[0]} |> {node.layer.text(self.rng)}"
            lines.append(f"  {left} = {right}")
        call = lambda name, options: Call(name, options).text() if options else name
        lines += ["}", "", "train {", f"  loss      = {call(self.loss, self.lossOptions)}",
                  f"  optimizer = {call(self.optimizer, self.optimizerOptions)}", f"  metrics   = [{', '.join(self.metrics())}]"]
        if self.classWeights:
            lines.append(f"  class_weights = [{', '.join(map(text, self.classWeights))}]")
        return "\n".join(lines + [f"  batch     = {self.batch}", "}", ""])

    def metrics(self):
        if self.loss == "sparse_categorical_crossentropy":
            return ["accuracy"]
        if self.loss in ("binary_crossentropy", "categorical_crossentropy"):
            return ["accuracy", "precision", "recall", "auc"]
        return ["mae", "mse"]

    def layers(self):
        for node in self.nodes:
            yield node.layer
            if node.layer.wraps:
                yield node.layer.wraps


def renamed(layer):
    """The recurrent kernel's options have names of their own."""
    layer.options = {name.replace("recurrent_kernel_", "recurrent_"): value for name, value in layer.options.items()}
    return layer


def windowSteps(steps, span, strides, padding):
    return (steps - span) // strides + 1 if padding in (None, "valid") else -(-steps // strides)


# A loss, the least number of outputs, and functions before it.
endings = [
    ("binary_crossentropy", 1, ["sigmoid"]), ("binary_crossentropy", 2, ["sigmoid"]),
    ("sparse_categorical_crossentropy", 2, ["softmax"]), ("categorical_crossentropy", 2, ["softmax"]),
    ("mean_squared_error", 1, [None, "tanh", "sigmoid", "relu"]), ("mean_squared_error", 2, [None, "softmax", "softplus"]),
    ("mean_absolute_error", 1, [None, "elu", "sigmoid"]), ("huber", 1, [None, "tanh"]), ("huber", 2, [None]),
    ("log_cosh", 1, [None, "softsign"]), ("poisson", 1, ["exponential", "softplus", "relu"]),
    ("hinge", 1, [None, "tanh"]), ("squared_hinge", 1, [None, "tanh"]), ("categorical_hinge", 2, ["softmax", None]),
    ("kl_divergence", 2, ["softmax", "sigmoid"]), ("cosine_similarity", 2, [None, "tanh"]),
    ("mean_absolute_percentage_error", 1, [None, "softplus"]), ("mean_squared_logarithmic_error", 1, ["softplus", "relu", None]),
]
