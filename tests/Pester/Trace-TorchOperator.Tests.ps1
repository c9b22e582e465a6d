BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Trace-TorchOperator and Compare-TorchOperatorTrace' {
    BeforeAll {
        Set-Content (Join-Path $TestDrive 'a.ps1') @(
            'Set-TorchSeed 0'
            '$w = New-TorchModel -Layer ''Linear(4, 2)''')
        Set-Content (Join-Path $TestDrive 'b.ps1') @(
            'Set-TorchSeed 0'
            '$noise = New-TorchTensor -Factory randn -Shape 3'
            '$w = New-TorchModel -Layer ''Linear(4, 2)''')
    }

    It 'names the extra operator, its draws and its script line' {
        $a = Trace-TorchOperator { . (Join-Path $TestDrive 'a.ps1') } -Hash
        $b = Trace-TorchOperator { . (Join-Path $TestDrive 'b.ps1') } -Hash
        $comparison = Compare-TorchOperatorTrace $a $b
        $comparison.Identical | Should -BeFalse
        $comparison.First.Kind | Should -Be 'OnlyInDifference'
        $comparison.First.Operator.Name | Should -Be 'aten::randn'
        $comparison.First.Operator.Draws['cpu'] | Should -Be 8
        $comparison.First.Place | Should -Be 'b.ps1:2'
        $comparison.Message | Should -BeLike 'The first difference: only the difference ran aten::randn at b.ps1:2, which drew 8 numbers (cpu).*'
        Compare-TorchOperatorTrace $a $b -Quiet | Should -BeFalse
        $a | Compare-TorchOperatorTrace $a -Quiet | Should -BeTrue
    }

    It 'runs the block in the caller''s scope and keeps what it writes' {
        $value = 1
        $trace = Trace-TorchOperator { $value = 2; 'written'; New-TorchTensor -Factory rand -Shape 2 }
        $value | Should -Be 2
        $trace.Output[0] | Should -Be 'written'
        $trace.Output.Count | Should -Be 2
    }

    It 'hands pipeline input to the block' {
        (1..3 | Trace-TorchOperator { $input | ForEach-Object { New-TorchTensor -Factory rand -Shape $_ } }).DrawCount | Should -Be 6
    }

    It 'records into a file, whole or not at all' {
        $file = Join-Path $TestDrive 'run [1] 乱数.jsonl'
        Trace-TorchOperator { New-TorchTensor -Factory rand -Shape 2 } -Path $file -WhatIf
        Test-Path -LiteralPath $file | Should -BeFalse
        (Trace-TorchOperator { Set-TorchSeed 0; New-TorchTensor -Factory rand -Shape 2 } -Path $file).FullName | Should -Be $file
        $again = Trace-TorchOperator { Set-TorchSeed 0; New-TorchTensor -Factory rand -Shape 2 }
        Compare-TorchOperatorTrace $again (Get-Item -LiteralPath $file) -Quiet | Should -BeTrue
        Compare-TorchOperatorTrace $again $file -Quiet | Should -BeTrue
        $further = Trace-TorchOperator { New-TorchTensor -Factory rand -Shape 2 }
        (Compare-TorchOperatorTrace $again $further).First.Kind | Should -Be Streams
        $before = Get-Content -LiteralPath $file -Raw
        { Trace-TorchOperator { throw 'no' } -Path $file -Force } | Should -Throw 'no'
        Get-Content -LiteralPath $file -Raw | Should -Be $before
        # What failed has let go of the observer.
        (Trace-TorchOperator { New-TorchTensor -Factory rand -Shape 2 }).DrawCount | Should -Be 2
    }

    Context 'where a command comes from, of blocks and text that run without a file' {
        BeforeAll {
            $env:TRACED_MODULE = (Get-Module ReproTorch).Path
            function TraceScript([string[]]$Line) {
                $script = Join-Path $TestDrive 'run.ps1'
                Set-Content $script $Line
                (Trace-TorchOperator { . $script }).Operators
            }
        }

        AfterAll { Remove-Item Env:TRACED_MODULE }

        It 'tells the lines of a parallel block' {
            $operators = TraceScript @(
                '1..3 | ForEach-Object -Parallel {'
                '    Import-Module $env:TRACED_MODULE'
                '    $null = New-TorchTensor -Factory rand -Shape 2'
                '    1 | ForEach-Object {'
                '        $null = New-TorchTensor `'
                '            -Factory rand -Shape 3'
                '    }'
                '}')
            @($operators | Where-Object Outputs -eq 'float32 (2)').Place | Should -Be (@('run.ps1:3') * 3)
            @($operators | Where-Object Outputs -eq 'float32 (3)').Place | Should -Be (@('run.ps1:5') * 3)
        }

        It 'tells those of a thread job' {
            (TraceScript @(
                '$job = Start-ThreadJob {'
                '    Import-Module $env:TRACED_MODULE'
                '    $null = New-TorchTensor -Factory rand -Shape 2'
                '}'
                '$null = Receive-Job $job -Wait -AutoRemoveJob')).Place | Should -Be 'run.ps1:3'
        }

        It 'tells the line that runs text' {
            (TraceScript @(
                '$text = "`$null = 1; `$null =`n New-TorchTensor -Factory rand -Shape 2"'
                'Invoke-Expression $text'
                '1 | ForEach-Object -Parallel { Import-Module $env:TRACED_MODULE'
                '    Invoke-Expression $using:text }')).Place | Should -Be 'run.ps1:2', 'run.ps1:4'
        }

        It 'tells the one of two equal blocks that runs, and none where that cannot be told' {
            $parallel = '1 | ForEach-Object -Parallel { Import-Module $env:TRACED_MODULE; $null = New-TorchTensor -Factory rand -Shape 2 }'
            $job = '$jobs += Start-ThreadJob { Import-Module $env:TRACED_MODULE; $null = New-TorchTensor -Factory rand -Shape 4 }'
            $operators = TraceScript '$jobs = @()', $parallel, $parallel, $job, $job, '$null = $jobs | Receive-Job -Wait -AutoRemoveJob'
            @($operators | Where-Object Outputs -eq 'float32 (2)').Place | Should -Be 'run.ps1:2', 'run.ps1:3'
            $jobs = @($operators | Where-Object Outputs -eq 'float32 (4)')
            $jobs.Count | Should -Be 2
            $jobs.Place | Should -Be $null, $null
        }
    }

    It 'names a folder that is not there, not a temporary file' {
        $file = Join-Path $TestDrive 'none' 'x.jsonl'
        { Trace-TorchOperator { throw 'ran' } -Path $file -ErrorAction Stop } |
            Should -Throw "*'$file'*no folder '$(Split-Path $file)'*" -ErrorId 'PathNotFound*'
    }

    It 'refuses a trace inside a trace' {
        $trace = Trace-TorchOperator { Trace-TorchOperator { 1 } -ErrorVariable script:problem -ErrorAction SilentlyContinue }
        $script:problem[0].Exception.Message | Should -BeLike '*recorded already*'
    }

    It 'tells Compare-RunOutput where two runs part ways' {
        $model = New-TorchModel -Layer 'Linear(4, 2)', 'Dropout(0.5)' -Seed 0
        $x = Use-TorchSeed 1 { New-TorchTensor -Factory rand -Shape 3, 4 }
        $a = Invoke-TorchModel $model $x -Seed 1 -OperatorTrace
        $b = Invoke-TorchModel $model $x -Seed 2 -OperatorTrace
        (Compare-RunOutput $a $a).Operators.Identical | Should -BeTrue
        $comparison = Compare-RunOutput $a $b
        $comparison.Operators.First.Operator.Name | Should -Be 'aten::dropout'
        $comparison.Message | Should -BeLike '*Operators: The first difference: aten::dropout*'
        (Compare-RunOutput $a (Invoke-TorchModel $model $x -Seed 1)).Operators | Should -BeNullOrEmpty
    }

    It 'has help with a description and examples' {
        foreach ($name in 'Trace-TorchOperator', 'Compare-TorchOperatorTrace') { @((Get-Help $name -Full).Examples.Example).Count | Should -BeGreaterThan 0 }
    }

    It 'gives lists that take an index' {
        $trace = Trace-TorchOperator { $null = New-TorchTensor -Factory rand -Shape 3; $null = New-TorchTensor -Factory ones -Shape 3 }
        $trace.Operators[0].Name | Should -Be 'aten::rand'
        $trace.Operators[-1].Name | Should -Be 'aten::ones'
    }
}
