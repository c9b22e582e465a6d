BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Export-TorchTensor' {
    It 'writes <Extension> files that come back with every bit' -ForEach @(@{ Extension = 'npy' }, @{ Extension = 'npz' }, @{ Extension = 'safetensors' }, @{ Extension = 'pt' }) {
        $tensor = New-TorchTensor (1.5, [double]::NaN, -0.0)
        $file = $tensor | Export-TorchTensor TestDrive:/x.$Extension -PassThru -Force
        $file | Should -BeOfType System.IO.FileInfo
        Compare-RunOutput $tensor (Import-TorchTensor TestDrive:/x.$Extension) -Quiet | Should -BeTrue
    }

    It 'writes one tensor alone to a .pt file, and several or named ones as a dict' {
        New-TorchTensor 1 -Name a | Export-TorchTensor TestDrive:/alone.pt
        (Import-TorchTensor TestDrive:/alone.pt).Name | Should -Be 'alone'
        New-TorchTensor 1 | Export-TorchTensor TestDrive:/named.pt -Name layer.weight
        (Import-TorchTensor TestDrive:/named.pt).Name | Should -Be 'layer.weight'
        (New-TorchTensor 1 -Name a), (New-TorchTensor 2 -Name b) | Export-TorchTensor TestDrive:/two.pt
        (Import-TorchTensor TestDrive:/two.pt).Name | Should -Be 'a', 'b'
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
