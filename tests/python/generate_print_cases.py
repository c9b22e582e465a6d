#!/usr/bin/python3
"""Writes the tensors, and the texts that PyTorch prints for them, which TensorFormatterTests replays.

    /usr/bin/python3 tests/python/generate_print_cases.py

writes tests/ReproTorch.Core.Tests/Tensors/TensorFormatterCases.jsonl.gz. Each line is a JSON object: dtype, shape, data
(base64; repeated cyclically until the tensor is full, so that large tensors stay small here), options (what was passed to
torch.set_printoptions, and requires_grad; absent: defaults) and text. Made with PyTorch 1.13; the same version gives the
same file. The expected texts come from PyTorch alone.
"""
import base64
import gzip
import io
import json
import math
import pathlib

import numpy as np
import torch

OUT = pathlib.Path(__file__).parent.parent / "ReproTorch.Core.Tests/Tensors/TensorFormatterCases.jsonl.gz"

FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
COMPLEX = [torch.complex64, torch.complex128, torch.complex32]
INTEGERS = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool]
SHAPES = [(), (1,), (2,), (3,), (7,), (13,), (29,), (1, 1), (2, 3), (3, 1), (1, 9), (5, 17), (2, 2, 2), (1, 3, 4), (2, 1, 2, 3)]
EMPTY = [(0,), (0, 3), (3, 0), (0, 0), (2, 0, 4), (1, 2, 3, 0)]
LARGE = [(1001,), (1000,), (7, 143), (6, 200), (200, 6), (7, 7, 21), (2, 3, 500), (1000, 2), (3, 1, 700), (8, 1, 8, 1, 20),
         (2, 2, 2, 200), (1, 1, 1200), (1200, 1, 1), (50, 50), (10, 10, 10, 10)]
# Extended numpy views of what torch cannot hand over itself.
BITS = {torch.float16: np.uint16, torch.bfloat16: np.uint16, torch.float32: np.uint32, torch.float64: np.uint64,
        torch.complex32: np.uint16, torch.complex64: np.uint32, torch.complex128: np.uint64}

rng = np.random.RandomState(20240501)
lines = []


def parts(dtype):
    return {torch.complex32: torch.float16, torch.complex64: torch.float32, torch.complex128: torch.float64}.get(dtype)


def to_bytes(values, dtype):
    """The bytes of float64 values (or integers) rounded to the dtype, a complex one's parts in turn."""
    if dtype in INTEGERS:
        return torch.tensor([int(v) for v in values], dtype=torch.int64).to(dtype).numpy().tobytes()
    tensor = torch.tensor(np.asarray(values, dtype=np.float64)).to(parts(dtype) or dtype)
    if tensor.dtype is torch.bfloat16:
        return tensor.view(torch.int16).numpy().tobytes()
    return tensor.numpy().tobytes()


def tensor_of(raw, dtype, shape):
    size = torch.tensor([], dtype=dtype).element_size()
    count = math.prod(shape)
    buffer = bytearray((raw * (count * size // max(1, len(raw)) + 1))[: count * size])
    if count == 0:
        return torch.empty(shape, dtype=dtype)
    if dtype is torch.complex32:
        return torch.view_as_complex(torch.frombuffer(buffer, dtype=torch.float16).reshape(*shape, 2))
    return torch.frombuffer(buffer, dtype=dtype).reshape(shape)


def add(raw, dtype, shape, **options):
    tensor = tensor_of(raw, dtype, shape)
    settings = {k: v for k, v in options.items() if k != "requires_grad"}
    torch.set_printoptions(profile="default")
    if settings:
        torch.set_printoptions(**settings)
    if options.get("requires_grad"):
        tensor.requires_grad_()
    case = {"dtype": str(tensor.dtype)[6:], "shape": list(shape), "data": base64.b64encode(raw).decode()}
    if options:
        case["options"] = options
    case["text"] = repr(tensor)
    lines.append(json.dumps(case, ensure_ascii=True, separators=(",", ":")))


def values(kind, count):
    """Float64 numbers of one kind; most kinds decide one branch of the formatter."""
    if kind == "normal":
        return rng.standard_normal(count)
    if kind == "unit":
        return rng.random_sample(count)
    if kind == "negative":
        return -rng.random_sample(count) * 100
    if kind == "integers":
        return rng.randint(-9, 10, count).astype(float)
    if kind == "large integers":
        return rng.randint(100, 90000, count).astype(float)
    if kind == "huge integers":
        return np.exp2(rng.randint(20, 60, count)) * rng.choice([1, -1], count)
    if kind == "signed zeros":
        return rng.choice([0.0, -0.0], count)
    if kind == "zeros and ones":
        return rng.choice([0.0, -0.0, 1.0, -1.0], count)
    if kind == "special":
        return rng.choice([math.nan, math.inf, -math.inf], count)
    if kind == "integers and special":
        return rng.choice([math.nan, math.inf, -math.inf, 0.0, 1.0, 20.0, -3.0], count)
    if kind == "normal and special":
        v = rng.standard_normal(count)
        v[rng.random_sample(count) < 0.3] = rng.choice([math.nan, math.inf, -math.inf, -0.0])
        return v
    if kind == "spread":
        return 10.0 ** rng.uniform(-8, 8, count) * rng.choice([1, -1], count)
    if kind == "spread and special":
        v = 10.0 ** rng.uniform(-8, 8, count)
        v[rng.random_sample(count) < 0.3] = rng.choice([math.nan, math.inf, -math.inf, 0.0])
        return v
    if kind == "ratio":  # near the ratio of 1000 where scientific notation begins
        return rng.choice([1.0, 2.5, 999.0, 1000.0, 1000.5, 1001.0, 1.0005], count)
    if kind == "integer ratio":
        return rng.choice([1.0, 999.0, 1000.0, 1001.0], count)
    if kind == "small":  # near 1e-4
        return rng.choice([1e-4, 9.9e-5, 0.00010001, 0.05, 0.0999], count)
    if kind == "great":  # near 1e8
        return rng.choice([1e8, 99999999.0, 100000001.0, 99999999.5, 1e7 + 0.5, 1.5e8], count)
    if kind == "subnormal":
        return rng.random_sample(count) * 10.0 ** rng.choice([-7, -40, -44, -310, -323], count)
    if kind == "extreme":
        return 10.0 ** rng.uniform(-300, 300, count) * rng.choice([1, -1], count)
    if kind == "ties":  # halves of the last digit that is shown, both even and odd before it
        return (rng.randint(0, 160000, count) + 0.5) / rng.choice([16, 32, 2, 10000], count)
    if kind == "rounds up":
        return rng.choice([0.99995, 9.99995, 99999.5, 0.000099999, 999.99999, 0.09999999, 9.9999e-8], count)
    raise ValueError(kind)


KINDS = ["normal", "unit", "negative", "integers", "large integers", "huge integers", "signed zeros", "zeros and ones",
         "special", "integers and special", "normal and special", "spread", "spread and special", "ratio", "integer ratio",
         "small", "great", "subnormal", "extreme", "ties", "rounds up"]


def random_bits(dtype, count):
    if dtype in BITS:
        count *= 2 if parts(dtype) else 1
        return rng.bytes(count * BITS[dtype]().itemsize)
    if dtype is torch.bool:
        return bytes(rng.randint(0, 2, count).astype(np.uint8))
    size = torch.tensor([], dtype=dtype).element_size()
    return rng.bytes(count * size)


def shapes():
    for shape in SHAPES:
        yield shape, math.prod(shape)
    for index in rng.choice(len(LARGE), 4, replace=False):
        yield LARGE[index], 61


def main():
    for dtype in FLOATS + COMPLEX:
        for kind in KINDS:
            for shape, count in shapes():
                if dtype not in (torch.float32, torch.complex64) and rng.random_sample() < 0.5:
                    continue
                with np.errstate(all="ignore"):
                    raw = to_bytes(values(kind, count * (2 if parts(dtype) else 1)), dtype)
                add(raw, dtype, shape)
        for shape, count in shapes():
            add(random_bits(dtype, count), dtype, shape)

    # Parts of different kinds.
    for dtype in COMPLEX:
        for _ in range(60):
            first, second = rng.choice(KINDS, 2)
            with np.errstate(all="ignore"):
                pairs = np.stack([values(first, 11), values(second, 11)], axis=1).ravel()
            add(to_bytes(pairs, dtype), dtype, (11,))

    for dtype in INTEGERS:
        for limit in (2, 10, 100, 30000):
            for shape, count in shapes():
                numbers = rng.randint(0, 2, count) if dtype is torch.bool else rng.randint(-limit, limit, count)
                add(to_bytes(numbers, dtype), dtype, shape)
        for shape, count in shapes():
            add(random_bits(dtype, count), dtype, shape)
        if dtype is not torch.bool:
            info = torch.iinfo(dtype)
            add(to_bytes([info.min, 0, info.max], dtype), dtype, (3,))
            add(to_bytes([info.min], dtype), dtype, ())

    for dtype in FLOATS + COMPLEX + INTEGERS:
        for shape in EMPTY:
            add(b"", dtype, shape)

    # A suffix stands in the last line as long as it fits: rows of every length up to two lines.
    for count in range(1, 30):
        for dtype in (torch.float16, torch.float64, torch.int32):
            add(to_bytes(np.arange(count), dtype), dtype, (count,))
        add(to_bytes(np.arange(count), torch.float32), torch.float32, (count,), requires_grad=True)
        add(to_bytes(np.arange(count), torch.float64), torch.float64, (2, count), requires_grad=True)
    for width in range(10, 70):
        add(to_bytes([1, 2.5, 3], torch.float16), torch.float16, (3,), requires_grad=True, linewidth=width)
        add(b"", torch.float16, (0, 3), requires_grad=True, linewidth=width)
    add(b"", torch.float32, (0, 3), requires_grad=True)
    add(b"", torch.float64, (0,), requires_grad=True)

    # torch.set_printoptions.
    for kind in KINDS:
        for options in (dict(precision=0), dict(precision=1), dict(precision=2), dict(precision=8), dict(precision=17),
                        dict(sci_mode=True), dict(sci_mode=False), dict(sci_mode=True, precision=1),
                        dict(profile="short"), dict(linewidth=40), dict(linewidth=10), dict(linewidth=200),
                        dict(threshold=5), dict(threshold=5, edgeitems=1), dict(threshold=0), dict(threshold=12, edgeitems=4)):
            dtype = (torch.float32, torch.float64, torch.complex64)[rng.randint(0, 3)]
            shape = ((), (6,), (15,), (3, 5), (2, 9), (9, 2), (8, 1, 8))[rng.randint(0, 7)]
            with np.errstate(all="ignore"):
                raw = to_bytes(values(kind, 16 if dtype is torch.complex64 else 19), dtype)
            add(raw, dtype, shape, **options)
    add(to_bytes(np.arange(47), torch.int64), torch.int64, (30, 40), profile="full")
    add(to_bytes(values("normal", 53), torch.float32), torch.float32, (1100,), profile="full")
    add(to_bytes(range(12), torch.int64), torch.int64, (12,), threshold=12)
    add(to_bytes(range(12), torch.int64), torch.int64, (12,), threshold=11)

    # Dimensions exactly twice the edge items are not cut, one more is.
    for rows in (5, 6, 7, 8):
        for columns in (5, 6, 7, 8):
            add(to_bytes(range(64), torch.int16), torch.int16, (rows, columns, 40))
            add(to_bytes(values("normal", 67), torch.float32), torch.float32, (rows, columns, 41))

    # The greatest value is not among those shown: it must not change the format.
    hidden = np.ones(2000)
    hidden[1000] = 1e30
    add(to_bytes(hidden, torch.float32), torch.float32, (2000,))
    hidden[1000] = 0.5
    add(to_bytes(hidden, torch.float32), torch.float32, (20, 100))

    data = io.BytesIO()
    with gzip.GzipFile(fileobj=data, mode="wb", compresslevel=9, mtime=0) as stream:
        stream.write(("\n".join(lines) + "\n").encode("ascii"))
    OUT.write_bytes(data.getvalue())
    print(f"{len(lines)} cases, {len(data.getvalue())} bytes, PyTorch {torch.__version__}")


main()
