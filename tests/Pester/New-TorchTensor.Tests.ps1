BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'New-TorchTensor' {
    It 'prints as PyTorch prints' {
        New-TorchTensor @((1, 2, 3), (4, 5, 6)) | Out-String | Should -Match ([regex]::Escape("tensor([[1, 2, 3],"))
    }

    It 'infers <DType> from <Value>' -ForEach @(
        @{ Value = 1; DType = 'int64' }, @{ Value = 1.5; DType = 'float32' }, @{ Value = $true; DType = 'bool' }
        @{ Value = [double[]](1, 2); DType = 'float64' }, @{ Value = (1, 2.5); DType = 'float32' }
    ) { (New-TorchTensor $Value).DType | Should -Be $DType }

    It 'takes dtypes as PyTorch names them' { (New-TorchTensor 1 -DType torch.half).DType | Should -Be 'float16' }

    It 'refuses ragged lists' {
        New-TorchTensor @((1, 2), (3, 4, 5)) -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ReproTorch.PowerShell.Commands.Tensors.NewTorchTensorCommand'
    }

    It 'refuses an unknown dtype' { { New-TorchTensor 1 -DType float33 } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*' }

    It 'makes an empty tensor' { (New-TorchTensor -Factory zeros -Shape 0, 3).Shape | Should -Be 0, 3 }

    It 'completes dtypes, factories and devices' {
        Complete 'New-TorchTensor 1 -DType bf' | Should -Be 'bfloat16'
        Complete 'New-TorchTensor -Factory randi' | Should -Be 'randint'
        Complete 'New-TorchTensor 1 -Device c' | Should -Contain 'cpu'
    }

    It 'has help with a description and examples' {
        $help = Get-Help New-TorchTensor -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
