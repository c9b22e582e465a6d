BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'New-RandomStream' {
    It 'makes a stream of <Source> that counts what it draws' -ForEach @(
        @{ Source = 'Python'; Method = 'random'; Words = 20 }, @{ Source = 'NumPy'; Method = 'rand'; Words = 20 }
        @{ Source = 'NumPyGenerator'; Method = 'random'; Words = 10 }, @{ Source = 'Torch'; Method = 'rand'; Words = 10 }
    ) {
        $stream = New-RandomStream $Source 4
        $first = Get-RandomSequence $Method -Stream $stream -Count 10
        $stream.DrawCount | Should -Be $Words
        Get-RandomSequence $Method -Source $Source -Seed 4 -Count 10 | Should -Be $first
        "$stream" | Should -BeLike "$Source *, seed 4"
    }

    It 'takes seeds of every kind' {
        (New-RandomStream Python ([bigint]::Pow(2, 200))).Seed | Should -Be ([bigint]::Pow(2, 200))
        (New-RandomStream Python 'text').Seed | Should -Be 'text'
        (New-RandomStream NumPy (1, 2, 3)).Seed | Should -Be 1, 2, 3
        (New-RandomStream Python).Seed | Should -BeNullOrEmpty
    }

    It 'spawns NumPy''s children' {
        $byKey = New-RandomStream NumPyGenerator 7 -SpawnKey 1 -BitGenerator Philox
        $child = (New-RandomStream NumPyGenerator 7 -BitGenerator Philox).Spawn(2)[1]
        Get-RandomSequence random -Stream $child -Count 3 | Should -Be (Get-RandomSequence random -Stream $byKey -Count 3)
    }

    It 'refuses parameters of another source' {
        New-RandomStream Python 1 -BitGenerator PCG64 -ErrorAction SilentlyContinue -ErrorVariable problem
        $problem[0].Exception.Message | Should -BeLike '-BitGenerator is for the source NumPyGenerator*'
    }

    It 'puts a state back' {
        $stream = New-RandomStream NumPyGenerator 7
        $state = $stream.GetState()
        $first = Get-RandomSequence normal -Stream $stream -Count 5
        $stream.SetState($state)
        Get-RandomSequence normal -Stream $stream -Count 5 | Should -Be $first
    }

    It 'has help with a description and examples' {
        @((Get-Help New-RandomStream -Full).Examples.Example).Count | Should -BeGreaterThan 0
    }
}
