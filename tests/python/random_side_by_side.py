"""Draws with every method of the three streams here and with the originals: the same bits, the same errors.

CPython's `random`, NumPy's `RandomState` and `Generator` over five bit generators, and PyTorch's functions with a generator
are asked with the same seeds and arguments, ordinary and extreme. The stream states go both ways through a file.
REPROTORCH names the program under test, REPROTORCH_SIDE_BY_SIDE the host that answers many questions in one process.
REPROTORCH_SEEDS sets how many seeds are tried.
"""
import json
import os
import random
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import torch

REPROTORCH = os.environ["REPROTORCH"]
HOST = os.environ["REPROTORCH_SIDE_BY_SIDE"]
SEEDS = int(os.environ.get("REPROTORCH_SEEDS", "200"))

warnings.simplefilter("ignore")
passed = 0
failed = 0
shown = {}


def check(name, condition, detail=""):
    global passed, failed
    if condition:
        passed += 1
        return
    failed += 1
    shown[name] = shown.get(name, 0) + 1
    if shown[name] <= 3:
        print(f"FAILED {name} {detail}"[:600])


def call(method, /, *args, shape=None, **named):
    return {"method": method, "args": args, "named": named, "shape": shape}


# CPython: every method of random.Random, with arguments at and beyond the edges of what it takes.
WORDS = ["ada", "bob", "cyd", "dan", "eve", "fay"]
PYTHON = [
    call("random", shape=[7]), call("getrandbits", 0), call("getrandbits", 1), call("getrandbits", 31), call("getrandbits", 32),
    call("getrandbits", 33), call("getrandbits", 64), call("getrandbits", 65), call("getrandbits", 1000), call("getrandbits", -1),
    call("randbytes", 0), call("randbytes", 1), call("randbytes", 4), call("randbytes", 37),
    call("randrange", 1), call("randrange", 10, shape=[9]), call("randrange", 5, 50, 7, shape=[9]), call("randrange", 50, 5, -7, shape=[9]),
    call("randrange", 2 ** 70), call("randrange", 0), call("randrange", -3), call("randrange", 5, 5), call("randrange", 1, 10, 0),
    call("randrange", 10, 1, 3), call("randrange", -2 ** 63, 2 ** 63 - 1), call("randrange", 3, None),
    call("randint", 0, 9, shape=[40]), call("randint", 5, 5), call("randint", 0, 2 ** 32 - 1, shape=[3]), call("randint", 0, 2 ** 32, shape=[3]),
    call("randint", -2 ** 63, 2 ** 63 - 1), call("randint", -2 ** 100, 2 ** 100), call("randint", 3, 2),
    call("choice", WORDS, shape=[9]), call("choice", []), call("choice", "héllo", shape=[5]),
    call("choices", WORDS, k=5), call("choices", WORDS, [1, 2, 3, 4, 5, 6], k=5), call("choices", WORDS, [0.1, 0, 0.3, 0, 0, 0.6], k=7),
    call("choices", WORDS, cum_weights=[1, 2, 3, 4, 5, 6], k=4), call("choices", WORDS, [0] * 6), call("choices", WORDS, [1, 2]),
    call("choices", WORDS, [1, 2, 3, 4, 5, float("inf")]), call("choices", []), call("choices", WORDS, k=0),
    call("shuffle", WORDS), call("shuffle", []), call("shuffle", list(range(100))),
    call("sample", WORDS, 3), call("sample", WORDS, 6), call("sample", WORDS, 0), call("sample", WORDS, 7), call("sample", WORDS, -1),
    call("sample", list(range(100)), 5), call("sample", list(range(1000)), 30), call("sample", WORDS, 4, counts=[3, 1, 4, 1, 5, 9]),
    call("uniform", 0, 1, shape=[3]), call("uniform", -1.5, 1e300), call("uniform", 5, 5), call("uniform", 2 ** 60, 2 ** 60 + 1),
    call("uniform", float("inf"), 0.0), call("uniform", 3, -3),
    call("triangular", shape=[3]), call("triangular", 1.0, 5.0, 2.0, shape=[3]), call("triangular", 1.0, 1.0, 1.0), call("triangular", 0.0, 10.0, 10.0),
    call("betavariate", 1.0, 1.0, shape=[3]), call("betavariate", 0.3, 7.0, shape=[3]), call("expovariate", 1.5, shape=[3]), call("expovariate", -2.0),
    call("gammavariate", 0.5, 2.0, shape=[4]), call("gammavariate", 1.0, 2.0, shape=[4]), call("gammavariate", 7.5, 0.1, shape=[4]),
    call("gammavariate", 0.0, 1.0), call("gammavariate", 1.0, -1.0),
    call("gauss", shape=[3]), call("gauss", 5.0, 0.1, shape=[4]), call("normalvariate", shape=[3]), call("normalvariate", -3.0, 2.0, shape=[3]),
    call("lognormvariate", 0.0, 1.0, shape=[3]), call("lognormvariate", 800.0, 1.0), call("vonmisesvariate", 0.0, 4.0, shape=[4]),
    call("vonmisesvariate", 1.0, 0.0, shape=[4]), call("vonmisesvariate", 3.0, 1e-7, shape=[4]), call("vonmisesvariate", 3.0, 700.0, shape=[4]),
    call("paretovariate", 3.0, shape=[3]), call("weibullvariate", 1.0, 1.5, shape=[3]), call("random", shape=[2, 3]),
]

NAN = float("nan")
SIZED = {"size": 5}
LEGACY = [
    call("rand"), call("rand", 2, 3), call("rand", 0, 3), call("randn"), call("randn", 7), call("randn", 3, 2), call("random_sample", 5),
    call("random", (2, 2)), call("random_integers", 6, **SIZED), call("random_integers", -3, 3, **SIZED), call("tomaxint", 3),
    call("bytes", 0), call("bytes", 11), call("standard_normal", 9), call("standard_exponential", 5), call("standard_cauchy", 5),
    call("randint", 1), call("randint", 10, size=20), call("randint", -5, 5, size=(2, 3)), call("randint", 0, 2 ** 32, size=4),
    call("randint", 0, 2 ** 63 - 1, size=4), call("randint", 5, 5), call("randint", 0), call("randint", [1, 5, 100]), call("randint", [0, 10], [10, 300], size=(4, 2)),
    *[call("randint", 0, 100, size=9, dtype=t) for t in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")],
    call("randint", 0, 2, size=9, dtype="bool"), call("randint", 0, 2 ** 64, size=3, dtype="uint64"), call("randint", 0, 300, size=2, dtype="int8"),
    call("choice", 10), call("choice", 10, 4), call("choice", 10, 4, False), call("choice", 4, 3, True, [0.1, 0.2, 0.3, 0.4]),
    call("choice", 5, 3, False, [0.1, 0, 0.3, 0.6, 0]), call("choice", 0), call("choice", 3, 5, False), call("choice", 2, p=[0.5, 0.6]),
    call("choice", 2, p=[-1, 2]), call("choice", [3, 1, 4, 1, 5], 4), call("choice", 3, p=[0.5, 0.5]),
    call("shuffle", list(range(20))), call("permutation", 20), call("permutation", [5, 6, 7, 8]), call("permutation", [[1, 2], [3, 4], [5, 6]]),
    call("uniform", size=3), call("uniform", -1, 2, 4), call("uniform", [0, 10], [1, 20]), call("uniform", 0, float("inf")),
    call("normal", size=3), call("normal", 5, 0.5, (2, 2)), call("normal", [0, 100], 1), call("normal", 0, -1), call("normal", 0, [1, -1]),
    call("exponential", 2.5, 4), call("exponential", -1), call("gamma", 0.5, 2, 5), call("gamma", 1, 2, 5), call("gamma", 7.5, 1, 5), call("gamma", -1),
    call("gamma", 0, 1, 2), call("standard_gamma", 0.3, 5), call("standard_gamma", 30, 5), call("beta", 0.5, 0.5, 5), call("beta", 2, 3, 5), call("beta", 0, 1),
    call("beta", 1e-4, 1e-4, 5), call("binomial", 10, 0.3, 9), call("binomial", 1000, 0.4, 9), call("binomial", 1000, 0.9, 9), call("binomial", 0, 0.5), call("binomial", 10, 1.0),
    call("binomial", -1, 0.5), call("binomial", 5, 1.5), call("binomial", [5, 500], 0.5), call("poisson", 0, 3), call("poisson", 2.5, 9), call("poisson", 100, 9),
    call("poisson", -1), call("poisson", 1e30), call("geometric", 0.1, 9), call("geometric", 0.5, 9), call("geometric", 0), call("laplace", 0, 1, 5), call("laplace", 0, -1),
    call("gumbel", 1, 2, 5), call("logistic", 0, 2, 5), call("lognormal", 0, 1, 5), call("lognormal", 0, -1), call("chisquare", 3, 5), call("chisquare", 0),
    call("noncentral_chisquare", 3, 2, 5), call("noncentral_chisquare", 0.5, 2, 5), call("noncentral_chisquare", 3, 0, 5), call("f", 3, 7, 5), call("noncentral_f", 3, 7, 1.5, 5),
    call("standard_t", 4, 5), call("standard_t", 0), call("vonmises", 0, 4, 5), call("vonmises", 0, 1e-9, 5), call("vonmises", 3, 1e6, 5), call("vonmises", 0, -1),
    call("pareto", 3, 5), call("weibull", 1.5, 5), call("weibull", 0, 3), call("power", 2, 5), call("rayleigh", 2, 5), call("wald", 3, 2, 5), call("triangular", 0, 1, 5, 5),
    call("triangular", 5, 1, 0), call("triangular", 1, 1, 1), call("zipf", 2, 9), call("zipf", 1), call("logseries", 0.6, 9), call("logseries", 0.999, 5), call("logseries", 1),
    call("negative_binomial", 3, 0.4, 9), call("negative_binomial", 0, 0.5), call("hypergeometric", 10, 20, 5, 9), call("hypergeometric", 100, 200, 50, 9),
    call("hypergeometric", 1, 1, 5), call("hypergeometric", 0, 10, 5, 3), call("multinomial", 20, [0.2, 0.3, 0.5], 3), call("multinomial", 5, [0.9, 0.9]), call("dirichlet", [1, 2, 3], 3),
    call("dirichlet", [0.01, 0.02], 3), call("dirichlet", [0, 1]), call("dirichlet", [[1, 2], [3, 4]]), call("choice", 3, p=[[0.5, 0.5]]),
    *[call(name, NAN, *rest) for name, *rest in (("standard_gamma",), ("chisquare",), ("standard_t",), ("gamma", 1), ("beta", 0.5), ("f", 3),
                                                 ("noncentral_chisquare", 1), ("noncentral_f", 2, 1), ("negative_binomial", 0.5))],
    call("randint", 0, 100, 5, "u1"), call("randint", 0, 100, 5, "i4"), call("rand", 3),
]

GENERATOR = [
    call("random"), call("random", 7), call("random", (2, 3), "float32"), call("standard_normal", 30), call("standard_normal", 30, "float32"),
    call("standard_exponential", 20), call("standard_exponential", 20, "float32"), call("standard_exponential", 5, method="inv"),
    call("standard_gamma", 0.4, 5), call("standard_gamma", 4, 5), call("standard_gamma", 4, 5, "float32"), call("bytes", 7), call("bytes", 8),
    call("integers", 10, size=20), call("integers", 0, 2 ** 63 - 1, 3), call("integers", 5, 5), call("integers", 0, 9, 9, endpoint=True), call("integers", 1, size=3),
    call("integers", 0, 2 ** 40, 5), call("integers", [1, 10, 100]), call("integers", 0, 2 ** 32, 4), call("integers", -2 ** 63, 2 ** 63 - 1, 3, endpoint=True),
    *[call("integers", 0, 100, 9, t) for t in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")], call("integers", 0, 2, 9, "bool"),
    call("choice", 10), call("choice", 10, 4), call("choice", 10, 4, False), call("choice", 1000, 5, False), call("choice", 20000, 3, False), call("choice", 4, 3, True, [0.1, 0.2, 0.3, 0.4]),
    call("choice", 10, 4, False, shuffle=False), call("choice", 4, 2, False, [0.1, 0.2, 0.3, 0.4]), call("choice", [[1, 2], [3, 4]], 3), call("choice", 3, 5, False),
    call("shuffle", list(range(20))), call("permutation", 20), call("permutation", [[1, 2], [3, 4], [5, 6]]), call("permutation", [[1, 2, 3], [4, 5, 6]], 1),
    call("permuted", [[1, 2, 3], [4, 5, 6]]), call("permuted", [[1, 2, 3], [4, 5, 6]], axis=1), call("uniform", -1, 2, 4), call("normal", 5, 0.5, (2, 2)), call("normal", 0, -1),
    call("lognormal", 0, 1, 5), call("exponential", 2, 5), call("gamma", 0.5, 2, 5), call("gamma", 5, 2, 5), call("beta", 0.5, 0.5, 5), call("beta", 2, 3, 5), call("beta", 1e-5, 1e-5, 5),
    call("chisquare", 3, 5), call("noncentral_chisquare", 3, 2, 5), call("noncentral_chisquare", 0.5, 2, 5), call("f", 3, 7, 5), call("noncentral_f", 3, 7, 1, 5), call("standard_t", 4, 5),
    call("standard_cauchy", 5), call("vonmises", 0, 4, 5), call("vonmises", 0, 1e-9, 5), call("vonmises", 0, 1e7, 5), call("pareto", 3, 5), call("weibull", 1.5, 5), call("power", 2, 5),
    call("laplace", 0, 1, 5), call("gumbel", 0, 1, 5), call("logistic", 0, 1, 5), call("rayleigh", 2, 5), call("wald", 3, 2, 5), call("triangular", 0, 1, 5, 5),
    call("binomial", 10, 0.3, 9), call("binomial", 1000, 0.4, 9), call("binomial", [5, 500], 0.5), call("negative_binomial", 3, 0.4, 9), call("poisson", 2.5, 9), call("poisson", 100, 9), call("zipf", 2, 9),
    call("geometric", 0.1, 9), call("geometric", 0.5, 9), call("hypergeometric", 10, 20, 5, 9), call("hypergeometric", 100, 200, 50, 9), call("logseries", 0.6, 9),
    call("multinomial", 20, [0.2, 0.3, 0.5], 3), call("multivariate_hypergeometric", [5, 10, 15], 6, 3), call("multivariate_hypergeometric", [5, 10, 15], 6, 3, method="count"),
    call("dirichlet", [1, 2, 3], 3), call("dirichlet", [0.01, 0.02, 0.03], 3), call("random", 3),
]

TORCH = [
    call("rand", 5), call("rand", 2, 3, dtype="float64"), call("rand", 3, dtype="float16"), call("rand", 3, dtype="bfloat16"), call("randn", 3), call("randn", 15),
    call("randn", 16), call("randn", 17), call("randn", 40), call("randn", 16, dtype="float64"), call("randn", 0), call("randint", 10, (8,)), call("randint", -5, 5, (2, 3)), call("randint", 0, 2 ** 40, (4,)),
    call("randint", 5, 5, (2,)), call("randperm", 10), call("randperm", 0), call("randperm", 1000), call("normal", 2.0, 3.0, (5,)), call("normal", 0.0, -1.0, (5,)),
    call("normal", [0.0, 10.0, 20.0], [1.0, 2.0, 3.0]), call("bernoulli", [0.1, 0.5, 0.9, 0.0, 1.0]), call("bernoulli", [0.5, 2.0]), call("multinomial", [0.1, 0.2, 0.3, 0.4], 3),
    call("multinomial", [0.1, 0.2, 0.3, 0.4], 7, True), call("multinomial", [1.0, 0.0], 2), call("poisson", [0.5, 3.0, 100.0]), call("binomial", [10.0, 100.0], [0.3, 0.5]),
    call("uniform_", -1.0, 2.0, size=5), call("uniform_", 2.0, 1.0, size=5), call("normal_", 1.0, 0.5, size=20), call("random_", size=5), call("random_", 7, size=5), call("random_", -3, 7, size=5), call("random_", 5, None, size=5, dtype="int64"),
    call("random_", size=5, dtype="int64"), call("random_", size=5, dtype="int32"), call("random_", size=5, dtype="uint8"), call("bernoulli_", 0.3, size=9), call("exponential_", 1.5, size=9),
    call("exponential_", -1.0, size=2), call("cauchy_", 0.0, 2.0, size=5), call("log_normal_", 1.0, 2.0, size=5), call("geometric_", 0.3, size=9), call("geometric_", 0.0, size=2), call("rand", 2),
]


def torch_call(generator, question):
    """What PyTorch gives for a call of the table above."""
    method, args, named = question["method"], list(question["args"]), dict(question["named"])
    dtype = getattr(torch, named.pop("dtype")) if "dtype" in named else None
    if method.endswith("_"):
        size = named.pop("size")
        tensor = torch.empty(size, dtype=dtype)
        return getattr(tensor, method)(*args, **named, generator=generator)
    args = [torch.tensor(a) if isinstance(a, list) else a for a in args]
    options = {} if dtype is None else {"dtype": dtype}
    if method in ("rand", "randn"):
        return getattr(torch, method)(*args, generator=generator, **options)
    if method == "binomial":
        return torch.binomial(*args, generator=generator)
    return getattr(torch, method)(*args, **named, generator=generator, **options)


def expected(source, stream, question):
    """The value that the original gives, or the error that it raises."""
    method, args, named, shape = question["method"], question["args"], question["named"], question["shape"]
    try:
        if source == "Torch":
            return torch_call(stream, question), None
        function = getattr(stream, method)
        if source == "Python" and method == "shuffle" or source != "Python" and method == "shuffle":
            items = list(args[0])
            function(items)
            return items, None
        if source == "Python" and shape is not None:
            count = int(np.prod(shape))
            return [function(*args, **named) for _ in range(count)], None
        return function(*args, **named), None
    except (ValueError, IndexError, ZeroDivisionError, OverflowError, RuntimeError, TypeError) as error:
        return None, error


def compare(name, answer, value, error, question):
    if error is not None:
        wanted = str(error).split("\n")[0]
        check(name, "error" in answer and answer["error"].startswith(wanted), f"{question} expected the error {wanted!r}, got {answer}")
        return
    if "error" in answer:
        check(name, False, f"{question} expected {value!r}, got the error {answer['error']!r}")
        return
    if isinstance(value, torch.Tensor):
        data = value.view(torch.int16).numpy() if value.dtype == torch.bfloat16 else value.numpy()
        same = answer.get("dtype") == str(value.dtype)[6:] and answer["shape"] == list(value.shape) and answer["bytes"] == data.tobytes().hex()
        check(name, same, f"{question} expected {value}, got {answer}")
        return
    if isinstance(value, (bytes, bytearray)):
        check(name, answer.get("bytes", "") == value.hex(), f"{question} expected {value.hex()}, got {answer}")
        return
    flat = np.asarray(value) if not isinstance(value, int) or -2 ** 63 <= value < 2 ** 63 else None
    if flat is None or flat.dtype.kind in "OU":
        texts = [str(value)] if not isinstance(value, (list, tuple)) else [str(item) for item in value]
        check(name, answer.get("values") == texts, f"{question} expected {texts}, got {answer}")
        return
    if flat.size == 0:
        check(name, not answer.get("bytes") and not answer.get("values"), f"{question} expected nothing, got {answer}")
        return
    same = answer.get("dtype") == str(flat.dtype) and answer["bytes"] == np.ascontiguousarray(flat).tobytes().hex()
    if question["shape"] is None:
        same = same and answer["shape"] == list(flat.shape)
    check(name, same, f"{question} expected {value!r}, got {answer}")


def seeds(rng):
    """Ordinary seeds, and those at the edges of 32 and 64 bits."""
    edges = [0, 1, 2, 42, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]
    return (edges + [rng.getrandbits(32) for _ in range(SEEDS)])[:SEEDS]


def lines():
    """Every question: source, bit generator, seed, and the original's stream."""
    rng = random.Random(2024)
    for seed in seeds(rng):
        yield "Python", None, seed, PYTHON
        yield "NumPy", None, seed, LEGACY
        yield "NumPyGenerator", ("PCG64", "PCG64DXSM", "Philox", "SFC64", "MT19937")[seed % 5], seed, GENERATOR
        yield "Torch", None, seed, TORCH
    for seed in (-1, -5, 2 ** 64, -2 ** 100, 10 ** 300, "", "hello", "日本語", "a" * 1000, 0.5, -1.5, 1e300, float("inf")):
        yield "Python", None, seed, PYTHON
    for seed in ([0], [1, 2, 3], [2 ** 32 - 1] * 700):
        yield "NumPy", None, seed, LEGACY
    for seed in (2 ** 64, 10 ** 60, [1, 2, 3], [2 ** 40, 0]):
        for name in ("PCG64", "PCG64DXSM", "Philox", "SFC64", "MT19937"):
            yield "NumPyGenerator", name, seed, GENERATOR
    for seed in (-1, 2 ** 32 + 5, 2 ** 64 - 1, -2 ** 63):
        yield "Torch", None, seed, TORCH


def original(source, generator, seed):
    if source == "Python":
        return random.Random(seed)
    if source == "NumPy":
        return np.random.RandomState(seed)
    if source == "NumPyGenerator":
        return np.random.Generator(getattr(np.random, generator)(seed))
    return torch.Generator().manual_seed(seed)


def methods():
    with subprocess.Popen(HOST.split("\n") + ["random"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as host:
        for source, generator, seed, questions in lines():
            host.stdin.write(json.dumps({
                "source": source, "bitGenerator": generator, "seed": repr(seed), "calls": [
                    {"method": q["method"], "args": [repr(a) for a in q["args"]], "named": {n: repr(v) for n, v in q["named"].items()},
                     "shape": q["shape"]} for q in questions]}) + "\n")
            host.stdin.flush()
            answers = json.loads(host.stdout.readline())["calls"]
            stream = original(source, generator, seed)
            for question, answer in zip(questions, answers):
                value, error = expected(source, stream, question)
                compare(f"{source} {question['method']}", answer, value, error, question)
        host.stdin.close()


def program():
    """The program itself: its JSON keeps every bit, and its errors are the original's."""
    def ask(*arguments):
        return subprocess.run([REPROTORCH, "random", *arguments], capture_output=True, text=True)

    document = json.loads(ask("--source", "Python", "--method", "randint", "--args", "0", "9", "--count", "10", "--seed", "0", "--json").stdout)
    check("random --json", document == {"source": "Python", "method": "randint", "seed": 0, "dtype": "int64", "shape": [10],
                                        "values": [6, 6, 0, 4, 8, 7, 6, 4, 7, 5]}, document)
    document = json.loads(ask("--source", "NumPy", "--method", "randn", "--shape", "2", "3", "--seed", "7", "--json").stdout)
    check("random --shape", document["shape"] == [2, 3] and document["values"] == np.random.RandomState(7).randn(2, 3).ravel().tolist(), document)
    document = json.loads(ask("--source", "Torch", "--method", "randn", "--count", "20", "--seed", "3", "--json").stdout)
    check("random Torch", document["values"] == torch.randn(20, generator=torch.Generator().manual_seed(3)).tolist(), document)
    document = json.loads(ask("--source", "NumPyGenerator", "--method", "uniform", "--args", "-5", "high=5", "--seed", "3", "--json").stdout)
    check("random by name", document["values"] == [np.random.default_rng(3).uniform(-5, 5)], document)
    for arguments, text in (
            (("--source", "Python", "--method", "choice", "--args", "[]", "--seed", "0"), "Cannot choose from an empty sequence"),
            (("--source", "NumPy", "--method", "normal", "--args", "0", "-1", "--seed", "0"), "scale < 0"),
            (("--source", "NumPy", "--method", "randint", "--args", "5", "5", "--seed", "0"), "low >= high"),
            (("--source", "NumPy", "--method", "rand", "--seed", "-1"), "Seed must be between 0 and 2**32 - 1"),
            (("--source", "Python", "--method", "sample", "--args", "[1, 2]", "3", "--seed", "0"), "Sample larger than population or is negative")):
        result = ask(*arguments)
        check("random error", result.returncode == 2 and result.stderr.startswith(text) and not result.stdout, f"{arguments}: {result}")


def main():
    methods()
    program()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
