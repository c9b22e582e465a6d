# What goes through Clixml, jobs and sessions comes back as what it was, with every bit.
BeforeAll {
    $path = (Get-Module ReproTorch).Path
    $module = Join-Path (Split-Path $path) 'ReproTorch.psd1'
    $model = New-TorchModel -Layer 'Conv2d(1, 4, 3)', 'ReLU', 'Flatten', 'Linear(144, 10)' -Seed 0
    $tensor = New-TorchTensor -Factory rand -Shape 4, 1, 8, 8
    $run = Invoke-TorchModel $model $tensor -OperatorTrace -IncludeInput

    # A session in a process of its own, where no SSH is needed.
    function New-LocalSession {
        $runspace = [runspacefactory]::CreateOutOfProcessRunspace($null)
        $runspace.Open()
        [System.Management.Automation.Runspaces.PSSession]::Create($runspace, 'local', $null)
    }
}

Describe 'Export-Clixml' {
    It 'brings a run back, with its operators and inputs' {
        $run | Export-Clixml "$TestDrive/run.xml"
        $back = Import-Clixml "$TestDrive/run.xml"
        $back | Should -BeOfType ReproTorch.Runs.RunOutput
        (Compare-RunOutput $run $back).Identical | Should -BeTrue
        (Compare-RunOutput $run $back).Operators.Identical | Should -BeTrue
        $back.Environment.TorchVersion | Should -Be $run.Environment.TorchVersion
        (Test-RunOutput -InputObject $back -Model $model).Match | Should -BeTrue
    }

    It 'brings a comparison back, for a report' {
        $other = New-TorchTensor -Factory rand -Shape 4, 1, 8, 8
        $comparison = Compare-RunOutput $tensor $other -Close
        $comparison | Export-Clixml "$TestDrive/comparison.xml"
        $back = Import-Clixml "$TestDrive/comparison.xml"
        $back | Should -BeOfType ReproTorch.Comparison.RunComparison
        $back.Message | Should -Be $comparison.Message
        [ReproTorch.Comparison.ComparisonJson]::Write($back) | Should -Be ([ReproTorch.Comparison.ComparisonJson]::Write($comparison))
        $back | Export-RunReport "$TestDrive/comparison.html"
        Get-Content "$TestDrive/comparison.html" -Raw | Should -BeLike '*<h1>Different</h1>*'
        $sent = Start-Job { Import-Module $using:module; Compare-RunOutput (New-TorchTensor 1.0) (New-TorchTensor 2.0) } | Receive-Job -Wait -AutoRemoveJob
        $sent | Should -BeOfType ReproTorch.Comparison.RunComparison
        $sent.Match | Should -BeFalse
    }

    It 'brings a tensor of <dtype> back' -ForEach @(
        @{ dtype = 'float32' }, @{ dtype = 'bfloat16' }, @{ dtype = 'complex64' }, @{ dtype = 'bool' }, @{ dtype = 'int64' }
    ) {
        $tensor = New-TorchTensor 1, 0, 1 -DType $dtype
        $tensor | Export-Clixml "$TestDrive/tensor.xml"
        $back = Import-Clixml "$TestDrive/tensor.xml"
        $back | Should -BeOfType ReproTorch.Tensors.TorchTensor
        $back.DType | Should -Be $tensor.DType
        Compare-RunOutput $tensor $back -Quiet | Should -BeTrue
    }

    It 'brings a trace and a sweep back' {
        $trace = Trace-TorchOperator { $null = New-TorchTensor -Factory rand -Shape 3 } -Hash
        $sweep = Test-TorchDeterminism $model $tensor -Vary Repeat
        @{ Trace = $trace; Sweep = $sweep } | Export-Clixml "$TestDrive/both.xml" -Depth 4
        $back = Import-Clixml "$TestDrive/both.xml"
        (Compare-TorchOperatorTrace $trace $back.Trace).Identical | Should -BeTrue
        $back.Sweep.ToJson() | Should -Be $sweep.ToJson()
    }

    It 'brings a training back, which can be compared' {
        $target = New-TorchTensor 0, 1, 2, 3 -DType int64
        $training = New-TorchModel -Layer 'Flatten', 'Linear(64, 10)', 'BatchNorm1d(10)' -Seed 0 |
            Invoke-TorchTraining -InputObject $tensor -Target $target -Loss CrossEntropyLoss -Optimizer Adam -BatchSize 2 -Epoch 3 -Seed 1 -Shuffle
        $training | Export-Clixml "$TestDrive/training.xml"
        $back = Import-Clixml "$TestDrive/training.xml"
        $back | Should -BeOfType ReproTorch.Training.TrainingResult
        (Compare-RunOutput $training $back).Identical | Should -BeTrue
        $back.ToString() | Should -Be $training.ToString()
        $back.Losses | Should -Be $training.Losses
        $back.LossDType | Should -Be $training.LossDType
        $back.Epochs.WeightsHash | Should -Be $training.Epochs.WeightsHash
        $back.Epochs.LearningRate | Should -Be $training.Epochs.LearningRate
        $back.Parameters.Name | Should -Be $training.Parameters.Name
        $back.Buffers.Name | Should -Be $training.Buffers.Name
        $back.Settings['optimizer'] | Should -Be $training.Settings['optimizer']
        $back.Seed | Should -Be 1
        $back.Duration | Should -Be $training.Duration
        (Compare-TorchEnvironment $back.Environment $training.Environment).Same | Should -Not -Contain $false
        $back | Export-RunOutput -Path "$TestDrive/training.npz"
        Compare-RunOutput "$TestDrive/training.npz" $training -Quiet | Should -BeTrue
    }

    It 'refuses bytes that were changed' {
        $run | Export-Clixml "$TestDrive/run.xml"
        $text = Get-Content "$TestDrive/run.xml" -Raw
        $at = $text.IndexOf('</BA>') - 4000
        Set-Content "$TestDrive/run.xml" ($text.Remove($at, 4).Insert($at, 'AAAA'))
        $back = Import-Clixml "$TestDrive/run.xml"
        { Compare-RunOutput $run $back -ErrorAction Stop } | Should -Throw
    }
}

Describe 'Jobs and sessions' {
    It 'brings a run back from a job that was given a tensor' {
        $back = Start-Job {
            Import-Module $using:module
            Invoke-TorchModel (New-TorchModel -Layer 'Conv2d(1, 4, 3)', 'ReLU', 'Flatten', 'Linear(144, 10)' -Seed 0) $using:tensor
        } | Receive-Job -Wait -AutoRemoveJob
        $back | Should -BeOfType ReproTorch.Runs.RunOutput
        (Compare-RunOutput $run $back).Identical | Should -BeTrue
    }

    It 'brings a training back from a job' {
        $layers = 'Flatten', 'Linear(64, 10)'
        $target = New-TorchTensor 0, 1, 2, 3 -DType int64
        $options = @{ Loss = 'CrossEntropyLoss'; Optimizer = 'Adam'; BatchSize = 2; Epoch = 2; Seed = 1 }
        $here = Invoke-TorchTraining (New-TorchModel -Layer $layers -Seed 0) $tensor $target @options
        $back = Start-Job {
            Import-Module $using:module
            $options = $using:options
            Invoke-TorchTraining (New-TorchModel -Layer $using:layers -Seed 0) $using:tensor $using:target @options
        } | Receive-Job -Wait -AutoRemoveJob
        $back | Should -BeOfType ReproTorch.Training.TrainingResult
        (Compare-RunOutput $here $back).Identical | Should -BeTrue
    }

    It 'brings a run back from a session, by argument and by $using:' {
        $session = New-LocalSession
        $back = Invoke-Command $session -ArgumentList $tensor, $module {
            Import-Module $args[1]
            $model = New-TorchModel -Layer 'Conv2d(1, 4, 3)', 'ReLU', 'Flatten', 'Linear(144, 10)' -Seed 0
            Invoke-TorchModel $model $args[0]
            Invoke-TorchModel $model $using:tensor
        }
        $session.Runspace.Dispose()
        $back | ForEach-Object { (Compare-RunOutput $run $_).Identical } | Should -Be $true, $true
        # A session reads with the engine's types only.
        $back[0].Outputs[0].Name | Should -Be output
        $back[0].Environment.TorchVersion | Should -Be $run.Environment.TorchVersion
        [ReproTorch.Runs.RunOutput] $back[0] | Should -BeOfType ReproTorch.Runs.RunOutput
        $back[0] | Export-Clixml "$TestDrive/on.xml"
        Import-Clixml "$TestDrive/on.xml" | Should -BeOfType ReproTorch.Runs.RunOutput
    }

    It 'brings a comparison back from a session, for a report' {
        $session = New-LocalSession
        $back = Invoke-Command $session { Import-Module $using:module; Compare-RunOutput (New-TorchTensor 1.0) (New-TorchTensor 2.0) }
        $session.Runspace.Dispose()
        $back.Match | Should -BeFalse
        [ReproTorch.Comparison.RunComparison] $back | Should -BeOfType ReproTorch.Comparison.RunComparison
        $back | Export-RunReport "$TestDrive/session.html"
        Get-Content "$TestDrive/session.html" -Raw | Should -BeLike '*<h1>Different</h1>*'
    }
}

Describe 'A session of New-PSSession' {
    BeforeAll {
        # It writes and reads with the engine's types only, as that cmdlet makes it.
        $runspace = [runspacefactory]::CreateOutOfProcessRunspace([System.Management.Automation.Runspaces.TypeTable]::LoadDefaultTypeFiles())
        $runspace.Open()
        $session = [System.Management.Automation.Runspaces.PSSession]::Create($runspace, 'strange', $null)
    }

    AfterAll { $runspace.Dispose() }

    It 'says what is missing of a <Name> that it was sent, and takes its bytes' -ForEach @(
        @{ Name = 'RunOutput' }, @{ Name = 'TorchTensor' }
    ) {
        $sent = $Name -eq 'RunOutput' ? $run : $tensor
        $told = Invoke-Command $session -ArgumentList $sent, $sent.Packed, $module, $sent.GetType().FullName {
            param($bag, $bytes, $module, $type)
            Import-Module $module
            $null = $bag.Outputs, $bag.Shape # PowerShell passes over what goes wrong in a property
            try { Compare-RunOutput $bag $bag -ErrorAction Stop } catch { "$_" }
            try { Invoke-Expression "[$type] `$bag" } catch { "$_" }
            Invoke-Expression "[$type] `$bytes"
        }
        $told[0..1] | ForEach-Object { $_ | Should -BeLike "*Of this $Name only some properties were sent*" -Because $_ }
        (Compare-RunOutput $sent $told[2]).Identical | Should -BeTrue
    }
}

Describe 'Test-TorchDeterminism -Session' {
    It 'compares the machines, and names the operator and what differs there' {
        $session = New-LocalSession
        $same = Test-TorchDeterminism $model $tensor -Vary Repeat -Session $session -RemoteModule $module
        Invoke-Command $session { Set-TorchDeterminism -MklDnnEnabled $false }
        $other = Test-TorchDeterminism $model $tensor -Vary Repeat -Session $session -RemoteModule $module
        $session.Runspace.Dispose()
        $same.Identical | Should -BeTrue
        $same.Machines.Count | Should -Be 1
        $same.Machines[0].Sweep.Dimensions[0].Name | Should -Be Repeat
        $other.Machines[0].Differences.Name | Should -Contain 'Determinism.MkldnnEnabled'
        if (-not $other.Identical) {
            $other.Dimensions[-1].Variants[0].FirstDifference.Operator | Should -Be 'aten::conv2d'
            $other.Dimensions[-1].Meaning | Should -BeLike '*MkldnnEnabled (True here, False there)*'
        }
    }

    It 'says what is missing there' {
        $session = New-LocalSession
        { Test-TorchDeterminism $model $tensor -Session $session -RemoteModule /nowhere -ErrorAction Stop } |
            Should -Throw '*must be installed there*'
        $session.Runspace.Dispose()
    }
}
