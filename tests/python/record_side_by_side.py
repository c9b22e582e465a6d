"""Runs recorded by python/reprotorch_record.py and by ReproTorch: each side reads what the other wrote, the same computation gives the same
bits, hashes, states and operators, and what is damaged is refused by both.

REPROTORCH names the program under test. What needs the cmdlets runs where there is a PowerShell, and is counted as skipped elsewhere.
"""
import functools
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import zipfile
from typing import Dict, List, Optional, Tuple

import numpy as np
import torch
from torch import Tensor, nn

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DIGITS = ROOT / "samples" / "digits"
REPROTORCH = os.environ.get("REPROTORCH", str(ROOT / "out" / "ReproTorch" / "reprotorch"))
MODULE = os.environ.get("REPROTORCH_MODULE", str(pathlib.Path(REPROTORCH).parent / "ReproTorch.psd1"))
sys.path.insert(0, str(ROOT / "python"))
import reprotorch_record as rr  # noqa: E402
import tally  # noqa: E402
from tally import check  # noqa: E402


def program(*arguments):
    return subprocess.run([REPROTORCH, *map(str, arguments)], capture_output=True, text=True, timeout=300)


def refused(name, function, path):
    try:
        function(path)
    except rr.RunFileError as error:
        check(name, str(path) in str(error), f"the message does not name the file: {error}")
    except Exception as error:
        check(name, False, f"{type(error).__name__}: {error}")
    else:
        check(name, False, "was read")


# ---- models -------------------------------------------------------------------------------------------------------------------

class Slices(nn.Module):
    def forward(self, data: Tensor) -> List[Tensor]:
        return [data[:n] for n in range(2001)]


class Texts(nn.Module):
    def forward(self, text: str) -> List[str]:
        return [text[:n] for n in range(2001)]


class Everything(nn.Module):
    """Every dtype, no elements, no dimensions, numbers, a text, None, nested."""

    def forward(self, x: Tensor):
        floats = (x, x.half(), x.to(torch.bfloat16), x.double())
        integers = [x.to(torch.uint8), x.to(torch.int8), x.to(torch.int16), x.to(torch.int32), x.to(torch.int64)]
        complexes = {"c.64": torch.complex(x, -x), "c128": torch.complex(x.double(), x.double())}
        odd = (x > 0, x[:0], x.sum(), x.t(), x[::2], torch.complex(x, x).conj())
        none: Optional[Tensor] = None
        return floats, integers, complexes, odd, (1, -2.5, True, 2 + 3j, "grüß\n😀", none), torch.quantize_per_tensor(x, 0.1, 3, torch.quint8)


class Nested(nn.Module):
    def forward(self, x: Tensor, pair: Tuple[Tensor, float], table: Dict[str, Tensor], many: List[Tensor], flag: bool = True, text: str = "a"):
        return x + pair[0] * pair[1] + table["b"] - many[1] if flag else x, text


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(6, 5, num_layers=2, dropout=0.3)

    def forward(self, x: Tensor):
        return self.lstm(x)[0]


class Drawing(nn.Module):
    def forward(self, x: Tensor):
        x = x + torch.randn_like(x) * 0.5
        x = torch.bernoulli(torch.sigmoid(x)) + torch.rand([700, 3]).sum()
        return x[torch.randperm(4)], torch.multinomial(torch.ones(8), 3), torch.randint(0, 9, [5])


class Odd(nn.Module):
    """The module is called otherwise, and an argument as the module is."""

    def forward(this, x: Tensor, self: Tensor):
        return x - 2 * self


class Star(nn.Module):
    def forward(self, *xs):
        return xs[0] - 2 * xs[1]


class StarAfter(nn.Module):
    def forward(self, x, *xs):
        return x - 2 * xs[0]


class Control(nn.Module):
    def forward(self, x: Tensor):
        for i in range(3):
            if bool(x.sum() > 0):
                x = torch.cat([x, x.flip(0)]).reshape(-1, 4)
            x = x - i
        return x.softmax(1).topk(2)


def hashes(folder):
    """XXH3 over every length to 2,000 and some beyond, against the program's."""
    rng = np.random.default_rng(0)
    data = torch.from_numpy(rng.integers(0, 256, 2000, dtype=np.uint8))
    np.save(folder / "bytes.npy", data.numpy())
    torch.jit.script(Slices()).save(str(folder / "slices.pt"))
    told = json.loads(program("run", folder / "slices.pt", "--input", folder / "bytes.npy", "--json").stdout)["outputs"]
    check("as many hashes", len(told) == 2001)
    wrong = [n for n, output in enumerate(told) if output["hash"] != rr.hash_value(data[:n])]
    check("hashes of 0 to 2000 elements", not wrong, wrong[:5])
    text = "".join(chr(97 + value % 26) for value in data.tolist())
    run = rr.record(torch.jit.script(Texts()), text)
    rr.write(folder / "texts-python.npz", run)
    model = folder / "texts.pt"
    torch.jit.script(Texts()).save(str(model))
    lengths = [100_000, 1 << 20, (1 << 20) + 1, 3_000_017]
    for length in lengths:
        array = rng.integers(0, 256, length, dtype=np.uint8)
        np.save(folder / "large.npy", array)
        told = json.loads(program("run", folder / "identity.pt", "--input", folder / "large.npy", "--json").stdout)
        check(f"hash of {length} bytes", told["outputs"][0]["hash"] == rr.hash_value(array) == told["inputs"][0]["hash"])


def both(folder, name, model, inputs, seed=None):
    """Records on both sides; the files of Python and of the program."""
    path, ours, theirs = folder / f"{name}.pt", folder / f"{name}-python.npz", folder / f"{name}-net.npz"
    model.save(str(path))
    run = rr.record(torch.jit.load(str(path)), *map(torch.from_numpy, inputs), name=name, seed=seed, operators=True, model_path=path)
    rr.write(ours, run)
    files = []
    for i, data in enumerate(inputs):
        np.save(folder / f"{name}-{i}.npy", data)
        files += ["--input", folder / f"{name}-{i}.npy"]
    done = program("run", path, *files, *([] if seed is None else ["--seed", seed]), "--include-input", "--operator-trace", "-o", theirs)
    check(f"{name}: ran", done.returncode == 0, done.stderr)
    return ours, theirs


def same(name, ours, theirs):
    """The same outputs, inputs, states, hashes and operators."""
    done = program("compare", ours, theirs)
    check(f"{name}: compared by the program", done.returncode == 0, done.stdout + done.stderr)
    one, other = rr.read(ours)[0], rr.read(theirs)[0]
    found = rr.compare(one, other)[0]
    check(f"{name}: compared by Python", found.identical, found.message)
    check(f"{name}: the same operators", found.operators.startswith("The same operators, draws and bytes"), found.operators)
    check(f"{name}: the content hash", one.recorded_content_hash == other.recorded_content_hash == one.content_hash() == other.content_hash())
    check(f"{name}: the model's hash", one.model_sha256 == other.model_sha256)
    check(f"{name}: the arguments", one.arguments == other.arguments, (one.arguments, other.arguments))
    check(f"{name}: the state of torch's stream", np.array_equal(one.random_state["torch_cpu"], other.random_state["torch_cpu"]) or one.seed is None)
    check(f"{name}: the inputs", [(v.name, v.kind, v.dtype, v.hash()) for v in one.inputs] == [(v.name, v.kind, v.dtype, v.hash()) for v in other.inputs])
    with np.load(theirs) as file:
        arrays = [file[member] for member in file.files if not member.endswith((".json", ".jsonl"))]
        check(f"{name}: numpy.load", all(isinstance(array, np.ndarray) for array in arrays) and len(arrays) > 0)


def subtract(self, y):
    return self - 2 * y


def names(folder, matrix):
    """Inputs are called what the TorchScript that the model becomes calls them."""
    x = torch.from_numpy(matrix)
    np.save(folder / "input.npy", matrix)
    for label, model, script in (("Odd", Odd(), torch.jit.script), ("Star", Star(), None), ("StarAfter", StarAfter(), None),
                                 ("subtract", subtract, None), ("a lambda", lambda self, other: self - 2 * other, None)):
        made = script(model) if script else torch.jit.trace(model, (x, x + 1), check_trace=False)
        if isinstance(made, torch.jit.ScriptFunction):
            called = [argument.name for argument in made.schema.arguments]
        else:
            made.save(str(folder / "names.pt"))
            done = program("run", folder / "names.pt", "--input", folder / "input.npy", "--input", folder / "input.npy", "--json")
            called = [value["name"] for value in json.loads(done.stdout)["inputs"]]
            loaded = torch.jit.load(str(folder / "names.pt"))
            check(f"names of {label}, loaded", [value.name for value in rr.record(loaded, x, x).inputs] == called, called)
            check(f"names of {label}, its method", [value.name for value in rr.record(loaded.forward, x, x).inputs] == called, called)
            check(f"names of {label}, half of it given", [value.name for value in rr.record(functools.partial(loaded, x), x).inputs] == called[1:])
        for form, arguments, expected in (("whole", (model, x, x), called), ("half given", (functools.partial(model, x), x), called[1:]),
                                          ("half given, then the rest", (functools.partial(functools.partial(model, x), x),), [])):
            found = [value.name for value in rr.record(*arguments).inputs]
            check(f"names of {label}, {form}", found == expected, (found, expected))
    check("names of a function by keyword", [value.name for value in rr.record(functools.partial(subtract, y=x), x).inputs] == ["self"])
    check("names where there are none", [value.name for value in rr.record(torch.add, x, x).inputs] == ["argument 0", "argument 1"])


def states(folder):
    """Python goes on from the states that the program kept."""
    with np.load(folder / "drawing-net.npz") as file:
        kept = {name[len("random/"):]: file[name] for name in file.files if name.startswith("random/")}
    rr.restore_random_state(kept)
    drawn = torch.rand(5)
    torch.manual_seed(7)
    check("the seeded state", torch.equal(drawn, torch.rand(5)))
    random.seed(3), np.random.seed(3), torch.manual_seed(3), random.gauss(0, 1), np.random.standard_normal()
    state = rr.random_state()
    expected = (random.random(), random.gauss(0, 1), np.random.standard_normal(3).tolist(), torch.randn(3).tolist())
    rr.restore_random_state(state)
    check("states come back", expected == (random.random(), random.gauss(0, 1), np.random.standard_normal(3).tolist(), torch.randn(3).tolist()))


def environment():
    ours, theirs = rr.environment(), json.loads(program("env", "--json").stdout)
    check("environment: the same names", set(ours) == set(theirs), set(ours) ^ set(theirs))
    check("environment: the same switches", set(ours["determinism"]) == set(theirs["determinism"]))
    apart = {"runtime", "reproTorchVersion", "torchSeed", "parallelBuild", "determinism"}
    pools = [[line for line in side["parallelBuild"].splitlines() if "threads" not in line] for side in (ours, theirs)]
    check("environment: parallelBuild", pools[0] == pools[1] and len(pools[0]) > 4, pools)
    for name in sorted(set(ours) & set(theirs) - apart):
        check(f"environment: {name}", ours[name] == theirs[name], f"{ours[name]!r} {theirs[name]!r}")
    for name in sorted(set(ours["determinism"]) & set(theirs["determinism"])):
        check(f"environment: {name}", ours["determinism"][name] == theirs["determinism"][name],
              f"{ours['determinism'][name]!r} {theirs['determinism'][name]!r}")


def damaged(folder, path, label):
    """Bytes of members turned over, and the file cut: refused by both, with its name."""
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
    spots = []
    for info in infos:
        start = info.header_offset + 30 + len(info.filename.encode()) + int.from_bytes(whole[info.header_offset + 28:info.header_offset + 30], "little")
        spots += [(info.filename, start + place) for place in {0, info.file_size // 2, info.file_size - 1}]
    bad = folder / f"damaged-{label}.npz"
    random.seed(1)
    asked = set(random.sample(range(len(spots)), min(6, len(spots))))
    for i, (name, at) in enumerate(spots):
        bad.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1:])
        refused(f"{label}: {name} at {at} turned over, by Python", rr.read, bad)
        if i in asked:
            done = program("compare", bad, path)
            check(f"{label}: {name} at {at} turned over, by the program", done.returncode == 2 and bad.name in done.stderr,
                  f"{done.returncode} {done.stdout} {done.stderr}")
    cuts = [0, 1, 100, len(whole) // 2, len(whole) - 23, len(whole) - 1]
    for cut in cuts:
        bad.write_bytes(whole[:cut])
        refused(f"{label}: cut at {cut}, by Python", rr.read, bad)
        done = program("compare", bad, path)
        check(f"{label}: cut at {cut}, by the program", done.returncode == 2, f"{done.returncode} {done.stderr}")


def both_read(name, path, reference, is_whole):
    """Whether both readers take a file, or both refuse it and name it."""
    done = program("compare", path, reference)
    if is_whole:
        check(f"{name}, by the program", done.returncode == 0, f"{done.returncode} {done.stdout} {done.stderr}")
        try:
            found = rr.compare(path, reference)
            check(f"{name}, by Python", all(each.identical for each in found), found[0].message)
        except rr.RunFileError as error:
            check(f"{name}, by Python", False, error)
    else:
        refused(f"{name}, by Python", rr.read, path)
        check(f"{name}, by the program", done.returncode == 2 and path.name in done.stderr, f"{done.returncode} {done.stdout} {done.stderr}")


def forged(folder, path):
    """What no checksum tells: members missing, a newer version, other dtypes, pickles."""
    def rewrite(name, change, is_whole=False):
        bad = folder / f"forged-{name}.npz"
        with zipfile.ZipFile(path) as source, zipfile.ZipFile(bad, "w") as target:
            members = {info.filename: source.read(info) for info in source.infolist()}
            change(members)
            for member, data in members.items():
                target.writestr(member, data)
        both_read(f"forged: {name}", bad, path, is_whole)

    def json_with(change):
        def apply(members):
            document = json.loads(members["run.json"])
            change(document)
            members["run.json"] = json.dumps(document).encode()
        return apply

    def pickled(members):
        import io
        data = io.BytesIO()
        np.save(data, np.array([{"a": 1}], dtype=object), allow_pickle=True)
        members["output.0.npy"] = data.getvalue()

    rewrite("an output is missing", lambda members: members.pop("output.0.npy"))
    rewrite("an input is missing", lambda members: members.pop("inputs/x.npy"))
    rewrite("the operators are missing", lambda members: members.pop("operators.jsonl"))
    rewrite("the operators were cut", lambda members: members.update({"operators.jsonl": members["operators.jsonl"][:-30]}))
    rewrite("a newer version", json_with(lambda document: document.update(version=2)))
    rewrite("another format", json_with(lambda document: document.update(format="x")))
    rewrite("another dtype", json_with(lambda document: document["runs"][0]["outputs"][0].update(dType="float64")))
    rewrite("no dtype", json_with(lambda document: document["runs"][0]["outputs"][0].update(dType=None)))
    rewrite("no JSON", lambda members: members.update({"run.json": b"{"}))
    rewrite("nothing else than a new zip", lambda members: None, is_whole=True)
    rewrite("what nobody knows", json_with(lambda document: (document.update(more=[1]), document["runs"][0].update(more={"a": None}))), is_whole=True)
    rewrite("nulls", json_with(lambda document: document["runs"][0].update(seed=None, environment=None, device=None, time=None)), is_whole=True)
    rewrite("another time zone", json_with(lambda document: document["runs"][0].update(time="2026-02-28T23:59:59.1234567+05:30")), is_whole=True)

    # Wrong types, place by place.
    for place, value in (
            ("version", "1"), ("version", 1.0), ("runs", {}), ("runs", [None]), ("runs.0", 5), ("runs.0.name", 5), ("runs.0.seed", 7), ("runs.0.model", []),
            ("runs.0.modelSha256", 1), ("runs.0.method", True), ("runs.0.traced", "yes"), ("runs.0.traced", None), ("runs.0.batchSize", 1.5),
            ("runs.0.batchSize", 1 << 63), ("runs.0.device", 0), ("runs.0.contentHash", 0), ("runs.0.outputs", {}), ("runs.0.outputs.0", None),
            ("runs.0.outputs.0.name", 1), ("runs.0.outputs.0.kind", "Text"), ("runs.0.outputs.0.kind", None), ("runs.0.outputs.0.member", 1),
            ("runs.0.outputs.0.text", 1), ("runs.0.outputs.0.dType", []), ("runs.0.inputs", 5), ("runs.0.inputs.0", "x"), ("runs.0.inputs.0.kept", 1),
            ("runs.0.inputs.0.shape", 5), ("runs.0.inputs.0.shape", ["4"]), ("runs.0.inputs.0.hash", 5), ("runs.0.arguments", {}),
            ("runs.0.arguments.0.name", 1), ("runs.0.arguments.0.isKeyword", "no"), ("runs.0.arguments.0.value.leaf", "0"),
            ("runs.0.arguments.0.value", [0]), ("runs.0.randomState", 1), ("runs.0.operators", 1), ("runs.0.environment", 5),
            ("runs.0.environment.torchVersion", 1.13), ("runs.0.environment.processorCount", "2"), ("runs.0.environment.processorCount", 1 << 31),
            ("runs.0.environment.torchSeed", -1), ("runs.0.environment.variables", []), ("runs.0.environment.variables", {"A": 1}),
            ("runs.0.environment.cudaDevices", {}), ("runs.0.environment.determinism", "Off"), ("runs.0.environment.determinism.threads", "1"),
            ("runs.0.environment.determinism.mode", "Strict"), ("runs.0.environment.determinism.mkldnnEnabled", 1), ("runs.0.time", "yesterday"),
            ("runs.0.time", 5), ("runs.0.time", "2026-02-30T00:00:00Z"), ("runs.0.duration", "1"), ("runs.0.duration", float("nan")),
            ("runs.0.name", "\ud800"), ("runs.0.arguments", [None]), ("runs.0.arguments.0.value", {"list": [None]}),
            ("runs.0.arguments.0.value", {"dict": [None]}), ("runs.0.arguments.0.value", {"tuple": [{"leaf": 0}], "names": [None]}),
            ("runs.0.arguments.0.value", {"dict": [{"floatKey": 10 ** 400, "value": {"leaf": 0}}]}), ("runs.0.inputs.0", None),
            ("runs.0.inputs.0.shape", [None]), ("runs.0.environment.cudaDevices", [None]), ("runs.0.environment.variables", {"A": None}),
            ("runs.0.outputs.0.kind", 0), ("runs.0.outputs.0.kind", "tensor"), ("runs.0.outputs.0.kind", "Tensor, Number"),
            ("runs.0.outputs.0.dType", "Float32"), ("runs.0.outputs.0.dType", " float32"), ("runs.0.environment.determinism.mode", 7),
            ("runs.0.environment.determinism.mode", "off"), ("runs.0.environment.determinism.matmulPrecision", "highest")):
        def change(document, place=place, value=value):
            *parents, last = [int(part) if part.isdigit() else part for part in place.split(".")]
            for parent in parents:
                document = document[parent]
            document[last] = value
        rewrite(f"{place} is {json.dumps(value)}"[:100].replace('"', "'"), json_with(change))

    for side in ("inputs", "outputs"):
        rewrite(f"{side} without a kind", json_with(lambda document, side=side: document["runs"][0][side][0].pop("kind")))

    def header_with(**fields):
        def apply(members):
            first, *lines = members["operators.jsonl"].decode().splitlines()
            members["operators.jsonl"] = "\n".join([json.dumps({**json.loads(first), **fields}), *lines, ""]).encode()
        return apply

    for field, value in (("hashes", "x"), ("hashes", None), ("level", []), ("randomOnly", 1), ("torchVersion", 1.13), ("generators", []), ("version", True),
                         ("generators", {"cpu": {"seed": 0}})):
        rewrite(f"the operators' {field} is {json.dumps(value)}".replace('"', "'"), header_with(**{field: value}))
    rewrite("folders", lambda members: members.update({"inputs/": b"", "random/": b"", "more/": b""}), is_whole=True)

    def record_with(change):
        def apply(members):
            lines = members["operators.jsonl"].decode().splitlines()
            record = json.loads(lines[1])
            change(record, json.loads(lines[2]))
            members["operators.jsonl"] = "\n".join([lines[0], json.dumps(record), *lines[2:], ""]).encode()
        return apply

    rewrite("an operator's inputs", record_with(lambda record, other: record.update(inputs=5)))
    rewrite("an operator's draws", record_with(lambda record, other: record.update(draws={"cpu": "5"})))
    rewrite("an operator's parent", record_with(lambda record, other: record.update(parent=record["index"])))
    rewrite("an operator that is told twice", record_with(lambda record, other: record.update(index=other["index"], parent=-1)))
    rewrite("an output told twice", json_with(lambda document: document["runs"][0]["outputs"].append(dict(document["runs"][0]["outputs"][0], name="b"))))
    rewrite("a member that nothing tells of", lambda members: members.update({"more.npy": members["output.0.npy"]}))
    rewrite("a key of a stream that is too short", lambda members: members.update({"random/numpy_key.npy": members["random/numpy_pos.npy"]}))
    rewrite("no state of the normal numbers", lambda members: members.pop("random/python_gauss_next.npy"))
    rewrite("no states", lambda members: [members.pop(member) for member in list(members) if member.startswith("random/")])
    rewrite("a member above the archive", lambda members: members.update({"../output.npy": members["output.0.npy"]}))
    rewrite("a member of the system", lambda members: members.update({"/etc/passwd.npy": members["output.0.npy"]}))
    rewrite("a pickle", pickled)
    rewrite("a stream's state is cut", lambda members: members.update({"random/torch_cpu.npy": members["random/torch_cpu.npy"][:-1]}))


def containers(folder):
    """The same arrays in zips of every kind."""
    arrays = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array(3)}
    whole, path = folder / "arrays.npz", folder / "container.npz"
    np.savez(whole, **arrays)

    class Pipe:
        """What numpy cannot seek in: numbers follow the data."""

        def __init__(self, file):
            self.write, self.flush = file.write, file.flush

    np.savez_compressed(path, **arrays)
    both_read("containers: compressed", path, whole, True)
    with open(path, "wb") as file, zipfile.ZipFile(Pipe(file), "w") as archive:
        for name, array in arrays.items():
            with archive.open(name + ".npy", "w") as member:
                np.lib.format.write_array(member, array)
    both_read("containers: to a pipe", path, whole, True)
    data = path.read_bytes()
    path.write_bytes(data[:-22].replace(b"PK\7\10", b"PK\7\11") + data[-22:])
    both_read("containers: to a pipe, other marks", path, whole, False)
    data = whole.read_bytes()
    directory = data.index(b"PK\1\2")
    moved = bytearray(data[:directory] + b"gap" + data[directory:])
    moved[-6:-2] = (directory + 3).to_bytes(4, "little")
    for name, changed in (("a comment", data[:-2] + b"\2\0hi"), ("a gap", moved), ("junk behind", data + b"junk"), ("junk before", b"junk" + data),
                          ("an end behind", data + data[-22:]), ("a CRC in a header", data[:14] + b"1234" + data[18:])):
        path.write_bytes(changed)
        both_read(f"containers: {name}", path, whole, False)
    for name in ("../a.npy", "a\\b.npy"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, b"")
        both_read(f"containers: a member {name}", path, whole, False)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ä.npy", data[data.index(b"\x93NUMPY"):data.index(b"PK\3\4", 9)])
    data = path.read_bytes()
    for name, changed in (("ä, not said to be UTF-8", data.replace(b"\0\x08\0\0", b"\0\0\0\0")), ("no UTF-8", data.replace(b"\xc3\xa4", b"\xe4\xe4"))):
        check(f"containers: {name}", changed != data and len(changed) == len(data))
        path.write_bytes(changed)
        both_read(f"containers: {name}", path, whole, False)


def bombs(folder):
    """Members that are within their bounds each, and not together."""
    path = folder / "bomb.npz"
    for count, is_whole in ((1, True), (4, False)):
        np.savez_compressed(path, **{f"a{i}": np.zeros(150_000_000, dtype=np.uint8) for i in range(count)})
        both_read(f"bombs: {count} members", path, path, is_whole)


def unwritable(folder):
    """What neither reader would read is not written, and nothing is left."""
    path = folder / "unwritable.npz"
    for key in (float("inf"), float("nan"), 1 << 70, -1 - (1 << 63)):
        run = rr.record(lambda values: values[key] + 1, {key: torch.ones(2)})
        try:
            rr.write(path, run)
            check(f"unwritable: the key {key}", False)
        except ValueError as error:
            check(f"unwritable: the key {key}", "arguments[0].value.dict[0]" in str(error) and not list(folder.glob("*unwritable*")), error)
    for key in (1.5, -1 << 63, True, "text"):
        rr.write(path, rr.record(lambda values: values[key] + 1, {key: torch.ones(2)}), force=True)
        both_read(f"unwritable: the key {key} is not", path, path, True)


def generators_of_losses():
    """A loop's losses may come from generators, which can be gone through once."""
    model, losses = torch.nn.Linear(2, 1), [[1.0, 0.5], [0.25, 0.125]]
    expected = [(value.name, value.hash()) for value in rr.record_training(model, losses, {"accuracy": [0.5, 1.0]}).outputs]
    for label, given in (("of lists", iter(losses)), ("of generators", (iter(epoch) for epoch in losses))):
        found = [(value.name, value.hash()) for value in rr.record_training(model, given, {"accuracy": iter([0.5, 1.0])}).outputs]
        check(f"losses from a generator {label}", found == expected, found)
    for error, given in ((TypeError, iter([1.0, 0.5])), (ValueError, iter([[1.0], []]))):
        try:
            rr.record_training(model, given)
            check(f"losses from a generator that are a {error.__name__}", False)
        except error:
            check(f"losses from a generator that are a {error.__name__}", True)


def flipped(folder):
    """One bit of every byte of a small file turned over, bytes before it and behind it: what Python reads is what was written, and the
    program reads the same; of what Python refuses, a sample is refused by the program."""
    run, whole = rr.Run("small"), folder / "small.npz"
    run.outputs = [rr.Value.of(*value) for value in (("output", torch.arange(40.)), ("b", torch.ones(3, dtype=torch.bfloat16)), ("t", "täxt"), ("n", 5))]
    rr.write(whole, run)
    data, bad = whole.read_bytes(), folder / "flipped.npz"
    chance = random.Random(1)
    changed = [(f"byte {at}", data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1:]) for at in range(len(data))]
    changed += [("junk behind", data + b"junk"), ("an end record behind", data + data[-22:]), ("junk before", b"junk" + data)]
    at = data.rindex(b"run.json")
    changed.append(("run.json is called otherwise in the directory", data[:at] + b"sun" + data[at + 3:]))
    content = [(value.name, value.kind, value.dtype, value.hash()) for value in run.outputs]
    kept, gone = [], []
    for name, mutated in changed:
        bad.write_bytes(mutated)
        try:
            found = [(value.name, value.kind, value.dtype, value.hash()) for value in rr.read(bad)[0].outputs]
            check(f"flipped: {name} gives other contents", found == content)
            kept.append((name, mutated))
        except rr.RunFileError:
            gone.append((name, mutated))
    check("flipped: most is refused", len(gone) > 3 * len(kept) > 0, f"{len(gone)} {len(kept)}")
    header = [item for item in gone if item[0] in {f"byte {at}" for at in [*range(34), *range(len(data) - 440, len(data))]} or " b" in item[0]]
    for expected, sample in ((0, chance.sample(kept, 12)), (2, chance.sample(gone, 8) + chance.sample(header, 16) + gone[-4:])):
        for name, mutated in sample:
            bad.write_bytes(mutated)
            done = program("compare", whole, bad)
            check(f"flipped: {name}, by the program", done.returncode == expected, f"{done.returncode} {done.stdout} {done.stderr}")


def exit_codes(folder, path):
    script = ROOT / "python" / "reprotorch_record.py"

    def code(*arguments):
        return subprocess.run([sys.executable, str(script), *map(str, arguments)], capture_output=True, text=True).returncode

    run = rr.read(path)[0]
    run.outputs[0].array = run.outputs[0].array.copy()
    run.outputs[0].array.reshape(-1)[3] = np.nextafter(run.outputs[0].array.reshape(-1)[3], np.float32(9))
    rr.write(folder / "other.npz", run, force=True)
    check("exit code: identical", code("compare", path, path) == 0)
    check("exit code: one bit more", code("compare", path, folder / "other.npz") == 1)
    check("exit code: close", code("compare", "--close", path, folder / "other.npz") == 0)
    check("exit code: one tolerance", code("compare", "--rtol", "1", path, path) == 2)
    check("exit code: no such file", code("compare", path, folder / "nowhere.npz") == 2)
    check("exit code: no command", code() == 2)
    check("the program sees it too", program("compare", path, folder / "other.npz").returncode == 1)
    before = path.read_bytes()
    try:
        rr.write(path, run)
        check("an existing file is kept", False)
    except FileExistsError:
        check("an existing file is kept", path.read_bytes() == before)
    broken = rr.Run("broken")
    broken.outputs = [rr.Value.of("a", 1), rr.Value.of("a", 2)]
    try:
        rr.write(path, broken, force=True)
        check("a write that fails leaves the old file", False)
    except ValueError:
        check("a write that fails leaves the old file", path.read_bytes() == before and not list(folder.glob(".*.tmp")))


def drawn():
    """The Mersenne Twister's words, counted over many blocks."""
    for count in (1, 3, 623, 624, 625, 1248, 100_000):
        torch.manual_seed(5)
        torch.rand(17)
        before = bytes(torch.get_rng_state().numpy())
        torch.rand(count)
        check(f"{count} numbers drawn", rr._drawn(before, bytes(torch.get_rng_state().numpy()), True) == count)
    torch.manual_seed(6)
    check("seeded in between", rr._drawn(before, bytes(torch.get_rng_state().numpy()), True) == -1)


def inference_mode():
    """In inference mode compositions are taken apart: the same operators."""
    model, data = torch.jit.load(str(DIGITS / "digits.pt")), torch.rand(2, 1, 8, 8)
    traces = []
    for context in (torch.no_grad, torch.inference_mode):
        with context(), rr.trace_operators() as found:
            model(data)
        traces.append([record["name"] for record in found[0].records()])
    check("inference mode: the same operators", traces[0] == traces[1], traces)


# ---- the cmdlets --------------------------------------------------------------------------------------------------------------

def powershell():
    told = ROOT / "artifacts" / "tools" / "pwsh.txt"
    named = told.read_text().splitlines()[0].strip() if told.is_file() and told.read_text().strip() else None
    return named or shutil.which("pwsh")


def cmdlets(folder, pwsh, names):
    """Python's runs, replayed and held against ours operator by operator; the two ports of the sample."""
    def script(text):
        done = subprocess.run([pwsh, "-NoProfile", "-NonInteractive", "-Command",
                               f"$ErrorActionPreference = 'Stop'; Import-Module '{MODULE}'; Set-Location '{folder}'; {text}"],
                              capture_output=True, text=True, timeout=300)
        return done.stdout + done.stderr

    for name in names:
        told = script(f"$c = Compare-RunOutput {name}-python.npz {name}-net.npz; $r = Test-RunOutput {name}-python.npz (Import-TorchModel {name}.pt); "
                      "'{0} {1} {2} {3} {4}' -f $c.Identical, $c.Operators.Identical, $c.Operators.HashesCompared, $r.Verdict, $r.Model; $c.Operators.Message")
        check(f"{name}: compared and replayed by the cmdlets", told.startswith("True True True Identical SameFile"), told)
    told = script("$r = Test-RunOutput drawing-python.npz (Import-TorchModel drawing.pt); $r.Comparison.Operators.Identical; "
                  "'Runtime' -in $r.Environment.Differences.Name")
    check("a replay of Python's run tells what changed", told.split() == ["True", "True"], told)

    for extra in ([], ["--extra-draw"]):
        label = "extra" if extra else "same"
        done = subprocess.run([sys.executable, str(DIGITS / "augment.py"), str(folder / f"augment-{label}.npz"), *extra], capture_output=True, text=True)
        check(f"augment.py, {label}", done.returncode == 0, done.stderr)
    told = script(f"& '{DIGITS / 'augment.ps1'}' -Path augment-net.npz -Module '{MODULE}'")
    check("augment.ps1", "digits read correctly" in told, told)
    told = script("Compare-RunOutput augment-same.npz augment-net.npz | ForEach-Object { '{0} {1} {2};' -f $_.Identical, $_.Operators.Identical, $_.Operators.HashesCompared }")
    check("the two ports give the same bits by the same operators", told.split(";")[:2] == ["True True True", "\nTrue True True"], told)
    runs = [rr.read(folder / f"augment-{side}.npz") for side in ("same", "net")]
    check("the two ports have the same content", [run.content_hash() for run in runs[0]] == [run.content_hash() for run in runs[1]])
    told = script("$c = Compare-RunOutput augment-net.npz augment-extra.npz; $c[0].Identical; $c[0].Operators.First.Kind; $c[0].Operators.First.Operator.Name; "
                  "$c[0].Operators.First.Operator.DrawCount; $c[0].Operators.First.Place; $c[0].Operators.Message")
    lines = told.splitlines()
    check("the extra draw is found and named", lines[:4] == ["False", "OnlyInDifference", "aten::rand", "1"] and lines[4].startswith("augment.py:"), told)


def main():
    rng = np.random.default_rng(1)
    torch.manual_seed(11)
    matrix = rng.standard_normal((4, 4), dtype=np.float32)
    models = {
        "everything": (torch.jit.script(Everything()), [matrix]),
        "mlp": (torch.jit.script(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.LayerNorm(8), nn.Dropout(0.5), nn.Linear(8, 3), nn.Softmax(1)).train()), [matrix]),
        "conv": (torch.jit.script(nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.GELU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(8 * 49, 5)).eval()),
                 [rng.standard_normal((2, 3, 16, 16), dtype=np.float32)]),
        "recurrent": (torch.jit.script(Recurrent()), [rng.standard_normal((7, 2, 6), dtype=np.float32)]),
        "drawing": (torch.jit.script(Drawing()), [matrix]),
        "odd": (torch.jit.script(Odd()), [matrix, matrix + 1]),
        "star": (torch.jit.trace(Star(), (torch.ones(4, 4), torch.ones(4, 4))), [matrix, matrix + 1]),
        "control": (torch.jit.script(Control()), [np.abs(matrix)]),
        "attention": (torch.jit.script(nn.MultiheadAttention(8, 2, batch_first=True).eval()), [rng.standard_normal((2, 5, 8), dtype=np.float32)] * 3),
        "digits": (torch.jit.load(str(DIGITS / "digits.pt")), [np.load(DIGITS / "heldout.npz")["images"][:40]]),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        torch.jit.script(nn.Identity()).save(str(folder / "identity.pt"))
        hashes(folder)
        drawn()
        inference_mode()
        environment()
        for label, (model, inputs) in models.items():
            same(label, *both(folder, label, model, inputs, seed=7))
        states(folder)
        names(folder, matrix)

        # Calls that the program cannot be given: nested arguments, replayed by the cmdlets.
        nested = torch.jit.script(Nested())
        nested.save(str(folder / "nested.pt"))
        x = torch.from_numpy(matrix)
        run = rr.record(nested, x, (x * 2, 0.5), {"a": x, "b": -x}, [x, x + 1], name="nested", text="grüß", operators=True, model_path=folder / "nested.pt")
        rr.write(folder / "nested-python.npz", run)
        rr.write(folder / "nested-net.npz", run)
        check("nested: read back", rr.compare(run, folder / "nested-python.npz")[0].identical)

        # A block, and a file of several runs; what torch itself does not have here is kept by numpy.
        with rr.recording("block", inputs={"x": x, "note": "by hand", "nothing": None}, operators=True) as block:
            block.output = {"sum": x.sum(), "unsigned": np.arange(4, dtype=np.uint32), "empty": np.empty((0, 3), dtype=np.uint64), "big": 1 << 70}
        rr.write(folder / "several.npz", [run, block])
        check("several: compared by the program", program("compare", folder / "several.npz", folder / "several.npz").returncode == 0)
        check("several: compared by Python", [c.identical for c in rr.compare(folder / "several.npz", folder / "several.npz")] == [True, True])

        for label in ("everything", "digits"):
            for side in ("python", "net"):
                damaged(folder, folder / f"{label}-{side}.npz", f"{label}-{side}")
        drawing = folder / "drawing-net.npz"
        forged(folder, drawing)
        forged(folder, folder / "drawing-python.npz")
        containers(folder)
        bombs(folder)
        unwritable(folder)
        generators_of_losses()
        flipped(folder)
        exit_codes(folder, folder / "digits-python.npz")
        pwsh = powershell()
        if pwsh and os.path.isfile(MODULE):
            cmdlets(folder, pwsh, [*models, "nested"])
        else:
            tally.skip(len(models) + 7, "what needs the cmdlets: there is no PowerShell, or no packed module")
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
