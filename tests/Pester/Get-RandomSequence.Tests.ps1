BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Get-RandomSequence' {
    It 'draws from the stream that Set-TorchSeed seeds' {
        Set-TorchSeed 0
        Get-RandomSequence randint 0, 9 -Source Python -Count 5 | Should -Be 6, 6, 0, 4, 8
        Get-RandomSequence randint 0, 9 -Source Python -Count 5 | Should -Be 7, 6, 4, 7, 5
        Get-RandomSequence rand -Source NumPy | Should -Be 0.5488135039273248
    }

    It 'gives <Method> of <Source> as the original does' -ForEach @(
        @{ Source = 'Python'; Method = 'random'; Arguments = @(); Seed = 'hello'; Wanted = 0.3537754404730722 }
        @{ Source = 'NumPyGenerator'; Method = 'standard_normal'; Arguments = @(); Seed = 0; Wanted = 0.12573022 }
        @{ Source = 'Torch'; Method = 'randperm'; Arguments = @(10); Seed = 0; Wanted = 4, 1, 7, 5, 3, 9, 0, 8, 6, 2 }
    ) {
        $got = Get-RandomSequence $Method $Arguments -Source $Source -Seed $Seed
        if ($Wanted -is [double]) { [Math]::Abs($got - $Wanted) | Should -BeLessThan 1e-8 } else { $got | Should -Be $Wanted }
    }

    It 'takes a sequence through the pipeline, as an argument, and from a string' {
        'a', 'b', 'c', 'd', 'e' | Get-RandomSequence sample 3 -Source Python -Seed 1 | Should -Be 'b', 'a', 'e'
        Get-RandomSequence sample (, ('a', 'b', 'c', 'd', 'e')), 3 -Source Python -Seed 1 -ErrorAction SilentlyContinue -ErrorVariable problem
        Get-RandomSequence sample ('a', 'b', 'c', 'd', 'e'), 3 -Source Python -Seed 1 | Should -Be 'b', 'a', 'e'
        Get-RandomSequence choice abc -Source Python -Seed 1 | Should -BeIn 'a', 'b', 'c'
    }

    It 'gives back the very objects that it was given' {
        $files = Get-ChildItem $PSScriptRoot -File | Select-Object -First 4
        $drawn = $files | Get-RandomSequence shuffle -Source Python -Seed 2
        $drawn | ForEach-Object { $_ | Should -BeOfType System.IO.FileInfo }
        $drawn.Name | Sort-Object | Should -Be ($files.Name | Sort-Object)
    }

    It 'writes rows, or a tensor of the original''s dtype' {
        $rows = Get-RandomSequence randn -Source NumPy -Shape 2, 3 -Seed 0
        $rows.Count | Should -Be 2
        $rows[1].Count | Should -Be 3
        $tensor = Get-RandomSequence randn -Source NumPy -Shape 2, 3 -Seed 0 -AsTensor
        $tensor.DType | Should -Be 'float64'
        $tensor.Shape | Should -Be 2, 3
        (Get-RandomSequence integers 0, 9 -Source NumPyGenerator -Count 4 -Seed 0 -KeywordArgument @{ dtype = 'uint8' } -AsTensor).DType | Should -Be 'uint8'
    }

    It 'says <Message> as the original' -ForEach @(
        @{ Message = 'Cannot choose from an empty sequence*'; Source = 'Python'; Method = 'choice'; Arguments = , @() }
        @{ Message = 'Sample larger than population or is negative*'; Source = 'Python'; Method = 'sample'; Arguments = @((1, 2), 3) }
        @{ Message = 'scale < 0*'; Source = 'NumPy'; Method = 'normal'; Arguments = 0, -1 }
        @{ Message = 'low >= high*'; Source = 'NumPy'; Method = 'randint'; Arguments = 5, 5 }
        @{ Message = 'empty range for randrange() (3, 3, 0)*'; Source = 'Python'; Method = 'randint'; Arguments = 3, 2 }
    ) {
        Get-RandomSequence $Method $Arguments -Source $Source -Seed 0 -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].Exception.Message | Should -BeLike ($Message -replace '\[', '`[')
        $problem[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ReproTorch.PowerShell.Commands.Randomness.GetRandomSequenceCommand'
    }

    It 'completes methods by source and by stream' {
        (TabExpansion2 'Get-RandomSequence -Source Python -Method betav').CompletionMatches.CompletionText | Should -Be 'betavariate'
        (TabExpansion2 'Get-RandomSequence -Source NumPyGenerator -Method permut').CompletionMatches.CompletionText | Should -Be 'permutation', 'permuted'
    }

    It 'keeps threads apart that have streams of their own' {
        $streams = (New-RandomStream NumPyGenerator 7).Spawn(4)
        $module = (Get-Module ReproTorch).Path
        $parallel = $streams | ForEach-Object -ThrottleLimit 4 -Parallel {
            Import-Module $using:module
            [pscustomobject]@{ Key = "$_"; Sum = (Get-RandomSequence random -Stream $_ -Count 500 | Measure-Object -Sum).Sum }
        }
        $again = (New-RandomStream NumPyGenerator 7).Spawn(4) | ForEach-Object { (Get-RandomSequence random -Stream $_ -Count 500 | Measure-Object -Sum).Sum }
        $parallel.Sum | Sort-Object | Should -Be ($again | Sort-Object)
    }

    It 'lets runspaces share a stream without losing or repeating a number' {
        Set-TorchSeed 3
        $wanted = Get-RandomSequence random -Source Python -Count 2000
        Set-TorchSeed 3
        $module = (Get-Module ReproTorch).Path
        $got = 1..20 | ForEach-Object -ThrottleLimit 4 -Parallel { Import-Module $using:module; Get-RandomSequence random -Source Python -Count 100 }
        $got | Sort-Object | Should -Be ($wanted | Sort-Object)
        (Get-TorchSeed Python).DrawCount | Should -Be 4000
    }

    It 'has help with a description and examples' {
        @((Get-Help Get-RandomSequence -Full).Examples.Example).Count | Should -BeGreaterThan 0
    }
}
