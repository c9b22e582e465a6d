"""Traces modules here and with torch.jit.trace on the same libtorch: what both record must compute the same bits and hold the
same operators, both must reject the same check inputs, and the streams must be where Python's tracing alone leaves them.

The cases are what PyTorch's own tracer tests are about (test/jit/test_tracer.py), as far as it does not take Python: operators in place,
views, several outputs, tuples, lists and dicts, sizes, constants, control flow, modes, random numbers, tied weights. Python traces
the module itself, we trace what torch.jit.script made of it. Needs PowerShell; without it the checks are counted as skipped.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import warnings
from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np
import torch
from torch import Tensor, nn

import tally
from tally import check

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SEED = 11


# ---- the modules ---------------------------------------------------------------------------------------------------


class InPlace(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x.clone()
        y.add_(1).mul_(2)
        y[0] = x[1]
        y[:, 1].add_(3)
        return y.relu_()


class WritesToItsInput(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        x.mul_(2)
        return x + 1


class Views(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x.t().contiguous().view(-1)
        return y.unsqueeze(0).expand(3, y.numel())[:, 1:].permute(1, 0).reshape(-1, 3)


class ViewWritten(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = torch.zeros_like(x)
        y.view(-1)[2:5].copy_(x.view(-1)[0:3])
        return y


class SeveralOutputs(nn.Module):
    def forward(self, x: Tensor) -> Tuple[Tensor, Tuple[Tensor, Tensor], Tensor]:
        values, indices = x.max(1)
        return x + 1, (values, indices), x


class NoneOutput(nn.Module):
    def forward(self, x: Tensor) -> Tuple[Tensor, Optional[Tensor]]:
        return x.exp(), None


class TupleInput(nn.Module):
    def forward(self, x: Tuple[Tensor, Tensor], y: Tensor) -> Tensor:
        return x[0] @ x[1] + y


class ListInput(nn.Module):
    def forward(self, xs: List[Tensor]) -> Tensor:
        total = xs[0]
        for x in xs[1:]:
            total = total * x
        return total


class DictInput(nn.Module):
    def forward(self, d: Dict[str, Tensor]) -> Tensor:
        return d["a"] * 2 + d["b"]


class NestedInput(nn.Module):
    def forward(self, x: Tuple[Tensor, Tuple[Tensor, Tensor]]) -> Tuple[Tensor, Tensor]:
        a, bc = x
        return a + bc[0], a * bc[1]


class ListOutput(nn.Module):
    def forward(self, x: Tensor) -> List[Tensor]:
        return [x, x * 2]


class DictOutput(nn.Module):
    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        return {"double": x * 2, "sine": x.sin()}


class Pair(NamedTuple):
    low: Tensor
    high: Tensor


class NamedOutput(nn.Module):
    def forward(self, x: Tensor) -> Pair:
        return Pair(x.clamp(max=0.0), x.clamp(min=0.0))


class Sizes(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.view(x.size(0), -1).sum(1)


class SizeInArithmetic(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x / x.size(0)


class SizeInFactory(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.ones(x.size(0), 1)


class Constants(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.tensor([1.0, 2.0, 3.0]) + torch.full([3], 0.5) + torch.arange(3)


class Branch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            return x * 2
        return x - 1


class BranchOfTheSameOperators(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x * 3
        z = x * 5
        if x.sum() > 0:
            return y
        return z


class LoopOverRows(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros(x.size(1))
        for i in range(x.size(0)):
            total = total + x[i]
        return total


class LoopByValue(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        while x.sum() < 100:
            x = x * 2
        return x


class NumberFromTensor(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + float(x.max())


class ConstantFromTensor(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.tensor(float(x.sum()))


class ModeBranch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            return x * 2
        return x - 1


class WritesToAConstant(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = torch.tensor([1.0, 2.0, 3.0])
        y.add_(x)
        return y


class ReturnsAConstant(nn.Module):
    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        return x * 2, torch.zeros(3) + 7


class Random(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.rand(3) + torch.randn_like(x)


class RandomInPlace(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.clone().uniform_(-1.0, 1.0) + torch.bernoulli(torch.full([3], 0.5))


class Counts(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x * self.calls


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(4, 4)
        self.decoder = nn.Linear(4, 4)
        self.decoder.weight = self.encoder.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(torch.relu(self.encoder(x)))


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(self.layer(x))


class IntegerOutput(nn.Module):
    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        return x.argmax(1), x > 0, (x * 10).to(torch.int16)


class Complex(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.fft(x) * 2


class NotANumber(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.log(x) / 0.0 * 0.0


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 3, num_layers=2, dropout=0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.lstm(x)[0]


def perceptron():
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3), nn.Softmax(1))


def convolutions():
    return nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16, 3))


def draw(*shape):
    return torch.rand(*shape) - 0.3


def cases():
    """name, module, inputs, check inputs, strict, training"""
    matrix = draw(2, 3)
    yield "in place", InPlace(), (draw(3, 3),), [(draw(3, 3),)], True, False
    yield "writes to its input", WritesToItsInput(), (matrix,), [(draw(2, 3),)], True, False
    yield "views", Views(), (matrix,), [(draw(2, 3),)], True, False
    yield "written view", ViewWritten(), (matrix,), [(draw(2, 3),)], True, False
    yield "several outputs", SeveralOutputs(), (matrix,), [(draw(5, 3),)], True, False
    yield "tuple input", TupleInput(), ((draw(2, 3), draw(3, 2)), draw(2)), [((draw(4, 3), draw(3, 2)), draw(2))], True, False
    yield "list input", ListInput(), ([draw(3), draw(3)],), [([draw(3), draw(3)],)], True, False
    yield "dict input", DictInput(), ({"a": draw(3), "b": draw(3)},), [({"a": draw(2), "b": draw(2)},)], True, False
    yield "nested input", NestedInput(), ((draw(3), (draw(3), draw(3))),), [], True, False
    yield "list output", ListOutput(), (matrix,), [(draw(1, 3),)], False, False
    yield "dict output", DictOutput(), (matrix,), [(draw(1, 3),)], False, False
    yield "named output", NamedOutput(), (matrix,), [(draw(4, 3),)], True, False
    yield "sizes", Sizes(), (draw(2, 3, 4),), [(draw(2, 5, 4),)], True, False
    yield "constants", Constants(), (draw(3),), [(draw(2, 3),)], True, False
    yield "constant that is written to", WritesToAConstant(), (draw(3),), [(draw(3),)], True, False
    yield "constant that is returned", ReturnsAConstant(), (draw(3),), [(draw(2),)], True, False
    yield "branch", Branch(), (torch.ones(3),), [(-torch.ones(3),)], True, False
    yield "branch, same way", Branch(), (torch.ones(3),), [(torch.ones(5),)], True, False
    yield "branch of the same operators", BranchOfTheSameOperators(), (torch.ones(3),), [(-torch.ones(3),)], True, False
    yield "loop over rows", LoopOverRows(), (draw(2, 3),), [(draw(4, 3),)], True, False
    yield "loop over rows, as many", LoopOverRows(), (draw(2, 3),), [(draw(2, 3),)], True, False
    yield "loop by value", LoopByValue(), (torch.ones(3),), [(torch.full([3], 0.01),)], True, False
    yield "number from a tensor", NumberFromTensor(), (torch.ones(3),), [(torch.full([3], 7.0),)], True, False
    yield "number from a tensor, near", NumberFromTensor(), (torch.ones(3),), [(torch.ones(3) * 1.000001,)], True, False
    yield "constant from a tensor", ConstantFromTensor(), (torch.ones(3),), [(torch.zeros(3),)], True, False
    yield "mode branch", ModeBranch(), (draw(3),), [(draw(2),)], True, False
    yield "mode branch, training", ModeBranch(), (draw(3),), [(draw(2),)], True, True
    yield "random", Random(), (draw(3),), [(draw(3),)], True, False
    yield "random in place", RandomInPlace(), (draw(3),), [], True, False
    yield "counting buffer", Counts(), (draw(3),), [], True, False
    yield "tied weights", Tied(), (draw(2, 4),), [(draw(5, 4),)], True, False
    yield "layer used twice", Twice(), (draw(2, 4),), [(draw(5, 4),)], True, False
    yield "integer outputs", IntegerOutput(), (matrix,), [(draw(4, 3),)], True, False
    yield "complex", Complex(), (draw(4),), [(draw(2, 4),)], True, False
    yield "not a number", NotANumber(), (draw(3),), [(draw(4),)], True, False
    yield "perceptron", perceptron(), (draw(2, 4),), [(draw(7, 4),)], True, False
    yield "convolutions", convolutions(), (draw(2, 2, 6, 6),), [(draw(3, 2, 6, 6),)], True, False
    yield "batch norm, training", convolutions(), (draw(4, 2, 6, 6),), [], True, True
    yield "dropout", nn.Dropout(0.5), (draw(9),), [(draw(4),)], True, False
    yield "dropout, training", nn.Dropout(0.5), (draw(9),), [], True, True
    yield "recurrent", Recurrent(), (draw(3, 2, 4),), [(draw(3, 2, 4),)], True, False
    yield "recurrent, training", Recurrent(), (draw(3, 2, 4),), [], True, True


# Python's check runs on, and so finds other random numbers (or other counts); here every run starts where the trace started.
STARTS_AGAIN = {"random", "random in place", "dropout, training", "recurrent, training", "counting buffer"}
# Python's tracer follows sizes as numbers in the graph. A script has them as plain numbers, so here they are frozen, and told.
SIZES = {"aten::size", "aten::Int", "aten::numel"}
# torch.tensor is a constant in both; Python lifts it with these, and here each run gets a copy, which it may write to.
LIFTS = {"aten::to", "aten::detach", "aten::lift_fresh", "aten::clone"}
# Python's trace writes into its constant, so that each run begins with what the last one left there.
PYTHON_IS_WRONG = {"constant that is written to"}
TOLD = {
    "views": "froze a size",
    "list input": "froze a loop",
    "sizes": "froze a size",
    "branch": "froze a branch",
    "branch, same way": "froze a branch",
    "branch of the same operators": "froze a branch",
    "loop over rows": "froze a loop",
    "loop over rows, as many": "froze a loop",
    "loop by value": "froze a loop",
    "number from a tensor": "froze a number",
    "number from a tensor, near": "froze a number",
    "constant from a tensor": "froze a number",
    "random": "draws random numbers",
    "random in place": "draws random numbers",
    "dropout, training": "stays in training mode",
    "recurrent": "froze a size",
    "recurrent, training": "stays in training mode",
    "batch norm, training": "stays in training mode",
}

SCRIPT = r"""
param([string] $Module, [string] $Folder)
$ErrorActionPreference = 'Stop'
Import-Module $Module
# Builds what a case describes: a name is a tensor; tuples and lists are arrays, dicts ordered dictionaries.
function Build($Shape, $Tensors) {
    if ($Shape -is [string]) { return , $Tensors[$Shape] }
    if ($Shape.dict) {
        $dict = [ordered]@{}
        foreach ($property in $Shape.dict.PSObject.Properties) { $dict[$property.Name] = Build $property.Value $Tensors }
        return , $dict
    }
    $items = [System.Collections.ArrayList]::new()
    foreach ($item in $(if ($Shape.list) { $Shape.list } else { $Shape.tuple })) { $null = $items.Add((Build $item $Tensors)) }
    return , $items.ToArray()
}
# A single argument is given as it is, several as an array.
function BuildCall($Call, $Tensors) {
    if ($Call.Count -eq 1) { return , (Build $Call[0] $Tensors) }
    return , (Build ([pscustomobject]@{ list = $Call }) $Tensors)
}
function Read-Tensors($File) {
    $tensors = @{}
    foreach ($tensor in Import-TorchTensor $File) { $tensors[$tensor.Name] = $tensor }
    return $tensors
}
$cases = Get-Content "$Folder/cases.json" -Raw | ConvertFrom-Json
$results = foreach ($case in $cases) {
    $result = [ordered]@{ name = $case.name }
    foreach ($kind in 'example', 'checked') {
        $model = Import-TorchModel "$Folder/$($case.file).pt"
        $tensors = Read-Tensors "$Folder/$($case.file).npz"
        $arguments = @{ Model = $model; Example = BuildCall $case.inputs[0] $tensors; Strict = $case.strict }
        if ($kind -eq 'checked') {
            if ($case.inputs.Count -eq 1) { continue }
            $others = [System.Collections.ArrayList]::new()
            foreach ($call in $case.inputs | Select-Object -Skip 1) { $null = $others.Add((BuildCall $call $tensors)) }
            $arguments.CheckInput = $others.ToArray()
        }
        Set-TorchSeed $case.seed -Source Torch
        $problem = $null
        $traced = ConvertTo-TracedModel @arguments -WarningAction SilentlyContinue -WarningVariable warned -ErrorAction SilentlyContinue -ErrorVariable problem
        $result[$kind] = [ordered]@{
            error = $problem ? "$($problem[0])" : $null
            warnings = [string[]] @($warned | ForEach-Object { "$_" })
            words = [long] (Get-TorchSeed -Source Torch).DrawCount
            buffers = [string[]] @((Get-TorchModelParameter $model -Buffer | Where-Object Kind -EQ Buffer).Hash)
        }
        if ($kind -eq 'example' -and $traced) {
            $graph = Get-TorchModelGraph $traced -Inlined
            $result.operators = [string[]] @($graph.Nodes.Kind | Where-Object { $_ -like 'aten::*' })
            $again = BuildCall $case.inputs[0] (Read-Tensors "$Folder/$($case.file).npz")
            Invoke-TorchModel $traced $again -Seed $case.seed | Export-RunOutput "$Folder/$($case.file)-run.npz" -Force
        }
    }
    [pscustomobject] $result
}
ConvertTo-Json @($results) -Depth 6 | Set-Content "$Folder/results.json"
"""


class Tensors:
    """Names the tensors of a case's inputs and tells how they are nested."""

    def __init__(self):
        self.arrays = {}

    def describe(self, value):
        if isinstance(value, Tensor):
            name = f"t{len(self.arrays)}"
            self.arrays[name] = value.numpy().copy()
            return name
        if isinstance(value, tuple):
            return {"tuple": [self.describe(item) for item in value]}
        if isinstance(value, list):
            return {"list": [self.describe(item) for item in value]}
        return {"dict": {key: self.describe(item) for key, item in value.items()}}


def copy(value):
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, dict):
        return {key: copy(item) for key, item in value.items()}
    return type(value)(copy(item) for item in value)


def flatten(value, name="output"):
    if isinstance(value, Tensor):
        return {name: value.detach().numpy()}
    if value is None:
        return {}
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    if hasattr(value, "_fields"):
        pairs = zip(value._fields, value)
    items = {}
    for key, item in pairs:
        items.update(flatten(item, f"{name}.{key}"))
    return items


def words_of(state):
    """How many 32-bit words were drawn since the seed: counted by drawing from a generator beside until the engines agree."""
    generator = torch.Generator()
    generator.manual_seed(SEED)
    wanted = state[:5016]
    for count in range(5000):
        if bool((generator.get_state()[:5016] == wanted).all()):
            return count
        torch.empty(1, dtype=torch.int32).random_(generator=generator)
    raise AssertionError("the stream is further than 5000 words")


def trace_in_python(module, inputs, checks, strict):
    """The trace, what the check says of it, and the words that tracing alone draws."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        torch.manual_seed(SEED)
        buffers = [buffer.clone() for buffer in module.buffers()]
        traced = torch.jit.trace(module, copy(inputs), strict=strict, check_trace=False)
        words = words_of(torch.get_rng_state())
        after = [buffer.clone() for buffer in module.buffers()]
        verdicts = {}
        for kind, check_inputs in (("example", None), ("checked", [copy(item) for item in checks] or None)):
            if kind == "checked" and check_inputs is None:
                continue
            for buffer, value in zip(module.buffers(), buffers):
                buffer.data.copy_(value)
            told.clear()
            torch.manual_seed(SEED)
            try:
                torch.jit.trace(module, copy(inputs), strict=strict, check_inputs=check_inputs)
                verdicts[kind] = not any("does not match" in str(warning.message) for warning in told)
            except Exception:  # TracingCheckError, and what the module itself raises
                verdicts[kind] = False
        for buffer, value in zip(module.buffers(), after):
            buffer.data.copy_(value)
    return traced, verdicts, words


def main():
    pwsh = shutil.which("pwsh")
    torch.manual_seed(1)
    every = list(cases())
    if pwsh is None:
        print("PowerShell is not there")
        tally.skip(len(every))
        return tally.close()
    with tempfile.TemporaryDirectory(prefix="repro torch é ") as folder:
        described = []
        expected = []
        for number, (name, module, inputs, checks, strict, training) in enumerate(every):
            module.train(training)
            file = f"case{number}"
            scripted = torch.jit.script(module)
            scripted.save(os.path.join(folder, file + ".pt"))
            tensors = Tensors()
            calls = [[tensors.describe(argument) for argument in call] for call in [inputs, *checks]]
            np.savez(os.path.join(folder, file + ".npz"), **tensors.arrays)
            described.append({"name": name, "file": file, "inputs": calls, "strict": strict, "seed": SEED})
            traced, verdicts, words = trace_in_python(module, inputs, checks, strict)
            torch.manual_seed(SEED)
            with torch.no_grad():
                module_output = traced(*copy(inputs))
            # A trace in Python forgets the names of a NamedTuple; here it keeps them.
            names = flatten(module(*copy(inputs))) if name == "named output" else flatten(module_output)
            if name in PYTHON_IS_WRONG:
                module_output = module(*copy(inputs))
            outputs = dict(zip(names, (array.copy() for array in flatten(module_output).values())))
            operators = [node.kind() for node in traced.inlined_graph.nodes() if node.kind().startswith("aten::")]
            expected.append((name, verdicts, words, outputs, operators))
        with open(os.path.join(folder, "cases.json"), "w") as out:
            json.dump(described, out)
        script = os.path.join(folder, "trace.ps1")
        with open(script, "w") as out:
            out.write(SCRIPT)
        module_file = os.environ.get("REPROTORCH_MODULE", str(ROOT / "out" / "ReproTorch" / "ReproTorch.psd1"))
        done = subprocess.run(
            [pwsh, "-NoProfile", "-File", script, "-Module", module_file, "-Folder", folder], capture_output=True, text=True)
        if done.returncode != 0 or not os.path.exists(os.path.join(folder, "results.json")):
            check("PowerShell ran", False, done.stdout[-2000:] + done.stderr[-2000:])
        else:
            with open(os.path.join(folder, "results.json")) as file:
                results = {result["name"]: result for result in json.load(file)}
            for case, (name, verdicts, words, outputs, operators) in zip(described, expected):
                compare(folder, case, results[name], verdicts, words, outputs, operators)
    return tally.close()


def compare(folder, case, result, verdicts, words, outputs, operators):
    name = case["name"]
    for kind, good in verdicts.items():
        ours = result[kind]["error"] is None
        if name in STARTS_AGAIN | PYTHON_IS_WRONG:
            check(f"{name}: passes here ({kind})", ours, result[kind]["error"])
        else:
            check(f"{name}: same verdict ({kind})", ours == good, f"Python {good}, here {result[kind]['error']}")
        check(f"{name}: the stream is where tracing left it ({kind})", result[kind]["words"] == words,
              f"{result[kind]['words']} words, not {words}")
    told = " ".join(result["example"]["warnings"])
    if name in TOLD:
        check(f"{name}: told", TOLD[name] in told, told)
    else:
        check(f"{name}: nothing told", told == "", told)
    if result["example"]["error"] is not None:
        return
    ours, theirs = (sorted(kind for kind in kinds if kind not in SIZES | LIFTS) for kinds in (result["operators"], operators))
    check(f"{name}: operators", ours == theirs, f"\n  ours   {result['operators']}\n  Python {operators}")
    with np.load(os.path.join(folder, case["file"] + "-run.npz")) as arrays:
        got = {member: arrays[member] for member in arrays.files if member != "run.json"}
    check(f"{name}: output names", list(got) == list(outputs), f"{list(got)} is not {list(outputs)}")
    for key, array in outputs.items():
        other = got.get(key)
        same = other is not None and other.dtype == array.dtype and other.shape == array.shape and \
            other.tobytes() == np.ascontiguousarray(array).tobytes()
        check(f"{name}: {key}", same, f"{other} is not {array}")


if __name__ == "__main__":
    sys.exit(main())
