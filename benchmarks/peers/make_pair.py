"""Writes two float32 .npy files: make_pair.py A.npy B.npy COUNT.

Normal numbers, and the same with every 1,000th moved by one unit in the last place: close, but not identical, as the output of
a model is after a change of library.
"""

import sys

import numpy

PIECE = 1 << 24

paths, count = sys.argv[1:3], int(sys.argv[3])
random = numpy.random.default_rng(0)
piece = random.standard_normal(PIECE, dtype=numpy.float32)
moved = piece.copy()
moved[::1000] = numpy.nextafter(moved[::1000], numpy.float32(9))
for path, values in zip(paths, (piece, moved)):
    with open(path, "wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (count,)}
        numpy.lib.format.write_array_header_1_0(file, header)
        for start in range(0, count, PIECE):
            file.write(values[: count - start].data)
