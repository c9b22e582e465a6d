BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'ConvertTo-TracedModel' {
    It 'gives a model of the same bits and leaves the stream as one run does' {
        $model = Import-TorchModel $digits/digits.pt
        $data = Import-TorchTensor $digits/heldout.npz
        Set-TorchSeed 3 -Source Torch
        $traced = ConvertTo-TracedModel $model $data
        (Get-TorchSeed -Source Torch).DrawCount | Should -Be 0
        Compare-RunOutput (Invoke-TorchModel $model $data) (Invoke-TorchModel $traced $data) -Quiet | Should -BeTrue
    }

    It 'refuses an example that does not fit' {
        $model = Import-TorchModel $digits/digits.pt
        ConvertTo-TracedModel $model (1, 2, 3) -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ReproTorch.PowerShell.Commands.Models.ConvertToTracedModelCommand'
    }

    It 'tells dropout that was left in training mode' {
        $model = Import-TorchModel $digits/digits.pt
        $model.SetTraining($true)
        $null = ConvertTo-TracedModel $model (Import-TorchTensor $digits/heldout.npz) -WarningVariable warned -WarningAction SilentlyContinue
        "$warned" | Should -BeLike '*stays in training mode for ever*aten::dropout*'
    }

    It 'has help with a description and examples' {
        $help = Get-Help ConvertTo-TracedModel -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
