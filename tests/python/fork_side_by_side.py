"""Traces a model that torch.jit.fork splits among threads: every operator is there with its own draws, and nothing is left behind for the
next trace. Only Python can write such a model. Needs PowerShell; without it the checks are counted as skipped.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import torch
from torch import Tensor, nn

import tally
from tally import check

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SIZE = 64
WORDS = 2 * SIZE
TIMES = 30

SCRIPT = """
param($Module, $Model)
Import-Module $Module
Set-TorchDeterminism -InteropThreads 4
$model = Import-TorchModel -LiteralPath $Model
$x = New-TorchTensor -Factory ones -Shape %d
$runs = foreach ($i in 1..%d) {
    $trace = Trace-TorchOperator { $null = Invoke-TorchModel $model $x }
    @{ total = $trace.DrawCount; each = @($trace.Records.Where{ $_.Name -eq 'aten::bernoulli_' }.DrawCount); unfinished = $trace.UnfinishedCount }
}
$after = Trace-TorchOperator { $null = New-TorchTensor -Factory ones -Shape 3; $null = New-TorchTensor -Factory rand -Shape 3 }
@{ runs = @($runs); after = @($after.Operators.Name); parents = @($after.Operators.Parent) } | ConvertTo-Json -Depth 5
""" % (SIZE, TIMES)


class Fork(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        parts = [torch.jit.fork(self.part, x + 1), torch.jit.fork(self.part, x + 2), torch.jit.fork(self.part, x + 3)]
        total = x
        for part in parts:
            total = total + torch.jit.wait(part)
        return total


def main():
    pwsh = shutil.which("pwsh")
    if pwsh is None:
        print("PowerShell is not there")
        tally.skip(3 * TIMES + 2)
        return tally.close()
    with tempfile.TemporaryDirectory(prefix="repro torch é ") as folder:
        model = os.path.join(folder, "fork.pt")
        torch.jit.script(Fork().train()).save(model)
        script = os.path.join(folder, "fork.ps1")
        with open(script, "w") as out:
            out.write(SCRIPT)
        module = os.environ.get("REPROTORCH_MODULE", str(ROOT / "out" / "ReproTorch" / "ReproTorch.psd1"))
        done = subprocess.run([pwsh, "-NoProfile", "-File", script, "-Module", module, "-Model", model], capture_output=True, text=True)
        start = done.stdout.find("{")
        if done.returncode != 0 or start < 0:
            check("PowerShell ran", False, done.stdout[-2000:] + done.stderr[-2000:])
        else:
            told = json.loads(done.stdout[start:])
            # A dropout draws two words an element, as torch's generator shows: those of a float64.
            torch.manual_seed(0)
            before = torch.get_rng_state()
            torch.dropout(torch.ones(SIZE), 0.5, True)
            drawn = torch.get_rng_state()
            torch.set_rng_state(before)
            torch.rand(SIZE, dtype=torch.float64)
            check("two words an element", bool((torch.get_rng_state() == drawn).all()))
            for number, run in enumerate(told["runs"]):
                check(f"run {number}: all draws", run["total"] == 3 * WORDS, run["total"])
                check(f"run {number}: each its own", run["each"] == [WORDS] * 3, run["each"])
                check(f"run {number}: none under way", run["unfinished"] == 0, run["unfinished"])
            check("the next trace", told["after"] == ["aten::ones", "aten::rand"] and told["parents"] == [-1, -1], told)
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
