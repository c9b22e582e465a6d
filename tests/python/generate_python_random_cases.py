#!/usr/bin/python3
"""Writes python_random_cases.jsonl.gz beside this file: what CPython's random.Random gives, for PythonRandomTests.

Run it with CPython 3.11. Each line of the file is one JSON object with the method "m"; the first names the interpreter.
Floats are the 16 hexadecimal digits of their bits, so that every bit is compared and NaN and infinities pass through
JSON; integers beyond 2^53 are decimal strings. The kinds of lines:

  libm     digests of the C library's functions over a fixed set of numbers: where they differ, another C library is
           at work and values that pass through these functions may differ in their last bits
  seed     "kind", "seed", "version": the first numbers after a way of seeding
  state    "s": a digest of getstate() after some draws
  errors   "call": the text of the exception
  others   "a": arguments; "s": [first, step, count] of the seeds; "r": how often the method is called for a seed;
           "o": the results for each seed; "d": the number of 32-bit words that were drawn for each seed
"""

import gzip
import hashlib
import json
import math
import platform
import random
import struct
import sys
from pathlib import Path

SEEDS = 480


def bits(x):
    """A float as the hexadecimal digits of its bits."""
    return struct.pack(">d", x).hex()


def encode(x):
    """A result or an argument as JSON."""
    if isinstance(x, bool) or x is None or isinstance(x, str):
        return x
    if isinstance(x, float):
        return bits(x)
    if isinstance(x, int):
        return x if abs(x) < 2**53 else str(x)
    if isinstance(x, bytes):
        return x.hex()
    if isinstance(x, (list, tuple)):
        return [encode(y) for y in x]
    raise TypeError(type(x))


def write(path, lines):
    """One JSON object a line, the same bytes for the same lines."""
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(text.encode())
    print(path.name, len(lines), "lines,", path.stat().st_size, "bytes")


def libm():
    """Digests of the C library's functions, over numbers that PythonRandom makes too."""
    source = random.Random(20240229)
    u = [(source.random(), source.random()) for _ in range(20000)]
    functions = {
        "log": lambda a, b: math.log(1 - a),
        "exp": lambda a, b: math.exp(20 * a - 10),
        "pow": lambda a, b: math.pow(1 - a, 8 * b - 4),
        "cos": lambda a, b: math.cos(7 * a),
        "sin": lambda a, b: math.sin(7 * a),
        "acos": lambda a, b: math.acos(2 * a - 1),
        "log1p": lambda a, b: math.log1p(-a),
    }
    digests = {}
    for name, function in functions.items():
        data = b"".join(struct.pack("<d", function(a, b)) for a, b in u)
        digests[name] = hashlib.sha256(data).hexdigest()
    return {"m": "libm", "digests": digests}


def words_drawn(before, after, limit=200000):
    """How many 32-bit words lie between two states."""
    clone = random.Random()
    clone.setstate(before)
    count = 0
    while clone.getstate()[1] != after[1]:
        clone.getrandbits(32)
        count += 1
        if count > limit:
            raise RuntimeError("the states are too far apart")
    return count


def rows(method, call, argument_sets, repeat):
    """A line for each set of arguments; together they use the seeds 0..SEEDS-1."""
    step = len(argument_sets)
    for i, arguments in enumerate(argument_sets):
        outputs, draws = [], []
        seeds = range(i, SEEDS, step)
        for seed in seeds:
            stream = random.Random(seed)
            before = stream.getstate()
            outputs.append([encode(call(stream, *arguments)) for _ in range(repeat)])
            draws.append(words_drawn(before, stream.getstate()))
        yield {"m": method, "a": encode(arguments), "s": [i, step, len(seeds)], "r": repeat, "o": outputs, "d": draws}


def shuffled(stream, n):
    items = list(range(n))
    stream.shuffle(items)
    return items


BIG = 2**64
METHODS = [
    ("random", lambda s: s.random(), [()], 4),
    ("getrandbits", lambda s, k: s.getrandbits(k),
     [(k,) for k in (0, 1, 2, 31, 32, 33, 53, 63, 64, 65, 96, 100, 127, 128, 1000)], 3),
    ("randbytes", lambda s, n: s.randbytes(n), [(n,) for n in (0, 1, 2, 3, 4, 5, 7, 8, 16, 33)], 3),
    ("randrange", lambda s, *a: s.randrange(*a), [(1,), (2,), (10,), (1000,), (2**31,), (2**32 - 1,), (2**32,),
        (2**32 + 1,), (2**53,), (2**63 - 1,), (-5, 5), (3, 4), (-2**63, 2**63 - 1), (0, 100, 7), (100, 0, -7),
        (0, 1, 100), (5, -5, -1), (-2**63, 2**63 - 1, 2), (0, 10**18, 10**9)], 5),
    ("randrange_big", lambda s, *a: s.randrange(*a),
     [(BIG,), (BIG - 1,), (10**30,), (2**99,), (-10**40, 10**40), (0, 10**40, 10**20), (10**12, -10**20, -200), (3, 7),
      (2**500,), (-BIG, BIG, 3)], 3),
    ("randint", lambda s, a, b: s.randint(a, b), [(0, 9), (1, 6), (0, 0), (-10, 10), (0, 2**32 - 2), (0, 2**32 - 1),
        (0, 2**32), (-2**31, 2**31 - 1), (-2**63, 2**63 - 1), (-2**63, 2**63 - 2), (0, 2**63 - 1), (7, 8)], 6),
    ("randint_big", lambda s, a, b: s.randint(a, b), [(0, 10**25), (-BIG, BIG), (0, BIG - 1), (5, 9)], 3),
    ("choice", lambda s, n: s.choice(range(n)), [(n,) for n in (1, 2, 3, 10, 64, 1000)], 5),
    ("choices", lambda s, n, k: s.choices(range(n), k=k), [(1, 3), (10, 5), (7, 8), (1000, 4), (3, 0), (3, -1)], 2),
    ("choices_weights", lambda s, w, k: s.choices(range(len(w)), w, k=k),
     [([1.0, 2.0, 3.0], 5), ([0.0, 1.0], 4), ([18.0, 18.0, 2.0], 6), ([0.1] * 10, 5), ([5.0], 3), ([1e-300, 1e300], 3),
      ([3.0, -1.0, 2.0], 5)], 2),
    ("choices_cum_weights", lambda s, w, k: s.choices(range(len(w)), cum_weights=w, k=k),
     [([1.0, 3.0, 6.0], 5), ([0.25, 0.5, 0.75, 1.0], 5), ([5.0, 1.0, 3.0], 5)], 2),
    ("shuffle", shuffled, [(n,) for n in (0, 1, 2, 3, 10, 33)], 1),
    ("sample", lambda s, n, k: s.sample(range(n), k),
     [(10, 3), (10, 10), (1, 1), (0, 0), (5, 0), (21, 5), (22, 5), (85, 6), (86, 6), (10**6, 6), (10**18, 8), (300, 21),
      (277, 22), (278, 22), (50, 30)], 1),
    ("sample_counts", lambda s, c, k: s.sample(range(len(c)), k, counts=c),
     [([4, 2], 5), ([1, 1, 1], 3), ([0, 3, 0, 2], 4), ([10**6, 10**9], 6), ([5], 2)], 1),
    ("uniform", lambda s, a, b: s.uniform(a, b), [(0.0, 1.0), (-5.0, 5.0), (5.0, -5.0), (1e300, -1e300), (1.0, 1.0),
        (0.0, 1e-310), (-1e308, 1e308), (0.0, math.inf)], 3),
    ("triangular", lambda s, *a: s.triangular(*a), [(), (0.0, 10.0), (0.0, 10.0, 2.5), (-3.0, 3.0, 3.0),
        (-3.0, 3.0, -3.0), (4.0, 4.0, 4.0), (10.0, 10.0), (10.0, 2.0, 5.0)], 3),
    ("normalvariate", lambda s, *a: s.normalvariate(*a), [(), (10.0, 2.0), (0.0, 0.0), (-1e300, 1e290), (5.0, -1.0)],
        4),
    ("gauss", lambda s, *a: s.gauss(*a), [(), (10.0, 2.0), (0.0, 0.0), (-1e300, 1e290), (5.0, -1.0)], 5),
    ("lognormvariate", lambda s, *a: s.lognormvariate(*a),
        [(0.0, 1.0), (0.0, 0.25), (-700.0, 0.5), (700.0, 0.5), (0.0, 0.0), (-math.inf, 0.0)], 4),
    ("expovariate", lambda s, *a: s.expovariate(*a), [(1.0,), (0.5,), (-2.0,), (1e-300,), (math.inf,), (1e300,)], 4),
    ("vonmisesvariate", lambda s, *a: s.vonmisesvariate(*a), [(0.0, 0.0), (0.0, 1e-6), (0.0, 1e-5), (3.0, 0.5),
        (3.1, 2.3), (6.2, 500.0), (0.0, 1e15), (0.0, 1e100), (3.0, math.inf), (-10.0, 4.0), (1.0, -1.0)], 3),
    ("gammavariate", lambda s, *a: s.gammavariate(*a), [(1.0, 1.0), (0.5, 1.0), (2.0, 2.0), (1.1, 2.3), (0.01, 1.0),
        (200.0, 1.0), (0.999, 3.0), (1e6, 1e-6), (1e300, 1.0)], 4),
    ("betavariate", lambda s, *a: s.betavariate(*a),
        [(1.0, 1.0), (0.5, 0.5), (3.0, 3.0), (0.01, 5.0), (100.0, 0.1), (1e-3, 1e-3)], 3),
    ("paretovariate", lambda s, *a: s.paretovariate(*a), [(1.0,), (3.0,), (0.1,), (-2.0,), (math.inf,), (1e6,)], 4),
    ("weibullvariate", lambda s, *a: s.weibullvariate(*a),
     [(1.0, 1.0), (2.0, 3.0), (1.0, 0.5), (10.0, math.inf), (0.0, 10.0), (1.0, -2.0)], 4),
]


def seed_cases():
    integers = [0, 1, -1, 5, -5, 2**31, 2**32 - 1, 2**32, 2**32 + 1, -2**32, 2**63, 2**64 - 1, 2**64, -2**64, 10**40,
        -10**40, 2**13000 + 12345, 61731 + (24903 << 32) + (614 << 64) + (42143 << 96)]
    integers += [7**k for k in range(2, 190)]
    texts = ["", "a", "the quick brown fox", "nofar", "rachel", "\u00e9\u00df", "\u4f60\u597d",
        "\U0001f600 \U00010000", "x" * 1000, "\0"]
    texts += [f"seed {k}" for k in range(190)]
    data = [b"", b"a", b"nofar", b"rachel", b"\0", b"\x00\x20\x40\x60\x80\xA0\xC0\xE0\xF0", bytes(range(256))]
    data += [bytes([k, 255 - k, k // 2]) for k in range(193)]
    floats = [0.0, -0.0, 1.0, -1.0, -2.0, 0.5, -0.5, 0.1, 3.14159, 1e300, -1e300, 5e-324, 2.2250738585072014e-308,
        2.0**61, 2.0**61 - 2.0**9, -(2.0**61), 2.0**60, math.inf, -math.inf, math.pi, 1e16, 123456789.125]
    source = random.Random(77)
    floats += [math.ldexp(source.random() - 0.5, source.randrange(-1070, 1023)) for _ in range(180)]

    def line(kind, seed, shown, version):
        stream = random.Random()
        stream.seed(seed, version)
        return {"m": "seed", "kind": kind, "seed": shown, "version": version,
            "o": [bits(stream.random()) for _ in range(3)]}

    for seed in integers:
        yield line("int", seed, str(seed), 2)
    for seed in texts:
        for version in (1, 2):
            yield line("str", seed, seed, version)
    for seed in data:
        for version in (1, 2):
            yield line("bytes", seed, seed.hex(), version)
        assert line("bytes", bytearray(seed), "", 2)["o"] == line("bytes", seed, "", 2)["o"]
    for seed in floats:
        yield line("float", seed, bits(seed), 2)


def state_cases():
    for seed in range(SEEDS):
        stream = random.Random(seed)
        for _ in range(seed * 13):
            stream.getrandbits(32)
        if seed % 3:
            stream.gauss()
        version, internal, gauss_next = stream.getstate()
        digest = hashlib.sha256(b"".join(struct.pack("<q", x) for x in internal)).hexdigest()
        yield {"m": "state", "s": seed, "version": version, "digest": digest, "position": internal[-1],
               "gauss_next": encode(gauss_next), "next": [bits(stream.gauss()) for _ in range(3)]}


ERRORS = [
    ("getrandbits", (-1,)), ("randbytes", (-1,)), ("randrange", (0,)), ("randrange", (-721,)), ("randrange", (3, 3)),
    ("randrange", (0, 100, -12)), ("randrange", (0, 42, 0)), ("randrange", (5, 5, 2)), ("randrange", (5, 3, 2)),
    ("randint", (5, 3)),
    ("randint", (2**63 - 1, -2**63)), ("randrange", (10**30, 10**29)), ("choice", ([],)), ("sample", ([1, 2, 3], 4)),
    ("sample", ([1, 2, 3], -1)), ("sample_counts", ([1, 2], 1, [1])), ("sample_counts", ([1, 2], 1, [0, 0])),
    ("sample_counts", ([1, 2], 4, [1, 2])), ("sample_counts", ([], 0, [])), ("choices", ([], 1)),
    ("choices_weights", ([1, 2], [1.0], None, 1)), ("choices_weights", ([1, 2], [0.0, 0.0], None, 1)),
    ("choices_weights", ([1, 2], [1.0, math.inf], None, 1)), ("choices_weights", ([1, 2], [1.0, math.nan], None, 1)),
    ("choices_weights", ([1, 2], [1.0, 1.0], [1.0, 2.0], 1)), ("choices_weights", ([], [], None, 1)),
    ("choices_weights", ([1, 2], None, [3.0, -3.0], 1)), ("triangular", (0.0, 1.0, 5.0)),
    ("lognormvariate", (710.0, 0.0)),
    ("expovariate", (0.0,)), ("gammavariate", (0.0, 2.0)), ("gammavariate", (2.0, 0.0)), ("gammavariate", (-1.0, 3.0)),
    ("betavariate", (-1.0, 1.0)), ("paretovariate", (0.0,)), ("paretovariate", (-1e-300,)),
    ("paretovariate", (1e-300,)),
    ("weibullvariate", (1.0, 0.0)), ("weibullvariate", (1.0, -1e-300)), ("weibullvariate", (1.0, 1e-300)),
]


def error_cases():
    for method, arguments in ERRORS:
        # Some fail for some streams only, as where an overflow needs a number on one side of 1.
        for seed in (0, 1, 2, 3):
            stream = random.Random(seed)
            try:
                if method == "sample_counts":
                    stream.sample(*arguments[:2], counts=arguments[2])
                elif method == "choices":
                    stream.choices(arguments[0], k=arguments[1])
                elif method == "choices_weights":
                    stream.choices(arguments[0], arguments[1], cum_weights=arguments[2], k=arguments[3])
                else:
                    getattr(stream, method)(*arguments)
                text = None
            except (ValueError, IndexError, TypeError, ArithmeticError) as e:
                text = e.args[-1] if isinstance(e, OverflowError) else str(e)
            yield {"m": "errors", "call": method, "a": encode(arguments), "s": seed, "text": text,
                   "next": stream.getrandbits(32)}


def main():
    assert sys.version_info[:2] == (3, 11), "the reference is CPython 3.11"
    lines = [{"m": "source", "version": platform.python_version(), "libc": " ".join(platform.libc_ver())}, libm()]
    lines += seed_cases()
    lines += state_cases()
    lines += error_cases()
    for method, call, argument_sets, repeat in METHODS:
        lines += rows(method, call, argument_sets, repeat)
    write(Path(__file__).with_name("python_random_cases.jsonl.gz"), lines)


if __name__ == "__main__":
    main()
