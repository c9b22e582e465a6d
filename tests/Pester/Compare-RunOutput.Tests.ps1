BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Compare-RunOutput' {
    It 'matches bit for bit, by ulp, or closely, as asked' {
        $a = New-TorchTensor 1.0
        $b = New-TorchTensor ([float[]]@([MathF]::BitIncrement(1))) -Shape @()
        (Compare-RunOutput $a $b).Match | Should -BeFalse
        (Compare-RunOutput $a $b -MaxUlp 1).Match | Should -BeTrue
        (Compare-RunOutput $a $b -MaxUlp 0).Match | Should -BeFalse
        (Compare-RunOutput $a $b -Close).Match | Should -BeTrue
        (Compare-RunOutput $a $b -RelativeTolerance 0 -AbsoluteTolerance 1e-9).Match | Should -BeFalse
    }

    It 'never matches when nothing was compared' { Compare-RunOutput @() @() -Quiet | Should -BeFalse }

    It 'takes no contradicting parameters' {
        { Compare-RunOutput 1 1 -Close -MaxUlp 1 } | Should -Throw -ErrorId 'AmbiguousParameterSet,*'
        { Compare-RunOutput (New-TorchTensor 1) (New-TorchTensor 1) -RelativeTolerance 1 } |
            Should -Throw -ErrorId 'InvalidArgument,ReproTorch.PowerShell.Commands.Runs.CompareRunOutputCommand'
    }

    It 'shows the verdict first' {
        $shown = Compare-RunOutput (New-TorchTensor 1.0) (New-TorchTensor 2.0) | Format-List | Out-String
        $shown.Trim() | Should -Match '^Match\s+: False'
    }

    It 'reports a path that is not there' {
        Compare-RunOutput TestDrive:/none.npz TestDrive:/none.npz -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'PathNotFound,ReproTorch.PowerShell.Commands.Runs.CompareRunOutputCommand'
    }

    It 'has help with a description and examples' {
        $help = Get-Help Compare-RunOutput -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
