BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Export-TorchTensor' {
    It 'writes <Extension> files that come back with every bit' -ForEach @(@{ Extension = 'npy' }, @{ Extension = 'npz' }, @{ Extension = 'safetensors' }) {
        $tensor = New-TorchTensor (1.5, [double]::NaN, -0.0)
        $file = $tensor | Export-TorchTensor TestDrive:/x.$Extension -PassThru -Force
        $file | Should -BeOfType System.IO.FileInfo
        Compare-RunOutput $tensor (Import-TorchTensor TestDrive:/x.$Extension) -Quiet | Should -BeTrue
    }

    It 'keeps an existing file without -Force' {
        New-TorchTensor 1 | Export-TorchTensor TestDrive:/keep.npy
        New-TorchTensor 2 | Export-TorchTensor TestDrive:/keep.npy -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].Exception.Message | Should -Match '-Force'
        (Import-TorchTensor TestDrive:/keep.npy).ToArray[long]() | Should -Be 1
    }

    It 'writes nothing with -WhatIf' {
        New-TorchTensor 1 | Export-TorchTensor TestDrive:/never.npy -WhatIf
        Test-Path TestDrive:/never.npy | Should -BeFalse
    }

    It 'has help with a description and examples' {
        $help = Get-Help Export-TorchTensor -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
