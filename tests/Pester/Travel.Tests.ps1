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
