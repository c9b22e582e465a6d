#!/usr/bin/python3
"""Writes numpy_randomstate_cases.jsonl.gz beside this file: what NumPy's RandomState gives, for NumpyRandomStateTests.

Run it with NumPy 1.24 (on x86-64 Linux). The lines are those of generate_python_random_cases.py, which says how they
are to be read; arguments may be arrays, and then have the form {"shape": [..], "values": [..]}. Further kinds of lines:

  seed     "seed": an integer or a list of them; the first numbers after seeding so
  state    "s": a digest of the state after some draws, as get_state() has it
  errors   "call", "a", "k": positional and named arguments; the text of the exception
  long     "s": a digest of many numbers of rand, randn, standard_exponential, uniform and normal
  mvn      multivariate_normal: results to be met within a tolerance, and the number of words drawn
"""

import hashlib
import platform
import warnings
from pathlib import Path

import numpy as np

from generate_python_random_cases import bits, encode, libm, write

SEEDS = 240


def pack(x):
    """An argument or a result as JSON: arrays with their shape."""
    if isinstance(x, np.ndarray):
        return {"shape": list(x.shape), "values": encode(x.ravel().tolist())}
    if isinstance(x, np.generic):
        return encode(x.item())
    if isinstance(x, (list, tuple)):
        return [pack(y) for y in x]
    if isinstance(x, dict):
        return {k: pack(v) for k, v in x.items()}
    if isinstance(x, type):
        return x.__name__
    return encode(x)


def words_drawn(before, after):
    """How many 32-bit words lie between two states: blocks of 624, then positions."""
    clone = np.random.RandomState()
    clone.set_state(before)
    blocks = 0
    while not np.array_equal(clone.get_state()[1], after[1]):
        clone.set_state(("MT19937", clone.get_state()[1], 624, 0, 0.0))
        clone.tomaxint()
        blocks += 1
    return 624 * blocks + after[2] - before[2]


def rows(method, sets, repeat=3):
    """A line for each set of arguments (positional, named); together they use the seeds 0..SEEDS-1."""
    step = len(sets)
    for i, (a, k) in enumerate(sets):
        outputs, draws, shape = [], [], None
        seeds = range(i, SEEDS, step)
        for seed in seeds:
            stream = np.random.RandomState(seed)
            before = stream.get_state()
            results = [call(stream, method, a, k) for _ in range(repeat)]
            shape = list(np.shape(results[0]))
            outputs.append([r.hex() if isinstance(r, bytes) else encode(np.asarray(r).ravel().tolist()) for r in results])
            draws.append(int(words_drawn(before, stream.get_state())))
        yield {"m": method, "a": pack(a), "k": pack(k), "s": [i, step, len(seeds)], "r": repeat, "shape": shape,
            "o": outputs, "d": draws}


def call(stream, method, a, k):
    if method in ("shuffle", "shuffle_list"):
        x = np.arange(int(np.prod(a[0]))).reshape(a[0])
        if method == "shuffle_list":
            x = list(range(a[0][0]))
        stream.shuffle(x)
        return np.asarray(x)
    if method == "permutation_array":
        return stream.permutation(np.arange(int(np.prod(a[0]))).reshape(a[0]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(stream, method)(*a, **k)


def size(*shape):
    return {"size": tuple(shape)}


def vec(*values):
    return np.array(values, dtype=float)


def ints(*values):
    return np.array(values, dtype=np.int64)


def column(*values):
    return np.array(values, dtype=float).reshape(-1, 1)


def one(*parameters):
    """Sets of arguments for each number: alone, with a size, and an array of all."""
    sets = [((p,), {}) for p in parameters] + [((p,), size(2, 3)) for p in parameters]
    good = np.array(parameters, dtype=float)
    return sets + [((good,), {}), ((good,), size(2, len(parameters)))]


def two(*parameters):
    """The same for pairs, with broadcasting."""
    sets = [(p, {}) for p in parameters] + [(p, size(5)) for p in parameters]
    first, second = (np.array(x, dtype=float) for x in zip(*parameters))
    return sets + [((first, second), {}), ((first[0], second), {}),
        ((first.reshape(-1, 1), second[0]), size(len(first), 2)), ((column(*first[:2]), second), {})]


def three(*parameters):
    sets = [(p, {}) for p in parameters] + [(p, size(4)) for p in parameters]
    columns = [np.array(x, dtype=float) for x in zip(*parameters)]
    return sets + [(tuple(columns), {}), ((columns[0].reshape(-1, 1), columns[1], columns[2]), {})]


NAN, INF = float("nan"), float("inf")

METHODS = {
    "random_sample": [((), {}), ((), size(5)), ((), size(2, 3)), ((), size()), ((), size(0)), ((), size(3, 0, 2))],
    "random": [((), {}), ((), size(4))],
    "rand": [((), {}), ((3,), {}), ((2, 2), {})],
    "randn": [((), {}), ((1,), {}), ((2,), {}), ((3,), {}), ((7,), {}), ((2, 5), {})],
    "standard_normal": [((), {}), ((), size(5)), ((), size(2, 4)), ((), size(0)), ((), size())],
    "standard_exponential": [((), {}), ((), size(5)), ((), size(0))],
    "standard_cauchy": [((), {}), ((), size(5))],
    "tomaxint": [((), {}), ((), size(5)), ((), size(2, 2))],
    "bytes": [((n,), {}) for n in (0, 1, 2, 3, 4, 5, 8, 10, 33)],
    "uniform": two((0.0, 1.0), (-5.0, 5.0), (5.0, -5.0), (1.0, 1.0), (1e300, 1.5e300), (0.0, 5e-324)),
    "normal": two((0.0, 1.0), (10.0, 2.0), (-3.0, 0.0), (1e300, 1e290), (0.0, 5e-324), (0.0, NAN), (INF, 1.0)),
    "beta": two((1.0, 1.0), (0.5, 0.5), (3.0, 2.0), (0.5, 2.0), (2.0, 0.5), (1e-3, 1e-3), (1e-300, 1e-300),
        (1e6, 1e5), (1.0, 0.2)),
    "exponential": one(1.0, 0.5, 0.0, 1e300, 5e-324, NAN, INF),
    "gamma": two((1.0, 1.0), (0.5, 2.0), (2.0, 0.0), (0.0, 1.0), (0.01, 1.0), (200.0, 1e-3), (0.999, 3.0), (1e6, 1.0),
        (1.5, INF)),
    "standard_gamma": one(1.0, 0.5, 0.0, 2.0, 0.01, 200.0, 1e-300, 1e300, 0.999999, 1.0000001, INF),
    "chisquare": one(1.0, 2.0, 0.5, 5.0, 1e-3, 1e5),
    "noncentral_chisquare": two((1.0, 0.0), (2.0, 1.0), (0.5, 1.0), (1.0, 30.0), (5.0, 100.0), (0.1, 50.0),
        (0.5, INF), (3.0, INF), (0.5, NAN), (3.0, NAN)),
    "f": two((1.0, 1.0), (5.0, 2.0), (0.5, 10.0), (100.0, 1e-1)),
    "noncentral_f": three((1.0, 2.0, 0.0), (5.0, 2.0, 1.0), (0.5, 10.0, 20.0), (100.0, 0.5, 3.0), (2.0, 2.0, NAN)),
    "standard_t": one(1.0, 2.0, 0.5, 30.0, 1e6),
    "vonmises": two((0.0, 0.0), (0.0, 1e-9), (1.0, 5e-6), (0.0, 0.5), (3.0, 4.0), (-3.0, 700.0), (10.0, 1.0),
        (0.0, 1e6), (1.0, NAN), (0.5, 1e12)),
    "pareto": one(1.0, 3.0, 0.1, 1e-3, 1e6, INF),
    "weibull": one(1.0, 3.0, 0.1, 0.0, 1e6, INF),
    "power": one(1.0, 3.0, 0.1, 1e-3, 1e6, INF),
    "laplace": two((0.0, 1.0), (10.0, 2.0), (-3.0, 0.0), (0.0, 1e300)),
    "gumbel": two((0.0, 1.0), (10.0, 2.0), (-3.0, 0.0), (0.0, 1e300)),
    "logistic": two((0.0, 1.0), (10.0, 2.0), (-3.0, 0.0), (0.0, 1e300)),
    "lognormal": two((0.0, 1.0), (1.0, 0.25), (-3.0, 0.0), (700.0, 10.0), (0.0, 300.0)),
    "rayleigh": one(1.0, 2.5, 0.0, 1e300, 1e-300),
    "wald": two((1.0, 1.0), (0.5, 3.0), (10.0, 0.1), (1e5, 1e-3), (1e-5, 1e3)),
    "triangular": [((0.0, 0.5, 1.0), {}), ((-3.0, -3.0, 5.0), {}), ((1.0, 4.0, 4.0), {}), ((-1e300, 0.0, 1.0), {}),
        ((5.0, 6.0, 20.0), size(4)), ((vec(0, 1, 2), 3.0, vec(4, 5, 6)), {}),
        ((column(0, 1), 2.0, vec(3, 4, 5)), size(2, 3))],
    "binomial": [((n, p), {}) for n, p in ((10, 0.5), (0, 0.5), (10, 0.0), (10, 1.0), (1, 0.3), (100, 0.1),
        (100, 0.9), (100, 0.5), (1000, 0.4), (1000, 0.75), (60, 0.5), (61, 0.5), (10**6, 0.3), (10**9, 0.001),
        (10**12, 0.5), (10**15, 1e-14), (2**62, 1e-18), (40, 0.999))]
                + [((n, p), size(300)) for n, p in ((100, 0.5), (500, 0.3), (5000, 0.5), (10**5, 0.8), (10**7, 0.01))]
                + [((100, 0.25), size(6)), ((1000, 0.6), size(2, 3)), ((ints(1, 10, 100, 1000), 0.4), {}),
                    ((50, vec(0.1, 0.5, 0.99)), {}), ((np.array([[10], [10000]]), vec(0.2, 0.7)), {}),
                    ((ints(5, 500), vec(0.3, 0.3)), size(3, 2))],
    "negative_binomial": two((1.0, 0.5), (0.5, 0.1), (100.0, 0.9), (3.0, 1.0), (10.0, 1e-3), (1e6, 0.5), (1.0, 0.0),
        (INF, 0.5)),
    "poisson": one(1.0, 0.0, 0.5, 9.99, 10.0, 11.5, 100.0, 1e4, 1e10, 1e18)
        + [((12.5,), size(300)), ((1000.0,), size(300))],
    "zipf": one(1.5, 2.0, 1.1, 5.0, 50.0, 1000.0, 1.01),
    "geometric": one(0.5, 1.0, 0.3333333333333333, 0.34, 0.3, 0.01, 1e-5, 1e-14, 1.2e-16, 1e-18, 1e-300),
    "hypergeometric": [((a, b, c), {}) for a, b, c in ((10, 5, 3), (0, 5, 3), (5, 0, 3), (10, 10, 10), (10, 10, 11),
        (10, 10, 20), (100, 50, 75), (5, 100, 30), (1000, 2000, 1500), (10**6, 10**6, 10**5), (0, 20, 15),
        (20, 0, 15), (3, 3, 6), (10**9, 10**3, 20), (1, 1, 1), (15, 12, 27))]
                      + [((20, 30, 25), size(300)), ((3000, 500, 700), size(300)), ((20, 30, 9), size(100)),
                          ((20, 30, 25), size(5)), ((ints(10, 20, 30), 5, 12), {}),
                          ((ints(10, 20), ints(5, 6), ints(7, 12)), size(2, 2))],
    "logseries": one(0.5, 0.0, 0.1, 0.9, 0.9999, 0.999999999999),
    "multinomial": [((10, [0.2, 0.3, 0.5]), {}), ((0, [0.5, 0.5]), {}), ((100, [0.1] * 10), {}),
        ((1000, [0.7, 0.1, 0.1, 0.1]), size(3)), ((50, [1.0]), {}), ((50, [0.0, 0.0, 1.0]), {}),
        ((50, [1.0, 0.0, 0.0]), {}), ((20, [0.25, 0.25, 0.0, 0.5]), size(2, 2)), ((5, []), {}),
        ((30, [0.1, 0.2]), {}), ((10**6, [0.05] * 20), {}), ((7, [0.5, 0.5 + 1e-13, 0.2]), {})],
    "dirichlet": [(([1.0, 1.0],), {}), (([0.5, 2.0, 3.0],), {}), (([0.01] * 5,), {}), (([10.0, 5.0, 3.0],), size(3)),
        (([100.0],), {}), (([0.3, 4.0],), size(2, 2))],
    "permutation": [((n,), {}) for n in (0, 1, 2, 3, 10, 40, -3)],
    "permutation_array": [((s,), {}) for s in ((5,), (3, 2), (2, 2, 2), (0, 3), (4, 0))],
    "shuffle": [((s,), {}) for s in ((0,), (1,), (2,), (10,), (33,), (5, 3), (3, 2, 2), (0, 3), (4, 0))],
    "shuffle_list": [((s,), {}) for s in ((0,), (1,), (7,), (20,))],
    "random_integers": [((5,), {}), ((1, 6), {}), ((-3, 3), size(4)), ((10,), size(2, 2)), ((0, 0), {})],
    "choice": [((n,), {}) for n in (1, 5, 1000)] + [((10,), size(4)), ((10,), size(2, 3)), ((10,), size()),
        ((10,), size(0)), ((0,), size(0)), ((5,), {"p": [0.1, 0.2, 0.3, 0.4, 0.0]}),
        ((3,), {"size": (6,), "p": [0.5, 0.25, 0.25]}), ((4,), {"size": (6,), "p": [0.1, 0.2, 0.3, 0.4]}),
        ((10,), {"size": (4,), "replace": False}), ((10,), {"size": (2, 5), "replace": False}),
        ((10,), {"replace": False}), ((5,), {"size": (0,), "replace": False}),
        ((6,), {"size": (4,), "replace": False, "p": [0.1, 0.2, 0.3, 0.2, 0.1, 0.1]}),
        ((6,), {"size": (2, 2), "replace": False, "p": [0.9, 0.02, 0.02, 0.02, 0.02, 0.02]}),
        ((3,), {"replace": False, "p": [0.0, 1.0, 0.0]}),
        ((200,), {"size": (150,), "replace": False, "p": [0.005] * 200}), ((7,), {"size": (3,), "p": [1 / 7] * 7})],
}

DTYPES = [np.bool_, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]


def randint_sets():
    """(low, high, size, dtype), high None for one bound."""
    yield from [((5, None), size(4), np.int64), ((1, None), {}, np.int64), ((2**32, None), size(3), np.int64),
        ((2**32 + 1, None), size(3), np.int64), ((2**63, None), size(3), np.int64), ((0, 10), {}, np.int64),
        ((-5, 5), size(2, 3), np.int64), ((7, 8), size(3), np.int64), ((2**33, 2**34), size(3), np.int64),
        ((0, 2**32 - 1), size(3), np.int64), ((0, 0), size(0), np.int64)]
    for dtype in DTYPES:
        if dtype is np.bool_:
            low, high = 0, 2
        else:
            info = np.iinfo(dtype)
            low, high = int(info.min), int(info.max) + 1
            few = (low, low + 1), (high - 3, high), (low, low + 100), (0, 77), (0, 65)
            for a, b in (*few, (low, high - 1), (low + 1, high)):
                yield (a, b), size(9), dtype
        yield (low, high), size(9), dtype
        yield (0, 2), size(70), dtype
        yield (0, 1), size(3), dtype
        yield (1, 2), {}, dtype
        yield (low, high), {}, dtype


def array_bounds(dtype):
    yield [0, 0, 0], [1, 2, 2]
    if dtype is np.bool_:
        return
    info = np.iinfo(dtype)
    low, high = int(info.min), int(info.max) + 1
    yield [low, 0, 5], [high, 100, 6]
    yield 0, [1, 10, 50, 100, 127]
    yield [low, 0, 1], high


def randint_cases():
    sets = list(randint_sets())
    for i, (bounds, shape, dtype) in enumerate(sets):
        outputs, draws = [], []
        for seed in range(i, i + 12):
            stream = np.random.RandomState(seed)
            before = stream.get_state()
            results = [stream.randint(*bounds, dtype=dtype, **shape) for _ in range(2)]
            outputs.append([encode(np.asarray(r).ravel().tolist()) for r in results])
            draws.append(int(words_drawn(before, stream.get_state())))
        yield {"m": "randint", "low": str(bounds[0]), "high": None if bounds[1] is None else str(bounds[1]),
            "size": list(shape["size"]) if shape else None, "dtype": np.dtype(dtype).name, "s": [i, 1, 12],
            "o": outputs, "d": draws}
    for dtype in DTYPES:
        for i, (low, high) in enumerate(array_bounds(dtype)):
            for shape in (None, (4, len(low if isinstance(low, list) else high))):
                outputs, draws = [], []
                for seed in range(i, i + 12):
                    stream = np.random.RandomState(seed)
                    before = stream.get_state()
                    # As objects, so that bounds beyond the dtype keep their value.
                    bounds = np.array(low, dtype=object), np.array(high, dtype=object)
                    results = [stream.randint(*bounds, size=shape, dtype=dtype) for _ in range(2)]
                    outputs.append([encode(r.ravel().tolist()) for r in results])
                    draws.append(int(words_drawn(before, stream.get_state())))
                yield {"m": "randint_array", "low": [str(x) for x in np.ravel(np.array(low, dtype=object))],
                    "low_shape": list(np.shape(low)),
                    "high": [str(x) for x in np.ravel(np.array(high, dtype=object))],
                    "high_shape": list(np.shape(high)), "size": None if shape is None else list(shape),
                    "shape": list(results[0].shape), "dtype": np.dtype(dtype).name, "s": [i, 1, 12], "o": outputs,
                    "d": draws}


def seed_cases():
    seeds = [0, 1, 42, 2**31 - 1, 2**31, 2**32 - 1] + [k * 20261021 % 2**32 for k in range(1, 100)]
    seeds += [[0], [1], [42], [2**32 - 1], [1, 2, 3], [0, 0], list(range(624)), list(range(1000)),
        [0x123, 0x234, 0x345, 0x456]]
    seeds += [[k, k * 77777 % 2**32, 2**32 - 1 - k] for k in range(100)]
    for seed in seeds:
        stream = np.random.RandomState(seed)
        yield {"m": "seed", "seed": seed, "o": [bits(stream.random_sample()) for _ in range(3)]}


def state_cases():
    for seed in range(SEEDS):
        stream = np.random.RandomState(seed)
        stream.random_sample(seed * 5)
        if seed % 3:
            stream.standard_normal()
        if seed % 2:
            stream.randint(0, 9, dtype=np.int32)
        name, key, position, has_gauss, gauss = stream.get_state()
        yield {"m": "state", "s": seed, "digest": hashlib.sha256(key.astype("<u4").tobytes()).hexdigest(),
            "position": int(position), "has_gauss": bool(has_gauss), "gauss": bits(float(gauss)),
            "next": [bits(stream.standard_normal()) for _ in range(3)]}


def long_cases():
    """Long draws in bulk, across blocks, with an odd number of words and of normal numbers before."""
    for seed in range(200):
        stream = np.random.RandomState(seed)
        if seed % 2:
            stream.randint(0, 9, dtype=np.int32)
        if seed % 3 == 0:
            stream.standard_normal()
        n = 1 + seed * 37 % 2500
        parts = [stream.rand(n), stream.randn(n), stream.standard_exponential(n), stream.uniform(-2.0, 3.5, n),
            stream.normal(1.5, 0.25, n), stream.randn(n + 1)]
        yield {"m": "long", "s": seed, "n": n,
            "digest": [hashlib.sha256(p.astype("<f8").tobytes()).hexdigest() for p in parts],
            "last": [bits(float(p[-1])) for p in parts]}


def mvn_cases():
    source = np.random.RandomState(2024)
    for case in range(240):
        n = 1 + case % 12 if case < 200 else 13 + case % 13
        kind = case % 5
        a = source.randn(n, n)
        if kind == 0:
            cov = np.diag(source.rand(n) + 0.1)
        elif kind == 1:
            cov = a @ a.T + np.eye(n)
        elif kind == 2:
            cov = 1e6 * (a @ a.T)
        elif kind == 3:
            b = source.randn(n, max(1, n // 2))
            cov = b @ b.T + 1e-3 * np.diag(1.0 + np.arange(n))
        else:
            place = np.arange(n)
            cov = np.exp(-np.abs(np.subtract.outer(place, place)) / 3.0) * np.sqrt(np.outer(1.0 + place, 1.0 + place))
        mean = source.randn(n)
        stream = np.random.RandomState(case)
        before = stream.get_state()
        result = stream.multivariate_normal(mean, cov, size=(3,))
        yield {"m": "mvn", "s": case, "mean": encode(mean.tolist()), "cov": encode(cov.ravel().tolist()),
            "o": encode(result.ravel().tolist()), "d": int(words_drawn(before, stream.get_state()))}


ERRORS = [
    ("normal", (0.0, -1.0), {}), ("normal", (0.0, -0.0), {}), ("normal", (0.0, vec(1, -1)), {}),
    ("normal", (0.0, 1.0), size(-1)),
    ("normal", (vec(1, 2), vec(1, 2, 3)), {}), ("normal", (vec(1, 2), 1.0), size(3)),
    ("normal", (column(1, 2), vec(1, 2, 3)), size(3)),
    ("normal", (vec(1, 2), vec(1, 2)), size(1)),
    ("uniform", (0.0, INF), {}), ("uniform", (-1.7e308, 1.7e308), {}), ("uniform", (vec(0, NAN), 1.0), {}),
    ("beta", (0.0, 1.0), {}),
    ("beta", (1.0, -1.0), {}), ("beta", (vec(1, 0), 1.0), {}), ("exponential", (-1.0,), {}),
    ("exponential", (vec(1, -1),), {}),
    ("gamma", (-1.0, 1.0), {}), ("gamma", (1.0, -1.0), {}), ("standard_gamma", (-0.5,), {}), ("f", (0.0, 1.0), {}),
    ("f", (1.0, 0.0), {}),
    ("noncentral_f", (0.0, 1.0, 1.0), {}), ("noncentral_f", (1.0, 0.0, 1.0), {}),
    ("noncentral_f", (1.0, 1.0, -1.0), {}), ("chisquare", (0.0,), {}),
    ("noncentral_chisquare", (0.0, 1.0), {}), ("noncentral_chisquare", (1.0, -1.0), {}), ("standard_t", (0.0,), {}),
    ("vonmises", (0.0, -1.0), {}),
    ("pareto", (0.0,), {}), ("weibull", (-1.0,), {}), ("power", (0.0,), {}), ("laplace", (0.0, -1.0), {}),
    ("gumbel", (0.0, -1.0), {}),
    ("logistic", (0.0, -1.0), {}), ("lognormal", (0.0, -1.0), {}), ("rayleigh", (-1.0,), {}),
    ("wald", (0.0, 1.0), {}), ("wald", (1.0, 0.0), {}),
    ("triangular", (1.0, 0.5, 2.0), {}), ("triangular", (0.0, 3.0, 2.0), {}), ("triangular", (1.0, 1.0, 1.0), {}),
    ("triangular", (vec(0, 1), 0.5, 2.0), {}), ("binomial", (-1, 0.5), {}), ("binomial", (10, -0.1), {}),
    ("binomial", (10, 1.1), {}),
    ("binomial", (10, NAN), {}), ("binomial", (ints(10, -1), 0.5), {}), ("binomial", (10, vec(0.5, NAN)), {}),
    ("negative_binomial", (0.0, 0.5), {}),
    ("negative_binomial", (1.0, 1.5), {}), ("negative_binomial", (1.0, NAN), {}), ("poisson", (-1.0,), {}),
    ("poisson", (1e30,), {}), ("poisson", (NAN,), {}),
    ("poisson", (vec(1, NAN),), {}), ("poisson", (vec(1, 1e30),), {}), ("zipf", (1.0,), {}), ("zipf", (NAN,), {}),
    ("zipf", (vec(2, NAN),), {}),
    ("geometric", (0.0,), {}), ("geometric", (1.1,), {}), ("geometric", (NAN,), {}),
    ("geometric", (vec(0.5, 0.0),), {}),
    ("hypergeometric", (1, 1, 3), {}), ("hypergeometric", (-1, 5, 3), {}), ("hypergeometric", (5, -1, 3), {}),
    ("hypergeometric", (5, 5, 0), {}),
    ("hypergeometric", (ints(1, 5), 1, 3), {}), ("logseries", (1.0,), {}), ("logseries", (-0.1,), {}),
    ("logseries", (NAN,), {}),
    ("logseries", (vec(0.5, 1.0),), {}), ("multinomial", (-1, [0.5, 0.5]), {}),
    ("multinomial", (5, [0.9, 0.9, 0.1]), {}), ("multinomial", (5, [-0.1, 0.9]), {}),
    ("multinomial", (5, [NAN, 0.9]), {}), ("dirichlet", ([1.0, 0.0],), {}), ("dirichlet", ([1.0, -1.0],), {}),
    ("choice", (0,), {}), ("choice", (-3,), {}),
    ("choice", (3,), {"p": [0.5, 0.5]}), ("choice", (2,), {"p": [0.5, 0.6]}), ("choice", (2,), {"p": [1.5, -0.5]}),
    ("choice", (2,), {"p": [NAN, 0.5]}),
    ("choice", (3,), {"size": (4,), "replace": False}),
    ("choice", (3,), {"size": (3,), "replace": False, "p": [0.5, 0.5, 0.0]}), ("choice", (3,), size(-1)),
    ("random_sample", (), size(-2)), ("rand", (-2,), {}), ("randn", (2, -3), {}), ("random_integers", (5, 3), {}),
    ("random_integers", (0,), {}),
]

RANDINT_ERRORS = [
    (5, 5, np.int64), (5, 3, np.int64), (0, 0, np.int64), (0, -5, np.int64), (-2**63 - 1, 5, np.int64),
    (0, 2**63 + 1, np.int64), (0, 129, np.int8),
    (-129, 3, np.int8), (-1, 5, np.uint8), (0, 257, np.uint8), (0, 3, np.bool_), (-1, 2, np.bool_),
    (0, 2**64 + 1, np.uint64), (-1, 5, np.uint64),
    (0, 10**40, np.int64), (-10**40, 5, np.int32), ([0, 5], [3, 5], np.int64), ([0, 0], [0, 3], np.int16),
    ([0, 0], [0, 0], np.int16),
    ([0, -200], [3, 5], np.int8), ([0, 0], [3, 500], np.int8), ([0, 0], [3, 2**63 + 1], np.int64),
    ([0, -1], [3, 4], np.uint64),
]


def error_cases():
    for method, a, k in ERRORS:
        stream = np.random.RandomState(3)
        try:
            call(stream, method, a, k)
            text = None
        except (ValueError, OverflowError) as e:
            text = str(e)
        yield {"m": "errors", "call": method, "a": pack(a), "k": pack(k), "text": text,
            "next": bits(stream.random_sample())}
    for low, high, dtype in RANDINT_ERRORS:
        stream = np.random.RandomState(3)
        array = isinstance(low, list)
        try:
            stream.randint(np.array(low, dtype=object) if array else low,
                np.array(high, dtype=object) if array else high, dtype=dtype)
            text = None
        except ValueError as e:
            text = str(e)
        yield {"m": "randint_errors", "low": [str(x) for x in np.ravel(np.array(low, dtype=object))],
            "high": [str(x) for x in np.ravel(np.array(high, dtype=object))], "array": array,
            "dtype": np.dtype(dtype).name, "text": text, "next": bits(stream.random_sample())}


def main():
    assert np.__version__.startswith("1.24."), "the reference is NumPy 1.24"
    lines = [{"m": "source", "numpy": np.__version__, "python": platform.python_version(),
        "machine": platform.machine(), "libc": " ".join(platform.libc_ver())}, libm()]
    for cases in (seed_cases, state_cases, long_cases, mvn_cases, randint_cases, error_cases):
        lines += cases()
    for method, sets in METHODS.items():
        lines += rows(method, sets)
    write(Path(__file__).with_name("numpy_randomstate_cases.jsonl.gz"), lines)


if __name__ == "__main__":
    main()
