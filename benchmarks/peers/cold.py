"""From the start of the process to the first output: cold.py MODEL INPUT.npy THREADS. Prints the output's sum."""

import sys

import numpy
import torch

torch.set_num_threads(int(sys.argv[3]))
model = torch.jit.load(sys.argv[1]).eval()
with torch.no_grad():
    print(model(torch.from_numpy(numpy.load(sys.argv[2]))).sum().item())
