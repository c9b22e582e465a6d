#!/usr/bin/env python3
"""Writes the tables of NumpyGenerator and the jump polynomial of NumpyMT19937 as C# source.

    python3 generate_numpy_generator_tables.py NUMPY_SOURCE [RANDOMNESS_FOLDER]

NUMPY_SOURCE is a checkout of numpy 1.24.2. The edges, widths and heights of the ziggurats' strips and the logarithms of
factorials are numbers in numpy/random/src/distributions/ziggurat_constants.h and logfactorial.c. They cannot be computed
again: several are an ulp or more away from the exact values, and streams depend on them. The jump polynomial is computed:
it is x^(2^128) modulo the characteristic polynomial of MT19937, which Berlekamp and Massey's algorithm finds from the
generator's own output.
"""

import base64
import pathlib
import random
import re
import struct
import sys

NOTE = "// Written by tests/python/generate_numpy_generator_tables.py.\n"

TABLES = [
    ("NormalEdge", "ki_double", "ulong", "Below this magnitude a value lies under its strip for sure; 52 bits."),
    ("NormalWidth", "wi_double", "double", "Magnitude times this is the value."),
    ("NormalHeight", "fi_double", "double", "exp(-x^2/2) at the strips' edges."),
    ("NormalEdgeSingle", "ki_float", "uint", "The same in single precision; 23 bits."),
    ("NormalWidthSingle", "wi_float", "float", None),
    ("NormalHeightSingle", "fi_float", "float", None),
    ("ExponentialEdge", "ke_double", "ulong", "As for the normal distribution; 53 bits."),
    ("ExponentialWidth", "we_double", "double", None),
    ("ExponentialHeight", "fe_double", "double", "exp(-x) at the strips' edges."),
    ("ExponentialEdgeSingle", "ke_float", "uint", "The same in single precision; 23 bits."),
    ("ExponentialWidthSingle", "we_float", "float", None),
    ("ExponentialHeightSingle", "fe_float", "float", None),
]


def numbers(source, name):
    body = re.search(r"\b%s\[\] = \{(.*?)\}" % name, source, re.S).group(1)
    return [text.strip().rstrip("ULFf") if "0x" not in text else text.strip().rstrip("UL")
            for text in body.split(",") if text.strip()]


def literal(text, kind):
    if kind == "ulong":
        return "0x%013X" % int(text, 16)
    if kind == "uint":
        return "0x%06X" % int(text, 16)
    if kind == "float":
        return "%.9gf" % struct.unpack("f", struct.pack("f", float(text)))
    return repr(float(text))


def table(name, kind, values, comment):
    text = ["    // %s\n" % comment] if comment else []
    text.append("    private static ReadOnlySpan<%s> %s =>\n    [\n" % (kind, name))
    line = ""
    for value in values:
        item = literal(value, kind) + ","
        if len(line) + len(item) + 1 > 112:
            text.append("        %s\n" % line)
            line = ""
        line = (line + " " + item).strip()
    text.append("        %s\n    ];\n" % line)
    return "".join(text)


def write_tables(numpy, folder):
    distributions = numpy / "numpy/random/src/distributions"
    ziggurat = (distributions / "ziggurat_constants.h").read_text()
    factorial = (distributions / "logfactorial.c").read_text()
    parts = [table(name, kind, numbers(ziggurat, origin), comment) for name, origin, kind, comment in TABLES]
    parts.append(table("LogFactorials", "double", numbers(factorial, "logfact"), "log(k!) for k = 0 .. 125."))
    (folder / "NumpyGenerator.Tables.cs").write_text(
        NOTE
        + "namespace ReproTorch.Randomness;\n\n"
        + "/// <content>The strips of the ziggurats (numpy 1.24.2, numpy/random/src/distributions/ziggurat_constants.h) and log(k!)\n"
        + "/// (logfactorial.c there). Streams depend on every bit of them.</content>\n"
        + "public sealed partial class NumpyGenerator\n{\n" + "\n".join(parts) + "}\n", newline="\n")


def characteristic_polynomial():
    degree = 19937
    words = [random.getrandbits(32) for _ in range(624)]
    while len(words) <= 2 * degree + 64:
        y = (words[-624] & 0x80000000) | (words[-623] & 0x7FFFFFFF)
        words.append(words[-227] ^ (y >> 1) ^ (0x9908B0DF if y & 1 else 0))
    connection, previous, length, gap, window = 1, 1, 0, 1, 0
    # The lower bits of the very first word are no part of the state.
    for i, word in enumerate(words[1:]):
        window = (window << 1) | (word & 1)
        gap += 1
        if (connection & window).bit_count() & 1:
            old = connection
            connection ^= previous << (gap - 1)
            if 2 * length <= i:
                previous, length, gap = old, i + 1 - length, 1
    assert length == degree
    return int(bin(connection)[2:].zfill(length + 1)[::-1], 2)


def write_jump(folder):
    modulus = characteristic_polynomial()
    power = 2
    for _ in range(128):
        power = int(bin(power)[2:].replace("0", "00").replace("1", "01"), 2)
        while power.bit_length() >= modulus.bit_length():
            power ^= modulus << (power.bit_length() - modulus.bit_length())
    text = base64.b64encode(power.to_bytes((power.bit_length() + 7) // 8, "little")).decode()
    lines = [text[i:i + 100] for i in range(0, len(text), 100)]
    (folder / "NumpyMT19937.JumpPolynomial.cs").write_text(
        NOTE
        + "namespace ReproTorch.Randomness;\n\n"
        + "/// <content>x^(2^128) modulo the characteristic polynomial of MT19937.</content>\n"
        + "public sealed partial class NumpyMT19937\n{\n"
        + "    // Base64 of the coefficients, one bit each, the lowest power in the lowest bit of the first byte.\n"
        + "    private const string JumpPolynomial =\n        "
        + " +\n        ".join('"%s"' % line for line in lines) + ";\n}\n", newline="\n")


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    here = pathlib.Path(__file__).resolve().parent
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else here / "../../src/ReproTorch.Core/Randomness"
    write_tables(pathlib.Path(sys.argv[1]), folder)
    write_jump(folder)


if __name__ == "__main__":
    main()
