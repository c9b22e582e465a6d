BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Import-TorchModel' {
    It 'loads the sample' {
        $model = Import-TorchModel $digits/digits.pt
        $model.Name | Should -Be 'digits'
        $model | Should -BeOfType ReproTorch.Models.TorchModel
        $model | Out-String | Should -Match 'forward'
    }

    It 'refuses another hash before it parses' {
        Import-TorchModel $digits/digits.pt -Sha256 ('0' * 64) -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'Refused,ReproTorch.PowerShell.Commands.Models.ImportTorchModelCommand'
        Import-TorchModel $digits/digits.pt -Sha256 (Get-FileHash $digits/digits.pt).Hash | Should -Not -BeNullOrEmpty
    }

    It 'refuses a flipped bit in a weight' {
        $bytes = [IO.File]::ReadAllBytes("$digits/digits.pt")
        $bytes[$bytes.Length / 2] = $bytes[$bytes.Length / 2] -bxor 1
        $file = Join-Path (Get-PSDrive TestDrive).Root 'flipped.pt'
        [IO.File]::WriteAllBytes($file, $bytes)
        Import-TorchModel $file -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be 'ModelFormat,ReproTorch.PowerShell.Commands.Models.ImportTorchModelCommand'
    }

    It 'loads a file in a process of its own first, and says what happened there' {
        (Import-TorchModel $digits/digits.pt -Probe).Name | Should -Be 'digits'
        $file = Join-Path (Get-PSDrive TestDrive).Root 'cut.pt'
        [IO.File]::WriteAllBytes($file, [IO.File]::ReadAllBytes("$digits/digits.pt")[0..5000])
        Import-TorchModel $file -Probe -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be 'ModelFormat,ReproTorch.PowerShell.Commands.Models.ImportTorchModelCommand'
        $problem[0].CategoryInfo.Category | Should -Be 'InvalidData'
    }

    It 'says what a file of torch.save is' {
        $file = Join-Path (Get-PSDrive TestDrive).Root 'tensors.pt'
        New-TorchTensor 1 | Export-TorchTensor $file
        Import-TorchModel $file -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].Exception.Message | Should -Match 'torch.save'
    }

    It 'has help with a description and examples' {
        $help = Get-Help Import-TorchModel -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
