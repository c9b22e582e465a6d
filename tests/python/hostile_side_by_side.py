"""Files that mean harm, or were damaged: each is loaded right or refused with a clear message; nothing crashes, hangs or takes gigabytes.

Hostile archives are made here and given to the program. Single-byte changes of whole TorchScript files, the CRCs mended, and malformed
sources are worked through by tests/HostileWorker, a process that is started again where it ends: an end is a failure. REPROTORCH_FLIPS
and REPROTORCH_SOURCES say how many (4,000 and 1,000 unless set; 40,000 and 4,000 is the full run); the numbers seed the damage, so that
a failure is repeated with `HostileWorker flip MODEL SEED NUMBER NUMBER+1`. REPROTORCH names the program under test.
"""
import concurrent.futures
import os
import pathlib
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import warnings
import zipfile
import zlib

import torch

import hostile_models

REPROTORCH = os.environ["REPROTORCH"]
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FLIPS = int(os.environ.get("REPROTORCH_FLIPS", "4000"))
SOURCES = int(os.environ.get("REPROTORCH_SOURCES", "1000"))
SEED = int(os.environ.get("REPROTORCH_HOSTILE_SEED", "1"))

# No case takes a second; on a busy machine it may.
CASE_SECONDS = 60

passed = 0
failed = 0
skipped = 0


def check(name, condition, detail=""):
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {name} {detail}", flush=True)


# ---- thousands of cases in one process ------------------------------------------------------------------------------

def worker():
    found = sorted((ROOT / "artifacts" / "bin" / "HostileWorker").glob("*/HostileWorker.dll"), key=lambda path: path.stat().st_mtime)
    return ["dotnet", str(found[-1])] if found else None


def work_through(command, verb, path, first, end):
    """Runs the cases first .. end - 1; yields (number, what, outcome)."""
    while first < end:
        process = subprocess.Popen([*command, verb, path, str(SEED), str(first), str(end)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   text=True, errors="replace")
        alive = [time.monotonic()]
        done = threading.Event()

        def watch():
            while not done.wait(1):
                if time.monotonic() - alive[0] > CASE_SECONDS:
                    process.kill()

        threading.Thread(target=watch, daemon=True).start()
        last, what = first - 1, ""
        for line in process.stdout:
            alive[0] = time.monotonic()
            number, what, *outcome = line.rstrip("\n").split(" ", 2)
            last = int(number)
            if outcome and outcome[0]:
                yield last, what, outcome[0]
                what = None
        code = process.wait()
        done.set()
        if code == 0:
            return
        # The line of the case that ended it was begun and not finished; without one it ended between two.
        if what is None:
            last += 1
        yield last, what or "", f"ENDED with code {code}" + (" (too slow)" if time.monotonic() - alive[0] > CASE_SECONDS else "")
        first = last + 1


def bulk(name, command, verb, path, count):
    loaded = refused = 0
    worst = []
    for number, what, outcome in work_through(command, verb, path, 0, count):
        if outcome.startswith("loaded"):
            loaded += 1
        elif outcome.startswith("refused"):
            refused += 1
        else:
            worst.append(f"{name} {number} {what}: {outcome}")
    return name, loaded, refused, worst, count


def damaged(folder):
    """Bytes changed in archives, and sources that do not compile."""
    global skipped
    command = worker()
    if command is None:
        skipped += 1
        print("   skipped: tests/HostileWorker is not built")
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        models = hostile_models.make(folder)
    for path in models:
        store(path)
    sources = os.path.join(folder, "sources.txt")
    pathlib.Path(sources).write_text("\n====\n".join(hostile_models.SOURCES))
    jobs = [(pathlib.Path(path).stem, command, "flip", path, -(-FLIPS // len(models))) for path in models if FLIPS]
    jobs += [("sources", command, "source", sources, SOURCES)] if SOURCES else []
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for name, loaded, refused, worst, count in pool.map(lambda job: bulk(*job), jobs):
            print(f"   {name}: {loaded} loaded, {refused} refused, {len(worst)} neither", flush=True)
            for line in worst[:20]:
                print("   " + line)
            check(name, not worst and loaded + refused == count, f"{len(worst)} of {count} ended the process or took too much")

            # Otherwise the changes would show nothing.
            check(f"{name}: some are refused", refused > count // 20, refused)
            check(f"{name}: some are loaded", loaded > 0, loaded)


def store(path):
    """Packs an archive again without compression, so that any byte can be changed by itself."""
    with zipfile.ZipFile(path) as old:
        members = [(member.filename, old.read(member)) for member in old.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as new:
        for name, data in members:
            new.writestr(zipfile.ZipInfo(name), data)


def main():
    folder = tempfile.mkdtemp(prefix="repro hostile ")
    try:
        damaged(folder)
    finally:
        shutil.rmtree(folder)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
