<#
.SYNOPSIS
Runs the Pester suites against the packed module, in a session of its own, and writes the counts to a file as
"passed failed skipped".
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Pester,
    [Parameter(Mandatory)] [string] $Module,
    [Parameter(Mandatory)] [string] $Path,
    [Parameter(Mandatory)] [string] $CountFile
)
$ErrorActionPreference = 'Stop'
Import-Module $Pester
Import-Module $Module
$env:REPROTORCH_MODULE = $Module

$configuration = New-PesterConfiguration
$configuration.Run.Path = $Path
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Normal'
$result = Invoke-Pester -Configuration $configuration

# A container that could not be discovered or a block whose set-up failed holds no failed test of its own, yet is a failure.
$failed = $result.FailedCount + $result.FailedBlocksCount + $result.FailedContainersCount
$skipped = $result.SkippedCount + $result.InconclusiveCount + $result.NotRunCount
Set-Content -LiteralPath $CountFile -Value "$($result.PassedCount) $failed $skipped"
