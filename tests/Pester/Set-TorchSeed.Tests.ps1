BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Set-TorchSeed' {
    It 'gives the numbers that Python gives for the seed' {
        Set-TorchSeed 0
        (New-TorchTensor -Factory randn -Shape 2).ToArray[float]() | Should -Be ([float[]](1.5409960746765137, -0.293428897857666))
    }

    It 'takes <Seed> and tells it back' -ForEach @(
        @{ Seed = 0 }, @{ Seed = -1 }, @{ Seed = '-9223372036854775808' }, @{ Seed = 18446744073709551615 }, @{ Seed = '0x10' }
    ) {
        $report = Set-TorchSeed $Seed -Source Torch -PassThru -WarningAction SilentlyContinue
        $report.Seed | Should -Be ([bigint]::Parse(($Seed -eq '0x10' ? '16' : "$Seed")))
    }

    It 'refuses a seed out of range and seeds nothing' {
        Set-TorchSeed 5 -Source Torch
        Set-TorchSeed 18446744073709551616 -Source Torch -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ReproTorch.PowerShell.Commands.Randomness.SetTorchSeedCommand'
        (Get-TorchSeed -Source Torch).Seed | Should -Be 5
    }

    It 'refuses what is no whole number' { { Set-TorchSeed 1.5 } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*' }

    It 'warns of a seed that starts the sequence of a smaller one' {
        Set-TorchSeed 4294967296 -Source Torch -WarningVariable warning -WarningAction SilentlyContinue
        $warning | Should -Match 'low 32 bits'
    }

    It 'sets the switches with -Deterministic, and leaves all alone with -WhatIf' {
        $before = Get-TorchDeterminism
        try {
            Set-TorchSeed 1 -Deterministic -WhatIf
            (Get-TorchDeterminism).Mode | Should -Be $before.Mode
            Set-TorchSeed 1 -Deterministic
            (Get-TorchDeterminism).Mode | Should -Be 'Error'
            (Get-TorchDeterminism).CudnnDeterministic | Should -BeTrue
        }
        finally { $before | Set-TorchDeterminism }
    }

    It 'has help with a description and examples' {
        $help = Get-Help Set-TorchSeed -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
