"""Files that go both ways between ReproTorch and Python, and what happens to them when a write goes wrong.

numpy.load reads every run file written here; files of NumPy read here; a writer that is killed at any moment leaves the old file
or the new one; a full disk is an error that keeps the old file. REPROTORCH names the program under test.
"""
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch

import tally
from tally import check

REPROTORCH = os.environ["REPROTORCH"]


def call(*arguments):
    return subprocess.run([REPROTORCH, *arguments], capture_output=True, text=True)


def identity(folder):
    """A model that gives back what it gets."""
    class Identity(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x

    path = os.path.join(folder, "identity.pt")
    torch.jit.script(Identity()).save(path)
    return path


def arrays(rng):
    """Arrays of every dtype that NumPy and PyTorch share, in shapes and layouts that trip readers."""
    shapes = [(), (0,), (1,), (7,), (3, 0, 2), (2, 3, 4)]
    for dtype in "?", "u1", "i1", "<i2", "<i4", "<i8", "<f2", "<f4", "<f8", "<c8", "<c16":
        for shape in shapes:
            raw = rng.bytes(int(np.prod(shape)) * np.dtype(dtype).itemsize)
            array = np.frombuffer(raw, dtype=np.uint8)
            array = (array & 1).view("?") if dtype == "?" else array.view(dtype)
            yield array.reshape(shape)
    grid = np.arange(24, dtype="<f4").reshape(2, 3, 4)
    yield np.asfortranarray(grid)
    yield grid.astype(">f4")
    yield grid.astype(">c16").T
    yield np.arange(5, dtype=">i8")
    yield rng.standard_normal(1 << 20).astype("<f4")


def round_trips(folder, model):
    """NumPy writes, we read and write, NumPy reads: the same values, dtype and shape."""
    rng = np.random.default_rng(0)
    for i, array in enumerate(arrays(rng)):
        expected = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"))).reshape(array.shape)
        for version in ((1, 0), (2, 0), (3, 0)):
            path = os.path.join(folder, "in.npy")
            with open(path, "wb") as file:
                np.lib.format.write_array(file, array, version=version)
            out = os.path.join(folder, "out.npz")
            done = call("run", model, "--input", path, "-o", out)
            name = f"{array.dtype.str} {array.shape} version {version[0]}"
            if done.returncode != 0:
                check(name, False, done.stderr)
                continue
            with np.load(out) as run:
                got = run["output"]
                same = got.dtype == expected.dtype and got.shape == expected.shape and got.tobytes() == expected.tobytes()
                check(name, same, f"{got.dtype} {got.shape}")
            if i > 8:
                break
    for save in (np.savez, np.savez_compressed):
        path = os.path.join(folder, "in.npz")
        save(path, x=np.arange(100000, dtype="<f4"))
        done = call("run", model, "--input", path, "-o", out)
        check(save.__name__, done.returncode == 0, done.stderr)
        check(save.__name__ + " compared", call("compare", path, out, "--json").returncode == 1)


def refused(folder, model):
    """What is no array of numbers is refused with exit code 2 and a message."""
    for name, array in (
        ("objects", np.array([{}, None], dtype=object)),
        ("text", np.array(["a", "bc"])),
        ("fields", np.zeros(2, dtype=[("a", "f4")])),
        ("dates", np.zeros(2, dtype="M8[s]")),
    ):
        path = os.path.join(folder, "bad.npy")
        np.save(path, array, allow_pickle=True)
        done = call("run", model, "--input", path)
        check(name, done.returncode == 2 and "bad.npy" in done.stderr, f"{done.returncode} {done.stderr}")


def damaged_runs(folder, model):
    """A flipped bit in a run file is refused here and by numpy.load."""
    path = os.path.join(folder, "x.npy")
    np.save(path, np.arange(1000, dtype="<f4"))
    out = os.path.join(folder, "run.npz")
    call("run", model, "--input", path, "-o", out)
    data = bytearray(open(out, "rb").read())
    data[1000] ^= 4
    with open(os.path.join(folder, "damaged.npz"), "wb") as file:
        file.write(data)
    done = call("compare", out, os.path.join(folder, "damaged.npz"))
    check("damaged run", done.returncode == 2 and "CRC" in done.stderr, done.stderr)
    try:
        np.load(os.path.join(folder, "damaged.npz"))["output"]
        check("damaged run in numpy", False)
    except Exception:  # zipfile says BadZipFile
        check("damaged run in numpy", True)


def killed(folder, model):
    """Kills the writer at a random moment, many times: the file is the old one or the new one."""
    path = os.path.join(folder, "big.npy")
    np.save(path, np.full(4_000_000, 2, dtype="<f4"))
    old = np.full(1000, 1, dtype="<f4")
    target = os.path.join(folder, "killed.npz")
    moments = random.Random(0)
    outcomes = {"old": 0, "new": 0}
    started = time.monotonic()
    call("run", model, "--input", path, "-o", target)
    whole = time.monotonic() - started
    for _ in range(25):
        np.savez(target, output=old)
        process = subprocess.Popen([REPROTORCH, "run", model, "--input", path, "-o", target], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            # The write is at the end of the run: that is where most of the kills go.
            process.wait(timeout=whole * moments.uniform(0.4, 1.1))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        with np.load(target) as file:
            output = file["output"]
        kind = "old" if len(output) == 1000 and (output == 1).all() else "new" if len(output) == 4_000_000 and (output == 2).all() else None
        check("killed", kind is not None, f"{output.shape}")
        if kind:
            outcomes[kind] += 1
    print(f"   killed 25 times: {outcomes['old']} left the old file, {outcomes['new']} the new one")


def full_disk(folder, model):
    """Writes to a file system that is too small."""
    disk = os.path.join(folder, "small disk")
    os.mkdir(disk)
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True).returncode != 0:
        tally.skip(1, "a full disk needs a file system of its own, which only root can mount")
        return
    try:
        target = os.path.join(disk, "run.npz")
        np.savez(target, output=np.ones(10, dtype="<f4"))
        before = open(target, "rb").read()
        done = call("run", model, "--input", os.path.join(folder, "big.npy"), "-o", target)
        check("full disk is an error", done.returncode == 2, f"{done.returncode} {done.stderr}")
        check("full disk has a message", len(done.stderr.strip()) > 0)
        check("full disk keeps the old file", open(target, "rb").read() == before)
        check("full disk leaves nothing else", os.listdir(disk) == ["run.npz"], os.listdir(disk))
    finally:
        subprocess.run(["umount", disk])


def main():
    folder = tempfile.mkdtemp(prefix="repro files [é] ")
    try:
        model = identity(folder)
        round_trips(folder, model)
        refused(folder, model)
        damaged_runs(folder, model)
        killed(folder, model)
        full_disk(folder, model)
    finally:
        shutil.rmtree(folder)
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
