#!/usr/bin/env python3
"""Trains the digits model and records the reference run: everything in this folder but the data and the texts.

    python3 make_digits.py

needs torch and numpy and takes some seconds. It gives the same bytes each time on the same libtorch and a processor with AVX2:
one thread, one vector instruction set, seeds, deterministic algorithms, and no time in any file. It writes

    digits.pt             the model, scripted
    heldout.npz           the held-out images: one member `images`, float32 [360, 1, 8, 8], 0 to 1
    heldout-labels.npy    their labels, int64 [360]
    reference.npz         a run file: the model's outputs for the held-out images
"""
import gzip
import hashlib
import io
import json
import os
import platform
import struct
import sys
import zipfile

# What libtorch, OpenMP and oneDNN read as they start: set in the environment of a fresh process.
FIXED = {"OMP_NUM_THREADS": "1", "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "PYTHONHASHSEED": "0"}
if any(os.environ.get(name) != value for name, value in FIXED.items()):
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **FIXED})
os.chdir(os.path.dirname(os.path.abspath(__file__)))

import numpy as np  # noqa: E402  (after the environment stands)
import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402

SEED = 42
HELD_OUT = 360
EPOCHS = 30
BATCH_SIZE = 32


class Digits(nn.Module):
    """Two convolutions and two linear layers: 17,458 parameters."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 32, kernel_size=3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(0.25),
            nn.Linear(32 * 4 * 4, 24),
            nn.ReLU(),
            nn.Linear(24, 10),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.features(images))


# TorchScript keeps the file of each source line in the model: this file's name, not the folder that it happens to lie in.
Digits.forward.__code__ = Digits.forward.__code__.replace(co_filename=os.path.basename(__file__))


def read_digits():
    """All images as float32 [1797, 1, 8, 8] from 0 to 1, and their labels."""
    with gzip.open("digits.csv.gz", "rt") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.int64)
    return torch.from_numpy(table[:, :64].astype(np.float32) / 16).reshape(-1, 1, 8, 8), torch.from_numpy(table[:, 64].copy())


def train(images, labels):
    # Seeded right before the layers are made: their first weights are the first numbers of the stream.
    torch.manual_seed(SEED)
    model = Digits()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loss_of = nn.CrossEntropyLoss()
    for epoch in range(EPOCHS):
        total = 0.0
        for rows in torch.randperm(len(images)).split(BATCH_SIZE):
            optimizer.zero_grad()
            loss = loss_of(model(images[rows]), labels[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        print(f"Epoch {epoch + 1}/{EPOCHS}: loss {total / len(images):.4f}")
    return model.eval()


def environment():
    """What decided the bits, in the words of a run file (`reprotorch env --json` gives the same)."""
    with open("/proc/cpuinfo") as file:
        cpu = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "")
    build = torch.__config__.show().strip()
    capability = build.split("CPU capability usage: ")[1].split("\n")[0]
    return {
        "torchVersion": build.split("TORCH_VERSION=")[1].split(",")[0],
        "torchBuild": build,
        "cpuCapability": capability,
        "cpuName": cpu,
        "processorCount": len(os.sched_getaffinity(0)),
        "architecture": {"x86_64": "X64", "aarch64": "Arm64"}.get(platform.machine(), platform.machine()),
        "operatingSystem": platform.freedesktop_os_release()["PRETTY_NAME"],
        "runtime": f"Python {platform.python_version()}, torch {torch.__version__}, numpy {np.__version__}",
        "cLibrary": " ".join(platform.libc_ver()),
        "parallelBuild": torch.__config__.parallel_info().strip(),
        "variables": {name: value for name, value in FIXED.items() if not name.startswith("PYTHON")},
        "determinism": {
            "mode": "Error",
            "cudnnEnabled": torch.backends.cudnn.enabled,
            "cudnnBenchmark": torch.backends.cudnn.benchmark,
            "cudnnDeterministic": torch.backends.cudnn.deterministic,
            "mkldnnEnabled": True,
            "matmulPrecision": torch.get_float32_matmul_precision().capitalize(),
            "threads": torch.get_num_threads(),
            "interopThreads": 1,
        },
        "torchSeed": torch.initial_seed(),
    }


def npy(array):
    data = io.BytesIO()
    np.save(data, array, allow_pickle=False)
    return data.getvalue()


def write_archive(path, members):
    """A zip of stored members, each beginning at a multiple of 64 so that it can be mapped; no times in it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name)
            # The local header has 30 bytes and the name before the extra field, whose own head has 4.
            padding = -(archive.fp.tell() + 30 + len(name) + 4) % 64
            info.extra = struct.pack("<HH", 0xD935, padding) + bytes(padding)
            archive.writestr(info, data)


def write_run(path, name, inputs, outputs, model):
    """A run file with one run (docs/run-files.md)."""
    with open(model, "rb") as file:
        sha256 = hashlib.sha256(file.read()).hexdigest()
    described = [{"name": key, "kind": "Tensor", "dType": str(value.dtype), "shape": list(value.shape)} for key, value in inputs.items()]
    run = {
        "name": name,
        "seed": str(SEED),
        "model": model,
        "modelSha256": sha256,
        "method": "forward",
        "traced": False,
        "device": "cpu",
        "inputs": described,
        "outputs": [{"name": key, "kind": "Tensor", "dType": str(value.dtype), "member": key} for key, value in outputs.items()],
        "environment": environment(),
    }
    document = {"format": "reprotorch-run", "version": 1, "runs": [run]}
    members = [(f"{key}.npy", npy(value)) for key, value in outputs.items()]
    write_archive(path, [*members, ("run.json", json.dumps(document, indent=2).encode())])


def main():
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True

    images, labels = read_digits()
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(SEED))
    held_out, trained = order[:HELD_OUT], order[HELD_OUT:]
    model = torch.jit.script(train(images[trained], labels[trained]))
    model.save("digits.pt")

    heldout = images[held_out].contiguous()
    write_archive("heldout.npz", [("images.npy", npy(heldout.numpy()))])
    np.save("heldout-labels.npy", labels[held_out].numpy())

    model = torch.jit.load("digits.pt")
    torch.manual_seed(SEED)
    with torch.no_grad():
        output = model(heldout)
    write_run("reference.npz", "heldout", {"images": heldout.numpy()}, {"output": output.numpy()}, "digits.pt")

    right = (output.argmax(1) == labels[held_out]).sum().item()
    print(f"{sum(p.numel() for p in model.parameters())} parameters; {right} of {HELD_OUT} held-out digits right ({right / HELD_OUT:.1%})")


if __name__ == "__main__":
    main()
