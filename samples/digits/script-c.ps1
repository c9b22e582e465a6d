# The remedy: draws as before, and seeds again right before what must be the same.
Set-TorchSeed 42
$noise = New-TorchTensor -Factory rand -Shape 3
$files = 'a.png', 'b.png', 'c.png' | Get-RandomSequence shuffle -Source Python
Set-TorchSeed 42
$model = New-TorchModel -Layer 'Linear(4, 2)'
