# The same, but draws before it builds: noise for an augmentation, say, or a shuffled list of files.
Set-TorchSeed 42
$noise = New-TorchTensor -Factory rand -Shape 3
$files = 'a.png', 'b.png', 'c.png' | Get-RandomSequence shuffle -Source Python
$model = New-TorchModel -Layer 'Linear(4, 2)'
