BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Set-TorchDeterminism' {
    BeforeEach { $before = Get-TorchDeterminism }
    AfterEach { $before | Set-TorchDeterminism }

    It 'sets what is given and nothing else' {
        Set-TorchDeterminism -Threads 3
        (Get-TorchDeterminism).Threads | Should -Be 3
        (Get-TorchDeterminism).Mode | Should -Be $before.Mode
    }

    It 'returns what was with -PassThru and takes it back from the pipeline' {
        (Set-TorchDeterminism -Mode Error -MkldnnEnabled $false -PassThru) | Should -Be $before
        $before | Set-TorchDeterminism
        Get-TorchDeterminism | Should -Be $before
    }

    It 'refuses 0 threads' { { Set-TorchDeterminism -Threads 0 } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*' }

    It 'changes nothing with -WhatIf' {
        Set-TorchDeterminism -Mode Error -WhatIf
        (Get-TorchDeterminism).Mode | Should -Be $before.Mode
    }

    It 'has help with a description and examples' {
        $help = Get-Help Set-TorchDeterminism -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
