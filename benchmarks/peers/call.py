"""Calls a TorchScript model over and over: call.py MODEL INPUT.npy THREADS."""

import sys

import numpy
import torch

from worker import serve

torch.set_num_threads(int(sys.argv[3]))
model = torch.jit.load(sys.argv[1]).eval()
x = torch.from_numpy(numpy.load(sys.argv[2]))


def work(calls):
    with torch.no_grad():
        for _ in range(calls):
            model(x)


serve(f"torch {torch.__version__}", work)
