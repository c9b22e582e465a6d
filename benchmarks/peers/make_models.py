"""Makes what the sides are given: make_models.py FOLDER.

one_operator.pt   forward(x) = x + 1, scripted; one_operator.npy: 4 numbers
large_output.npy  an input of 1 MiB for the same model
resnet18.pt       torchvision's ResNet-18 with random weights of seed 0, traced; resnet18.npy: one image of noise
"""

import sys

import numpy
import torch
import torchvision


class OneOperator(torch.nn.Module):
    def forward(self, x):
        return x + 1


folder = sys.argv[1]
torch.jit.script(OneOperator()).save(f"{folder}/one_operator.pt")
numpy.save(f"{folder}/one_operator.npy", numpy.arange(4, dtype=numpy.float32))
numpy.save(f"{folder}/large_output.npy", numpy.zeros((512, 512), dtype=numpy.float32))

torch.manual_seed(0)
image = torch.rand(1, 3, 224, 224)
network = torchvision.models.resnet18().eval()
torch.jit.trace(network, image).save(f"{folder}/resnet18.pt")
numpy.save(f"{folder}/resnet18.npy", image.numpy())
print(f"torch {torch.__version__}, torchvision {torchvision.__version__}")
