BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    $folder = (New-Item TestDrive:/baselines -ItemType Directory).FullName
    $run = [float[]](1, 2, 3)
    function NewTensor([float[]] $Values) { New-TorchTensor $Values }

    # What an assertion that fails says; null for one that does not.
    function Get-Failure([scriptblock] $Assertion) { try { & $Assertion; $null } catch { $_.Exception.Message } }
}

Describe 'Should -MatchRun' {
    BeforeEach { $path = Join-Path $folder "$([guid]::NewGuid()).npz" }
    AfterEach { $env:REPROTORCH_UPDATE_BASELINE = $null }

    It 'fails without a baseline and says how to get one, and writes nothing' {
        $message = Get-Failure { NewTensor 1, 2 | Should -MatchRun $path }
        $message | Should -BeLike "There is no baseline $path*-UpdateBaseline*REPROTORCH_UPDATE_BASELINE=1*"
        Get-ChildItem $folder | Should -Not -Contain (Split-Path $path -Leaf)
        Test-Path $path | Should -BeFalse
        Get-Failure { NewTensor 1, 2 | Should -Not -MatchRun $path } | Should -BeLike 'There is no baseline*'
    }

    It 'writes the baseline when told to by the switch, and then holds runs against it' {
        NewTensor 1, 2 | Should -MatchRun $path -UpdateBaseline
        NewTensor 1, 2 | Should -MatchRun $path
        NewTensor 1, 3 | Should -Not -MatchRun $path
    }

    It 'replaces a baseline that differs when told to by the variable, and leaves one that does not' {
        NewTensor 1, 2 | Should -MatchRun $path -UpdateBaseline
        $written = (Get-Item $path).LastWriteTimeUtc
        $env:REPROTORCH_UPDATE_BASELINE = '1'
        NewTensor 1, 2 | Should -MatchRun $path
        (Get-Item $path).LastWriteTimeUtc | Should -Be $written
        NewTensor 5, 6 | Should -MatchRun $path
        $env:REPROTORCH_UPDATE_BASELINE = '0'
        NewTensor 5, 6 | Should -MatchRun $path
    }

    It 'fails with the words of the comparison and writes its report beside the baseline' {
        NewTensor 1, 2 | Should -MatchRun $path -UpdateBaseline
        $message = Get-Failure { NewTensor 1, 2.5 | Should -MatchRun $path -Because 'the port must keep the bits' }
        $message | Should -BeLike 'Expected the run to match the baseline, because the port must keep the bits, but it does not. The runs do not match*'
        $message | Should -BeLike '*First difference: output at (1,), 2.5 instead of 2.*'
        $message | Should -BeLike '*It would pass with an absolute tolerance of 0.5*'
        $report = $path -replace '\.npz$', '.report.html'
        $message | Should -BeLike "*Report: $report"
        Get-Content $report -Raw | Should -BeLike '<!DOCTYPE html>*Different*'
    }

    It 'passes tolerances through' {
        NewTensor 1, 2 | Should -MatchRun $path -UpdateBaseline
        NewTensor 1, 2.000001 | Should -MatchRun $path -Close
        NewTensor 1, 2.000001 | Should -Not -MatchRun $path -MaxUlp 1
        NewTensor 1, 2.1 | Should -MatchRun $path -OutputTolerance @{ output = 0.1, 0 }
        NewTensor 1, 2.1 | Should -MatchRun $path -RelativeTolerance 0 -AbsoluteTolerance 0.2
    }

    It 'takes a run or a tensor as the baseline, and several runs for a file of several' {
        NewTensor 1, 2 | Should -MatchRun (NewTensor 1, 2)
        (NewTensor 1), (NewTensor 2) | Should -MatchRun $path -UpdateBaseline
        (NewTensor 1), (NewTensor 2) | Should -MatchRun $path
        (NewTensor 1), (NewTensor 3) | Should -Not -MatchRun $path
        NewTensor 1 | Should -Not -MatchRun $path
    }

    It 'fails when no run comes, and writes nothing' {
        Get-Failure { @() | Should -MatchRun $path -UpdateBaseline } | Should -BeLike '*no run came to Should -MatchRun.'
        Get-Failure { @() | Should -Not -MatchRun $path } | Should -BeLike '*no run came to Should -MatchRun.'
        Get-Failure { $null | Should -MatchRun $path -UpdateBaseline } | Should -BeLike '*no run came to Should -MatchRun.'
        Test-Path $path | Should -BeFalse
        $blocked = Join-Path (New-Item "$path.txt" -ItemType File) within.npz
        { NewTensor 1 | Should -MatchRun $blocked -UpdateBaseline } | Should -Throw
    }

    It 'writes neither baseline nor report under $WhatIfPreference, and says so' {
        $WhatIfPreference = $true
        $missing = Get-Failure { NewTensor 1 | Should -MatchRun $path -UpdateBaseline }
        $WhatIfPreference = $false
        Test-Path $path | Should -BeFalse
        $missing | Should -Be "The baseline $path is not there and was not written, as `$WhatIfPreference is on."
        NewTensor 1 | Should -MatchRun $path -UpdateBaseline
        $WhatIfPreference = $true
        NewTensor 1 | Should -MatchRun $path -UpdateBaseline
        $differs = Get-Failure { NewTensor 2 | Should -MatchRun $path -UpdateBaseline }
        $message = Get-Failure { NewTensor 2 | Should -MatchRun $path }
        $WhatIfPreference = $false
        $differs | Should -BeLike 'The baseline * differs and was not written*'
        $message | Should -BeLike "*No report was written, as `$WhatIfPreference is on."
        Test-Path ($path -replace '\.npz$', '.report.html') | Should -BeFalse
        NewTensor 1 | Should -MatchRun $path
    }

    It 'holds a folder against the runs that it was written from, whatever their names' {
        $model = New-TorchModel -Layer 'Linear(4, 2)' -Seed 0
        $runs = 1..12 | ForEach-Object { Invoke-TorchModel $model (New-TorchTensor -Factory rand -Shape 4) }
        $names = 'in2', 'in10', 'in1' | ForEach-Object { New-TorchTensor (@(Get-RandomSequence -Source Python -Method random -Count 4)) -DType float32 -Name $_ | Invoke-TorchModel $model }
        foreach ($kind in @{ shared = $runs; own = $names }.GetEnumerator()) {
            $baseline, $each = (Join-Path $folder $kind.Key), $kind.Value
            $each | Should -MatchRun $baseline -UpdateBaseline
            $each | Should -MatchRun $baseline
            $each | Should -MatchRun $baseline -UpdateBaseline
            @(Compare-RunOutput $baseline $each).Match | Should -Not -Contain $false
            @($each | Compare-RunOutput $baseline).Match | Should -Not -Contain $false
            @(Compare-RunOutput $each $baseline).Match | Should -Not -Contain $false
        }
        $runs[1], $runs[0] + $runs[2..11] | Should -Not -MatchRun (Join-Path $folder shared)
        $names[1], $names[0], $names[2] | Should -MatchRun (Join-Path $folder own)
    }

    It 'says when a folder holds other runs than those that it was to be written from' {
        $baseline = Join-Path $folder "$([guid]::NewGuid())"
        (NewTensor 1), (NewTensor 2) | Should -MatchRun $baseline -UpdateBaseline
        Get-Failure { NewTensor 1 | Should -MatchRun $baseline -UpdateBaseline } | Should -BeLike '*holds other runs too*'
    }

    It 'says that a run which matches was not to' {
        Get-Failure { NewTensor 1 | Should -Not -MatchRun (NewTensor 1) } | Should -BeLike 'Expected the run not to match the baseline but it does: *'
    }
}

Describe 'Should -BeReproducible' {
    It 'passes a block that seeds itself, and fails one that does not' {
        { Use-TorchSeed 42 { Get-RandomSequence -Source Torch -Method randn -Shape 3 } } | Should -BeReproducible -Count 3
        { Get-RandomSequence -Source Torch -Method randn -Shape 3 } | Should -Not -BeReproducible
    }

    It 'says which run differs from the first, and by what' {
        $script:calls = 0
        $message = Get-Failure { { $script:calls++; [double]($script:calls -ge 3) } | Should -BeReproducible -Count 4 -Because 'it is a test' }
        $message | Should -BeLike 'Expected {*} to be reproducible, because it is a test, but run 3 of 4 differs from the first. The runs do not match*'
        $message | Should -BeLike '*output.0*1*instead of*0*'
        $script:calls | Should -Be 3
    }

    It 'compares numbers by their bits and texts by their letters' {
        { 0.1 + 0.2; 'text'; $true; $null } | Should -BeReproducible
        $script:value = 0.0
        { $script:value; $script:value = -0.0 } | Should -Not -BeReproducible
    }

    It 'passes tolerances through' {
        $script:value = 1.0
        { $script:value += 1e-9; $script:value } | Should -BeReproducible -RelativeTolerance 1e-6 -AbsoluteTolerance 0
    }

    It 'runs the block in fresh processes on request, with what is given to it' {
        { param($seed) Set-TorchSeed $seed; New-TorchTensor @(Get-RandomSequence -Source Python -Method random -Count 2 -Seed $seed) } |
            Should -BeReproducible -FreshProcess -ArgumentList 7
        { $PID } | Should -BeReproducible
        { $PID } | Should -Not -BeReproducible -FreshProcess
    }

    It 'refuses what shows nothing' {
        { { } | Should -BeReproducible } | Should -Throw '*wrote nothing*'
        { { 1 } | Should -BeReproducible -Count 1 } | Should -Throw '*2 or more*'
        { { throw 'no model' } | Should -BeReproducible -FreshProcess } | Should -Throw '*fresh process*no model*'
    }
}
