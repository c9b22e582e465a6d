"""Loads weights here and with load_state_dict on the same libtorch: the tensors must have the same bytes afterwards, and what is wrong must
be told in the same words. Needs PowerShell; without it the checks are counted as skipped.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import torch
from torch import Tensor, nn

import tally
from tally import check

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(3, 3)
        self.decoder = nn.Linear(3, 3)
        self.decoder.weight = self.encoder.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))


class Kinds(nn.Module):
    def __init__(self):
        super().__init__()
        self.narrow_values = nn.Parameter(torch.zeros(2, dtype=torch.float16))
        self.wide_values = nn.Parameter(torch.zeros(2, dtype=torch.float64))
        self.register_buffer("count", torch.tensor(0))
        self.register_buffer("mask", torch.zeros(3, dtype=torch.bool))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.narrow_values


def cases():
    """name, module, state, strict"""
    torch.manual_seed(0)
    norm = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    full = {name: torch.rand(tensor.shape).to(tensor.dtype) + 1 for name, tensor in norm.state_dict().items()}
    yield "all", norm, full, True
    yield "other dtypes", norm, {name: tensor.double() for name, tensor in full.items()}, True
    yield "missing", norm, {name: tensor for name, tensor in full.items() if name != "1.bias"}, True
    yield "missing, not strict", norm, {name: tensor for name, tensor in full.items() if name != "1.bias"}, False
    yield "unexpected", norm, {**full, "2.weight": torch.zeros(1), "x": torch.zeros(1)}, True
    yield "unexpected, not strict", norm, {**full, "2.weight": torch.zeros(1)}, False
    wrong = {**full, "0.weight": torch.zeros(2, 1, 3), "1.running_mean": torch.zeros(3), "y": torch.zeros(1)}
    del wrong["0.bias"], wrong["1.num_batches_tracked"]
    yield "all that can be wrong", norm, wrong, True
    yield "sizes, not strict", norm, wrong, False
    tied = Tied()
    weight = torch.rand(3, 3)
    yield "tied, both names", tied, {"encoder.weight": weight, "decoder.weight": weight, "encoder.bias": torch.rand(3), "decoder.bias": torch.rand(3)}, True
    yield "kinds", Kinds(), {"narrow_values": torch.rand(2), "wide_values": torch.rand(2), "count": torch.tensor([7]), "mask": torch.tensor([1.0, 0.0, 2.0])}, True


SCRIPT = r"""
param([string] $Module, [string] $Folder)
$ErrorActionPreference = 'Stop'
Import-Module $Module
$results = foreach ($case in Get-Content "$Folder/cases.json" -Raw | ConvertFrom-Json) {
    $model = Import-TorchModel "$Folder/$($case.file).pt"
    $problem = $null
    Set-TorchModelParameter $model "$Folder/$($case.file).npz" -Strict $case.strict -ErrorVariable problem -ErrorAction SilentlyContinue -WarningAction SilentlyContinue
    Get-TorchModelParameter $model -Buffer | ForEach-Object Tensor | Export-TorchTensor "$Folder/$($case.file)-now.npz" -Force
    [pscustomobject] @{ name = $case.name; error = $problem ? $problem[0].Exception.Message : $null }
}
ConvertTo-Json @($results) | Set-Content "$Folder/results.json"
"""


def main():
    pwsh = shutil.which("pwsh")
    every = list(cases())
    if pwsh is None:
        print("PowerShell is not there")
        tally.skip(len(every))
        return tally.close()
    with tempfile.TemporaryDirectory(prefix="repro torch é ") as folder:
        described = []
        expected = []
        for number, (name, module, state, strict) in enumerate(every):
            file = f"case{number}"
            path = os.path.join(folder, file + ".pt")
            torch.jit.script(module).save(path)
            np.savez(os.path.join(folder, file + ".npz"), **{key: tensor.numpy() for key, tensor in state.items()})
            described.append({"name": name, "file": file, "strict": strict})
            loaded = torch.jit.load(path)
            before = {key: tensor.detach().clone() for key, tensor in loaded.state_dict().items()}
            try:
                loaded.load_state_dict(state, strict=strict)
                error = None
            except RuntimeError as problem:
                error = str(problem)
            # Python changes what fits before it tells what does not; here nothing is changed then.
            after = loaded.state_dict() if error is None else before
            expected.append((error, {key: tensor.detach().numpy().copy() for key, tensor in after.items()}))
        with open(os.path.join(folder, "cases.json"), "w") as out:
            json.dump(described, out)
        script = os.path.join(folder, "parameters.ps1")
        with open(script, "w") as out:
            out.write(SCRIPT)
        module_file = os.environ.get("REPROTORCH_MODULE", str(ROOT / "out" / "ReproTorch" / "ReproTorch.psd1"))
        done = subprocess.run(
            [pwsh, "-NoProfile", "-File", script, "-Module", module_file, "-Folder", folder], capture_output=True, text=True)
        if done.returncode != 0 or not os.path.exists(os.path.join(folder, "results.json")):
            check("PowerShell ran", False, done.stdout[-2000:] + done.stderr[-2000:])
        else:
            with open(os.path.join(folder, "results.json")) as file:
                results = json.load(file)
            for case, result, (error, tensors) in zip(described, results, expected):
                name = case["name"]
                ours, theirs = ([line.strip() for line in (text or "").splitlines()[1:]] for text in (result["error"], error))
                check(f"{name}: told the same", ours == theirs, f"\n  ours   {ours}\n  Python {theirs}")
                with np.load(os.path.join(folder, case["file"] + "-now.npz")) as arrays:
                    for key in arrays.files:
                        check(f"{name}: {key}", arrays[key].tobytes() == tensors[key].tobytes() and arrays[key].dtype == tensors[key].dtype)
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
