# Pester's operators for runs. Nested in ReproTorch: they are there when Pester was loaded before the module, as it is in every test file.
# Written in PowerShell because Pester takes operators as script blocks only; what they judge by is Compare-RunOutput.
Set-StrictMode -Version Latest

$script:UpdateVariable = 'REPROTORCH_UPDATE_BASELINE'

function Result([bool] $Succeeded, [string] $FailureMessage) {
    [pscustomobject]@{ Succeeded = $Succeeded; FailureMessage = $Succeeded ? $null : $FailureMessage }
}

function Reason([string] $Because) {
    $Because ? ', because ' + ($Because -replace '^because\s+', '') + ',' : ''
}

# What a block wrote, as runs: runs and tensors one each, as Compare-RunOutput takes them; numbers and texts, bit for bit, as the outputs of
# one run more.
function Get-Run([object[]] $Value) {
    $plain = [Collections.Generic.List[ReproTorch.Runs.RunValue]]::new()
    foreach ($item in $Value) {
        $inner = $item -is [psobject] -and $item.psobject.BaseObject -isnot [Management.Automation.PSCustomObject] ? $item.psobject.BaseObject : $item
        $name = "output.$($plain.Count)"
        switch ($inner) {
            { $_ -is [ReproTorch.Runs.RunOutput] } { $_; break }
            { $_ -is [ReproTorch.Tensors.TorchTensor] } { [ReproTorch.Runs.RunSource]::OfTensor($_); break }
            { $_ -is [ReproTorch.Runs.RunValue] } { [ReproTorch.Runs.RunSource]::OfValue($_.Name, $_); break }
            { $null -eq $_ } { $plain.Add([ReproTorch.Runs.RunValue]::OfNone($name)); break }
            { $_ -is [bool] } { $plain.Add((Number $name 'bool' ([byte[]]@([byte]$_)))); break }
            { $_ -is [sbyte] -or $_ -is [byte] -or $_ -is [short] -or $_ -is [ushort] -or $_ -is [int] -or $_ -is [uint] -or $_ -is [long] } {
                $plain.Add((Number $name 'int64' ([BitConverter]::GetBytes([long]$_)))); break
            }
            { $_ -is [float] -or $_ -is [double] } { $plain.Add((Number $name 'float64' ([BitConverter]::GetBytes([double]$_)))); break }
            { $_ -is [string] -or $_ -is [ulong] -or $_ -is [decimal] -or $_ -is [bigint] -or $_ -is [enum] } {
                $plain.Add([ReproTorch.Runs.RunValue]::OfString($name, [Convert]::ToString($_, [cultureinfo]::InvariantCulture))); break
            }
            default { throw [ArgumentException]::new("The block wrote a $($_.GetType()). Expected runs, tensors, numbers or texts.") }
        }
    }

    if ($plain.Count -gt 0) { [ReproTorch.Runs.RunSource]::OfValues('values', $plain) }
}

function Number([string] $Name, [string] $DType, [byte[]] $Bytes) {
    [ReproTorch.Runs.RunValue]::OfNumber($Name, [ReproTorch.Tensors.TensorData]::FromArray($DType, [long[]]@(), $Bytes))
}

# Compare-RunOutput's own parameters among those of an operator.
function Get-ComparisonParameter($Bound) {
    $own = @{}
    foreach ($name in 'Close', 'RelativeTolerance', 'AbsoluteTolerance', 'OutputTolerance', 'MaxUlp', 'EqualNaN', 'IgnoreDType', 'NameMap') {
        if ($Bound.ContainsKey($name)) { $own[$name] = $Bound[$name] }
    }
    $own
}

function Join-Message($Comparison) {
    @($Comparison).Where{ -not $_.Match }.ForEach{ $_.Message } -join "`n"
}

<#
.SYNOPSIS
Asserts that a run is the one that was kept as a baseline.
.DESCRIPTION
The baseline is a run file, another run, or a tensor. With a file, -UpdateBaseline, or the environment variable REPROTORCH_UPDATE_BASELINE set
to 1, writes the file when it is missing or differs; without either a missing file is a failure, and nothing is ever written but the report
of a failure, <name>.report.html beside the baseline.
.EXAMPLE
$run | Should -MatchRun ./baselines/digits.npz -Close
#>
function Should-MatchRun {
    param(
        [object[]] $ActualValue, [object] $Baseline, [switch] $UpdateBaseline,
        [switch] $Close, [double] $RelativeTolerance, [double] $AbsoluteTolerance, [object] $OutputTolerance,
        [ulong] $MaxUlp, [switch] $EqualNaN, [switch] $IgnoreDType, [Collections.IDictionary] $NameMap,
        [switch] $Negate, [string] $Because, [object] $CallerSessionState
    )
    $parameters = Get-ComparisonParameter $PSBoundParameters
    $because = Reason $Because
    if ($null -eq $Baseline) { throw [ArgumentException]::new('Should -MatchRun needs a baseline: the path of a run file, a run, or a tensor.') }
    $path = $Baseline -is [string] -or $Baseline -is [IO.FileSystemInfo]
    $update = $UpdateBaseline -or [Environment]::GetEnvironmentVariable($script:UpdateVariable) -eq '1'

    # What was never set comes as $null.
    if (@($ActualValue).Where{ $null -ne $_ }.Count -eq 0) {
        return Result $false "Expected the run to match the baseline$because but no run came to Should -MatchRun."
    }

    $actual = @(Get-Run $ActualValue)

    # A module sees the preferences of whoever calls it only where they are asked for.
    $whatIf = [bool]($CallerSessionState ? $CallerSessionState.PSVariable.GetValue('WhatIfPreference') : $WhatIfPreference)
    if ($path) {
        $file = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath("$Baseline")
        $there = [IO.File]::Exists($file) -or [IO.Directory]::Exists($file)
        if ($update -and -not $Negate) {
            # A baseline that cannot be read is written anew, as one that differs.
            $same = try { $there -and @(ReproTorch\Compare-RunOutput $file $actual -Quiet -ErrorAction Stop) -notcontains $false } catch { $false }
            if ($same) { return Result $true }
            if ($whatIf) {
                return Result $false "The baseline $file $($there ? 'differs' : 'is not there') and was not written, as `$WhatIfPreference is on."
            }

            $actual | ReproTorch\Export-RunOutput $file -Force:$there -Confirm:$false -WhatIf:$false -ErrorAction Stop
            Write-Verbose "Wrote the baseline $file."

            # Files that a folder held before stay in it.
            $left = [IO.Directory]::Exists($file) ? @(ReproTorch\Compare-RunOutput $file $actual -ErrorAction Stop).Where{ -not $_.Match } : @()
            return Result ($left.Count -eq 0) "The baseline $file was written, but holds other runs too; take them away. $(Join-Message $left)"
        }

        if (-not $there) {
            return Result $false ("There is no baseline $file. To write it, run the test once with Should -MatchRun .. -UpdateBaseline, " +
                "or with the environment variable $($script:UpdateVariable)=1; then look at it and keep it with the tests.")
        }

        $Baseline = $file
    }

    $comparison = @(ReproTorch\Compare-RunOutput $Baseline $actual @parameters -ErrorAction Stop)
    $matches = $comparison.Where{ -not $_.Match }.Count -eq 0
    if ($Negate) {
        return Result (-not $matches) "Expected the run not to match the baseline$because but it does: $($comparison[0].Message)"
    }

    $message = $matches ? '' : "Expected the run to match the baseline$because but it does not. $(Join-Message $comparison)"
    if (-not $matches -and $path -and $whatIf) { $message += "`nNo report was written, as `$WhatIfPreference is on." }
    elseif (-not $matches -and $path) {
        # The test fails with the comparison's words, whether the page can be written or not.
        $report = [IO.Path]::ChangeExtension($Baseline.TrimEnd('/', '\'), '.report.html')
        try {
            $comparison | ReproTorch\Export-RunReport $report -Force -Confirm:$false -WhatIf:$false -ErrorAction Stop
            $message += "`nReport: $report"
        }
        catch { $message += "`nNo report could be written: $_" }
    }

    Result $matches $message
}

<#
.SYNOPSIS
Asserts that a script block gives the same runs each time.
.DESCRIPTION
Runs the block -Count times, here or, with -FreshProcess, each time in a new PowerShell, and compares each result with the first, bit for bit unless
tolerances are given. In a fresh process the block has ReproTorch and the caller's location, but none of the caller's variables:
what it needs comes by -ArgumentList, to its own param(). It may write runs, tensors, numbers and texts.
.EXAMPLE
{ Use-TorchSeed 42 { Get-RandomSequence -Source Torch -Method randn -Shape 3 } } | Should -BeReproducible -Count 3
#>
function Should-BeReproducible {
    param(
        [scriptblock] $ActualValue, [int] $Count = 2, [switch] $FreshProcess, [object[]] $ArgumentList = @(),
        [switch] $Close, [double] $RelativeTolerance, [double] $AbsoluteTolerance, [object] $OutputTolerance,
        [ulong] $MaxUlp, [switch] $EqualNaN, [switch] $IgnoreDType, [Collections.IDictionary] $NameMap,
        [switch] $Negate, [string] $Because, [object] $CallerSessionState
    )
    if ($Count -lt 2) { throw [ArgumentException]::new("-Count is $Count. One run alone cannot be reproducible: 2 or more are needed.") }
    $parameters = Get-ComparisonParameter $PSBoundParameters
    $because = Reason $Because
    $first = $null
    foreach ($turn in 1..$Count) {
        $runs = @($FreshProcess ? (Invoke-InFreshProcess $ActualValue $ArgumentList) : (Get-Run @(& $ActualValue @ArgumentList)))
        if ($runs.Count -eq 0) { throw [ArgumentException]::new('The block wrote nothing, so that there is nothing to compare.') }
        if ($turn -eq 1) { $first = $runs; continue }
        $comparison = @(ReproTorch\Compare-RunOutput $first $runs @parameters -ErrorAction Stop)
        if ($comparison.Where{ -not $_.Match }.Count -gt 0) {
            return Result ([bool]$Negate) ("Expected {$ActualValue} to be reproducible$because but run $turn of $Count " +
                "differs from the first. $(Join-Message $comparison)")
        }
    }

    Result (-not $Negate) "Expected {$ActualValue} not to be reproducible$because but all $Count runs are the same."
}

function Invoke-InFreshProcess([scriptblock] $Block, [object[]] $ArgumentList) {
    $WhatIfPreference = $false # for the files between the two processes
    $folder = [IO.Directory]::CreateTempSubdirectory('reprotorch-fresh-').FullName
    try {
        $ArgumentList | Export-Clixml (Join-Path $folder arguments.xml) -Depth 8
        Set-Content (Join-Path $folder block.ps1) $Block.ToString()
        $child = {
            $ErrorActionPreference = 'Stop'
            Import-Module $args[0]
            Set-Location -LiteralPath $args[1]
            $arguments = @(Import-Clixml (Join-Path $args[2] arguments.xml))
            $given = @(& ([scriptblock]::Create((Get-Content (Join-Path $args[2] block.ps1) -Raw))) @arguments)
            $runs = @(& (Get-Module ReproTorch).NestedModules.Where{ $_.Name -eq 'ReproTorch.Pester' }[0] { Get-Run $args } @given)
            if ($runs.Count -gt 0) { $runs | Export-RunOutput (Join-Path $args[2] runs.npz) }
        }
        $module = $MyInvocation.MyCommand.Module.ModuleBase
        Set-Content (Join-Path $folder child.ps1) $child.ToString()
        $words = & (Get-Process -Id $PID).Path -NoProfile -NonInteractive -File (Join-Path $folder child.ps1) (Join-Path $module ReproTorch.psd1) (
            Get-Location -PSProvider FileSystem).ProviderPath $folder 2>&1
        if ($LASTEXITCODE -ne 0) {
            throw [InvalidOperationException]::new("The block failed in a fresh process: $(($words | Out-String).Trim())")
        }

        $result = Join-Path $folder runs.npz
        if (Test-Path -LiteralPath $result) { @(ReproTorch\Import-RunOutput -LiteralPath $result) }
    }
    finally { Remove-Item -LiteralPath $folder -Recurse -Force }
}

# Not Pester\..: a name that is qualified would load Pester where nobody asked for it.
if (Get-Module Pester) {
    foreach ($name in 'MatchRun', 'BeReproducible') {
        if (-not (Get-ShouldOperator).Where{ $_.Name -eq $name }) {
            Add-ShouldOperator -Name $name -InternalName "Should-$name" -Test (Get-Item "function:Should-$name").ScriptBlock -SupportsArrayInput:($name -eq 'MatchRun')
        }
    }
}

Export-ModuleMember
