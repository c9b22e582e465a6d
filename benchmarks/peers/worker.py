"""What the programs that stay for several rounds have in common, in whatever language they are.

A worker prints one line that says what it is when it is ready; then it reads counts, one a line, does its work that often,
and prints two numbers: the seconds that this took on the clock, and the seconds of processor time that the process used. The
end of its input ends it. So the driver can let several take turns, and neither start-up nor the driver's own time is measured.
"""

import sys
import time


def serve(version, work):
    print(version, flush=True)
    for line in sys.stdin:
        calls = int(line)
        start, used = time.perf_counter(), time.process_time()
        work(calls)
        print(f"{time.perf_counter() - start:.9f} {time.process_time() - used:.9f}", flush=True)
