#!/usr/bin/env python3
"""Speed and memory of ReproTorch beside those of its peers, in one run, as ratios.

    ./build.sh bench [--rows 1,2,3,4,5,6,7,8,9,10] [--rounds n] [--threads n] [--clock wall|cpu] [--large GB] [--json FILE]

builds everything and then calls this. The sides take turns, round by round, in an order that moves on each round; a ratio is
the median of the rounds' own ratios, so that what slows the machine for a while slows both. Writes only into a temporary
folder (TMPDIR says where), which goes at the end, and into the file that --json names.
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "benchmarks" / "peers"
CPP = ROOT / "artifacts" / "benchmarks" / "cpp"
INSIDE = ["dotnet", str(ROOT / "artifacts/bin/ReproTorch.Benchmarks/release/ReproTorch.Benchmarks.dll")]
MODULE = ROOT / "out" / "ReproTorch"
PROGRAM = str(MODULE / "reprotorch")

MIB = 1 << 20
COMPARED = 50_000_000  # float32 elements of row 1

# One line of the table. ratio: ours to the peer's, or the peer's to ours, as `reach` has it; spread: its quartiles.
Line = collections.namedtuple("Line", "row what ours peer_name peer ratio spread reach reached")


class Worker:
    """A program that answers counts (see peers/worker.py)."""

    def __init__(self, name, command, environment):
        self.name = name
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.version = self.process.stdout.readline().strip()

    def ask(self, count):
        """The numbers that the worker gives for this count; none when it failed."""
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer:
            raise SystemExit(f"side_by_side.py: {self.name} ended with exit code {self.process.wait()}.")
        return [float(number) for number in answer]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Bench:
    """What one run of this program has in common: options, the folder, the Python to measure, what was found."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = pathlib.Path(folder)
        self.python = find_python()
        self.environment = dict(os.environ, OMP_NUM_THREADS=str(options.threads), MKL_NUM_THREADS=str(options.threads))
        self.versions = {}
        self.samples = {}
        self.lines = []

    def prepare(self):
        made = subprocess.run(
            [self.python, str(PEERS / "make_models.py"), str(self.folder)], check=True, stdout=subprocess.PIPE, text=True)
        self.versions["models made by"] = made.stdout.strip()

    def file(self, name):
        return str(self.folder / name)

    # ---- measuring ------------------------------------------------------------------------------------------------

    def take_turns(self, key, sides, rounds):
        """Calls each side once a round; gives a list of numbers for each. The first round is for warming up."""
        samples = {name: [] for name in sides}
        names = list(sides)
        for turn in range(rounds + 1):
            for name in names[turn % len(names):] + names[: turn % len(names)]:
                value = sides[name]()
                if turn > 0:
                    samples[name].append(value)
        self.samples[key] = samples
        return samples

    def time_workers(self, key, commands, calls, warm_up=None):
        """Seconds a call for each of several workers: {name: (command, calls a round)}, or one number of calls for all."""
        clock = 0 if self.options.clock == "wall" else 1
        with contextlib.ExitStack() as stack:
            sides = {}
            for name, command in commands.items():
                worker = Worker(name, command, self.environment)
                stack.callback(worker.close)
                self.versions[name] = worker.version
                count = calls[name] if isinstance(calls, dict) else calls
                # The just-in-time compiler takes its time to settle; libtorch's executor takes two calls.
                for _ in range(3):
                    worker.ask(warm_up or count)
                sides[name] = lambda worker=worker, count=count: worker.ask(count)[clock] / count
            return self.take_turns(key, sides, self.options.rounds)

    def run_once(self, command, expected=0):
        """Runs a program to its end: seconds, seconds of processor time, peak resident bytes."""
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env=self.environment)
        process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.stdout.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != expected:
            raise SystemExit(f"side_by_side.py: exit code {process.returncode} from: {' '.join(command)}")
        # Linux counts kibibytes, macOS bytes.
        peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return seconds, usage.ru_utime + usage.ru_stime, peak

    # ---- the table ------------------------------------------------------------------------------------------------

    def line(self, row, what, unit, samples, peer, reach, ours="ReproTorch", faster=False):
        """Adds a line. reach: a bound for ours to peer's, from above; with faster, for the peer's to ours, from below."""
        mine, other = samples[ours], samples[peer]
        ratios = sorted((b / a if faster else a / b) for a, b in zip(mine, other))
        ratio = statistics.median(ratios)
        quarter = len(ratios) // 4
        self.lines.append(Line(
            row, what, unit(statistics.median(mine)), peer, unit(statistics.median(other)), ratio,
            (ratios[quarter], ratios[-1 - quarter]), f">= {reach:g}" if faster else f"<= {reach:g}",
            ratio >= reach if faster else ratio <= reach))

    # ---- the rows, numbered as in the table of what to reach --------------------------------------------------------

    def row_1(self):
        a, b = self.file("a.npy"), self.file("b.npy")
        subprocess.run([self.python, str(PEERS / "make_pair.py"), a, b, str(COMPARED)], check=True)
        assert_close = Worker(
            "assert_close", [self.python, str(PEERS / "assert_close.py"), a, b, str(self.options.threads)], self.environment)
        self.versions["assert_close"] = assert_close.version
        try:
            samples = self.time_workers(
                "compare", {
                    "ReproTorch": [*INSIDE, "compare", a, b],
                    "memory read": [str(CPP / "bandwidth"), str(COMPARED * 4)],
                }, calls=5)
            # It takes seconds a call: three are enough.
            clock = 0 if self.options.clock == "wall" else 1
            slow = [assert_close.ask(1)[clock] for _ in range(3)]
        finally:
            assert_close.close()
        samples["assert_close"] = [statistics.median(slow)] * len(samples["ReproTorch"])
        self.line(1, "compare 50 M float32, all statistics", milliseconds, samples, "assert_close", 200, faster=True)
        self.line(1, "the same, as a share of reading both", milliseconds, samples, "memory read", 0.75, faster=True)
        os.remove(a)
        os.remove(b)

    def calls(self, key, model, calls):
        arguments = [self.file(f"{model}.pt"), self.file(f"{model}.npy"), str(self.options.threads)]
        return self.time_workers(key, {
            "ReproTorch": [*INSIDE, "call", *arguments],
            "C++": [str(CPP / "call"), *arguments],
            "Python": [self.python, str(PEERS / "call.py"), *arguments],
        }, calls)

    def row_2(self):
        samples = self.calls("one operator", "one_operator", calls=20_000)
        for peer, reach in ("C++", 1.2), ("Python", 1):
            self.line(2, "call of a one-operator model", microseconds, samples, peer, reach)

    def row_3(self):
        samples = self.calls("resnet18", "resnet18", calls=5)
        for peer, reach in ("C++", 1.02), ("Python", 1):
            self.line(3, "ResNet-18, batch 1, traced", milliseconds, samples, peer, reach)

    def draws(self, method, calls):
        return self.time_workers(method, {
            "ReproTorch": [*INSIDE, "random", method],
            "Python": [self.python, str(PEERS / "draws.py"), method],
        }, calls)

    def row_4(self):
        self.line(4, "a million randint(0, 9) of Python's stream", milliseconds, self.draws("randint", 2), "Python", 20, faster=True)

    def row_5(self):
        for method in "rand", "randn":
            self.line(5, f"a million {method} of NumPy's stream", milliseconds, self.draws(method, 20), "Python", 2, faster=True)

    def row_6(self):
        arguments = [self.file("resnet18.pt"), self.file("resnet18.npy"), str(self.options.threads)]
        samples = self.time_workers("observed", {
            "traced with hashes": [*INSIDE, "observe", *arguments, "hashed"],
            "traced": [*INSIDE, "observe", *arguments, "plain"],
            "not traced": [*INSIDE, "call", *arguments],
        }, calls=5)
        self.line(6, "ResNet-18, operators traced with hashes", milliseconds, samples, "not traced", 1.3, ours="traced with hashes")
        self.line(6, "the same without hashes", milliseconds, samples, "not traced", 1.1, ours="traced")

    def row_7(self):
        model, image, threads = self.file("resnet18.pt"), self.file("resnet18.npy"), str(self.options.threads)
        both = self.take_turns("cold start", {
            "ReproTorch": lambda: self.run_once([PROGRAM, "run", model, "--input", image, "--threads", threads]),
            "C++": lambda: self.run_once([str(CPP / "cold"), model, image, threads]),
            "Python": lambda: self.run_once([self.python, str(PEERS / "cold.py"), model, image, threads]),
        }, rounds=max(10, self.options.rounds))
        seconds = {name: [sample[0] for sample in samples] for name, samples in both.items()}
        peaks = {name: [sample[2] for sample in samples] for name, samples in both.items()}
        for peer, reach in ("C++", 1.15), ("Python", 1):
            self.line(7, "cold start to the first ResNet-18 output", milliseconds, seconds, peer, reach)
        for peer, reach in ("C++", 1.15), ("Python", 1):
            self.line(7, "the same: peak resident memory", mebibytes, peaks, peer, reach)

    def row_8(self):
        model, tensor = self.file("one_operator.pt"), self.file("large_output.npy")
        early, late = 100, self.options.runs
        worker = Worker("ReproTorch", [*INSIDE, "memory", model, tensor], self.environment)
        try:
            self.memory("in Core", worker.ask(early)[0], worker.ask(late - early)[0])
        finally:
            worker.close()
        if pwsh := shutil.which("pwsh"):
            shell = subprocess.run(
                [pwsh, "-NoProfile", "-NonInteractive", "-File", str(PEERS / "memory.ps1"), str(MODULE), model, tensor,
                 str(early), str(late)],
                check=True, stdout=subprocess.PIPE, text=True, env=self.environment).stdout.split("\n")
            self.versions["pwsh"] = shell[0]
            self.memory("at a shell", float(shell[1]), float(shell[2]))
        else:
            print("Row 8: there is no pwsh here; in Core only.")

    def memory(self, where, early, late):
        samples = {"ReproTorch": [late], "after 100": [early]}
        self.samples[f"memory {where}"] = samples
        self.line(8, f"resident after {self.options.runs:,} runs {where}", mebibytes, samples, "after 100", 1.2)

    def row_9(self):
        count = int(self.options.large * 1e9) // 4
        if shutil.disk_usage(self.folder).free < 3 * 8 * count:
            print(f"Row 9: left out; {3 * 8 * count / 1e9:.0f} GB must be free in {self.folder}.")
            return
        a, b = self.file("large-a.npy"), self.file("large-b.npy")
        subprocess.run([self.python, str(PEERS / "make_pair.py"), a, b, str(count)], check=True)
        try:
            # Each side finds the files on the disk, not in memory, where the system lets go of them when asked to.
            both = self.take_turns("large files", {
                "ReproTorch": lambda: self.from_disk(a, b, lambda: self.run_once([PROGRAM, "compare", a, b], expected=1)),
                "reading": lambda: self.from_disk(a, b, lambda: (read_both(a, b), 0, 0)),
            }, rounds=min(5, self.options.rounds))
        finally:
            os.remove(a)
            os.remove(b)
        seconds = {name: [sample[0] for sample in samples] for name, samples in both.items()}
        peaks = {"ReproTorch": [sample[2] for sample in both["ReproTorch"]], "200 MB": [200e6] * len(both["ReproTorch"])}
        self.line(9, f"resident, two files of {self.options.large:g} GB", mebibytes, peaks, "200 MB", 1)
        speed = 2 * self.options.large / statistics.median(seconds["reading"])
        self.line(9, f"time, cold; reading gave {speed:.2g} GB/s", milliseconds, seconds, "reading", 0.75, faster=True)

    def row_10(self):
        threads = str(self.options.threads)
        peer = [self.python, str(PEERS / "train.py")]
        subprocess.run([*peer, "make", str(self.folder), threads], check=True)
        model, x, y = (self.file(name) for name in ("digits.pt", "digits-x.npy", "digits-y.npy"))
        samples = self.time_workers("training", {
            "ReproTorch": [*INSIDE, "train", model, x, y, threads],
            "Python": [*peer, "serve", str(self.folder), threads],
        }, calls=3)
        self.line(10, "an epoch of the digits network, Adam, batches of 32", milliseconds, samples, "Python", 1)
        whole = self.take_turns("training, whole", {
            "ReproTorch": lambda: self.run_once([
                PROGRAM, "train", model, "--input", x, "--target", y, "--loss", "CrossEntropyLoss", "--optimizer", "Adam", "--epochs", "3",
                "--batch-size", "32", "--shuffle", "--seed", "0", "--threads", threads, "-o", self.file("trained.pt")]),
            "Python": lambda: self.run_once([*peer, "once", str(self.folder), threads]),
        }, rounds=min(5, self.options.rounds))
        seconds, peaks = ({name: [sample[i] for sample in samples] for name, samples in whole.items()} for i in (0, 2))
        self.line(10, "three epochs, from start to end of the process", milliseconds, seconds, "Python", 1)
        self.line(10, "the same: peak resident memory", mebibytes, peaks, "Python", 1)

    @staticmethod
    def from_disk(a, b, work):
        if hasattr(os, "posix_fadvise"):
            for path in (a, b):
                descriptor = os.open(path, os.O_RDONLY)
                os.fsync(descriptor)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(descriptor)
        return work()


def read_both(*paths):
    """Seconds to read files once, each on a thread of its own."""
    def read(path):
        piece = bytearray(8 * MIB)
        with open(path, "rb", buffering=0) as file:
            while file.readinto(piece):
                pass

    threads = [threading.Thread(target=read, args=(path,)) for path in paths]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start


def milliseconds(seconds):
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def microseconds(seconds):
    return f"{seconds * 1e6:.2f} us"


def mebibytes(count):
    return f"{count / MIB:.0f} MiB"


def find_python():
    """The first Python that has what the peers need."""
    named = os.environ.get("REPROTORCH_PYTHON")
    candidates = [named] if named else ["python3", "/usr/bin/python3"]
    for candidate in candidates:
        with contextlib.suppress(OSError):
            done = subprocess.run([candidate, "-c", "import torch, torchvision, numpy"], stderr=subprocess.DEVNULL)
            if done.returncode == 0:
                return candidate
    raise SystemExit(
        f"side_by_side.py: no Python with torch, torchvision and numpy among {', '.join(candidates)}. On Debian: apt-get install "
        "python3-torch python3-torchvision. Elsewhere name one in REPROTORCH_PYTHON.")


def processor():
    with contextlib.suppress(OSError):
        for text in open("/proc/cpuinfo", encoding="utf-8"):
            if text.startswith("model name"):
                return text.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def load():
    return f"{os.getloadavg()[0]:.1f}"


def print_table(lines):
    head = ("row", "measured", "ours", "beside", "theirs", "ratio", "quartiles", "to reach", "")
    rows = [head] + [
        (str(line.row), line.what, line.ours, line.peer_name, line.peer, f"{line.ratio:.3g}",
         f"{line.spread[0]:.3g} .. {line.spread[1]:.3g}" if line.spread[0] != line.spread[1] else "", line.reach,
         "reached" if line.reached else "MISSED")
        for line in lines]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def main():
    known = sorted((name[4:] for name in dir(Bench) if name.startswith("row_")), key=int)
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", default=",".join(known), help=f"which rows, of {','.join(known)} (all)")
    parser.add_argument("--rounds", type=int, default=15, help="rounds of each comparison (15); a cold start takes 10 at least")
    parser.add_argument("--threads", type=int, default=1, help="threads within an operator, on all sides (1)")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall",
                        help="what rows 1 to 3 measure: the clock, or processor time, which a busy machine disturbs less")
    parser.add_argument("--runs", type=int, default=10_000, help="runs of row 8 (10000)")
    parser.add_argument("--large", type=float, default=1, help="gigabytes of each of row 9's two files (1; 8 is what to reach)")
    parser.add_argument("--json", help="write every sample to this file")
    options = parser.parse_args()
    rows = options.rows.split(",")
    if unknown := set(rows) - set(known):
        parser.error(f"there is no row {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    for needed in (PROGRAM, INSIDE[1], str(CPP / "call")):
        if not os.path.exists(needed):
            raise SystemExit(f"side_by_side.py: {needed} is not built. Call ./build.sh bench.")

    with tempfile.TemporaryDirectory(prefix="reprotorch bench ") as folder:
        bench = Bench(options, folder)
        bench.prepare()
        print(f"{processor()}, {os.cpu_count()} cores, {platform.platform()}; load {load()}", flush=True)
        for row in rows:
            before = load()
            getattr(bench, f"row_{row}")()
            print(f"row {row} measured, load {before} before, {load()} after", flush=True)

    print(f"{options.threads} thread(s); {options.clock} time; "
          + "; ".join(f"{name}: {version}" for name, version in bench.versions.items()))
    print()
    print_table(bench.lines)
    print("TorchSharp: not measured; there is no package of it to measure here.")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({
                "processor": processor(), "system": platform.platform(), "threads": options.threads, "clock": options.clock,
                "versions": bench.versions, "samples": bench.samples, "lines": [line._asdict() for line in bench.lines],
            }, file, indent=1)


if __name__ == "__main__":
    main()
