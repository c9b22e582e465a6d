"""Compares two tensors with torch.testing.assert_close: assert_close.py A.npy B.npy THREADS."""

import sys

import numpy
import torch

from worker import serve

torch.set_num_threads(int(sys.argv[3]))
a, b = (torch.from_numpy(numpy.load(path)) for path in sys.argv[1:3])


def work(calls):
    for _ in range(calls):
        torch.testing.assert_close(b, a)


serve(f"torch {torch.__version__}", work)
