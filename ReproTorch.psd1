@{
    RootModule = 'ReproTorch.PowerShell.dll'
    ModuleVersion = '0.1.0'
    GUID = 'bfb9f4f5-2927-4dde-962f-c447c590df71'
    Author = 'The ReproTorch developers'
    CompanyName = 'The ReproTorch developers'
    Copyright = '(c) The ReproTorch developers. MIT licence.'
    Description = 'Will this PyTorch model give the same numbers again, and if not, what is the first thing that differs? Seeds, deterministic switches, traced inference and bit-exact comparison of runs on libtorch, PyTorch''s own C++ library.'
    PowerShellVersion = '7.6'
    CompatiblePSEditions = @('Core')
    # Loaded before the types, which name types and a converter in them.
    RequiredAssemblies = @('ReproTorch.Core.dll', 'ReproTorch.PowerShell.dll')
    # Should -MatchRun and Should -BeReproducible, where Pester is loaded.
    NestedModules = @('ReproTorch.Pester.psm1')
    FormatsToProcess = @('ReproTorch.Format.ps1xml')
    TypesToProcess = @('ReproTorch.Types.ps1xml')
    CmdletsToExport = @(
        'Compare-RunOutput'
        'Compare-TorchEnvironment'
        'Compare-TorchOperatorTrace'
        'ConvertTo-TracedModel'
        'Export-RunOutput'
        'Export-RunReport'
        'Export-TorchModel'
        'Export-TorchTensor'
        'Find-NondeterministicOperator'
        'Get-RandomSequence'
        'Get-TorchDeterminism'
        'Get-TorchEnvironment'
        'Get-TorchRngState'
        'Get-TorchModelGraph'
        'Get-TorchModelParameter'
        'Get-TorchSeed'
        'Import-RunOutput'
        'Import-TorchModel'
        'Import-TorchTensor'
        'Invoke-TorchModel'
        'Invoke-TorchTraining'
        'New-RandomStream'
        'New-TorchModel'
        'New-TorchTensor'
        'Optimize-TorchModel'
        'Set-TorchDeterminism'
        'Set-TorchRngState'
        'Set-TorchModelParameter'
        'Set-TorchSeed'
        'Test-RunOutput', 'Test-TorchDeterminism'
        'Trace-TorchOperator'
        'Use-TorchSeed'
    )
    FunctionsToExport = @()
    VariablesToExport = @()
    AliasesToExport = @()
    PrivateData = @{
        PSData = @{
            Tags = @('PyTorch', 'libtorch', 'TorchScript', 'reproducibility', 'determinism', 'machine-learning', 'PSEdition_Core', 'Linux', 'Windows', 'MacOS')
            ReleaseNotes = 'See CHANGELOG.md'
        }
    }
}
