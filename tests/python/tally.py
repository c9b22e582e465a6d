"""What a side-by-side check counts, and the line that it closes with, which run.py reads."""
passed = failed = skipped = 0


def check(name, condition, detail=""):
    """Counts one comparison; one that fails is shown."""
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {name} {detail}"[:2000], flush=True)


def skip(count, why=None):
    """Counts what cannot run here."""
    global skipped
    skipped += count
    if why:
        print(f"   skipped: {why}")


def close():
    """Prints the closing line; returns the exit code."""
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0
