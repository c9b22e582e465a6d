BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Get-TorchEnvironment' {
    It 'tells libtorch and shows no wall of text' {
        (Get-TorchEnvironment).TorchVersion | Should -Not -BeNullOrEmpty
        @(Get-TorchEnvironment | Out-String -Stream).Count | Should -BeLessThan 20
    }

    It 'has help with a description and examples' {
        $help = Get-Help Get-TorchEnvironment -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
