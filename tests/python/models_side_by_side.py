"""Runs models of many kinds with `reprotorch run` and with Python on the same libtorch: the outputs must be the same bits.

Networks come from torchvision (random weights, fixed seed), scripted and traced; small modules of our own cover several
inputs, tuple, list, dict, named and nested outputs, numbers and strings. REPROTORCH names the program under test.
"""
import json
import os
import subprocess
import sys
import tempfile
from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np
import torch
import torchvision
from torch import Tensor, nn

import tally
from tally import check

REPROTORCH = os.environ["REPROTORCH"]


def flatten(value, name="output"):
    """The names and bytes that a run file holds, by the rules of its documentation."""
    if isinstance(value, Tensor):
        return {name: value.detach().numpy()}
    if isinstance(value, bool):
        return {name: np.array(value)}
    if isinstance(value, int):
        return {name: np.array(value, dtype=np.int64)}
    if isinstance(value, float):
        return {name: np.array(value, dtype=np.float64)}
    if value is None or isinstance(value, str):
        return {}
    items = {}
    if hasattr(value, "_fields"):
        pairs = [(field, getattr(value, field)) for field in value._fields]
    elif isinstance(value, dict):
        pairs = list(value.items())
    else:
        pairs = list(enumerate(value))
    for key, item in pairs:
        items.update(flatten(item, f"{name}.{key}"))
    return items


class TwoInputs(nn.Module):
    def forward(self, left: Tensor, right: Tensor, scale: float = 2.0):
        return left @ right * scale


class TupleOutput(nn.Module):
    def forward(self, x: Tensor) -> Tuple[Tensor, Tuple[Tensor, Tensor]]:
        return x.exp(), (x.sum(), x.t())


class MixedOutput(nn.Module):
    def forward(self, x: Tensor) -> Tuple[Tensor, int, float, bool]:
        return x.exp(), x.dim(), 0.1, True


class ListOutput(nn.Module):
    def forward(self, x: Tensor) -> List[Tensor]:
        return [x + i for i in range(3)]


class DictOutput(nn.Module):
    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        return {"logits": x.softmax(-1), "features": x.tanh()}


class Pair(NamedTuple):
    mean: Tensor
    deviation: Tensor


class NamedOutput(nn.Module):
    def forward(self, x: Tensor) -> Pair:
        return Pair(x.mean(0), x.std(0))


class Nested(nn.Module):
    def forward(self, x: Tensor) -> Dict[str, List[Tuple[Tensor, Optional[Tensor]]]]:
        empty: List[Tuple[Tensor, Optional[Tensor]]] = []
        pairs: List[Tuple[Tensor, Optional[Tensor]]] = [(x, None), (x * 2, x + 1)]
        return {"a": pairs, "b": empty}


class Branch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            return x * 2
        return x - 1


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(6, 5, num_layers=2, bidirectional=True, batch_first=True)

    def forward(self, x: Tensor):
        out, (h, c) = self.lstm(x)
        return out, h, c


class Hooked(nn.Module):
    """Hooks of the module itself are not in its forward; whoever calls it runs them."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)
        for hook in (noisy_input, doubled_input):
            self.register_forward_pre_hook(hook)
        for hook in (with_input, unchanged):
            self.register_forward_hook(hook)

    def forward(self, x: Tensor, y: Tensor):
        return self.linear(x) + y


def noisy_input(self, input: Tuple[Tensor, Tensor]) -> Tuple[Tensor, Tensor]:
    return input[0] + torch.rand_like(input[0]), input[1]


def doubled_input(self, input: Tuple[Tensor, Tensor]) -> Tuple[Tensor, Tensor]:
    return input[0], input[1] * 2


def with_input(self, input: Tuple[Tensor, Tensor], result: Tensor) -> Tuple[Tensor, Tensor]:
    return result + 10 * input[0], input[1]


def unchanged(self, input: Tuple[Tensor, Tensor], result: Tuple[Tensor, Tensor]) -> None:
    pass


def run(folder, name, model, inputs, traced=False, extra=()):
    """Runs a model file on .npy inputs and gives the run file's arrays."""
    path = os.path.join(folder, name + ".pt")
    model.save(path)
    arguments = [REPROTORCH, "run", path]
    for i, array in enumerate(inputs):
        file = os.path.join(folder, f"{name}-{i}.npy")
        np.save(file, array)
        arguments += ["--input", file]
    out = os.path.join(folder, name + "-run.npz")
    arguments += ["-o", out, *extra]
    if traced:
        arguments.append("--traced")
    done = subprocess.run(arguments, capture_output=True, text=True)
    if done.returncode != 0:
        check(name, False, f"exit {done.returncode}: {done.stderr.strip()[:400]}")
        return None
    with np.load(out) as arrays:
        return {member: arrays[member] for member in arrays.files if member != "run.json"}


def compare(name, arrays, expected):
    if arrays is None:
        return
    check(name + " names", list(arrays) == list(expected), f"{list(arrays)} is not {list(expected)}")
    for key, array in expected.items():
        got = arrays.get(key)
        same = got is not None and got.dtype == array.dtype and got.shape == array.shape and got.tobytes() == np.ascontiguousarray(array).tobytes()
        check(f"{name} {key}", same)


def both(folder, name, module, inputs, scripted=True):
    """One module, scripted and traced by Python, run here plainly and through our own trace."""
    module.eval()
    tensors = [torch.from_numpy(array) for array in inputs]
    with torch.no_grad():
        expected = flatten(module(*tensors))
        if scripted:
            model = torch.jit.script(module)
            compare(f"{name} scripted", run(folder, name + "-scripted", model, inputs), expected)
            compare(f"{name} scripted, traced here", run(folder, name + "-retraced", model, inputs, traced=True), expected)
        # A trace gives plain tuples for named ones: what counts is what Python's trace gives.
        model = torch.jit.trace(module, tensors, strict=False)
        expected = flatten(model(*tensors))
        compare(f"{name} traced", run(folder, name + "-traced", model, inputs), expected)
        compare(f"{name} traced twice", run(folder, name + "-traced2", model, inputs, traced=True), expected)


def main():
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    image = rng.standard_normal((1, 3, 64, 64), dtype=np.float32)
    matrix = rng.standard_normal((5, 4), dtype=np.float32)
    with tempfile.TemporaryDirectory(prefix="repro torch [é] ") as folder:
        both(folder, "resnet18", torchvision.models.resnet18(), [image])
        both(folder, "mobilenet_v3", torchvision.models.mobilenet_v3_small(), [image])
        both(folder, "squeezenet", torchvision.models.squeezenet1_1(), [image])
        both(folder, "two inputs", TwoInputs(), [matrix, rng.standard_normal((4, 3), dtype=np.float32)])
        both(folder, "tuple", TupleOutput(), [matrix])
        both(folder, "list", ListOutput(), [matrix])
        both(folder, "dict", DictOutput(), [matrix])
        both(folder, "named tuple", NamedOutput(), [matrix])
        both(folder, "recurrent", Recurrent(), [rng.standard_normal((2, 7, 6), dtype=np.float32)])
        both(folder, "float64", nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.LayerNorm(8)).double(), [matrix.astype(np.float64)])

        # What tracing in Python cannot take, scripted only.
        nested = torch.jit.script(Nested())
        compare("nested", run(folder, "nested", nested, [matrix]), flatten(nested(torch.from_numpy(matrix))))
        mixed = torch.jit.script(MixedOutput())
        compare("mixed", run(folder, "mixed", mixed, [matrix]), flatten(mixed(torch.from_numpy(matrix))))
        branch = torch.jit.script(Branch())
        for sign in (1, -1):
            data = np.abs(matrix) * np.float32(sign)
            compare(f"branch {sign}", run(folder, f"branch{sign}", branch, [data]), flatten(branch(torch.from_numpy(data))))

        # Dropout in training mode: the same seed draws the same mask.
        dropout = torch.jit.script(nn.Sequential(nn.Linear(4, 16), nn.Dropout(0.5)).train())
        for seed in (0, 1, 2**31, 2**32 + 5, 2**64 - 1):
            torch.manual_seed(seed)
            with torch.no_grad():
                expected = flatten(dropout(torch.from_numpy(matrix)))
            for traced in (False, True):
                compare(f"dropout {seed}", run(folder, f"dropout{seed}", dropout, [matrix], traced, ("--seed", str(seed))), expected)

        hooked = torch.jit.script(Hooked())
        torch.manual_seed(7)
        with torch.no_grad():
            expected = flatten(hooked(torch.from_numpy(matrix), torch.from_numpy(matrix)))
        compare("hooked", run(folder, "hooked", hooked, [matrix, matrix], extra=("--seed", "7")), expected)

        # An .npz whose members bear the arguments' names, in another order.
        path = os.path.join(folder, "two.pt")
        torch.jit.script(TwoInputs()).save(path)
        right = rng.standard_normal((4, 2), dtype=np.float32)
        np.savez(os.path.join(folder, "named.npz"), right=right, left=matrix)
        out = os.path.join(folder, "named-run.npz")
        done = subprocess.run(
            [REPROTORCH, "run", path, "--input", os.path.join(folder, "named.npz"), "-o", out], capture_output=True, text=True)
        check("named members", done.returncode == 0, done.stderr)
        if done.returncode == 0:
            expected = (torch.from_numpy(matrix) @ torch.from_numpy(right) * 2.0).numpy()
            compare("named members", {"output": np.load(out)["output"]}, {"output": expected})
            with np.load(out) as file:
                record = json.loads(bytes(file.zip.read("run.json")))
            check("run.json", isinstance(record, dict))

        # Errors end with their exit code and a message, never with a crash.
        for name, arguments, code in (
            ("missing model", ["run", "nowhere.pt", "--input", os.path.join(folder, "two inputs-scripted-0.npy")], 2),
            ("missing input", ["run", path, "--input", "nowhere.npy"], 2),
            ("too few arguments", ["run", path, "--input", os.path.join(folder, "two inputs-scripted-0.npy")], 2),
            ("no such method", ["run", path, "--method", "backward", "--input", os.path.join(folder, "named.npz")], 2),
            ("no command", ["walk"], 2),
        ):
            done = subprocess.run([REPROTORCH, *arguments], capture_output=True, text=True)
            check(f"{name}: exit code", done.returncode == code, f"{done.returncode}: {done.stderr}")
            check(f"{name}: message", len(done.stderr.strip()) > 0)

    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
