<#
.SYNOPSIS
Builds, tries, tests and packs ReproTorch.

.DESCRIPTION
The work itself is in build/Build.proj (MSBuild) and CMake; this script finds what they need and calls them.
On Linux it hands over to build.sh, which can also install what is missing.

.PARAMETER Verb
build: compile. demo: run the demo on real handwritten digits. test: run every test that can run here. bench: measure
beside Python and C++. pack: lay out the module in out/ReproTorch. clean: remove everything that was built.

.PARAMETER LibTorch
The libtorch to build against: the folder that holds its share/cmake/Torch. Default: the environment variable LIBTORCH.

.PARAMETER Configuration
Release or Debug.

.PARAMETER ArgumentList
For test: the kinds to run (native, managed, python, pester). For bench: arguments of the benchmarks.

.EXAMPLE
./build.ps1 test -LibTorch C:\libtorch
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory, Position = 0)]
    [ValidateSet('build', 'demo', 'test', 'bench', 'pack', 'clean')]
    [string] $Verb,

    [string] $LibTorch = $env:LIBTORCH,

    [ValidateSet('Release', 'Debug')]
    [string] $Configuration = 'Release',

    [Parameter(ValueFromRemainingArguments)]
    [string[]] $ArgumentList = @()
)
# Runs in Windows PowerShell 5.1 too: what it builds needs 7.6, building does not.
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$onWindows = [Environment]::OSVersion.Platform -eq 'Win32NT'

function Invoke-Native {
    # Typed: one argument alone would otherwise be splatted letter by letter.
    $program, [string[]] $arguments = $args
    & $program @arguments
    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
}

function Invoke-Target([string] $Name) {
    Invoke-Native dotnet msbuild build/Build.proj -nologo -verbosity:minimal "-p:Configuration=$Configuration" "-t:$Name"
}

function Assert-Tool {
    $lacking = @(
        if (-not (Get-Command dotnet -ErrorAction Ignore)) {
            'the .NET SDK 10.0 or later: https://dotnet.microsoft.com/download'
        }
        if (-not (Get-Command cmake -ErrorAction Ignore)) {
            'CMake 3.18 or later on PATH: https://cmake.org, or the one that Visual Studio brings'
        }
        if (-not $LibTorch) {
            'libtorch with its headers: unpack one from https://pytorch.org (Get Started, LibTorch, C++) and give its folder as -LibTorch. ' +
            'The libtorch inside the packages of TorchSharp has no headers: it can serve when the module runs, not when it is built'
        }
    )
    if ($lacking) {
        throw "To build on this system, please provide:`n" + (($lacking | ForEach-Object { "  - $_" }) -join "`n") +
            "`nMSVC (Visual Studio's Build Tools with the C++ workload) and xxHash's headers (vcpkg install xxhash) are needed too."
    }
}

if ($LibTorch) {
    $env:LIBTORCH = (Resolve-Path -LiteralPath $LibTorch).ProviderPath
}
Push-Location $PSScriptRoot
try {
    if (-not $onWindows) {
        $env:CONFIGURATION = $Configuration
        Invoke-Native ./build.sh $Verb @ArgumentList
        return
    }
    if ($Verb -ne 'clean') {
        Assert-Tool
        # Windows looks for torch_cpu.dll and its like on PATH.
        $env:PATH = "$env:LIBTORCH\lib;$env:PATH"
    }
    switch ($Verb) {
        'build' { Invoke-Target Build }
        'pack' { Invoke-Target Pack }
        'clean' { Invoke-Target Clean }
        'demo' {
            Invoke-Target 'FindPowerShell;Pack'
            $pwsh = Get-Content -LiteralPath artifacts/tools/pwsh.txt -TotalCount 1
            if (-not $pwsh) {
                throw 'The demo needs PowerShell 7.6 here: winget install Microsoft.PowerShell'
            }
            Invoke-Native $pwsh -NoProfile -File samples/digits/demo.ps1 @ArgumentList
        }
        'test' {
            Invoke-Target 'FindPester;Pack'
            Invoke-Native dotnet "artifacts/bin/TestRunner/$($Configuration.ToLowerInvariant())/TestRunner.dll" . $Configuration @ArgumentList
        }
        'bench' {
            Invoke-Target Bench
            Invoke-Native python benchmarks/side_by_side.py @ArgumentList
        }
    }
}
finally {
    Pop-Location
}
