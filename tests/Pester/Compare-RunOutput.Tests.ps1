BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Compare-RunOutput' {
    It 'matches bit for bit, by ulp, or closely, as asked' {
        $a = New-TorchTensor 1.0
        $b = New-TorchTensor ([float[]]@([MathF]::BitIncrement(1))) -Shape @()
        (Compare-RunOutput $a $b).Match | Should -BeFalse
        (Compare-RunOutput $a $b -MaxUlp 1).Match | Should -BeTrue
        (Compare-RunOutput $a $b -MaxUlp 0).Match | Should -BeFalse
        (Compare-RunOutput $a $b -Close).Match | Should -BeTrue
        (Compare-RunOutput $a $b -RelativeTolerance 0 -AbsoluteTolerance 1e-9).Match | Should -BeFalse
    }

    It 'never matches when nothing was compared' { Compare-RunOutput @() @() -Quiet | Should -BeFalse }

    It 'takes no contradicting parameters' {
        { Compare-RunOutput 1 1 -Close -MaxUlp 1 } | Should -Throw -ErrorId 'AmbiguousParameterSet,*'
        { Compare-RunOutput (New-TorchTensor 1) (New-TorchTensor 1) -RelativeTolerance 1 } |
            Should -Throw -ErrorId 'InvalidArgument,ReproTorch.PowerShell.Commands.Runs.CompareRunOutputCommand'
    }

    It 'shows the verdict first' {
        $shown = Compare-RunOutput (New-TorchTensor 1.0) (New-TorchTensor 2.0) | Format-List | Out-String
        $shown.Trim() | Should -Match '^Match\s+: False'
    }

    It 'reports a path that is not there' {
        Compare-RunOutput TestDrive:/none.npz TestDrive:/none.npz -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'PathNotFound,ReproTorch.PowerShell.Commands.Runs.CompareRunOutputCommand'
    }

    It 'holds each output against its own tolerances, the most specific name first' {
        $a = New-TorchTensor 1.0, 2.0 -Name a
        $b = New-TorchTensor 1.0, 2.1 -Name b
        Compare-RunOutput $a $b -OutputTolerance @{ '*' = 0, 0; 'output' = 0.1, 0 } -Quiet | Should -BeTrue
        Compare-RunOutput $a $b -OutputTolerance ([ordered]@{ '*' = 0, 0; 'output' = 0.1, 0 }) -Quiet | Should -BeFalse
        Compare-RunOutput $a $b -OutputTolerance @{ 'out*' = @{ Relative = 0; Absolute = 0.2 } } -Quiet | Should -BeTrue
        { Compare-RunOutput $a $b -OutputTolerance @{ 'out*' = 1 } } | Should -Throw '*Expected two numbers*'
        { Compare-RunOutput $a $b -OutputTolerance @{ 'out*' = @{ Relative = 1 } } } | Should -Throw '*Expected two numbers*'
    }

    It 'compares values of different dtypes when told to' {
        $a, $b = (New-TorchTensor 1.0 -DType float32), (New-TorchTensor 1.0 -DType float64)
        Compare-RunOutput $a $b -Close -Quiet | Should -BeFalse
        Compare-RunOutput $a $b -Close -IgnoreDType -Quiet | Should -BeTrue
    }

    It 'pairs outputs by mapped names, and refuses a pair that neither side has' {
        $folder = (New-Item TestDrive:/maps -ItemType Directory).FullName
        New-TorchTensor 1.0 -Name first | Export-TorchTensor $folder/a.npz
        New-TorchTensor 1.0 -Name second | Export-TorchTensor $folder/b.npz
        Compare-RunOutput $folder/a.npz $folder/b.npz -Quiet | Should -BeFalse
        $comparison = Compare-RunOutput $folder/a.npz $folder/b.npz -NameMap @{ first = 'second' }
        $comparison.Match | Should -BeTrue
        $comparison.Outputs[0].DifferenceName | Should -Be second
        { Compare-RunOutput $folder/a.npz $folder/b.npz -NameMap @{ x = 'y' } -ErrorAction Stop } | Should -Throw "*'x' is mapped to 'y'*"
    }

    It 'compares folders file by file and misses none' {
        $one, $two = 'one', 'two' | ForEach-Object { (New-Item "TestDrive:/folders/$_/within" -ItemType Directory -Force).Parent.FullName }
        foreach ($folder in $one, $two) { New-TorchTensor 1.0 | Export-TorchTensor $folder/within/same.npz }
        New-TorchTensor 1.0 | Export-TorchTensor $one/gone.npz
        New-TorchTensor 1.0 | Export-TorchTensor $two/new.npz
        $comparisons = Compare-RunOutput $one $two
        $comparisons.File | Should -Be 'gone.npz', 'new.npz', 'within/same.npz'
        $comparisons.Match | Should -Be $false, $false, $true
        $comparisons[0].Reason | Should -Be 'the difference has no file gone.npz'
        (Get-Item $two | Compare-RunOutput $one).File | Should -HaveCount 3
    }

    It 'tells the verbose stream what was compared' {
        $words = Compare-RunOutput (New-TorchTensor 1.0) (New-TorchTensor 1.0) -Verbose 4>&1 | Where-Object { $_ -is [Management.Automation.VerboseRecord] }
        $words | Should -BeLike '*1 output: identical.'
    }

    It 'ends when the pipeline is stopped, having shown how far it came' {
        # Sparse files: large to read, small to keep.
        [byte[]] $header = [byte[]](0x93) + [Text.Encoding]::ASCII.GetBytes('NUMPY') + [byte[]](1, 0, 118, 0) +
            [Text.Encoding]::ASCII.GetBytes("{'descr': '<f4', 'fortran_order': False, 'shape': (8000000000,), }".PadRight(117) + "`n")
        $paths = 'a', 'b' | ForEach-Object { Join-Path $TestDrive "$_.npy" }
        foreach ($path in $paths) {
            $stream = [IO.File]::Create($path)
            $stream.Write($header)
            $stream.SetLength($header.Length + 32000000000)
            $stream.Dispose()
        }
        $shell = [powershell]::Create()
        $null = $shell.AddScript('param($module, $a, $b) Import-Module $module; Compare-RunOutput $a $b').AddArgument((Get-Module ReproTorch).Path.Replace('ReproTorch.PowerShell.dll', 'ReproTorch.psd1')).AddArgument($paths[0]).AddArgument($paths[1])
        $run = $shell.BeginInvoke()
        $until = [datetime]::UtcNow.AddSeconds(60)
        while ($shell.Streams.Progress.Count -lt 2 -and [datetime]::UtcNow -lt $until -and -not $run.IsCompleted) { $null = $run.AsyncWaitHandle.WaitOne(20) }
        $shell.Streams.Progress.Count | Should -BeGreaterThan 1
        $shell.Streams.Progress[0].StatusDescription | Should -BeLike 'output: * of 32,000 MB'
        $run.IsCompleted | Should -BeFalse
        $shell.Stop()
        $shell.InvocationStateInfo.State | Should -Be Stopped
        $shell.Streams.Progress[-1].PercentComplete | Should -BeLessThan 100
        $shell.Dispose()
    }

    It 'has help with a description and examples' {
        $help = Get-Help Compare-RunOutput -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
