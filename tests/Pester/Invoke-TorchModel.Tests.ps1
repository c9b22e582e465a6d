BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Invoke-TorchModel' {
    BeforeAll {
        $model = Import-TorchModel $digits/digits.pt
        $data = Import-TorchTensor $digits/heldout.npz
    }

    It 'runs the pipelines of the first five minutes' {
        Push-Location TestDrive:/
        try {
            Set-TorchSeed 0 -Deterministic
            $first = Import-TorchTensor $digits/heldout.npz | Invoke-TorchModel $model -Traced
            $second = Import-TorchTensor $digits/heldout.npz | Invoke-TorchModel $model -Traced
            (Compare-RunOutput $first $second).Identical | Should -BeTrue
            $first | Export-RunOutput ./first.npz
            (Compare-RunOutput ./first.npz $second -Close).Match | Should -BeTrue
            New-Item -ItemType Directory inputs | Out-Null
            1..3 | ForEach-Object { New-TorchTensor -Factory rand -Shape 40, 1, 8, 8 | Export-TorchTensor ./inputs/in$_.npy }
            Get-ChildItem ./inputs/*.npy | Import-TorchTensor | Invoke-TorchModel $model -BatchSize 32 | Export-RunOutput -Path ./runs
            (Get-ChildItem ./runs).Name | Should -Be 'in1.npz', 'in2.npz', 'in3.npz'
        }
        finally {
            Set-TorchDeterminism -Mode Off
            Pop-Location
        }
    }

    It 'takes arguments by name' { (Invoke-TorchModel $model @{ images = $data }).Outputs[0].Data.Shape | Should -Be 360, 10 }

    It 'reports an input that does not fit and goes on' {
        $runs = (New-TorchTensor 1.0), $data | Invoke-TorchModel $model -ErrorVariable problem -ErrorAction SilentlyContinue
        @($runs).Count | Should -Be 1
        $problem[0].FullyQualifiedErrorId | Should -Be 'OperatorFailure,ReproTorch.PowerShell.Commands.Models.InvokeTorchModelCommand'
    }

    It 'names the methods that there are' {
        Invoke-TorchModel $model $data -Method backward -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].Exception.Message | Should -Match 'forward'
        Complete '$model = $model; Invoke-TorchModel $model -Method f' | Should -Contain 'forward'
    }

    It 'gives the same from many runspaces at once' {
        $path = (Get-Module ReproTorch).Path
        $expected = (Invoke-TorchModel $model $data)
        $runs = 1..8 | ForEach-Object -ThrottleLimit 4 -Parallel { Import-Module $using:path; Invoke-TorchModel $using:model $using:data }
        $runs | Compare-RunOutput $expected -Quiet | Should -Be (@($true) * 8)
    }

    It 'keeps what a replay needs, when asked to, through a file' {
        (Invoke-TorchModel $model $data).IsReplayable | Should -BeFalse
        $run = Invoke-TorchModel $model $data -IncludeInput -OperatorTrace
        $run | Export-RunOutput TestDrive:/kept.npz -Force
        $back = Import-RunOutput TestDrive:/kept.npz
        $back.IsReplayable | Should -BeTrue
        (Compare-RunOutput $data $back.InputValues[0].ToTensor()).Identical | Should -BeTrue
        $back.RandomState.Sources | Should -Be 'Torch', 'Python', 'NumPy'
        $back.OperatorTrace.Operators.Count | Should -Be $run.OperatorTrace.Operators.Count
        $back.ModelContentHash | Should -Be $model.ContentHash
        $back.RecordedContentHash | Should -Be $run.ContentHash
    }

    It 'has help with a description and examples' {
        $help = Get-Help Invoke-TorchModel -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
