BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Test-TorchDeterminism' {
    BeforeAll {
        $model = New-TorchModel -Layer 'Linear(8, 4)', 'ReLU' -Seed 0
        $model.SetTraining($false)
        $x = Use-TorchSeed 1 { New-TorchTensor -Factory rand -Shape 4, 8 }
    }

    It 'tells each dimension with a sentence' {
        $result = Test-TorchDeterminism $model $x -Vary Repeat, Thread, Batch -Count 2
        $result.Identical | Should -BeTrue
        $result.Dimensions.Name | Should -Be 'Repeat', 'Thread', 'Batch'
        $result.Dimensions[0].Variants.Count | Should -Be 2
        $result.Dimensions.Meaning | ForEach-Object { $_ | Should -BeLike '*.' }
    }

    It 'runs fresh processes with the instructions that are named' {
        $result = Test-TorchDeterminism $model $x -Vary Process, CpuCapability
        $result.Dimensions[0].Identical | Should -BeTrue
        $result.Dimensions[1].Variants.Name | Should -Contain 'avx2'
        # This session has its own instructions, and one of the levels is as here.
        @($result.Dimensions[1].Variants | Where-Object Identical).Count | Should -BeGreaterThan 0
    }

    It 'leaves the streams where they were' {
        Set-TorchSeed 5
        $null = Test-TorchDeterminism $model $x -Vary Repeat
        (Get-TorchSeed Torch).DrawCount | Should -Be 0
        (Get-TorchSeed Torch).Seed | Should -Be 5
    }

    It 'writes a bool with -Quiet, an input each' {
        $x, $x | ForEach-Object { , $_ } | Test-TorchDeterminism $model -Vary Repeat -Quiet | Should -Be $true, $true
    }

    It 'refuses what cannot be varied' {
        Test-TorchDeterminism $model (New-TorchTensor -Factory rand -Shape 1, 8) -Vary Batch -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].Exception.Message | Should -BeLike 'Batch cannot be varied:*'
    }

    It 'has help with a description and examples' {
        @((Get-Help Test-TorchDeterminism -Full).Examples.Example).Count | Should -BeGreaterThan 0
    }

    It 'says what was given where a model is expected, and where models come from' {
        { Test-TorchDeterminism 5 6 } | Should -Throw "*'5' (Int32) was given for the model. Expected a model*Import-TorchModel*"
        { Test-TorchDeterminism 'm.pt' 6 } | Should -Throw "*(Import-TorchModel 'm.pt')*"
        { Test-TorchDeterminism $null 6 } | Should -Throw '*null*'
    }
}
