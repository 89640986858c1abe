"""PyTorch's time for a batch of one of the IMDB models, training and evaluating.

PyTorch itself, as one writes it by hand: Keras on PyTorch runs a recurrence step
by step from Python and takes ten times as long. The same rows in the same order
as Weft is given. Prints one JSON object. Models with dropout inside the
recurrence are missing: `torch.nn.LSTM` has none.
"""

import time

import common

models = {"imdb_lstm": [], "imdb_cnn_lstm": ["conv"], "imdb_lstm_dropout": ["dropout"],
          "imdb_cnn_lstm_dropout": ["conv", "dropout"]}


def buildModel(torch, parts):
    nn = torch.nn

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(5000, 32)
            self.conv1d = nn.Conv1d(32, 32, 3, padding=1) if "conv" in parts else None
            self.dropout = nn.Dropout(0.2 if "dropout" in parts else 0)
            self.lstm = nn.LSTM(32, 100, batch_first=True)
            # Keras has one bias, with the forget gate open; the other of PyTorch's stays zero.
            nn.init.zeros_(self.lstm.bias_hh_l0).requires_grad_(False)
            nn.init.zeros_(self.lstm.bias_ih_l0)
            with torch.no_grad():
                self.lstm.bias_ih_l0[100:200] = 1
            self.dense = nn.Linear(100, 1)

        def forward(self, words):
            x = self.dropout(self.embedding(words))
            if self.conv1d:
                x = torch.relu(self.conv1d(x.transpose(1, 2)))
                x = torch.nn.functional.max_pool1d(x, 2).transpose(1, 2)
            states, _ = self.lstm(x)
            return self.dense(self.dropout(states[:, -1]))

    return Model()


def setWeights(torch, model, tensors):
    """From Keras's layout: kernels turned round; the gates have the same order."""
    layout = {"embedding/embeddings": ("embedding.weight", (0, 1)), "conv1d/kernel": ("conv1d.weight", (2, 1, 0)),
              "conv1d/bias": ("conv1d.bias", (0,)), "lstm/kernel": ("lstm.weight_ih_l0", (1, 0)),
              "lstm/recurrent_kernel": ("lstm.weight_hh_l0", (1, 0)), "lstm/bias": ("lstm.bias_ih_l0", (0,)),
              "dense/kernel": ("dense.weight", (1, 0)), "dense/bias": ("dense.bias", (0,))}
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, tensor in tensors.items():
            into, order = layout[name]
            parameters[into].copy_(torch.tensor(tensor.transpose(order)))


def main():
    arguments = common.parseArguments(__doc__, models)
    import torch

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    x, y = (torch.from_numpy(part) for part in common.loadRows(arguments))
    model = buildModel(torch, models[arguments.model])
    if arguments.weights:
        setWeights(torch, model, common.readSafetensors(arguments.weights))
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.001, eps=1e-7)
    lossOf = torch.nn.BCEWithLogitsLoss()
    train, evaluate, losses = [], [], []
    batches = [slice(begin, begin + arguments.batch) for begin in range(0, len(x), arguments.batch)]

    model.train()
    for batch in batches:
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = lossOf(model(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        train.append((time.perf_counter() - start) * 1e3)

    model.eval()
    with torch.inference_mode():
        for batch in batches:
            start = time.perf_counter()
            lossOf(model(x[batch]), y[batch]).item()
            evaluate.append((time.perf_counter() - start) * 1e3)
    common.report(arguments, f"PyTorch {torch.__version__}", train, evaluate, sum(losses) / len(losses))


if __name__ == "__main__":
    main()
