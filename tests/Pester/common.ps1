# What every suite begins with: the packaged module, and the sample's files by absolute path. Dot-sourced in BeforeAll.
Set-StrictMode -Version Latest
$module = $env:REPROTORCH_MODULE ? $env:REPROTORCH_MODULE : (Join-Path $PSScriptRoot '../../out/ReproTorch/ReproTorch.psd1')
Import-Module $module -ErrorAction Stop
$digits = (Resolve-Path (Join-Path $PSScriptRoot '../../samples/digits')).ProviderPath

# The words that Tab offers at the end of a line.
function Complete([string] $Line) { (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText }

