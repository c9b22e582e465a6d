"""Runs the side-by-side checks: every file with "side_by_side" in its name below this folder, each in a process of its own.

A check prints as its last line `N passed, N failed` (`, N skipped` may follow) and ends with a code other than 0 when
something failed. So does this runner, over all of them. A check that ends without that line, or that counts nothing,
is one failure. Arguments choose checks by a part of their path: `run.py random` runs those with "random" in it. As many run at once as
there are processors; what they print comes in the order of their names.

The checks find the program in REPROTORCH (set here to out/ReproTorch/reprotorch unless it is set already), and the host that
answers many questions in one process in REPROTORCH_SIDE_BY_SIDE (a command, one word a line).
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CLOSING_LINE = re.compile(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$")


def run(check, environment):
    """Runs one check; returns what it printed, and how many passed, failed, were skipped."""
    process = subprocess.run([sys.executable, str(check)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
                             encoding="utf-8", errors="replace")
    lines = [f"== {check.relative_to(HERE)}", *("   " + line for line in process.stdout.splitlines())]
    closing = [match for match in map(CLOSING_LINE.match, process.stdout.splitlines()) if match]
    if not closing:
        return [*lines, f"   ended with code {process.returncode} and without its closing line"], (0, 1, 0)
    passed, failed, skipped = (int(number or 0) for number in closing[-1].groups())
    if passed + failed + skipped == 0:
        return [*lines, "   counted nothing"], (0, 1, 0)
    if process.returncode != 0 and failed == 0:
        return [*lines, f"   counted no failure, yet ended with code {process.returncode}"], (passed, 1, skipped)
    return lines, (passed, failed, skipped)


def main(words):
    environment = dict(os.environ)
    program = "reprotorch.exe" if os.name == "nt" else "reprotorch"
    environment.setdefault("REPROTORCH", str(ROOT / "out" / "ReproTorch" / program))
    host = ROOT / "artifacts" / "bin" / "SideBySideHost" / "release" / "SideBySideHost.dll"
    environment.setdefault("REPROTORCH_SIDE_BY_SIDE", f"dotnet\n{host}")
    checks = sorted(HERE.rglob("*side_by_side*.py"))
    if words:
        checks = [check for check in checks if any(word in str(check.relative_to(HERE)) for word in words)]
    totals = [(0, 0, 0)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for lines, counts in pool.map(run, checks, [environment] * len(checks)):
            print("\n".join(lines), flush=True)
            totals.append(counts)
    passed, failed, skipped = (sum(column) for column in zip(*totals))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 0 if failed == 0 and checks else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
