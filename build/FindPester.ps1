<#
.SYNOPSIS
Writes the path of Pester's manifest to a file: an installed Pester 5 or later, else one that is saved here, tried once.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $ModuleFolder,
    [Parameter(Mandatory)] [string] $ResultFile,
    [Parameter(Mandatory)] [string] $FailureMarker
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function Find-Pester {
    $manifests = @(
        (Get-Module -ListAvailable -Name Pester).Where{ $_.Version.Major -ge 5 }
        if (Test-Path -LiteralPath $ModuleFolder) {
            Get-ChildItem -LiteralPath $ModuleFolder -Recurse -Filter Pester.psd1 | Test-ModuleManifest
        }
    )
    $manifests | Sort-Object Version -Descending | Select-Object -First 1
}

$pester = Find-Pester
if (-not $pester -and -not (Test-Path -LiteralPath $FailureMarker)) {
    try {
        $null = New-Item -ItemType Directory -Force -Path $ModuleFolder
        Save-PSResource -Name Pester -Version '[5.6.0, )' -Path $ModuleFolder -TrustRepository
        $pester = Find-Pester
    }
    catch {
        Write-Verbose "Pester could not be saved: $_"
    }
    if (-not $pester) {
        $null = New-Item -ItemType File -Force -Path $FailureMarker
    }
}
if ($pester) {
    Set-Content -LiteralPath $ResultFile -Value $pester.Path
}
