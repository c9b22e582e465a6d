BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Get-TorchRngState and Set-TorchRngState' {
    BeforeEach {
        function Get-Draw {
            Get-RandomSequence gauss -Source Python -Count 3
            Get-RandomSequence randn -Source NumPy -Count 3
            (New-TorchTensor -Factory randn -Shape 3).ToArray[float]()
        }
    }

    It 'go back to a place in the streams' {
        Set-TorchSeed 8
        $state = Get-TorchRngState
        $first = Get-Draw
        $state | Set-TorchRngState
        Get-Draw | Should -Be $first
    }

    It 'take one source and leave the others' {
        Set-TorchSeed 8
        $state = Get-TorchRngState Python
        $state.Sources | Should -Be 'Python'
        $null = Get-RandomSequence random -Source NumPy
        $null = Get-RandomSequence random -Source Python
        Set-TorchRngState $state -PassThru | ForEach-Object Source | Should -Be 'Python'
        (Get-TorchSeed NumPy).DrawCount | Should -Be 2
        (Get-TorchSeed Python).DrawCount | Should -Be 0
    }

    It 'write a file, whole or not at all, and read it' {
        $file = Join-Path $TestDrive 'states [1] 乱数.npz'
        Set-TorchSeed 8
        $null = Get-RandomSequence gauss -Source Python
        Get-TorchRngState -Path $file -WhatIf
        Test-Path -LiteralPath $file | Should -BeFalse
        (Get-TorchRngState -Path $file -PassThru).FullName | Should -Be $file
        $first = Get-Draw
        Get-TorchRngState -Path $file -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem.Count | Should -Be 1
        Get-Item -LiteralPath $file | Set-TorchRngState
        Get-Draw | Should -Be $first
    }

    It 'refuse a damaged file and change nothing' {
        $file = Join-Path $TestDrive 'damaged.npz'
        Get-TorchRngState -Path $file
        $bytes = [IO.File]::ReadAllBytes($file)
        $bytes[2000] = $bytes[2000] -bxor 1
        [IO.File]::WriteAllBytes($file, $bytes)
        Set-TorchSeed 8
        Set-TorchRngState -Path $file -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'FileFormat,*'
        (Get-TorchSeed Torch, Python, NumPy).Seed | Should -Be 8, 8, 8
    }

    It 'have help with a description and examples' {
        foreach ($name in 'Get-TorchRngState', 'Set-TorchRngState') { @((Get-Help $name -Full).Examples.Example).Count | Should -BeGreaterThan 0 }
    }
}
