"""Stream states that go through a file: written here and continued in Python, written in Python and continued here.

The Python side uses the very lines of docs/rng-state-files.md. A damaged file is refused, and the streams stay as they were.
"""
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import numpy as np
import torch

import tally
from tally import check

HOST = os.environ["REPROTORCH_SIDE_BY_SIDE"]
DOCUMENT = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "rng-state-files.md"


class Streams:
    """The streams of another process."""

    def __init__(self):
        self.host = subprocess.Popen(HOST.split("\n") + ["states"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **question):
        self.host.stdin.write(json.dumps(question) + "\n")
        self.host.stdin.flush()
        return json.loads(self.host.stdout.readline())


def draw(source, method, *args, shape=None):
    return {"source": source, "method": method, "args": [repr(a) for a in args], "shape": shape}


# What follows a state: enough to pass the end of a block, and to use what gauss and randn keep for later.
NEXT = [
    draw("Torch", "randn", 3), draw("Torch", "rand", 700), draw("Torch", "randn", 20), draw("Python", "gauss", 0.0, 1.0),
    draw("Python", "random", shape=[400]), draw("Python", "randint", 0, 9, shape=[50]), draw("NumPy", "randn", 3), draw("NumPy", "rand", 400),
    draw("NumPy", "randint", 0, 1000, shape=[50]),
]


def here():
    """The same draws in this process, as bytes."""
    return [
        torch.randn(3).numpy().tobytes(), torch.rand(700).numpy().tobytes(), torch.randn(20).numpy().tobytes(),
        np.float64(random.gauss(0.0, 1.0)).tobytes(), np.array([random.random() for _ in range(400)]).tobytes(),
        np.array([random.randint(0, 9) for _ in range(50)]).tobytes(), np.random.randn(3).tobytes(), np.random.rand(400).tobytes(),
        np.random.randint(0, 1000, 50).tobytes(),
    ]


def code(title):
    """The Python code below a heading of the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    return re.search(rf"## {title}\n\n```python\n(.*?)```", text, re.S).group(1)


def main():
    restore, write = code("Restore in Python"), code("Write in Python")
    rng = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        streams = Streams()
        names = {"random": random, "np": np, "torch": torch}
        for trial in range(60):
            seed = rng.getrandbits(32)
            # Odd numbers of normal draws leave one behind.
            before = [draw("Python", "gauss", 0.0, 1.0, shape=[trial % 4]), draw("NumPy", "randn", trial % 5), draw("Torch", "randn", trial % 3),
                      draw("Python", "random", shape=[rng.randrange(700)]), draw("NumPy", "rand", rng.randrange(700)), draw("Torch", "rand", rng.randrange(1400))]
            answer = streams.ask(seed=seed, draws=before, write="states.npz")
            counts = answer["drawCounts"]
            exec(restore, dict(names))
            wanted = here()
            got = [bytes.fromhex(item["bytes"]) for item in streams.ask(draws=NEXT)["calls"]]
            check("written here, continued in Python", got == wanted, f"seed {seed}")
            answer = streams.ask(read="states.npz")
            check("draw counts come back", answer["drawCounts"] == counts, f"{answer['drawCounts']}, {counts}")

            random.seed(seed + 1), np.random.seed(seed >> 1), torch.manual_seed(seed + 2)
            for _ in range(trial % 4):
                random.gauss(0.0, 1.0), np.random.randn(), torch.randn(1)
            exec(write, dict(names))
            answer = streams.ask(read="states.npz", draws=NEXT)
            check("written in Python, continued here", [bytes.fromhex(item["bytes"]) for item in answer["calls"]] == here(), f"seed {seed}")

        damaged(streams, rng)
        streams.host.stdin.close()
        os.chdir("/")
    return tally.close()


def damaged(streams, rng):
    """What is not whole is refused, and the streams stay where they were."""
    streams.ask(seed=5, write="states.npz")
    with np.load("states.npz") as file:
        members = dict(file)
    wrong = [
        {"numpy_pos": np.int64(625)}, {"numpy_pos": np.int64(-1)}, {"numpy_key": members["numpy_key"][:600]}, {"numpy_key": members["numpy_key"].astype(np.float64)},
        {"python_state": members["python_state"][:-1]}, {"python_state": np.append(members["python_state"][:-1], np.uint32(700))},
        {"python_gauss_next": np.zeros(3)}, {"torch_cpu": members["torch_cpu"][:-16]}, {"torch_cpu": np.zeros(5056, np.uint8)}, {"torch_cpu": np.zeros(100000, np.uint8)},
        {"torch_cuda_99": members["torch_cpu"]}, {"torch_tpu": members["torch_cpu"]}, {"numpy_has_gauss": None}, {"numpy_draw_count": np.int64(-4)},
    ]
    before = streams.ask(seed=9, draws=NEXT)["calls"]
    for change in wrong:
        mixed = {name: value for name, value in {**members, **change}.items() if value is not None}
        np.savez("wrong.npz", **mixed)
        streams.ask(seed=9)
        answer = streams.ask(read="wrong.npz")
        check("a damaged state is refused", "error" in answer, f"{list(change)} gave {answer}"[:200])
        check("and nothing is changed", streams.ask(draws=NEXT)["calls"] == before, list(change))
    np.savez("empty.npz", something=np.zeros(3))
    check("a file of something else is refused", "holds no states" in streams.ask(read="empty.npz").get("error", ""))
    whole = pathlib.Path("states.npz").read_bytes()
    for _ in range(200):
        bytes_ = bytearray(whole)
        bytes_[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        pathlib.Path("flipped.npz").write_bytes(bytes_)
        answer = streams.ask(seed=9, read="flipped.npz")
        check("a flipped bit is refused or harmless", "error" in answer or answer["drawCounts"] == [0, 0, 0], answer)


if __name__ == "__main__":
    sys.exit(main())
