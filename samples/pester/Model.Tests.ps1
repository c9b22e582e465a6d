<#
A suite that guards a model: take it into your repository, name your model and inputs below, and let the build run it.
Baselines are written once, looked at, and kept with the tests:
    $env:REPROTORCH_UPDATE_BASELINE = '1'; Invoke-Pester ./Model.Tests.ps1; $env:REPROTORCH_UPDATE_BASELINE = $null
#>
BeforeDiscovery {
    # How close is close enough on another kind of machine? On the machine that wrote the baseline: the same bits.
    $Sets = @{ Name = 'heldout' }
}

BeforeAll {
    # The operators Should -MatchRun and Should -BeReproducible come with it.
    Import-Module ($env:REPROTORCH_MODULE ? $env:REPROTORCH_MODULE : 'ReproTorch')
    $Digits = (Resolve-Path (Join-Path $PSScriptRoot '../digits')).ProviderPath
    $Baselines = Join-Path $PSScriptRoot baselines
    $ModelFile = Join-Path $Digits digits.pt
    $Seed = 42
    $Model = Import-TorchModel $ModelFile

    function Invoke-Guarded([string] $Name) {
        Import-TorchTensor (Join-Path $Digits "$Name.npz") | Invoke-TorchModel $Model -Seed $Seed
    }
}

Describe 'The digits model' {
    It 'gives what it gave on <Name>' -ForEach $Sets {
        # A convolution's sums may be taken in another order by another processor: closeness, with what may be expected of float32.
        Invoke-Guarded $Name | Should -MatchRun (Join-Path $Baselines "$Name.npz") -Close
    }

    It 'gives the same bits again' {
        { Invoke-Guarded heldout } | Should -BeReproducible -Count 3
    }

    It 'gives the same bits in a new process' {
        {
            param($Model, $Data, $Seed)
            Import-TorchTensor $Data | Invoke-TorchModel (Import-TorchModel $Model) -Seed $Seed
        } | Should -BeReproducible -FreshProcess -ArgumentList $ModelFile, (Join-Path $Digits heldout.npz), $Seed
    }

    It 'is the file that was released' {
        # Repacking a file does not change what is in it; its own hash does.
        (Get-FileHash $ModelFile).Hash | Should -Be '369075F5475BE1322FA1C2A07B93A4868AEDB3F752B445C75651E635B9CEF41E'
    }

    It 'draws no random numbers when it is used' {
        Find-NondeterministicOperator $Model | Should -BeNullOrEmpty
    }
}
