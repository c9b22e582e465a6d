<#
.SYNOPSIS
Makes the pages that docs/reports.md shows: a large difference, a tiny one, none, and one with NaN.
.DESCRIPTION
The inputs are drawn from a fixed seed, so that the pages are the same bytes each time (but for the environment of this machine). Open
them in a browser to look at them; the pictures in this folder were taken 1280 and 390 pixels wide.
.EXAMPLE
./docs/images/make_reports.ps1 -Folder ./pages
#>
param(
    [Parameter(Mandatory)] [string] $Folder,
    [string] $Module = (Join-Path $PSScriptRoot '../../out/ReproTorch/ReproTorch.psd1')
)
$ErrorActionPreference = 'Stop'
Import-Module $Module
$null = New-Item $Folder -ItemType Directory -Force

$digits = Join-Path $PSScriptRoot '../../samples/digits'
$model = Import-TorchModel (Join-Path $digits digits.pt)
$run = Import-TorchTensor (Join-Path $digits heldout.npz) | Invoke-TorchModel $model -Seed 42

# Its values, by way of a file: the elements stand at the end of it.
$file = Join-Path $Folder values.npy
$run.Outputs[0].ToTensor() | Export-TorchTensor $file -Force
$bytes = [IO.File]::ReadAllBytes($file)
$original = [float[]]::new($run.Outputs[0].Data.Count)
[Buffer]::BlockCopy($bytes, $bytes.Length - 4 * $original.Length, $original, 0, 4 * $original.Length)
Remove-Item $file

# The run with other values in its one output.
function Get-Changed([string] $Name, [scriptblock] $Change) {
    $value = $run.Outputs[0]
    $floats = [float[]]$original.Clone()
    & $Change $floats
    $bytes = [byte[]]::new(4 * $floats.Length)
    [Buffer]::BlockCopy($floats, 0, $bytes, 0, $bytes.Length)
    $data = [ReproTorch.Tensors.TensorData]::FromArray($value.Data.DType, $value.Data.Shape, $bytes)
    [ReproTorch.Runs.RunOutput] @{
        Name = $Name; Outputs = [ReproTorch.Runs.RunValue[]]@([ReproTorch.Runs.RunValue]::OfTensor($value.Name, $data))
        Seed = $run.Seed; Model = $run.Model; ModelSha256 = $run.ModelSha256; Method = $run.Method; Device = $run.Device
        Inputs = $run.Inputs; Environment = $run.Environment; Time = $run.Time; Duration = $run.Duration
    }
}

$random = [Random]::new(7)
$large = Get-Changed 'other weights' { param($v) for ($i = 0; $i -lt $v.Length; $i++) { if ($random.Next(3)) { $v[$i] += [float]([math]::Pow(10, 4 * $random.NextDouble() - 4) * ($random.Next(2) * 2 - 1)) } } }
$tiny = Get-Changed 'other processor' { param($v) for ($i = 0; $i -lt $v.Length; $i += 1 + $random.Next(40)) { $v[$i] = [MathF]::BitIncrement($v[$i]) } }
$nan = Get-Changed 'a broken layer' {
    param($v)
    for ($i = 1200; $i -lt 1260; $i++) { $v[$i] = [float]::NaN }
    $v[2000] = [float]::PositiveInfinity
    for ($i = 0; $i -lt $v.Length; $i += 7) { $v[$i] *= 1 + 1e-6 }
}

Export-RunReport (Join-Path $Folder large.html) $run $large -Close -Force
Export-RunReport (Join-Path $Folder tiny.html) $run $tiny -Close -Force
Export-RunReport (Join-Path $Folder none.html) $run $run -Force
Export-RunReport (Join-Path $Folder nan.html) $run $nan -Close -Force
$large, $tiny, $run, $nan | Compare-RunOutput $run -Close | Export-RunReport (Join-Path $Folder several.html) -Force
Get-ChildItem $Folder -Filter *.html
