BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Get-TorchDeterminism' {
    It 'gives one object that equals itself' {
        Get-TorchDeterminism | Should -BeOfType ReproTorch.Determinism.DeterminismSettings
        Get-TorchDeterminism | Should -Be (Get-TorchDeterminism)
    }

    It 'has help with a description and examples' {
        $help = Get-Help Get-TorchDeterminism -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
