BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Use-TorchSeed' {
    It 'gives the block the sequence of the seed and writes what it writes' {
        Use-TorchSeed 0 { Get-RandomSequence randint 0, 9 -Source Python -Count 5 } | Should -Be 6, 6, 0, 4, 8
    }

    It 'runs the block in the caller''s scope' {
        function Test-Scope { $inner = 1; Use-TorchSeed 0 { $inner = 2 }; $inner }
        Test-Scope | Should -Be 2
        Get-Variable inner -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'streams: what the block writes first arrives before it goes on' {
        $order = [System.Collections.Generic.List[string]]::new()
        Use-TorchSeed 0 { 1; $order.Add('block'); 2 } | ForEach-Object { $order.Add("got $_") }
        $order | Should -Be 'got 1', 'block', 'got 2'
    }

    It 'puts every stream back, also when the block seeds again' {
        Set-TorchSeed 5
        $null = Get-RandomSequence gauss 0, 1 -Source Python
        $before = Get-TorchSeed Torch, Python, NumPy
        Use-TorchSeed 9 { Set-TorchSeed 77; $null = New-TorchTensor -Factory randn -Shape 9 }
        $after = Get-TorchSeed Torch, Python, NumPy
        $after.DrawCount | Should -Be $before.DrawCount
        $after.Seed | Should -Be $before.Seed
        $after.SeededAt | Should -Be $before.SeededAt
    }

    It 'puts switches and streams back when the block throws' {
        $mode = (Get-TorchDeterminism).Mode
        Set-TorchSeed 5
        { Use-TorchSeed 9 -Deterministic { $null = New-TorchTensor -Factory rand -Shape 3; throw 'no' } } | Should -Throw 'no'
        (Get-TorchDeterminism).Mode | Should -Be $mode
        (Get-TorchSeed Torch).Seed | Should -Be 5
        (Get-TorchSeed Torch).DrawCount | Should -Be 0
    }

    It 'leaves errors of the block what they are' {
        $out = Use-TorchSeed 0 { Write-Error 'small' -ErrorAction SilentlyContinue -ErrorVariable script:problem; 'on' }
        $script:problem[0].Exception.Message | Should -Be 'small'
        $out | Should -Be 'on'
    }

    It 'puts the generator of Get-Random back' {
        $null = Get-Random -SetSeed 5
        $wanted = (Get-Random), (Get-Random)
        $null = Get-Random -SetSeed 5
        Use-TorchSeed 1 -Source PowerShell { Get-Random } | Should -Be (Get-Random -SetSeed 1)
        $null = Get-Random -SetSeed 5
        $null = Use-TorchSeed 1 -Source PowerShell { Get-Random; Get-Random }
        ((Get-Random), (Get-Random)) | Should -Be $wanted
    }

    It 'has help with a description and examples' {
        $help = Get-Help Use-TorchSeed -Full
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
