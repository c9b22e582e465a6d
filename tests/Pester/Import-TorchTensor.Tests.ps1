BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Import-TorchTensor' {
    It 'reads files by wildcard, by literal path and from Get-ChildItem, whatever their names' {
        $folder = New-Item -ItemType Directory (Join-Path TestDrive: 'a [b] 日本')
        1..3 | ForEach-Object { New-TorchTensor $_ | Export-TorchTensor -Path (Join-Path $folder.FullName "n[$_].npy") }
        @(Get-ChildItem -LiteralPath $folder.FullName | Import-TorchTensor).Name | Should -Be 'n[1]', 'n[2]', 'n[3]'
        Push-Location -LiteralPath $folder.FullName
        try {
            @(Import-TorchTensor *.npy).Count | Should -Be 3
            (Import-TorchTensor -LiteralPath 'n[2].npy').ToArray[long]() | Should -Be 2
        }
        finally { Pop-Location }
    }

    It 'reports a missing file and reads the others' {
        New-TorchTensor 1 | Export-TorchTensor TestDrive:/there.npy
        Push-Location TestDrive:/
        try { $read = Import-TorchTensor -LiteralPath gone.npy, there.npy -ErrorVariable problem -ErrorAction SilentlyContinue }
        finally { Pop-Location }
        $read.Name | Should -Be 'there'
        $problem[0].FullyQualifiedErrorId | Should -Be 'PathNotFound,ReproTorch.PowerShell.Commands.Tensors.ImportTorchTensorCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }

    It 'refuses a damaged file' {
        Set-Content TestDrive:/bad.npy 'no array'
        Import-TorchTensor TestDrive:/bad.npy -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'FileFormat,ReproTorch.PowerShell.Commands.Tensors.ImportTorchTensorCommand'
    }

    It 'refuses a TorchScript model and names the cmdlet for it' {
        Import-TorchTensor $digits/digits.pt -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be 'FileFormat,ReproTorch.PowerShell.Commands.Tensors.ImportTorchTensorCommand'
        $problem[0].Exception.Message | Should -Match 'Import-TorchModel'
    }

    It 'has help with a description and examples' {
        $help = Get-Help Import-TorchTensor -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
