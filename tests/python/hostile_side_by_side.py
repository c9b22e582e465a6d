"""Files that mean harm, or were damaged: each is loaded right or refused with a clear message; nothing crashes, hangs or takes gigabytes.

Hostile archives are made here and given to the program. Single-byte changes of whole TorchScript files, the CRCs mended, and malformed
sources are worked through by tests/HostileWorker, a process that is started again where it ends: an end is a failure. So are archives
whose code's tokens or pickles' pieces are moved about. REPROTORCH_FLIPS, REPROTORCH_MUTATIONS and REPROTORCH_SOURCES say how many (4,000,
2,000 and 1,000 unless set; 40,000, 40,000 and 4,000 is the full run); the numbers seed the damage, so that a failure is repeated with
`HostileWorker flip MODEL SEED NUMBER NUMBER+1`. REPROTORCH names the program under test.
"""
import concurrent.futures
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import warnings
import zipfile

import numpy
import torch

import hostile_models
import tally
from tally import check

REPROTORCH = os.environ["REPROTORCH"]
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FLIPS = int(os.environ.get("REPROTORCH_FLIPS", "4000"))
MUTATIONS = int(os.environ.get("REPROTORCH_MUTATIONS", "2000"))
SOURCES = int(os.environ.get("REPROTORCH_SOURCES", "1000"))
SEED = int(os.environ.get("REPROTORCH_HOSTILE_SEED", "1"))

# No case takes a second; on a busy machine it may.
CASE_SECONDS = 60


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
    command = worker()
    if command is None:
        tally.skip(1, "tests/HostileWorker is not built")
        return
    models = hostile_models.make(folder)
    for path in models:
        store(path)
    sources = os.path.join(folder, "sources.txt")
    pathlib.Path(sources).write_text("\n====\n".join(hostile_models.SOURCES))
    jobs = [(pathlib.Path(path).stem, command, "flip", path, -(-FLIPS // len(models))) for path in models if FLIPS]
    jobs += [(pathlib.Path(path).stem + " mutated", command, "mutate", path, -(-MUTATIONS // len(models))) for path in models if MUTATIONS]
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
    write(path, read(path))


# ---- archives that mean harm ----------------------------------------------------------------------------------------

def read(path):
    with zipfile.ZipFile(path) as archive:
        return {member.filename: archive.read(member) for member in archive.infolist()}


def write(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items() if isinstance(members, dict) else members:
            info = zipfile.ZipInfo(name)
            info.compress_type = compression
            archive.writestr(info, data)


def patch(data, at, value):
    return data[:at] + value + data[at + len(value):]


def directory(data, name):
    """Where a member's entry is in the directory."""
    at = data.index(b"PK\x01\x02")
    while data[at + 46:at + 46 + struct.unpack_from("<H", data, at + 28)[0]] != name.encode():
        at += 46 + sum(struct.unpack_from("<HHH", data, at + 28))
    return at


def archives(folder):
    """Name, bytes, and a word that the message has to have."""
    base = os.path.join(folder, "base.pt")
    torch.jit.script(hostile_models.Stateful()).save(base)
    plain = read(base)
    temporary = os.path.join(folder, "made.pt")

    def made(members, compression=zipfile.ZIP_STORED):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write(temporary, members, compression)
        return pathlib.Path(temporary).read_bytes()

    def changed(name, data):
        return made({**plain, name: data})

    good = made(plain)
    pickle, constants = plain["base/data.pkl"], plain["base/constants.pkl"]
    code_name = next(name for name in plain if name.endswith(".py"))
    code = plain[code_name].decode()
    weight = next(name for name in plain if name.startswith("base/data/"))

    # The archive itself.
    for name in "../evil", "base/../../evil", "/etc/evil", "base\\..\\evil", "base/./evil":
        yield f"traversal {name}", made({**plain, name: b"x"}), "outside"
    yield "a name twice", made(list(plain.items()) + [("base/data.pkl", b"x")]), "two members"
    yield "a name twice but for its case", made(list(plain.items()) + [("base/DATA.PKL", pickle)]), "case"
    yield "code that only libtorch finds", made({**plain, code_name[:-3] + "2.PY": b"def f(x: Tensor) -> NoneType:\n  torch.save(x, \"f\")\n"}), "in that case"
    entry = directory(good, weight)
    yield "a wrong CRC", patch(good, entry + 16, b"\0\0\0\0"), "CRC"
    yield "a changed weight", patch(good, good.index(plain[weight]), b"\x01"), "CRC"
    yield "an oversized member", patch(good, entry + 20, struct.pack("<II", 2 ** 31, 2 ** 31)), "outside"
    yield "an oversized stored member", patch(good, entry + 24, struct.pack("<I", 2 ** 31)), "cannot be"
    yield "a negative zip64 size", good.replace(b"PK\x05\x06", b"PK\x06\x07" + struct.pack("<IqI", 0, -5, 1) + b"PK\x05\x06"), "outside"
    yield "two names for one member", patch(good, struct.unpack_from("<I", good, entry + 42)[0] + 30, b"e"), "another name"
    yield "an encrypted member", patch(good, entry + 8, b"\x01\0"), "encrypted"
    yield "an unknown packing", patch(good, entry + 10, b"\x0c\0"), "method 12"
    yield "overlapping members", patch(good, directory(good, "base/version") + 42, struct.pack("<I", 0)), "another name"
    yield "a bomb", made({**plain, "base/data/9": bytes(600 << 20)}, zipfile.ZIP_DEFLATED), "unpack"
    deflated = made({**plain, "base/data/9": bytes(1 << 20)}, zipfile.ZIP_DEFLATED)
    yield "a claimed bomb", patch(deflated, directory(deflated, "base/data/9") + 24, struct.pack("<I", 2 ** 31 - 1)), "unpack"
    yield "a member that unpacks to less", patch(deflated, directory(deflated, "base/data/9") + 24, struct.pack("<I", (1 << 20) + 5)), "unpacked"
    other = made({**plain, "base/extra/x": b"y"})
    yield "a second directory in a comment", good[:-2] + struct.pack("<H", 22) + other[-22:], ""
    yield "a comment", good[:-2] + struct.pack("<H", 5) + b"hello", "follows"
    yield "a million members", made([(f"base/{i}", b"") for i in range(70000)] + list(plain.items()))[:-5], ""
    yield "two folders", made({**plain, "other/x": b"y"}), "folder"
    yield "nothing", b"", "empty"
    yield "text", b"this is no model at all, and long enough to be read", "zip"
    yield "an .npz", made({"x.npy": b"\x93NUMPY"}), "npz"

    # Versions.
    for version in "11", "999999999999", "0", "-3", "ten", "", "3" * 60:
        yield f"version '{version}'", changed("base/version", version.encode()), "version"
    yield "a version that libtorch reads first", made({**plain, "base/.data/version": b"12"}), "12"

    yield "the form of PyTorch 1.0", made({**plain, "base/model.json": b"{}"}), "model.json"

    # Pickles.
    witness = os.path.join(folder, "witness")
    call = b"\x80\x02cos\nsystem\n(X" + struct.pack("<I", len(witness) + 6) + f"touch {witness}".encode() + b"tR."
    for member in "base/data.pkl", "base/constants.pkl":
        yield f"{member} that calls", changed(member, call), "os.system"
        yield f"{member} without STOP", changed(member, plain[member][:-1]), "STOP"
        yield f"{member} of nothing", changed(member, b""), ""
        yield f"{member} of protocol 4", changed(member, b"\x80\x04" + plain[member][2:]), "protocol"
        yield f"{member} with a long text", changed(member, b"\x80\x02X\xff\xff\xff\x7f."), "announced"
        yield f"{member} with a far place in the memo", changed(member, b"\x80\x02)r\xff\xff\xff\xff."), "memo"
        yield f"{member} with a far place in the memo, filled", changed(member, b"\x80\x02()r\xff\xff\xff\x7ft."), "memo"
        yield f"{member} with opcodes of old", changed(member, b"\x80\x02(ios\nsystem\n."), "opcode"
        yield f"{member} nested deep", changed(member, b"\x80\x02" + b")" + b"\x85" * 2_000_000 + b"."), ""
        yield f"{member} that holds itself", changed(member, b"\x80\x02(]q\0(h\0et."), ""
        yield f"{member} with more behind", changed(member, plain[member] + b"N."), "more follow"
        yield f"{member} with a tuple in itself", changed(member, b"\x80\x02(]q\0((h\0tet."), ""
    yield "a number for a function", changed("base/data.pkl", b"\x80\x02K\x05)\x81}b."), ""
    yield "an unknown class", changed("base/data.pkl", pickle.replace(b"Stateful", b"Statefuk", 1)), "module"
    yield "a storage that is not there", changed("base/data.pkl", pickle.replace(b"X\x01\0\0\x000", b"X\x01\0\0\x007", 1)), ""
    missing = dict(plain)
    del missing[weight]
    yield "no weights", made(missing), "missing"
    yield "short weights", made({**plain, weight: plain[weight][:-4]}), "fit"
    def with_constant(data):
        return made({**plain, "base/constants.pkl": data, "base/constants/0": bytes(12)})

    yield "a tensor of millions", with_constant(tensor(count=3, shape=(3000000,))), "fit"
    yield "a tensor before its storage", with_constant(tensor(count=3, shape=(3,), strides=(-1,))), ""
    yield "a tensor that repeats without end", with_constant(tensor(count=3, shape=(2 ** 40, 2 ** 20), strides=(0, 0))), "fit"

    torch.jit.script(hostile_models.Sparse()).save(base)
    sparse = read(base)
    indices = min((name for name in sparse if name.startswith("base/data/")), key=lambda name: -len(sparse[name]))
    yield "a sparse tensor that points outside", made({**sparse, indices: struct.pack("<q", 10 ** 12) + sparse[indices][8:]}), "sparse"
    yield "a sparse tensor that points before", made({**sparse, indices: struct.pack("<q", -1) + sparse[indices][8:]}), "sparse"

    # Code.
    def with_line(line, head="    "):
        place = code.index("    return")
        return changed(code_name, (code[:place] + head + line + "\n" + code[place:]).encode())

    for line in ("torch.save(x, \"f\")", "x.save(\"f\")", "(x).save(\"f\")", "ops.aten.save(x, \"f\")", "y = torch.from_file(\"f\", False, 4)",
                 "y = ops.aten.from_file(\"f\")", "getattr(x, \"save\")(\"f\")", "getattr(x, \"sa\" \"v\\145\")(\"f\")", "f = torch.save",
                 "t = torch", "o = ops", "ops.c10d.barrier()", "y = rpc_sync(\"w\", f)", "z = self.weight.save", "self = x\n    self.save(\"f\")",
                 "torch . save(x, \"f\")", "torch.\\\n    save(x, \"f\")", "y = \"#\"; torch.save(x, \"f\")", "y = [torch.save(x, \"f\") for _ in range(3)]",
                 "__torch__.torch.classes.dist_c10d.Store()"):
        yield f"code: {line}", with_line(line), "AllowFileAccess"
    yield "code: nested brackets", with_line("y = " + "(" * 20000 + "x" + ")" * 20000), "nested"
    yield "code: a long sum", with_line("y = " + " + ".join(["x"] * 50000)), "nested"
    yield "code: deep blocks", with_line("\n".join(" " * (4 + i) + "if True:" for i in range(3000)), head=""), "nested"
    yield "code: no index", with_line("y = annotate(Optional[], None)"), "index"
    yield "code: an unknown operator of 2.0", with_line("y = torch.scaled_dot_product_attention(x, x, x)"), "scaled_dot_product_attention"
    for name, line in (("an attribute without a type", "weight = 3"), ("a constant without a type", "weight : Final[int] = 3\n  other = 4"),
                       ("parameters that are not there", "__parameters__ = [\"nope\", ]"), ("parameters without a list", "__parameters__ : int"),
                       ("an empty type", "other : Optional[]"), ("a type of nothing", "other : Dict[int]"), ("a statement", "torch.relu(3)")):
        yield f"class: {name}", changed(code_name, code.replace("(Module):\n", f"(Module):\n  {line}\n", 1).encode()), "damaged"
    yield "code: a zero byte", changed(code_name, code.encode() + b"\0"), "zero"
    yield "code: a million lines of nothing", changed(code_name, b"\n" * 40_000_000), "code"


def tensor(count, shape, strides=None):
    """constants.pkl with one float32 tensor."""
    def numbers(values):
        return b"(" + b"".join(b"\x8a\x08" + struct.pack("<q", value) for value in values) + b"t"

    strides = strides or (1,) * len(shape)
    return (b"\x80\x02(ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK"
            + bytes([count]) + b"tQK\0" + numbers(shape) + numbers(strides) + b"\x89ccollections\nOrderedDict\n)RtRt.")


def call(*arguments):
    """Runs the program; returns exit code, standard error, seconds and the most memory that it took, in MiB."""
    started = time.monotonic()
    with tempfile.TemporaryFile("w+", errors="replace") as errors:
        process = subprocess.Popen([REPROTORCH, *arguments], stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        return process.returncode, errors.read(), time.monotonic() - started, usage.ru_maxrss / 1024


def hostile(folder):
    """Each is refused with a message, soon and in little memory; some through the program, all in one process, which lives on."""
    model, witness, cases = os.path.join(folder, "m.pt"), os.path.join(folder, "witness"), os.path.join(folder, "cases")
    x = os.path.join(folder, "x.pt")
    torch.save(torch.ones(3), x)
    os.mkdir(cases)
    expected = []
    for i, (name, data, word) in enumerate(archives(folder)):
        pathlib.Path(cases, f"{i:04}.pt").write_bytes(data)
        expected.append((name, word))
        if i % 8 == 0:
            pathlib.Path(model).write_bytes(data)
            code, errors, seconds, memory = call("run", model, "--input", x)
            check(f"program: {name}", code == 2 and "m.pt" in errors and word in errors and len(errors) < 5000, f"{code} {errors[:500]!r}")
            check(f"program: {name}: soon and small", seconds < 30 and memory < 1024, f"{seconds:.1f} s {memory:.0f} MiB")
    command = worker()
    if command is not None:
        outcomes = {number: outcome for number, _, outcome in work_through(command, "load", cases, 0, len(expected))}
        for number, (name, word) in enumerate(expected):
            outcome = outcomes.get(number, "no outcome")
            check(name, outcome.startswith("refused") and f"{number:04}.pt" in outcome and word in outcome, outcome)
    check("nothing ran", not os.path.exists(witness) and not os.path.exists("f"))


def allowed(folder):
    """What only looks like harm is loaded, and harm is where it was allowed."""
    model, x, out = (os.path.join(folder, name) for name in ("innocent.pt", "x.pt", "out.npz"))
    torch.save(torch.ones(3), x)
    net = torch.jit.script(hostile_models.Innocent())
    net.save(model)
    code, errors, *_ = call("run", model, "--input", x, "-o", out)
    check("innocent", code == 0 and numpy.load(out)["output"].tobytes() == net(torch.ones(3)).detach().numpy().tobytes(), errors)

    for version in range(1, 11):
        members = {**read(model), "innocent/version": str(version).encode()}
        write(model, members)
        check(f"version {version}", call("run", model, "--input", x)[0] == 0)

    class Writer(torch.nn.Module):
        def forward(self, x: torch.Tensor, name: str = "") -> torch.Tensor:
            if len(name) > 0:
                torch.save(x, name)
            return x

    torch.jit.script(Writer()).save(model)
    check("a writer is refused", call("run", model, "--input", x)[0] == 2)
    check("a writer is allowed", call("run", model, "--input", x, "--allow-file-access")[0] == 0)


class Endless(torch.nn.Module):
    """Loading it does not end."""
    def __init__(self):
        super().__init__()
        self.weight = torch.ones(3)

    @torch.jit.export
    def __getstate__(self) -> torch.Tensor:
        return self.weight

    @torch.jit.export
    def __setstate__(self, state: torch.Tensor) -> None:
        self.training = False
        while bool(state.sum() > 0):
            self.weight = state

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def orphaned(folder):
    """The process that a probe loads in ends with the one that started it, whatever that one comes to."""
    model = os.path.join(folder, "endless.pt")
    torch.jit.script(Endless()).save(model)
    process = subprocess.Popen([REPROTORCH, "probe", model], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(timeout=2)
        check("a probe goes on while its parent does", False, process.returncode)
    except subprocess.TimeoutExpired:
        check("a probe goes on while its parent does", True)
    process.stdin.close()
    try:
        check("a probe ends with its parent", process.wait(timeout=20) != 0)
    except subprocess.TimeoutExpired:
        process.kill()
        check("a probe ends with its parent", False)


def truncated(folder):
    """Every model, cut at every 64th byte."""
    command = worker()
    if command is None:
        return
    cuts = os.path.join(folder, "cuts")
    os.mkdir(cuts)
    count = 0
    for path in hostile_models.make(folder)[:3]:
        data = pathlib.Path(path).read_bytes()
        for length in range(0, len(data), 64):
            pathlib.Path(cuts, f"{count:06}.pt").write_bytes(data[:length])
            count += 1
    _, loaded, refused, worst, _ = bulk("cut", command, "load", cuts, count)
    check("cut at every 64th byte", refused == count, f"{loaded} loaded, {worst[:5]}")


def main():
    folder = tempfile.mkdtemp(prefix="repro hostile ")
    try:
        hostile(folder)
        allowed(folder)
        orphaned(folder)
        truncated(folder)
        damaged(folder)
    finally:
        shutil.rmtree(folder)
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
