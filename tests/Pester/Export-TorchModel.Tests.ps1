BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Export-TorchModel' {
    It 'writes a model that runs the same' {
        $model = Import-TorchModel $digits/digits.pt
        $data = Import-TorchTensor $digits/heldout.npz
        $model | Export-TorchModel TestDrive:/copy.pt
        Compare-RunOutput (Invoke-TorchModel $model $data) (Invoke-TorchModel (Import-TorchModel TestDrive:/copy.pt) $data) -Quiet | Should -BeTrue
    }

    It 'writes nothing with -WhatIf' {
        Import-TorchModel $digits/digits.pt | Export-TorchModel TestDrive:/never.pt -WhatIf
        Test-Path TestDrive:/never.pt | Should -BeFalse
    }

    It 'has help with a description and examples' {
        $help = Get-Help Export-TorchModel -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
