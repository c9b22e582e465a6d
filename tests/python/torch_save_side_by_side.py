"""Files of torch.save that go both ways between ReproTorch and Python.

What torch.save writes in any of its forms (zip and the one before 1.6, pickle protocols 2 to 5) is read with the same bits as
torch.load gives; what ReproTorch writes is read by torch.load and by torch.jit.load's reader. What holds anything but tensors and plain
values is refused by name and runs nothing. REPROTORCH names the program under test; PowerShell's cmdlets are used where pwsh is.
"""
import collections
import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

import numpy as np
import torch

import tally
from tally import check

REPROTORCH = os.environ["REPROTORCH"]
MODULE = os.path.join(os.path.dirname(REPROTORCH), "ReproTorch.psd1")

DTYPES = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.bfloat16, torch.float32, torch.float64,
          torch.complex64, torch.complex128, torch.bool]


def call(*arguments):
    return subprocess.run([REPROTORCH, *arguments], capture_output=True, text=True)


def bits(tensor):
    """The tensor's elements in C order, as bytes."""
    plain = tensor.detach().resolve_conj().resolve_neg().contiguous().clone()
    return bytes(plain.storage().untyped()) if plain.numel() else b""


def any_bits(dtype, shape, seed):
    """Any bits but those that bool can't have, NaN payloads and negative zeros among them."""
    size = torch.empty(0, dtype=dtype).element_size()
    raw = bytearray(np.random.RandomState(seed).bytes(int(np.prod(shape)) * size))
    if dtype is torch.bool:
        raw = bytearray(b & 1 for b in raw)
    return torch.frombuffer(raw, dtype=dtype).reshape(shape) if raw else torch.empty(shape, dtype=dtype)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 4, 3)
        self.norm = torch.nn.BatchNorm2d(4)
        self.rnn = torch.nn.LSTM(4, 3, 2, bidirectional=True)
        self.out = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Embedding(5, 2))


def values():
    """Everything that is read, by a name."""
    torch.manual_seed(0)
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    for i, dtype in enumerate(DTYPES):
        shapes = {str(shape): any_bits(dtype, shape, i) for shape in ((), (7,), (2, 3, 4), (3, 0, 2))}
        yield str(dtype), {**shapes, "turned": any_bits(dtype, (33, 65), i).t(),
                           "stepped": any_bits(dtype, (7, 12, 5), i)[1:6:2, ::3].permute(2, 0, 1)}
        yield f"{dtype} alone", any_bits(dtype, (5, 3), i).t()
    yield "views", {"slice": base[1:3, 2:5], "row": base[2], "column": base[:, 3], "expanded": torch.arange(3.0).expand(4, 3),
                    "overlapping": torch.arange(10.0).as_strided((4, 4), (1, 2)),
                    "channels last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)}
    yield "large", torch.randn(1 << 20)
    yield "large views", {"turned": torch.randn(1200, 900).t(), "part": torch.randn(1 << 20)[1000:900000]}
    yield "parameter", torch.nn.Parameter(torch.randn(3))
    yield "without gradient", torch.nn.Parameter(torch.randn(3), requires_grad=False)
    with_state = torch.randn(3)
    with_state.note = "a Python attribute"
    yield "with an attribute", with_state
    net = Net()
    yield "state_dict", copy.deepcopy(net.state_dict())
    yield "shared storage", {"a": base, "b": base[1:], "c": base.t(), "d": base}
    optimizer = torch.optim.Adam(net.parameters())
    net.out[0](net.conv(torch.randn(1, 1, 5, 5)).mean((2, 3))[:, :3]).sum().backward()
    optimizer.step()
    yield "checkpoint", {"epoch": 3, "loss": 0.25, "note": "größer \N{SMILING FACE WITH OPEN MOUTH}", "none": None, "big": 2 ** 80,
                         "negative": -2 ** 40, "flag": True, "size": torch.Size([2, 3]), "dtype": torch.float16,
                         "device": torch.device("cuda", 1), "complex": 1 - 2j, "nested": [(base[0], base[0]), {"inner": base[:, 1]}],
                         "model": net.state_dict(), "optimizer": optimizer.state_dict(), "empty": [{}, [], ()], 7: "number"}
    yield "list", [base, (base[0], 1), "text"]
    yield "ordered", collections.OrderedDict(b=base[0], a=base[1])
    yield "number", 1.5
    yield "keys that meet", {"a.b": base[0], "a": {"b": base[1]}}


def flatten(value, name, outermost=True, bracketed=False):
    """The names that ReproTorch gives (docs/cmdlets/Import-TorchTensor.md)."""
    def child(key):
        key = str(key)
        if outermost and name == "" and not bracketed and key:
            return key
        if key == "" or any(c in key for c in ".[]"):
            return f"{name}[{key}]"
        return f"{name}.{key}" if name else key

    if isinstance(value, dict):
        for key, item in value.items():
            yield from flatten(item, child(key), False)
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from flatten(item, f"{name}.{i}" if name else str(i), False)
    else:
        yield name, value


def named(value):
    if not isinstance(value, dict):
        return dict(flatten(value, "output"))
    pairs = list(flatten(value, ""))
    return dict(pairs) if len(dict(pairs)) == len(pairs) else dict(flatten(value, "", bracketed=True))


def reads(folder):
    """Python writes, we compare the file with an .npz or a .pt of plain copies: every bit the same."""
    forms = [{}, {"pickle_protocol": 4}, {"_use_new_zipfile_serialization": False}]
    for i, (name, value) in enumerate(values()):
        expected = named(value)
        plain = {key: item.detach().resolve_conj().resolve_neg().contiguous().clone() for key, item in expected.items()
                 if isinstance(item, torch.Tensor)}
        reference = os.path.join(folder, "plain.pt")
        torch.save(collections.OrderedDict((key, plain.get(key, item)) for key, item in expected.items()), reference)
        for form in (forms[0], forms[1 + i % 2]) if isinstance(value, (dict, list)) else (forms[i % 3],):
            path = os.path.join(folder, "x.pt")
            torch.save(value, path, **form)
            done = call("compare", path, reference, "--json")
            try:
                outputs = json.loads(done.stdout)["outputs"]
            except ValueError:
                check(f"{name} {form}", False, done.stderr)
                continue
            check(f"{name} {form}", done.returncode == 0, done.stdout[:400])
            check(f"{name} {form} names", [output["name"] for output in outputs] == list(expected),
                  f"{[output['name'] for output in outputs]} {list(expected)}")


def against_numpy(folder):
    """The comparison above would pass if every .pt file were read wrong in the same way: bits against .npy too."""
    for name, value in values():
        if isinstance(value, dict) and all(isinstance(item, torch.Tensor) and item.dtype is not torch.bfloat16 for item in value.values()):
            path, arrays = os.path.join(folder, "x.pt"), os.path.join(folder, "x.npz")
            torch.save(value, path)
            np.savez(arrays, **{key: item.numpy() for key, item in value.items()})
            done = call("compare", path, arrays)
            check(f"{name} against NumPy", done.returncode == 0, done.stdout + done.stderr)


def packed(folder):
    """An archive that was packed again with compression."""
    path, again = os.path.join(folder, "x.pt"), os.path.join(folder, "again.pt")
    torch.save({"a": torch.zeros(300, 50).t(), "b": torch.randn(5)}, path)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            new.writestr(member.filename, old.read(member))
    check("packed again", call("compare", path, again).returncode == 0)


class Evil:
    def __init__(self, witness):
        self.witness = witness

    def __reduce__(self):
        return os.system, (f"touch '{self.witness}'",)


def refused(folder):
    path, witness = os.path.join(folder, "x.pt"), os.path.join(folder, "witness")
    cases = {
        "a call": ({"x": Evil(witness)}, "system"),
        "a module": (Net(), "__main__.Net"),
        "a sparse tensor": (torch.eye(2).to_sparse(), "_rebuild_sparse_tensor"),
        "a quantized tensor": (torch.quantize_per_tensor(torch.randn(3), 0.1, 0, torch.qint8), "_rebuild_qtensor"),
        "a set": ({"a": {1, 2}}, "set"),
        "an array": (np.zeros(3), "numpy"),
        "bytes": (b"abc", ""),
    }
    for i, (name, (value, words)) in enumerate(cases.items()):
        form = ({}, {"_use_new_zipfile_serialization": False}, {"pickle_protocol": 4})[i % 3]
        torch.save(value, path, **form)
        done = call("compare", path, path)
        check(f"{name} {form}", done.returncode == 2 and words in done.stderr and "x.pt" in done.stderr, f"{done.returncode} {done.stderr}")
    check("nothing ran", not os.path.exists(witness))
    torch.jit.script(torch.nn.Linear(2, 2)).save(path)
    done = call("compare", path, path)
    check("a TorchScript model", done.returncode == 2 and "TorchScript" in done.stderr and "Import-TorchModel" in done.stderr, done.stderr)
    torch.save(torch.nn.Linear(2, 2).state_dict(), path)
    done = call("run", path)
    check("a state_dict is no model", done.returncode == 2 and "torch.save" in done.stderr, done.stderr)


def runs(folder):
    """An input from a .pt file."""
    class Twice(torch.nn.Module):
        def forward(self, x, y):
            return x * 2 + y

    model, out = os.path.join(folder, "model.pt"), os.path.join(folder, "out.npz")
    torch.jit.script(Twice()).save(model)
    path = os.path.join(folder, "x.pt")
    x, y = torch.randn(4, 3).t(), torch.randn(3, 4)
    torch.save({"x": x, "y": y}, path)
    done = call("run", model, "--input", path, "-o", out)
    check("run", done.returncode == 0 and np.load(out)["output"].tobytes() == (x * 2 + y).contiguous().numpy().tobytes(), done.stderr)


def writes(folder):
    """PowerShell writes what torch.load reads."""
    pwsh = shutil.which("pwsh")
    if pwsh is None or not os.path.exists(MODULE):
        tally.skip(1, "writing needs pwsh and the packed module")
        return
    script = ["$ErrorActionPreference = 'Stop'", f"Import-Module '{MODULE}'"]
    expected = {}
    for i, (name, value) in enumerate(values()):
        source, target = os.path.join(folder, f"in{i}.pt"), os.path.join(folder, f"out{i}.pt")
        tensors = {key: item for key, item in named(value).items() if isinstance(item, torch.Tensor)}
        if not tensors:
            continue
        torch.save(value, source)
        alone = isinstance(value, torch.Tensor)
        script.append(f"Import-TorchTensor -LiteralPath '{source}' | Export-TorchTensor '{target}'")
        script.append(f"Import-TorchTensor -LiteralPath '{source}' | Export-TorchTensor '{target}.again.pt'")
        # The outermost list has no name of its own there.
        expected[target] = name, value if alone else {key.removeprefix("output."): item for key, item in tensors.items()}, len(tensors) == 1
    done = subprocess.run([pwsh, "-NoProfile", "-NonInteractive", "-Command", "\n".join(script)], capture_output=True, text=True)
    check("pwsh", done.returncode == 0, done.stderr)
    for target, (name, value, alone) in expected.items():
        if not os.path.exists(target):
            check(f"{name} written", False, "no file")
            continue
        read = torch.load(target)
        pairs = [(read, value if isinstance(value, torch.Tensor) else next(iter(value.values())))] if alone else \
            [(read[key], item) for key, item in value.items()]
        check(f"{name} written", alone or list(read) == list(value))
        check(f"{name} bits", all(a.dtype == b.dtype and a.shape == b.shape and bits(a) == bits(b) and a.is_contiguous() for a, b in pairs))
        check(f"{name} same bytes", open(target, "rb").read() == open(target + ".again.pt", "rb").read())
        check(f"{name} archive", zipfile.ZipFile(target).testzip() is None)


def main():
    folder = tempfile.mkdtemp(prefix="repro save [é] ")
    try:
        reads(folder)
        against_numpy(folder)
        packed(folder)
        refused(folder)
        runs(folder)
        writes(folder)
    finally:
        shutil.rmtree(folder)
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
