BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Get-TorchModelGraph' {
    BeforeAll { $model = Import-TorchModel $digits/digits.pt }

    It 'counts operators and shows them by default' {
        $graph = Get-TorchModelGraph $model
        ($graph.Operators | Where-Object Name -EQ 'aten::conv2d').Count | Should -Be 2
        ($graph | Out-String) | Should -BeLike '*2 aten::conv2d*'
        $graph.Code | Should -BeLike 'def forward(self*'
    }

    It 'writes a picture as SVG and as DOT' {
        $svg = Join-Path $TestDrive 'g [1].svg'
        $null = Get-TorchModelGraph $model $svg -Inlined
        ([xml] (Get-Content -LiteralPath $svg -Raw)).svg.role | Should -Be 'img'
        $null = Get-TorchModelGraph $model (Join-Path $TestDrive 'g.dot')
        Get-Content (Join-Path $TestDrive 'g.dot') -TotalCount 1 | Should -BeLike 'digraph*'
    }

    It 'leaves an existing file alone without -Force, and writes nothing with -WhatIf' {
        $file = Join-Path $TestDrive 'kept.svg'
        Set-Content $file 'kept'
        Get-TorchModelGraph $model $file -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be 'InputOutput,ReproTorch.PowerShell.Commands.Models.GetTorchModelGraphCommand'
        $null = Get-TorchModelGraph $model $file -Force -WhatIf
        Get-Content $file | Should -Be 'kept'
    }

    It 'has help with a description and examples' {
        $help = Get-Help Get-TorchModelGraph -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
