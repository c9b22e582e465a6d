# Runs a model in a loop as a person at a shell would, nothing disposed: memory.ps1 MODULE MODEL INPUT.npy COUNT..
# Prints what it is, then the resident bytes after each count of runs in all.
param([string] $Module, [string] $ModelPath, [string] $InputPath, [Parameter(ValueFromRemainingArguments)] [long[]] $Count)

$ErrorActionPreference = 'Stop'
Import-Module $Module
$model = Import-TorchModel $ModelPath
$tensor = Import-TorchTensor $InputPath
"PowerShell $($PSVersionTable.PSVersion)"
$done = 0
foreach ($until in $Count) {
    for (; $done -lt $until; $done++) {
        $run = Invoke-TorchModel $model $tensor
    }
    [Environment]::WorkingSet
}
