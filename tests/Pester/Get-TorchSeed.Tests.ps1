BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Get-TorchSeed' {
    It 'counts draws and names script and line' {
        Set-TorchSeed 42 -Source Torch
        New-TorchTensor -Factory rand -Shape 3, 5 | Out-Null
        $report = Get-TorchSeed -Source Torch
        $report.DrawCount | Should -Be 15
        $report.SeededAt | Should -Match '^Get-TorchSeed\.Tests\.ps1:\d+$'
    }

    It 'shows a table' { Get-TorchSeed | Out-String | Should -Match 'DrawCount' }

    It 'sees what another runspace of the process draws' {
        Set-TorchSeed 1 -Source Torch
        $path = (Get-Module ReproTorch).Path
        1..2 | ForEach-Object -Parallel { Import-Module $using:path; New-TorchTensor -Factory rand -Shape 10 | Out-Null }
        (Get-TorchSeed -Source Torch).DrawCount | Should -Be 20
    }

    It 'has help with a description and examples' {
        $help = Get-Help Get-TorchSeed -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
