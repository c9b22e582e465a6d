BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Import-RunOutput' {
    It 'reads what Python recorded' {
        $run = Import-RunOutput $digits/reference.npz
        $run | Should -BeOfType ReproTorch.Runs.RunOutput
        $run['output'].Data.Shape | Should -Be 360, 10
        $run.Environment.Runtime | Should -Match 'Python'
        $run | Out-String | Should -Match 'output float32'
    }

    It 'refuses a damaged file' {
        $bytes = [IO.File]::ReadAllBytes("$digits/reference.npz")
        $bytes[5000] = $bytes[5000] -bxor 1
        $file = Join-Path (Get-PSDrive TestDrive).Root 'damaged.npz'
        [IO.File]::WriteAllBytes($file, $bytes)
        Import-RunOutput $file -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be 'FileFormat,ReproTorch.PowerShell.Commands.Runs.ImportRunOutputCommand'
    }

    It 'has help with a description and examples' {
        $help = Get-Help Import-RunOutput -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
