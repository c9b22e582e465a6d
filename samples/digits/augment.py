#!/usr/bin/env python3
"""Reads digits that were shifted, brightened and blurred at random, and keeps both steps as evidence.

    python3 augment.py [RUN.npz] [--extra-draw]

augment.ps1 is its PowerShell port. The two give the same bits, by the same operators: every random number comes from the stream,
and the place in it, that the other takes it from. With --extra-draw one number too many is drawn, for ReproTorch to find:

    Compare-RunOutput augment-python.npz augment-powershell.npz
"""
import os
import random
import sys

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "python"))
import reprotorch_record as rr  # noqa: E402  (it lies beside the samples)

EXTRA_DRAW = "--extra-draw" in sys.argv
OUT = next((argument for argument in sys.argv[1:] if not argument.startswith("--")), "augment-python.npz")


def augment(images, shift: int, brightness: float):
    if EXTRA_DRAW:
        torch.rand(1)
    noise = torch.randn_like(images)
    return torch.clamp(torch.roll(images, shift, 3) * brightness + 0.1 * noise, 0.0, 1.0)


model = torch.jit.load(os.path.join(HERE, "digits.pt"))
digits = torch.from_numpy(np.load(os.path.join(HERE, "heldout.npz"))["images"])

random.seed(42)
np.random.seed(42)
torch.manual_seed(42)
shift = random.randint(-1, 1)
brightness = np.random.uniform(0.8, 1.2)

noisy = rr.record(augment, digits, shift, brightness, name="augment", operators=True)
scores = rr.record(model, noisy.output[0].to_tensor(), name="read", operators=True, model_path=os.path.join(HERE, "digits.pt"))
rr.write(OUT, [noisy, scores], force=True)

labels = np.load(os.path.join(HERE, "heldout-labels.npy"))
right = (scores.output[0].array.argmax(1) == labels).sum()
print(f"Shifted by {shift}, {brightness:.4f} times as bright: {right} of {len(labels)} digits read correctly. Wrote {OUT}.")
