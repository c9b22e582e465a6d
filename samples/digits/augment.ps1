<#
.SYNOPSIS
Reads digits that were shifted, brightened and blurred at random, and keeps both steps as evidence.

.DESCRIPTION
The port of augment.py: the same bits, by the same operators. Every random number comes from the stream, and the place in it, that
the Python script takes it from.

.EXAMPLE
./augment.ps1; python3 augment.py; Compare-RunOutput augment-python.npz augment-powershell.npz
#>
#Requires -Version 7.6
[CmdletBinding()]
param(
    [string] $Path = 'augment-powershell.npz',
    [string] $Module = (Join-Path $PSScriptRoot '../../out/ReproTorch/ReproTorch.psd1')
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module $Module

$augment = New-TorchModel -Name augment -Definition @'
def forward(self, images, shift: int, brightness: float):
    noise = torch.randn_like(images)
    return torch.clamp(torch.roll(images, shift, 3) * brightness + 0.1 * noise, 0.0, 1.0)
'@
$model = Import-TorchModel (Join-Path $PSScriptRoot digits.pt)
$digits = Import-TorchTensor (Join-Path $PSScriptRoot heldout.npz)

Set-TorchSeed 42
$shift = (Get-RandomSequence -Source Python -Method randint -ArgumentList -1, 1)
$brightness = (Get-RandomSequence -Source NumPy -Method uniform -ArgumentList 0.8, 1.2)

$noisy = Invoke-TorchModel $augment @($digits, $shift, $brightness) -IncludeInput -OperatorTrace
$scores = Invoke-TorchModel $model $noisy.Outputs[0].ToTensor() -IncludeInput -OperatorTrace
$noisy, $scores | Export-RunOutput $Path -Force

$labels = (Import-TorchTensor (Join-Path $PSScriptRoot heldout-labels.npy)).ToArray[long]()
$values = $scores.Outputs[0].ToTensor().ToArray[float]()
$right = 0
for ($i = 0; $i -lt $labels.Count; $i++) {
    $row = $values[(10 * $i)..(10 * $i + 9)]
    if ([Array]::IndexOf($row, [float] ($row | Measure-Object -Maximum).Maximum) -eq $labels[$i]) { $right++ }
}
'Shifted by {0}, {1:F4} times as bright: {2} of {3} digits read correctly. Wrote {4}.' -f $shift, $brightness, $right, $labels.Count, $Path
