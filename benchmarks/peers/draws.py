"""Draws random numbers over and over, a million a call: draws.py randint|rand|randn."""

import random
import sys

import numpy

from worker import serve

VALUES = 1_000_000
random.seed(0)
numpy.random.seed(0)


def randint(calls):
    draw = random.randint
    for _ in range(calls * VALUES):
        draw(0, 9)


def array(draw):
    def work(calls):
        for _ in range(calls):
            draw(VALUES)
    return work


METHODS = {"randint": randint, "rand": array(numpy.random.rand), "randn": array(numpy.random.randn)}
serve(f"Python {sys.version.split()[0]}, NumPy {numpy.__version__}", METHODS[sys.argv[1]])
