# Seeds, and builds a model.
Set-TorchSeed 42
$model = New-TorchModel -Layer 'Linear(4, 2)'
