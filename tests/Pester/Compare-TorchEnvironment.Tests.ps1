BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Compare-TorchEnvironment' {
    It 'finds what was changed and says what it means' {
        $before = Get-TorchEnvironment
        (Compare-TorchEnvironment $before).Match | Should -BeTrue
        $threads = $before.Determinism.Threads
        try {
            Set-TorchDeterminism -Threads ($threads + 1)
            $comparison = Compare-TorchEnvironment $before
            $comparison.Differences.Name | Should -Contain 'Determinism.Threads'
            $comparison | Out-String | Should -Match 'Determinism.Threads'
        }
        finally { Set-TorchDeterminism -Threads $threads }
    }

    It 'reads environments from run files' { (Compare-TorchEnvironment $digits/reference.npz).Differences.Name | Should -Contain 'Runtime' }

    It 'has help with a description and examples' {
        $help = Get-Help Compare-TorchEnvironment -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
