"""The smallest tolerances that `reprotorch compare` tells, held against torch.testing.assert_close: each passes, and the next smaller number
does not. Next smaller is float64's for real numbers, float32's for integers (PyTorch compares those in float32), and a part in 2^48 for
complex numbers but the smallest.

REPROTORCH names the program under test.
"""
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
REPROTORCH = os.environ.get("REPROTORCH", str(ROOT / "out" / "ReproTorch" / "reprotorch"))
sys.path.insert(0, str(ROOT / "python"))
import reprotorch_record as rr  # noqa: E402
import tally  # noqa: E402
from tally import check  # noqa: E402

REAL = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
COMPLEX = [torch.complex64, torch.complex128]
WHOLE = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool]
OF_EACH = 60


def real(chance, size):
    """Two arrays: near each other or not, small, large and subnormal, with zeros and infinities."""
    scale = 10.0 ** chance.integers(-9, 5)
    one = chance.standard_normal(size) * scale
    other = one * (1 + chance.standard_normal(size) * 10.0 ** chance.integers(-12, 1))
    kind = chance.integers(0, 8)
    if kind == 0:
        one[chance.integers(0, size)] = 0
    elif kind == 1:
        one[:], other[:] = 0, chance.standard_normal(size) * scale
    elif kind == 2:
        one[0] = other[0] = math.inf
    elif kind == 3:
        other[0] = -math.inf
    elif kind == 4:
        one[0] = other[0] = math.nan
    elif kind == 5:
        one, other = one * 1e-305 / scale, other * 1e-305 / scale
    elif kind == 6:
        other = one.copy()
    return one, other


def pair(chance, dtype):
    size = int(chance.integers(1, 40))
    if dtype in WHOLE:
        low, high = (0, 1) if dtype == torch.bool else (torch.iinfo(dtype).min, torch.iinfo(dtype).max)
        if chance.integers(0, 2) and dtype != torch.bool:
            low, high = max(low, -20), min(high, 20)
        one = chance.integers(low, high, size, dtype=np.int64, endpoint=True)
        other = np.where(chance.random(size) < 0.5, one, chance.integers(low, high, size, dtype=np.int64, endpoint=True))
        if chance.integers(0, 3) == 0:
            other = np.clip(one + np.minimum(chance.integers(-1, 2, size), high - one), low, high)
        return torch.from_numpy(one).to(dtype), torch.from_numpy(other).to(dtype)
    if dtype in COMPLEX:
        (a, b), (c, d) = real(chance, size), real(chance, size)
        return torch.complex(*map(torch.from_numpy, (a, c))).to(dtype), torch.complex(*map(torch.from_numpy, (b, d))).to(dtype)
    return tuple(torch.from_numpy(each).to(dtype) for each in real(chance, size))


def passes(expected, actual, rtol, atol):
    try:
        torch.testing.assert_close(actual, expected, rtol=rtol, atol=atol)
    except AssertionError:
        return False
    return True


def less(value, dtype, largest):
    if dtype in COMPLEX:
        if largest < 1e-140:
            # Their squares underflow.
            return 0
        return min(value * (1 - 2.0 ** -48), math.nextafter(value, 0))
    if dtype in WHOLE and value > 2.0 ** -149:
        return float(np.nextafter(np.float32(value), np.float32(0)))
    return math.nextafter(value, 0)


def main():
    chance = np.random.default_rng(4)
    cases = {f"{str(dtype)[6:]} {i}": (dtype, *pair(chance, dtype)) for dtype in REAL + WHOLE + COMPLEX for i in range(OF_EACH)}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for side in (1, 2):
            run = rr.Run("tolerances")
            run.outputs = [rr.Value.of(label, case[side]) for label, case in cases.items()]
            rr.write(folder / f"{side}.npz", run)
        done = subprocess.run([REPROTORCH, "compare", str(folder / "1.npz"), str(folder / "2.npz"), "--json"], capture_output=True, text=True, timeout=300)
        outputs = json.loads(done.stdout)["outputs"]
    check("as many outputs", [output["name"] for output in outputs] == list(cases), done.stderr)
    told = 0
    for output in outputs:
        label, least = output["name"], output["passing"]
        dtype, expected, actual = cases[label]
        largest = max(each.abs().nan_to_num().max().item() for each in (expected, actual)) if dtype in COMPLEX else None
        rtol, atol, usual = least["relative"], least["absolute"], least["defaultAbsolute"]
        if rtol is None:
            check(f"{label}: no rtol does", not passes(expected, actual, 1e300, usual))
        else:
            told += rtol > 0
            check(f"{label}: rtol {rtol!r} does", passes(expected, actual, rtol, usual))
            check(f"{label}: less than rtol {rtol!r} does not", rtol == 0 or not passes(expected, actual, less(rtol, dtype, largest), usual))
        if atol is None:
            check(f"{label}: no atol does", not passes(expected, actual, 0.0, 1e308))
        else:
            told += atol > 0
            check(f"{label}: atol {atol!r} does", passes(expected, actual, 0.0, atol))
            check(f"{label}: less than atol {atol!r} does not", atol == 0 or not passes(expected, actual, 0.0, less(atol, dtype, largest)))
    check("most have a tolerance", told > len(cases), told)
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
