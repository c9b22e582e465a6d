BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Optimize-TorchModel' {
    BeforeAll {
        $model = Import-TorchModel $digits/digits.pt
        $data = Import-TorchTensor $digits/heldout.npz
    }

    It 'keeps every bit by default, without a warning' {
        $frozen = Optimize-TorchModel $model $data -WarningVariable warned
        $warned | Should -BeNullOrEmpty
        $frozen.Optimization.Identical | Should -BeTrue
        Compare-RunOutput (Invoke-TorchModel $model $data) (Invoke-TorchModel $frozen $data) -Quiet | Should -BeTrue
    }

    It 'warns of other bits and says how far they are' {
        $folded = Optimize-TorchModel $model $data -Numerics -WarningVariable warned -WarningAction SilentlyContinue
        "$warned" | Should -BeLike '*gives other bits than the original*'
        $folded.Optimization.Identical | Should -BeFalse
        $folded.Optimization.MaxAbsolute | Should -BeGreaterThan 0
    }

    It 'warns when nothing was compared though bits may change' {
        (Optimize-TorchModel $model -ForInference -WarningVariable warned -WarningAction SilentlyContinue).Optimization.Identical | Should -BeNullOrEmpty
        "$warned" | Should -BeLike '*give -Example*'
        $null = Optimize-TorchModel $model -WarningVariable warned
        $warned | Should -BeNullOrEmpty
    }

    It 'writes no file that does not hold the model' {
        $fast = Optimize-TorchModel $model $data -ForInference -WarningAction SilentlyContinue
        $file = Join-Path $TestDrive 'fast.pt'
        Export-TorchModel -Model $fast -Path $file -ErrorVariable problem -ErrorAction SilentlyContinue
        if ($problem) { Test-Path $file | Should -BeFalse }
        else { (Import-TorchModel $file).ContentHash | Should -Be $fast.ContentHash }
    }

    It 'refuses a model in training mode' {
        $training = Import-TorchModel $digits/digits.pt
        $training.SetTraining($true)
        Optimize-TorchModel $training -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ReproTorch.PowerShell.Commands.Models.OptimizeTorchModelCommand'
    }

    It 'has help with a description and examples' {
        $help = Get-Help Optimize-TorchModel -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
