BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Set-TorchModelParameter' {
    BeforeEach { $model = Import-TorchModel $digits/digits.pt }

    It 'loads weights, and the model is the same again' {
        $file = Join-Path $TestDrive 'weights.safetensors'
        $before = $model.ContentHash
        Get-TorchModelParameter $model -Buffer | ForEach-Object Tensor | Export-TorchTensor $file
        Set-TorchModelParameter $model -Name classifier.4.bias -Value (0..9)
        $model.ContentHash | Should -Not -Be $before
        Set-TorchModelParameter $model $file
        $model.ContentHash | Should -Be $before
        $model.Sha256 | Should -BeNullOrEmpty
    }

    It 'tells all that is wrong in the words of load_state_dict and changes nothing' {
        $file = Join-Path $TestDrive 'wrong.npz'
        New-TorchTensor (1, 2) -Name extra | Export-TorchTensor $file
        $before = $model.ContentHash
        Set-TorchModelParameter $model $file -ErrorVariable problem -ErrorAction SilentlyContinue
        "$($problem[0])" | Should -BeLike '*Missing key(s) in state_dict: "features.0.weight", *Unexpected key(s) in state_dict: "extra".*'
        $model.ContentHash | Should -Be $before
        Set-TorchModelParameter $model $file -Strict $false
        $model.ContentHash | Should -Be $before
    }

    It 'warns when values were converted' {
        Set-TorchModelParameter $model -Name classifier.4.bias -Value (New-TorchTensor (0..9) -DType float64) -WarningVariable warned -WarningAction SilentlyContinue
        "$warned" | Should -BeLike '*converted: classifier.4.bias*'
    }

    It 'changes nothing with -WhatIf' {
        $before = $model.ContentHash
        Set-TorchModelParameter $model -Name classifier.4.bias -Value (0..9) -WhatIf
        $model.ContentHash | Should -Be $before
    }

    It 'has help with a description and examples' {
        $help = Get-Help Set-TorchModelParameter -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
