BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'The module' {
    It 'exports what its manifest lists and nothing else' {
        $manifest = Import-PowerShellDataFile (Get-Module ReproTorch).Path.Replace('ReproTorch.PowerShell.dll', 'ReproTorch.psd1')
        (Get-Command -Module ReproTorch).Name | Sort-Object | Should -Be ($manifest.CmdletsToExport | Sort-Object)
        $manifest.CmdletsToExport | Should -Not -Match '\*'
    }

    It 'uses approved verbs' {
        $approved = (Get-Verb).Verb
        Get-Command -Module ReproTorch | ForEach-Object { $approved | Should -Contain $_.Verb }
    }

    It 'has help for every parameter of <_>' -ForEach (Import-PowerShellDataFile (Join-Path $PSScriptRoot '../../ReproTorch.psd1')).CmdletsToExport {
        $common = [Management.Automation.PSCmdlet]::CommonParameters + [Management.Automation.PSCmdlet]::OptionalCommonParameters
        $help = Get-Help $_ -Full
        foreach ($name in (Get-Command $_).Parameters.Keys.Where{ $_ -notin $common }) {
            $parameter = @($help.parameters.parameter).Where{ $_.name -eq $name }
            ($parameter.description | Out-String).Trim() | Should -Not -BeNullOrEmpty -Because "-$name is a parameter"
        }
    }

    It 'has an about topic' { Get-Help about_ReproTorch | Out-String | Should -Match 'seed' }

    It 'survives being imported again in a new process from another folder' {
        $path = (Get-Module ReproTorch).Path
        $pwsh = (Get-Process -Id $PID).Path
        Push-Location TestDrive:/
        try { & $pwsh -NoProfile -Command "Import-Module '$path'; Import-Module '$path' -Force; (New-TorchTensor 1).ToString()" | Should -Be 'tensor(1)' }
        finally { Pop-Location }
    }
}
