"""Trains the digits network in the loop that people write: train.py make|serve|once FOLDER THREADS.

`make` writes the network as it is before the training (digits.pt) and the examples (digits-x.npy, digits-y.npy); `serve` trains an epoch a call
(see worker.py); `once` trains three and ends."""

import gzip
import pathlib
import sys

import numpy
import torch
from torch import nn

from worker import serve

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MODE, FOLDER, THREADS = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(THREADS)


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
            nn.Conv2d(16, 32, kernel_size=3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2))
        self.classifier = nn.Sequential(nn.Flatten(), nn.Dropout(0.25), nn.Linear(32 * 4 * 4, 24), nn.ReLU(), nn.Linear(24, 10))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(images))


torch.manual_seed(0)
model = Digits()
if MODE == "make":
    with gzip.open(ROOT / "samples" / "digits" / "digits.csv.gz", "rt") as file:
        table = numpy.loadtxt(file, delimiter=",", dtype=numpy.int64)[:1437]
    numpy.save(FOLDER / "digits-x.npy", (table[:, :64].astype(numpy.float32) / 16).reshape(-1, 1, 8, 8))
    numpy.save(FOLDER / "digits-y.npy", table[:, 64].copy())
    torch.jit.script(model).save(str(FOLDER / "digits.pt"))
    sys.exit()

data = torch.utils.data.TensorDataset(*(torch.from_numpy(numpy.load(FOLDER / f"digits-{name}.npy")) for name in "xy"))
loader = torch.utils.data.DataLoader(data, batch_size=32, shuffle=True)
optimizer = torch.optim.Adam(model.parameters())
loss_function = nn.CrossEntropyLoss()


def work(epochs):
    model.train()
    losses = []
    for _ in range(epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            loss = loss_function(model(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())


if MODE == "once":
    work(3)
else:
    serve(f"torch {torch.__version__}", work)
