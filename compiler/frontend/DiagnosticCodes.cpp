//===- DiagnosticCodes.cpp - What each code means, for weft explain -*- C++ -*-===//
//
// Part of the Weft project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Diagnostics.h"

using namespace weft::frontend;

namespace {
struct Code {
  const char *code;
  const char *title;
  const char *text;
};
} // namespace

// W00: text and files; W01: names and arguments; W02: values and shapes;
// W03: definitions; W04: the model and its training.
static constexpr Code codes[] = {
    {"W0001", "a file cannot be read",
     "An `import` names a file that is not there or may not be read. Paths are relative to the\n"
     "file that imports; after that the import paths of the command are tried."},
    {"W0002", "a character means nothing",
     "The text holds a character that is no part of the language, or is no UTF-8. Quotes around strings are\n"
     "straight (\"), minus is -, multiplication is * and the matrix product @."},
    {"W0003", "a string has no end",
     "A string ends with a second \" on the same line; \\\" stands for a quote inside it."},
    {"W0004", "this is not a number",
     "Numbers are written 3, 0.25, .5 or 1e-7, without a unit or a name behind them."},
    {"W0005", "something else is expected here",
     "The text does not follow the grammar. The message says what could stand at the marked place.\n"
     "A statement is a line; a line that starts with |> goes on with the one before, and inside\n"
     "round or square brackets ends of lines mean nothing."},
    {"W0006", "a block is never closed",
     "A `{` has no `}`. The message marks the `{`; the next definition, or the end of the file,\n"
     "came before its `}`."},
    {"W0007", "this does not start a definition",
     "A file holds `import \"file\"` and definitions: model, train, cell, layer, activation, loss\n"
     "and optimizer. Everything else stands inside one of them."},
    {"W0008", "nested too deeply",
     "Brackets, blocks or equations that depend on each other go deeper than the compiler follows.\n"
     "Give a part a name on a line of its own."},
    {"W0101", "an unknown name",
     "Nothing of this name is visible here: no parameter, weight, state or equation of this\n"
     "definition, no definition of this file or of one it imports, nothing of the prelude."},
    {"W0102", "an unknown layer",
     "Behind |> stands a layer: one of the built-in ones (embedding, dense, dropout, conv1d, the\n"
     "poolings, bidirectional, activation, flatten, reverse), a `cell` or a `layer` definition, or an activation.\n"
     "    words |> embedding(32) |> lstm(100)"},
    {"W0103", "a name is defined twice",
     "Two definitions of a compilation have the same name, whatever their kinds. A definition of\n"
     "your own may have the name of one of the prelude; it is then used in its place."},
    {"W0104", "an unknown argument",
     "The layer or function has no argument of this name. The message lists those it has.\n"
     "Keras's spellings of them (kernel_size, pool_size, dilation_rate, ...) are understood, too."},
    {"W0105", "an argument is missing",
     "An argument without a default was not given: `dense()` needs `units`."},
    {"W0106", "too many arguments", "More values are given than the layer or function takes."},
    {"W0107", "an argument is given twice",
     "By its place and by its name, or twice by its name: lstm(100, units = 100)."},
    {"W0108", "an argument of the wrong kind",
     "The argument needs another kind of value: a number, true or false, an activation, a layer, a\n"
     "word such as `same`. Words, activations and layers are written without quotes."},
    {"W0109", "an argument out of range",
     "The kind of the value is right, but not its size: units are 1 or more."},
    {"W0110", "a layer where a value belongs, or the reverse",
     "`lstm(100)` is a layer; `words |> lstm(100)` is the value it makes of words. Arithmetic,\n"
     "outputs and functions take values; |> takes a value on the left and a layer on the right."},
    {"W0111", "--set names no parameter",
     "Only parameters of the model can be set from outside: `model m(units = 100) { ... }` has one,\n"
     "which `weft build m.weft --set units=64` sets."},
    {"W0112", "a parameter of the model has no value",
     "`model m(units) { ... }` leaves units to --set units=...; a default makes that optional."},
    {"W0114", "an argument of an older Keras",
     "The argument was renamed or dropped long ago; the message names today's."},
    {"W0116", "this cannot be called",
     "Only layers and functions are called, and functions stand with their arguments."},
    {"W0117", "masked steps cannot be left out here",
     "`embedding(32, mask_zero = true)` marks the steps whose id is 0. Recurrent layers skip them,\n"
     "global_average_pool1d does not count them, and what treats steps one by one hands the marks on.\n"
     "Convolutions, the other poolings, flatten and the output of a model mix or keep all steps."},
    {"W0201", "shapes do not fit",
     "Operands of +, -, *, / and of functions with several operands have the same shape, or one is\n"
     "repeated: shapes are aligned at their last axes, and an axis of 1, or one that is missing in\n"
     "front, repeats. batch×100 fits 100, batch×1 and a number, but not batch×50."},
    {"W0202", "a matrix product does not fit",
     "`value @ weight`: the weight has two axes, the first as long as the last one of the value."},
    {"W0203", "a layer cannot be applied to this",
     "Layers need a certain shape: recurrent layers, convolution and pooling a sequence\n"
     "(batch×steps×width), embedding ids, dense numbers. A recurrent layer gives one vector a row\n"
     "unless return_sequences = true."},
    {"W0204", "this cannot be split",
     "`split` cuts the last axis into equal parts; their number has to divide it."},
    {"W0205", "not as many names as values",
     "`a, b, c = split(z)` has a name for each part. With one name write split(z, 3)[0]."},
    {"W0206", "the window is longer than the sequence",
     "Without padding a convolution or pooling window has to fit into the sequence. padding = same\n"
     "keeps the length."},
    {"W0208", "there is no such part",
     "`weight[0]` chooses along the first axis of a weight, `split(value, 4)[0]` one of the parts;\n"
     "the index is a whole number, known when the model is built, from 0."},
    {"W0209", "numbers are needed here",
     "Something that is no number stands where numbers are computed with."},
    {"W0210", "a wrong initialiser",
     "A weight starts from an initialiser (zeros, ones, constant(0.1), uniform(-0.05, 0.05),\n"
     "glorot_uniform, orthogonal, ...), a number, or a list with one for each equal part of its last\n"
     "axis. orthogonal and identity need a matrix."},
    {"W0211", "the condition is not known when the model is built",
     "`if` chooses weights and equations from arguments, before anything is computed. To choose\n"
     "element by element while the model runs, write where(condition, a, b)."},
    {"W0212", "a wrong shape",
     "Extents are whole numbers from 1, known when the model is built. Inputs are tokens[length] of\n"
     "vocabulary, features[length, width] or features[width]; states have one axis."},
    {"W0213", "this has no finite value",
     "A number computed when the model is built divides by zero or is too large."},
    {"W0301", "a state is never assigned",
     "Every state needs an equation for its value after the step: `state h[units]` and `h' = ...`.\n"
     "An optimizer also needs `weight' = ...`."},
    {"W0302", "a prime on something that is no state",
     "x' is the value of the state x after this step. Only states have one."},
    {"W0303", "the new state has another shape",
     "A state keeps its shape from step to step: `state h[units]` needs an h' of batch×units."},
    {"W0304", "nothing is returned",
     "A cell, a layer, an activation or a loss ends with `return` and a value."},
    {"W0305", "a name depends on itself",
     "Equations may stand in any order, so none may need its own result. What a state was before\n"
     "this step is its name without prime."},
    {"W0306", "a name is given twice",
     "Equations are no assignments: within a definition a name has one value. Take a second name."},
    {"W0307", "a cell without state", "A recurrence carries something from step to step: `state h[units]`."},
    {"W0308", "a wrong start of a state",
     "`state h[units] = start` takes a number or a value of weights with the shape of the state;\n"
     "it cannot depend on the input."},
    {"W0309", "an optimizer without learning rate",
     "The runtime sets the learning rate, so every optimizer has a parameter of that name."},
    {"W0310", "an optimizer works on each element by itself",
     "The equations of an optimizer are applied to each element of each weight; sums over a weight\n"
     "are not possible there."},
    {"W0311", "a statement in the wrong place",
     "input and output belong to models, weights to cells and layers, states to cells and\n"
     "optimizers, return to everything that has a value."},
    {"W0312", "a cell returns a vector", "The output of a step is one vector a row, most often a new state."},
    {"W0313", "a definition uses itself",
     "Definitions are written out where they are used, which would never end."},
    {"W0314", "too few values", "An activation takes one value, a loss two: the prediction and the label."},
    {"W0401", "no model", "The file that is built has one `model name { ... }`."},
    {"W0402", "two models", "A file has one model. Others may import its cells, but not its model."},
    {"W0403", "a model without input", "`input words: tokens[500] of 5000` or `input x: features[50, 3]`."},
    {"W0404", "a model needs one output",
     "`output positive = ...` says what is predicted; concat(a, b) joins two values."},
    {"W0405", "one train block is needed",
     "A block `train { ... }` says how the model is trained: at least loss and optimizer."},
    {"W0406", "an unknown setting",
     "`train` knows data, loss, optimizer, metrics, epochs, batch, seed, shuffle, validation,\n"
     "callbacks and class_weights."},
    {"W0407", "a setting cannot have this value", "The message says what it can have."},
    {"W0408", "this is no data",
     "`data` is imdb, reber or adding, with arguments if need be, npy:X.npy,Y.npy,\n"
     "arrays:FILE.safetensors, csv:FILE or text:DIRECTORY. Left out, the command line has to say."},
    {"W0409", "the data does not fit the input",
     "Lengths, widths and vocabulary of the data have to be those of the model's input."},
    {"W0410", "the output does not fit the data",
     "The data has one label a row; the output has more numbers than one. A recurrent layer without\n"
     "return_sequences, or flatten, makes one vector of a sequence."},
    {"W0411", "an unknown metric",
     "Metrics are accuracy, precision, recall, auc, mae and mse, as a list: [accuracy]."},
    {"W0412", "the loss does not fit",
     "`train` needs a loss and an optimizer. A loss compares the output with a label and has a value\n"
     "for each row; losses over classes need an output of two classes or more."},
    {"W0413", "an unknown callback",
     "`callbacks` is a list of early_stopping, checkpoint, reduce_on_plateau, step_decay,\n"
     "exponential_decay, cosine, warm_up, csv_log and tensorboard, each with its arguments."},
    {"W0414", "a callback monitors what is not computed",
     "A `monitor` is a name of the log: loss, a metric of `metrics`, or one of these with val_ in\n"
     "front where there is a validation."},
};

std::optional<std::string> weft::frontend::explain(std::string_view code) {
  for (const Code &known : codes)
    if (known.code == code)
      return std::string(known.code) + ": " + known.title + "\n\n" + known.text + "\n";
  return std::nullopt;
}

std::vector<std::string> weft::frontend::allDiagnosticCodes() {
  std::vector<std::string> all;
  for (const Code &known : codes)
    all.push_back(known.code);
  return all;
}
