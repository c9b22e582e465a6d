#!/usr/bin/env python3
"""Writes what numpy.random's SeedSequence, bit generators and Generator give, for the tests to replay.

    /usr/bin/python3 generate_numpy_generator_cases.py [FOLDER]

The values in the tests are those of numpy 1.24.2 on Debian 12 (glibc 2.36, reference LAPACK 3.11). Each file is gzipped JSON, one
case a line. Floating-point results are the hexadecimal digits of their bits, integers are decimal, long results are a
SHA-256 of their bytes (C order, little endian). Arguments that JSON has no number for are strings: "NaN", "Infinity".

numpy_generator_raw_cases.jsonl.gz holds, among others, the streams of numpy/random/tests/data/*.csv (seeds 0xdeadbeaf and 0), made anew.
"""

import gzip
import hashlib
import json
import math
import pathlib
import random
import sys

import numpy as np
from numpy.random import MT19937, PCG64, PCG64DXSM, SFC64, Generator, Philox, SeedSequence

NAN, INF = "NaN", "Infinity"
BIT_GENERATORS = {"PCG64": PCG64, "PCG64DXSM": PCG64DXSM, "Philox": Philox, "SFC64": SFC64, "MT19937": MT19937}
DTYPES = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"]


def encode(array):
    """The elements of an array, so that JSON keeps every bit."""
    array = np.asarray(array)
    if array.dtype == np.float64:
        return ["%016x" % bits for bits in array.ravel().view(np.uint64).tolist()]
    if array.dtype == np.float32:
        return ["%08x" % bits for bits in array.ravel().view(np.uint32).tolist()]
    return array.ravel().tolist()


def plain(value):
    """A state dictionary as JSON has it."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value


def python(value):
    """An argument as Python has it."""
    if isinstance(value, list):
        return [python(item) for item in value]
    return {NAN: math.nan, INF: math.inf, "-Infinity": -math.inf}.get(value, value) if isinstance(value, str) else value


def write(folder, name, cases):
    text = "".join(json.dumps(case, separators=(",", ":")) + "\n" for case in cases)
    path = folder / ("numpy_generator_" + name + "_cases.jsonl.gz")
    # No time and no name in the header: the same cases give the same file.
    with open(path, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write(text.encode())
    assert path.stat().st_size < 2_000_000, path
    print(path, path.stat().st_size, len(cases))


def seed_sequences():
    chance = random.Random(1)
    entropies = [0, 1, 2**32 - 1, 2**32, 2**64, 2**128 - 1, 2**4000 + 1, [], [0], [0, 0], [1, 2, 3], [2**40, 5], list(range(12))]
    entropies += [chance.getrandbits(chance.randrange(1, 400)) for _ in range(100)]
    entropies += [[chance.getrandbits(chance.choice([8, 32, 33, 90])) for _ in range(chance.randrange(1, 9))] for _ in range(60)]
    for i, entropy in enumerate(entropies):
        key = [chance.getrandbits(chance.choice([3, 40])) for _ in range(chance.choice([0, 0, 1, 3]))]
        size = chance.choice([4, 4, 4, 5, 8, 13])
        sequence = SeedSequence(entropy, spawn_key=key, pool_size=size)
        case = {
            "entropy": [str(n) for n in (entropy if isinstance(entropy, list) else [entropy])],
            "key": [str(n) for n in key], "size": size,
            "pool": sequence.pool.tolist(),
            "words32": sequence.generate_state(i % 40).tolist(),
            "words64": sequence.generate_state(i % 7, np.uint64).tolist(),
            "children": [],
        }
        for child in sequence.spawn(2) + sequence.spawn(1)[0].spawn(1):
            case["children"].append({"key": [str(n) for n in child.spawn_key], "words32": child.generate_state(3).tolist()})
        case["spawned"] = sequence.n_children_spawned
        case["repr"] = repr(sequence) if not isinstance(entropy, list) else None
        yield case


def raw_streams():
    chance = random.Random(2)
    for name, kind in BIT_GENERATORS.items():
        for seed in [0xDEADBEAF, 0] + [chance.getrandbits(chance.choice([10, 64, 200])) for _ in range(20)]:
            bits = kind(seed)
            case = {"name": name, "seed": str(seed), "fresh": plain(bits.state), "raw": bits.random_raw(1000 if seed in (0xDEADBEAF, 0) else 5).tolist()}
            steps = []
            generator = Generator(bits)
            for _ in range(25):
                what = chance.choice(["raw", "uint32", "double", "single", "state", "jump", "advance", "restore"])
                step = {"do": what}
                if what == "raw":
                    count = chance.choice([1, 2, 3, 255, 256, 257, 700])
                    step["values"] = bits.random_raw(count).tolist()[-3:]
                    step["count"] = count
                elif what == "uint32":
                    count = chance.choice([1, 2, 3, 400])
                    step["values"] = generator.integers(0, 2**32, count, np.uint32).tolist()[-3:]
                    step["count"] = count
                elif what == "double":
                    count = chance.choice([1, 2, 3, 400, 1000])
                    step["values"] = encode(generator.random(count))[-3:]
                    step["count"] = count
                elif what == "single":
                    count = chance.choice([1, 2, 3, 400, 1001])
                    step["values"] = encode(generator.random(count, np.float32))[-3:]
                    step["count"] = count
                elif what == "state":
                    step["state"] = plain(bits.state)
                elif what == "jump":
                    if name == "SFC64" or (name == "MT19937" and chance.random() < 0.8):
                        continue
                    jumps = chance.choice([1, 2, 5]) if name == "MT19937" else chance.choice([1, 2, 7, 2**70, -3])
                    jumped = bits.jumped(jumps)
                    step["jumps"] = str(jumps)
                    step["state"] = hash_state(jumped)
                    step["values"] = jumped.random_raw(3).tolist()
                elif what == "advance":
                    if name in ("SFC64", "MT19937"):
                        continue
                    delta = chance.choice([1, -1, 5, 1000, 2**64, -(2**100), 2**200 + 3])
                    bits.advance(delta)
                    step["delta"] = str(delta)
                elif what == "restore":
                    # Somewhere in the middle of a group, with a half that waits.
                    other = kind(chance.getrandbits(30))
                    other.random_raw(chance.randrange(9))
                    Generator(other).integers(0, 2**32, 1, np.uint32)
                    bits.state = other.state
                    step["state"] = plain(bits.state)
                steps.append(step)
            case["steps"] = steps
            case["end"] = plain(bits.state)
            yield case


def hash_state(bits):
    """A state's values in a row, hashed, because MT19937's are many."""
    state = bits.state
    parts = [state["bit_generator"]]
    for value in list(state["state"].values()) + [value for key, value in state.items() if key not in ("bit_generator", "state")]:
        parts += [str(x) for x in np.atleast_1d(np.asarray(value, dtype=object)).tolist()]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def argument_sets():
    """Calls with arguments over all branches, borders and mistakes: (method, positional, named)."""
    calls = []

    def add(name, *positional, **named):
        calls.append((name, list(positional), named))

    # Left out because numpy never returns: zipf from 1025 on, beta of two numbers near 0.
    tiny, huge = 5e-324, 1.7e308
    for dtype in ("float64", "float32"):
        add("random", dtype=dtype)
        add("standard_normal", dtype=dtype)
        for method in ("zig", "inv"):
            add("standard_exponential", dtype=dtype, method=method)
        for shape in (0, 0.0, -0.0, 1e-300, 1e-3, 0.1, 0.5, 0.999, 1, 1.0001, 1.5, 3, 100.5, 1e10, 1e300, NAN, INF, -1, -1e-300):
            add("standard_gamma", shape, dtype=dtype)
    add("random", dtype="int32")
    add("standard_normal", dtype="int64")
    add("standard_gamma", 2, dtype="int8")
    add("standard_exponential", dtype="uint8")
    for loc, scale in ((0, 1), (0.0, 0.0), (5, 2.5), (-1e300, 1e300), (1, tiny), (NAN, 1), (1, NAN), (INF, 1), (0, INF), (0, -1), (1, -0.0)):
        for method in ("normal", "laplace", "gumbel", "logistic", "lognormal"):
            add(method, loc, scale)
    for scale in (0, 1, 2.5, tiny, 1e300, NAN, INF, -1, -0.0):
        add("exponential", scale)
        add("rayleigh", scale)
    for a in (tiny, 1e-10, 0.05, 0.5, 1, 1.5, 3, 30, 1e10, NAN, INF, 0, -1, -0.0):
        for method in ("pareto", "weibull", "power", "chisquare", "standard_t"):
            add(method, a)
    for a, b in ((1, 1), (0.5, 0.5), (1e-3, 1e-3), (0.5, 2), (2, 0.5), (3, 4), (1, 30), (1e9, 1e9), (NAN, 1), (1, NAN),
                 (INF, 1), (0, 1), (1, 0), (-1, 1), (1, -1)):
        for method in ("beta", "f", "wald", "gamma", "noncentral_chisquare"):
            add(method, a, b)
    for nonc in (0, 0.5, 1, 20, 1e6, NAN, -1):
        for dfnum in (0.3, 1, 2.5, 40, 0):
            add("noncentral_chisquare", dfnum, nonc)
            add("noncentral_f", dfnum, 3.5, nonc)
    add("noncentral_f", 2, -1, 1)
    for kappa in (0, 1e-9, 1e-8, 5e-6, 1e-5, 1e-3, 0.5, 1, 4, 100, 1e5, 1e6, 1.1e6, 1e12, NAN, INF, -1):
        for mu in (0, 1.5, -3.1, 10, NAN):
            add("vonmises", mu, kappa)
    for low, high in ((0, 1), (-5, 7.25), (3, 3), (0, 1e308), (-1e308, 1e308), (1, 0), (NAN, 1), (0, INF), (5, 5 - 1e-16)):
        add("uniform", low, high)
    add("uniform")
    add("standard_cauchy")
    for left, mode, right in ((0, 0.5, 1), (0, 0, 1), (0, 1, 1), (-3, -2, 10), (1, 0, 2), (0, 3, 2), (1, 1, 1), (0, NAN, 1)):
        add("triangular", left, mode, right)
    for lam in (0, 1e-10, 0.5, 1, 3.7, 9.999, 10, 12.3, 100, 1e4, 1e9, 1e15, 9.2e18, 9.3e18, -1, -1e-9, -0.0, NAN, INF):
        add("poisson", lam)
    for n, p in ((0, 0.5), (1, 0), (1, 1), (1, 0.5), (10, 0.3), (10, 0.9), (60, 0.5), (61, 0.5), (100, 0.3), (100, 0.97), (300, 0.1), (1000, 0.5),
                 (100000, 0.25), (1000000, 0.7), (10**12, 0.3), (2**62, 0.5), (2**63 - 1, 1e-18), (2**40, 1e-13), (5, 1e-300), (40, 1 - 1e-16),
                 (-1, 0.5), (5, -0.1), (5, 1.1), (5, NAN)):
        add("binomial", n, p)
    for n, p in ((1, 0.5), (0.5, 0.1), (10, 0.9), (100, 0.01), (3.5, 1), (1e9, 1e-3), (0, 0.5), (-1, 0.5), (NAN, 0.5), (2, 0), (2, 1.5), (2, NAN),
                 (1e18, 1e-5)):
        add("negative_binomial", n, p)
    for p in (1, 0.9, 0.5, 1 / 3, 0.3333333333333333, 0.3, 0.05, 1e-6, 1e-17, 1e-25, 0, -0.5, 1.1, NAN):
        add("geometric", p)
    for a in (1.0001, 1.1, 1.5, 2, 3.3, 10, 100, 1024, 1, 0.5, NAN):
        add("zipf", a)
    for p in (0, 1e-10, 0.1, 0.5, 0.9, 0.999, 1 - 1e-12, 1, -0.1, 1.5, NAN):
        add("logseries", p)
    for good, bad, sample in ((0, 0, 0), (5, 0, 3), (0, 5, 3), (10, 10, 5), (10, 10, 15), (3, 4, 7), (20, 30, 9), (20, 30, 10), (20, 30, 25), (30, 20, 40),
                              (20, 30, 41), (1000, 1, 500), (1, 1000, 500), (150, 200, 90), (10**6, 10**5, 10**4), (10**5, 10**6, 10**6),
                              (999999999, 999999999, 999999999), (999999999, 5, 10**9), (10**9, 1, 1), (5, 5, 11), (-1, 5, 1), (5, -1, 1), (5, 5, -1)):
        add("hypergeometric", good, bad, sample)
    for dtype in DTYPES:
        info = np.iinfo(dtype) if dtype != "bool" else None
        low, high = (info.min, info.max) if info else (0, 1)
        for a, b in ((0, 1), (0, 2), (low, high), (low, high + 1), (0, high), (0, high + 1), (high, high + 1), (low, low + 1), (0, 10), (3, 90), (-5, 5),
                     (0, 100), (1, 100), (low - 1, high), (low, high + 2), (5, 5), (5, 4), (0, 0), (0, -1), (-3, -3)):
            for endpoint in (False, True):
                add("integers", a, b, dtype=dtype, endpoint=endpoint)
    for bits in (31, 32, 33, 40, 63):
        for near in (-1, 0, 1):
            add("integers", 0, 2**bits + near)
            add("integers", -(2**bits) + 1, 2**bits - near - 1)
            add("integers", 3 * 2**(bits - 2))
    add("integers", 7)
    add("integers", 0)
    add("integers", 5, dtype="float32")
    # Not a negative length: numpy 1.24 draws a word and gives what a slice up to there leaves.
    for length in (0, 1, 3, 4, 5, 40):
        add("bytes", length)
    third = [1 / 3] * 3
    for pvals in (third, [1.0], [0.0, 1.0], [1.0, 0.0], [0.1, 0.2, 0.7], [0.2, 0.2, 0.2], [1e-300, 1.0, 0.0], [0.1] * 10, [0.5, 0.6], [0.5, -0.1], [0.2, NAN], [],
                  [0.1, 0.1, 0.8 + 1e-13, 0.0], [2.0, 0.0]):
        for n in (0, 1, 20, 1000, 10**7, -1):
            add("multinomial", n, pvals)
    for colors in ([5, 6, 7], [0, 0, 3], [10, 0, 0, 20, 5], [1000, 2000, 30], [1], [], [0, 0], [400, 400], [-1, 2], [2**62, 2**62], [10**9, 1]):
        for sample in (0, 1, 3, 12, 29, 600, 2000, -1):
            for method in ("marginals", "count"):
                if method == "count" and sum(colors) > 10**7:
                    continue
                add("multivariate_hypergeometric", colors, sample, method=method)
    add("multivariate_hypergeometric", [1, 2], 1, method="other")
    for alpha in ([1, 1, 1], [0.5, 2, 30], [0.01, 0.02, 0.05], [0.05], [1e-4, 1e-4], [0.09, 0.099], [0.1, 0.05], [3], [], [1, 0], [1, -1], [1, NAN], [0.05, NAN]):
        add("dirichlet", alpha)
    return calls


def choices():
    calls = []

    def add(*positional, **named):
        calls.append(("choice", list(positional), named))

    for population in (1, 2, 5, 10, 100, 9999, 10000, 10001, 20000, 2**40):
        add(population)
        for count in (0, 1, 2, 3, 5, 10, 200, 201, 400, 401, 1000, 1001, 20000):
            if count > 400 and population < 9999:
                continue
            for shuffle in (True, False):
                add(population, count, replace=False, shuffle=shuffle)
        add(population, [2, 3])
    for p in ([0.1, 0.2, 0.3, 0.4], [0, 0.5, 0, 0.5], [1e-9, 1 - 1e-9, 0, 0], [0.25] * 4, [0.1, 0.2, 0.3, 0.4 + 1e-9]):
        for count in (0, 1, 2, 3, 4, [2, 2]):
            add(4, count, p=p)
            add(4, count, replace=False, p=p)
        add([10, 20, 30, 40], 3, p=p)
        add(4, p=p)
    p = [(i + 1) / 1275 for i in range(50)]
    for count in (1, 10, 50):
        add(50, count, replace=False, p=p)
    add(["a", "b", "c"], 5)
    add([1.5, 2.5, 3.5], 3, replace=False)
    add(3, 2, p=[0.5, 0.5])
    add(2, 2, p=[0.5, 0.4])
    add(2, 2, p=[1.5, -0.5])
    add(2, 2, p=[0.5, NAN])
    add(0, 1)
    add(-3, 1)
    add(0, 0)
    add([], 1)
    add([], 0)
    add(3, 4, replace=False)
    add(3, -1)
    add(3, [2, -1])
    for n in (0, 1, 2, 3, 10, 1000, 70000, -2):
        calls.append(("permutation", [n], {}))
    calls.append(("permutation", [[3, 1, 4, 1, 5]], {}))
    calls.append(("shuffle", [[1, 2, 3, 4, 5, 6]], {}))
    calls.append(("permuted", [[1, 2, 3, 4, 5, 6]], {}))
    calls.append(("shuffle", [[]], {}))
    return calls


def normals():
    calls = []
    chance = np.random.default_rng(12345)
    for n in (1, 2, 3, 4, 5, 8, 13, 20, 25):
        for kind in range(4):
            half = chance.standard_normal((n, n))
            cov = half @ half.T + 0.1 * np.eye(n)
            if kind == 1:
                cov = np.diag(np.arange(1.0, n + 1))
            elif kind == 2:
                cov = np.outer(half[0], half[0])
            elif kind == 3:
                cov = np.full((n, n), 0.5) + 0.5 * np.eye(n)
            for method in ("svd", "eigh", "cholesky"):
                calls.append(("multivariate_normal", [list(range(n)), cov.tolist()], {"method": method}))
    for n in (64, 65, 130):
        cov = [[round(math.exp(-abs(i - j) / 9) + (i == j), 3) for j in range(n)] for i in range(n)]
        calls.append(("multivariate_normal", [[0.0] * n, cov], {"method": "cholesky"}))
    for method in ("svd", "eigh", "cholesky"):
        for cov in ([[1, 2], [2, 1]], [[1, 0], [0, -1]], [[0, 0], [0, 0]], [[1, 0.5], [0, 1]], [[4]], [[-4]], [[1, NAN], [NAN, 1]]):
            if NAN in cov[0] and method == "eigh":
                # numpy gives NaN for some and an error for other matrices; here it is always an error.
                continue
            calls.append(("multivariate_normal", [[0, 1][:len(cov)], cov], {"method": method, "check_valid": "raise"}))
            calls.append(("multivariate_normal", [[0, 1][:len(cov)], cov], {"method": method, "check_valid": "ignore"}))
    calls.append(("multivariate_normal", [[0, 1, 2], [[1, 0], [0, 1]]], {}))
    calls.append(("multivariate_normal", [[0, 1], [[1, 0], [0, 1]]], {"method": "lu"}))
    return calls


def broadcasts():
    """Parameters that are lists, and arrays with axes."""
    calls = []

    def add(name, *positional, **named):
        calls.append((name, list(positional), named))

    two = {"normal": 2, "gamma": 2, "beta": 2, "f": 2, "wald": 2, "vonmises": 2, "laplace": 2, "gumbel": 2, "logistic": 2, "lognormal": 2,
           "noncentral_chisquare": 2, "exponential": 1, "rayleigh": 1, "chisquare": 1, "standard_t": 1, "pareto": 1, "weibull": 1,
           "power": 1, "poisson": 1, "standard_gamma": 1}
    for name, count in two.items():
        if count == 1:
            add(name, [0.5, 1, 2.5, 30])
            add(name, [[0.5], [12]], size=[2, 3])
            if name != "poisson":
                # There numpy speaks of "contains NaNs" for arrays only; here it is always "is NaN".
                add(name, [1, -1])
        else:
            add(name, [0.5, 1, 2.5], 2)
            add(name, 1.5, [[1], [2], [30]])
            add(name, [0.5, 1, 2.5], [[1], [20]])
            add(name, [1, 2], [1, 2, 3])
            add(name, [1, 2], 2, size=3)
            add(name, [1, 2], 2, size=[3, 2])
            add(name, [1, 2], [1, -2])
    add("standard_gamma", [0.5, 1, 2.5], dtype="float32")
    add("uniform", [0, 5, 10], [[20], [30]])
    add("triangular", [0, 1], 5, [[6], [7]])
    add("triangular", [0, 9], 5, 10)
    add("noncentral_f", [1, 2], [[3], [4]], 5)
    add("binomial", [1, 10, 100, 1000], [[0.1], [0.5], [0.9]])
    add("negative_binomial", [1, 10], [[0.1], [0.5]])
    add("geometric", [0.1, 0.5, 0.9])
    add("zipf", [1.5, 3])
    add("logseries", [0.1, 0.9])
    add("hypergeometric", [10, 100], [[20], [200]], 15)
    add("hypergeometric", [10, 100], 2, [13, 5])
    for dtype in DTYPES:
        add("integers", [0, 0, 1], [1, 2, 2], dtype=dtype)
        add("integers", 0, [[1], [2]], dtype=dtype, size=[2, 3])
        add("integers", [1, 2, 1], dtype=dtype)
        add("integers", [0, 1], 1, dtype=dtype, endpoint=True)
        add("integers", [0, 1], 1, dtype=dtype)
        add("integers", 0, [1, 1], dtype=dtype)
    add("integers", [0, 5, -100], [100, 6, 100], dtype="int8")
    add("integers", [0, 5, -100], [2**40, 2**63 - 1, 2**33])
    rows = [[1, 2, 3], [4, 5, 6]]
    cube = [[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]]]
    for array in (rows, cube):
        for axis in (0, 1, -1):
            add("permutation", array, axis=axis)
            add("permuted", array, axis=axis)
            for count in (1, 4, [2, 2]):
                add("choice", array, count, axis=axis)
            add("choice", array, 2, replace=False, axis=axis)
        add("permuted", array)
        add("permutation", array)
        add("permutation", array, axis=3)
        add("permuted", array, axis=-4)
    add("choice", rows, 2, p=[0.25, 0.75])
    add("choice", rows, 2, p=[0.25, 0.25, 0.5], axis=1)
    return calls


def call(generator, method, positional, named, size):
    """One call and its outcome."""
    named = dict(named)
    takes_size = method not in ("bytes", "permutation", "shuffle", "permuted") and "size" not in named
    if size is not None and takes_size and not (method == "choice" and len(positional) > 1):
        named["size"] = size
    case = {"m": method, "a": positional, "k": named}
    arguments = [python(value) for value in positional]
    keywords = {name: python(value) for name, value in named.items()}
    try:
        if method == "shuffle":
            result = arguments[0]
            generator.shuffle(result)
        else:
            result = getattr(generator, method)(*arguments, **keywords)
    except (ValueError, TypeError, OverflowError, np.linalg.LinAlgError) as error:
        case["e"] = str(error)
        return case
    if isinstance(result, bytes):
        result = np.frombuffer(result, np.uint8)
    # A single float32 comes back as Python's float.
    result = np.asarray(result, np.float32 if isinstance(result, float) and named.get("dtype") == "float32" else None)
    if result.dtype.kind == "f":
        # Which NaN comes out of an operation is the compiler's choice of operands.
        result = np.where(np.isnan(result), result.dtype.type(np.nan), result)
    case["s"] = list(result.shape)
    if result.size > 60:
        case["h"] = hashlib.sha256(np.ascontiguousarray(result).tobytes()).hexdigest()
        result = result.ravel()[:3]
    case["r"] = encode(result)
    case["t"] = result.dtype.name if result.dtype.kind != "U" else None
    return case


def stream(chance, number, calls, sizes):
    """A stream that goes through calls one after the other, so that each begins wherever the last one ended."""
    names = ["PCG64"] * 6 + list(BIT_GENERATORS)[1:]
    name = names[number % len(names)]
    seed = number if number % 3 else chance.getrandbits(130)
    generator = Generator(BIT_GENERATORS[name](seed))
    outcomes = [call(generator, *one, chance.choice(sizes)) for one in calls]
    return {"g": name, "seed": str(seed), "calls": outcomes, "end": hash_state(generator.bit_generator)}


def dealt(calls, count, sizes, first):
    """All of the calls, dealt out to a number of streams."""
    chance = random.Random(first)
    for i in range(count):
        yield stream(chance, first + i, calls[i::count], sizes)


def every_method(calls, count, sizes, first):
    """Streams of which each has one call of every method (and dtype), in an order of its own."""
    chance = random.Random(first)
    by_method = {}
    for one in calls:
        by_method.setdefault((one[0], one[2].get("dtype"), one[2].get("method")), []).append(one)
    for i in range(count):
        chosen = [chance.choice(alike) for alike in by_method.values()]
        chance.shuffle(chosen)
        yield stream(chance, first + i, chosen, sizes)


def array_operations():
    """What is done to arrays with axes, and integers between arrays of bounds."""
    chance = random.Random(5)
    for i in range(60):
        name = list(BIT_GENERATORS)[i % 5]
        generator = Generator(BIT_GENERATORS[name](i))
        shape = [chance.choice([0, 1, 2, 3, 4, 7] if i % 4 else [2, 3, 4]) for _ in range(chance.choice([1, 2, 3, 4]))]
        array = np.arange(int(np.prod(shape))).reshape(shape)
        steps = []
        for _ in range(6):
            axis = chance.randrange(-len(shape), len(shape))
            do = chance.choice(["shuffle", "permutation", "permuted", "permuted_all", "choice", "integers"])
            step = {"do": do, "axis": axis}
            if do == "shuffle":
                generator.shuffle(array, axis)
                step["r"] = array.ravel().tolist()
            elif do == "permutation":
                array = np.ascontiguousarray(generator.permutation(array, axis))
                step["r"] = array.ravel().tolist()
            elif do == "permuted":
                array = generator.permuted(array, axis=axis)
                step["r"] = array.ravel().tolist()
            elif do == "permuted_all":
                array = generator.permuted(array)
                step["r"] = array.ravel().tolist()
            elif do == "choice":
                if array.size == 0:
                    continue
                step["r"] = generator.choice(array, 5).ravel().tolist()
            else:
                dtype = chance.choice(DTYPES)
                info = np.iinfo(dtype) if dtype != "bool" else None
                least, most = (int(info.min), int(info.max)) if info else (0, 1)
                low = [chance.randint(least, most) for _ in range(9)]
                high = [chance.randint(n, most) for n in low]
                step.update(dtype=dtype, low=[str(n) for n in low], high=[str(n) for n in high])
                step["r"] = [str(n) for n in generator.integers(
                    np.array(low, dtype=dtype), np.array(high, dtype=dtype), dtype=dtype, endpoint=True).astype(object)]
                step["r"] = [str(int(n == "True")) if n in ("True", "False") else n for n in step["r"]]
            steps.append(step)
        yield {"g": name, "seed": i, "shape": shape, "steps": steps, "end": hash_state(generator.bit_generator)}


def main():
    here = pathlib.Path(__file__).resolve().parent
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here
    np.seterr(all="ignore")
    import warnings
    warnings.simplefilter("ignore")
    write(folder, "seed_sequences", list(seed_sequences()))
    write(folder, "raw", list(raw_streams()))
    calls = argument_sets()
    chance = random.Random(3)
    shuffled = chance.sample(calls, len(calls)) + chance.sample(calls, len(calls))
    sizes = [None, 1, 2, 3, [2, 2]]
    write(folder, "methods", list(every_method(calls + choices(), 240, sizes, 100)))
    write(folder, "arguments", list(dealt(shuffled, 200, sizes, 1000)))
    # Long enough to meet the rare branches.
    write(folder, "long", list(dealt(calls, 100, [3000], 2000)))
    write(folder, "ziggurats", [
        stream(chance, 3000 + i, [(method, [], {"dtype": dtype})], [100_001])
        for i in range(12) for method in ("standard_normal", "standard_exponential", "random") for dtype in ("float64", "float32")])
    write(folder, "choices", list(dealt(choices() * 2, 60, [None], 4000)))
    write(folder, "broadcasts", list(dealt(broadcasts() * 3, 30, [None], 6000)))
    write(folder, "multivariate_normal", list(dealt(normals(), 20, [None, 3, [2, 2]], 5000)))
    write(folder, "arrays", list(array_operations()))


if __name__ == "__main__":
    main()
