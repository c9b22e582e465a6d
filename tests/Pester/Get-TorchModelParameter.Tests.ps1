BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Get-TorchModelParameter' {
    BeforeAll { $model = Import-TorchModel $digits/digits.pt }

    It 'lists parameters, and buffers when asked' {
        $parameters = Get-TorchModelParameter $model
        $parameters.Kind | Should -Not -Contain 'Buffer'
        (Get-TorchModelParameter $model -Buffer).Count | Should -BeGreaterThan $parameters.Count
        (Get-TorchModelParameter $model 'classifier.*').Name | Should -Be 'classifier.2.weight', 'classifier.2.bias', 'classifier.4.weight', 'classifier.4.bias'
        (Get-TorchModelParameter $model features.1.running_mean).Kind | Should -Be 'Buffer'
    }

    It 'gives the hash that the tensor has anywhere' {
        $parameter = Get-TorchModelParameter $model classifier.4.bias
        $parameter.Hash | Should -Be $parameter.Tensor.ContentHash()
    }

    It 'reports a name that is not there' {
        Get-TorchModelParameter $model nosuch, classifier.4.bias -ErrorVariable problem -ErrorAction SilentlyContinue | Should -HaveCount 1
        $problem[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ReproTorch.PowerShell.Commands.Models.GetTorchModelParameterCommand'
    }

    It 'completes names' {
        $global:completed = $model
        Complete 'Get-TorchModelParameter -Model $completed -Name classifier.4' | Should -Be 'classifier.4.weight', 'classifier.4.bias'
        Remove-Variable completed -Scope Global
    }

    It 'has help with a description and examples' {
        $help = Get-Help Get-TorchModelParameter -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
