BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Invoke-TorchTraining' {
    BeforeAll {
        $x = Use-TorchSeed 1 { New-TorchTensor -Factory randn -Shape 90, 8 }
        $y = Use-TorchSeed 2 { New-TorchTensor -Factory randint -ArgumentList 0, 3 -Shape 90 }
        function New-Net { New-TorchModel -Layer 'Linear(8, 16)', 'BatchNorm1d(16)', 'ReLU', 'Dropout(0.2)', 'Linear(16, 3)' -Seed 0 }
        $how = @{ Loss = 'CrossEntropyLoss'; Optimizer = 'SGD(momentum=0.9)'; LearningRate = 0.05; BatchSize = 20; Shuffle = $true; Seed = 0; InformationAction = 'SilentlyContinue' }
    }

    It 'gives the same twice, and another seed something else' {
        $first = Invoke-TorchTraining (New-Net) $x $y @how -Epoch 3
        $second = Invoke-TorchTraining (New-Net) $x $y @how -Epoch 3
        $first.Losses.Count | Should -Be 15
        $first.Epochs.Count | Should -Be 3
        $first.End | Should -Be 'Completed'
        $second.WeightsHash | Should -Be $first.WeightsHash
        (Compare-RunOutput $first $second).Identical | Should -BeTrue
        $how.Seed = 1
        $other = Invoke-TorchTraining (New-Net) $x $y @how -Epoch 3
        $how.Seed = 0
        $comparison = Compare-RunOutput $first $other
        $comparison.Match | Should -BeFalse
        $comparison.FirstDifference.Output | Should -Be 'loss'
        $comparison.Outputs.Name | Should -Contain 'parameter.4.weight'
    }

    It 'goes down' {
        $result = Invoke-TorchTraining (New-Net) $x $y @how -Epoch 20
        $result.Epochs[-1].Loss | Should -BeLessThan $result.Epochs[0].Loss
    }

    It 'says what the loss is, in words that scripts know' {
        $how.InformationAction = 'Continue'
        $messages = Invoke-TorchTraining (New-Net) $x $y @how -Epoch 2 -LogEvery 2 6>&1 | Where-Object { $_ -is [System.Management.Automation.InformationRecord] }
        $how.InformationAction = 'SilentlyContinue'
        "$($messages[0])" | Should -Match '^Epoch 1/2, Step 2/5: Loss: \d\.\d{4}$'
        @($messages | Where-Object { "$_" -like 'Epoch 2/2, Step 4/5: *' }).Count | Should -Be 1
    }

    It 'goes on from a checkpoint as if nothing had been' {
        $file = Join-Path $TestDrive 'training.npz'
        $whole = Invoke-TorchTraining (New-Net) $x $y @how -Epoch 4
        $null = Invoke-TorchTraining (New-Net) $x $y @how -Epoch 2 -Checkpoint $file
        Set-TorchSeed 99
        $rest = Invoke-TorchTraining (New-Net) $x $y @how -Epoch 4 -Checkpoint $file -ResumeFrom $file
        $rest.WeightsHash | Should -Be $whole.WeightsHash
        $rest.Losses | Should -Be $whole.Losses
    }

    It 'refuses to go on with another training, and a damaged checkpoint' {
        $file = Join-Path $TestDrive 'other.npz'
        $null = Invoke-TorchTraining (New-Net) $x $y @how -Epoch 1 -Checkpoint $file
        $how.BatchSize = 10
        Invoke-TorchTraining (New-Net) $x $y @how -Epoch 2 -ResumeFrom $file -ErrorVariable problem -ErrorAction SilentlyContinue
        $how.BatchSize = 20
        $problem[0].Exception.Message | Should -BeLike "*batchSize was '20' and is now '10'*"
        $bytes = [IO.File]::ReadAllBytes($file)
        [IO.File]::WriteAllBytes($file, $bytes[0..($bytes.Length / 2)])
        Invoke-TorchTraining (New-Net) $x $y @how -Epoch 2 -ResumeFrom $file -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].CategoryInfo.Category | Should -Be 'InvalidData'
    }

    It 'writes the model and the curve, and nothing with -WhatIf' {
        $file = Join-Path $TestDrive 'trained.pt'
        $chart = Join-Path $TestDrive 'loss.svg'
        $null = Invoke-TorchTraining (New-Net) $x $y @how -Path $file -ChartPath $chart -Checkpoint (Join-Path $TestDrive 'no.npz') -WhatIf
        Get-ChildItem $TestDrive -Filter 'trained.pt' | Should -BeNullOrEmpty
        Get-ChildItem $TestDrive -Filter 'no.npz' | Should -BeNullOrEmpty
        $result = Invoke-TorchTraining (New-Net) $x $y @how -Path $file -ChartPath $chart
        ([xml](Get-Content $chart -Raw)).svg.path.class | Should -Be 'curve'
        $back = Import-TorchModel $file
        $net = New-Net
        $again = Invoke-TorchTraining $net $x $y @how
        $again.WeightsHash | Should -Be $result.WeightsHash
        ($back | Get-TorchModelParameter).Hash | Should -Be ($net | Get-TorchModelParameter).Hash
        Invoke-TorchTraining (New-Net) $x $y @how -Path $file -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].Exception.Message | Should -BeLike '*nothing was trained*'
    }

    It 'trains nothing with -WhatIf' {
        $net = New-Net
        $before = ($net | Get-TorchModelParameter).Hash
        Invoke-TorchTraining $net $x $y @how -WhatIf | Should -BeNullOrEmpty
        ($net | Get-TorchModelParameter).Hash | Should -Be $before
    }

    It 'refuses files that cannot be written before it trains' {
        $net = New-Net
        $before = ($net | Get-TorchModelParameter).Hash
        Invoke-TorchTraining $net $x $y @how -Path (Join-Path $TestDrive 'none' 'a.pt') -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].Exception.Message | Should -BeLike '*there is no folder*Nothing was trained*'
        Invoke-TorchTraining $net $x $y @how -Checkpoint $TestDrive -Force -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].Exception.Message | Should -BeLike '*is a folder*'
        ($net | Get-TorchModelParameter).Hash | Should -Be $before
    }

    It 'keeps a checkpoint when nobody wants more' {
        $file = Join-Path $TestDrive 'first.npz'
        $changed = $how.Clone()
        $changed.InformationAction = 'Continue'
        $net = New-Net
        $net.SetTraining($false)
        $lines = Invoke-TorchTraining $net $x $y @changed -Epoch 2 -LogEvery 1 -Checkpoint $file 6>&1 | Select-Object -First 3
        "$($lines[2])" | Should -BeLike 'Epoch 1/2, Step 3/5*'
        $net.IsTraining | Should -BeFalse
        $rest = Invoke-TorchTraining (New-Net) $x $y @how -Epoch 2 -ResumeFrom $file
        $rest.WeightsHash | Should -Be (Invoke-TorchTraining (New-Net) $x $y @how -Epoch 2).WeightsHash
    }

    It 'trains what is named, with numbers of its own' {
        $net = New-Net
        $before = $net | Get-TorchModelParameter
        $null = Invoke-TorchTraining $net $x $y @how -Freeze '0.*' -ParameterGroup @{ '*.bias' = 'SGD(lr=0.01)' }
        $after = $net | Get-TorchModelParameter
        ($after | Where-Object Name -EQ '0.weight').Hash | Should -Be ($before | Where-Object Name -EQ '0.weight').Hash
        ($after | Where-Object Name -EQ '4.weight').Hash | Should -Not -Be ($before | Where-Object Name -EQ '4.weight').Hash
        ($after | Where-Object Name -EQ '0.weight').RequiresGrad | Should -BeTrue
    }

    It 'measures by a validation, and ends when it gets no better' {
        $result = Invoke-TorchTraining (New-Net) $x $y @how -Epoch 100 -ValidationInput $x -ValidationTarget $y -Patience 0 -MinimumChange 0.5
        $result.End | Should -Be 'NoBetter'
        $result.Epochs[0].Metrics.Keys | Should -Be 'validationLoss', 'validationAccuracy'
    }

    It 'refuses a parameter that would do nothing' {
        { Invoke-TorchTraining (New-Net) $x $y @how -MinimumChange 0.5 } | Should -Throw '*-MinimumChange does nothing without -Patience.*'
        { Invoke-TorchTraining (New-Net) $x $y @how -CheckpointEvery 2 } | Should -Throw '*-CheckpointEvery does nothing without -Checkpoint.*'
        { Invoke-TorchTraining (New-Net) $x $y @how -ClipNormType 1 } | Should -Throw '*-ClipNormType does nothing without -ClipNorm.*'
    }

    It 'names what is wrong' -ForEach @(
        @{ Change = @{ Loss = 'CrossEntropi' }; Message = "*There is no loss 'CrossEntropi'*" }
        @{ Change = @{ Optimizer = 'SGD(momentum=-1)' }; Message = '*momentum has to be 0 or more*' }
        @{ Change = @{ Optimizer = 'SGD(lr=0.1)' }; Message = '*given twice*' }
        @{ Change = @{ Loss = 'L1Loss' }; Message = '*This loss compares element by element*' }
        @{ Change = @{ Loss = 'MSELoss' }; Message = '*The target is int64. MSELoss expects numbers*' }
        @{ Change = @{ BatchSize = 100; DropLast = $true }; Message = '*fill no batch of 100*' }
        @{ Change = @{ Freeze = 'nothing*' }; Message = "*No parameter has a name like 'nothing*" }
        @{ Change = @{ Schedule = 'StepLR' }; Message = '*StepLR needs step_size*' }
    ) {
        $changed = $how.Clone()
        foreach ($name in $Change.Keys) { $changed[$name] = $Change[$name] }
        Invoke-TorchTraining (New-Net) $x $y @changed -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].Exception.Message | Should -BeLike $Message
    }

    It 'has help with a description and examples, and completes names' {
        @((Get-Help Invoke-TorchTraining -Full).Examples.Example).Count | Should -BeGreaterThan 0
        Complete 'Invoke-TorchTraining -Optimizer Ad' | Should -Be 'Adam', 'AdamW', 'Adagrad'
        Complete 'Invoke-TorchTraining -Loss Hub' | Should -Be 'HuberLoss'
    }
}
