BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Export-RunOutput' {
    BeforeAll { $run = Invoke-TorchModel (Import-TorchModel $digits/digits.pt) (Import-TorchTensor $digits/heldout.npz) }

    It 'writes one file, keeps it without -Force, replaces it with' {
        ($run | Export-RunOutput TestDrive:/x.npz -PassThru).Name | Should -Be 'x.npz'
        $run | Export-RunOutput TestDrive:/x.npz -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'InputOutput,ReproTorch.PowerShell.Commands.Runs.ExportRunOutputCommand'
        { $run | Export-RunOutput TestDrive:/x.npz -Force -ErrorAction Stop } | Should -Not -Throw
    }

    It 'writes a folder of runs' {
        $run, $run | Export-RunOutput TestDrive:/many
        (Get-ChildItem TestDrive:/many).Name | Should -Be 'images-2.npz', 'images.npz'
    }

    It 'writes nothing with -WhatIf' {
        $run | Export-RunOutput TestDrive:/never/x.npz -WhatIf
        Test-Path TestDrive:/never | Should -BeFalse
    }

    It 'has help with a description and examples' {
        $help = Get-Help Export-RunOutput -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
