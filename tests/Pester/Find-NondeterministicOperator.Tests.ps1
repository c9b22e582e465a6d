BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    $model = New-TorchModel -Layer 'Linear(4, 8)', 'Dropout(0.5)', 'Linear(8, 2)'
}

Describe 'Find-NondeterministicOperator' {
    It 'names the operator that draws, where it is and what to do' {
        $model = New-TorchModel -Layer 'Linear(4, 8)', 'Dropout(0.5)', 'Linear(8, 2)'
        $found = Find-NondeterministicOperator $model
        @($found).Count | Should -Be 1
        $found.Kind | Should -Be 'Random'
        $found.Operator | Should -BeLike 'aten::dropout*'
        $found.Active | Should -BeTrue
        $found.Remedy | Should -Match 'Set-TorchSeed'
    }

    It 'leaves out what does not matter now unless it is asked for' {
        Find-NondeterministicOperator $model | Should -BeNullOrEmpty
        (Find-NondeterministicOperator $model -IncludeInactive).Active | Should -BeFalse
    }

    It 'judges for the device that is asked for' {
        Find-NondeterministicOperator $model -Device cuda | Select-Object -ExpandProperty Kind -Unique | Should -Be 'NeedsDeterministicMode'
    }

    It 'takes models and paths from the pipeline' {
        $model, "$digits/digits.pt", (Get-Item $digits/digits.pt) | Find-NondeterministicOperator -IncludeInactive -Device cuda |
            Select-Object -ExpandProperty Kind -Unique | Should -Contain 'NeedsDeterministicMode'
    }

    It 'reads the methods that are asked for' {
        $two = New-TorchModel -Definition "def forward(self, x: Tensor):`n    return x`ndef sample(self, x: Tensor):`n    return torch.rand_like(x)"
        (Find-NondeterministicOperator $two).Method | Should -Be 'sample'
        Find-NondeterministicOperator $two -Method forward | Should -BeNullOrEmpty
    }

    It 'says <Id> of <Name>' -ForEach @(
        @{ Name = 'what is no model'; Value = 3; Id = 'InvalidArgument' }
        @{ Name = 'a path that is not there'; Value = 'TestDrive:/none.pt'; Id = 'FileNotFound' }
    ) {
        Find-NondeterministicOperator $Value -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be "$Id,ReproTorch.PowerShell.Commands.Models.FindNondeterministicOperatorCommand"
    }

    It 'is shown as a table' {
        $shown = Find-NondeterministicOperator $model -IncludeInactive | Out-String -Width 160
        $shown | Should -Match 'Kind\s+Operator\s+Active\s+Where\s+Meaning'
        $shown | Should -Match 'Random\s+aten::dropout'
    }

    It 'completes methods of the model' { Complete 'Find-NondeterministicOperator $model -Method f' | Should -Contain 'forward' }

    It 'has help with a description and examples' {
        $help = Get-Help Find-NondeterministicOperator -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
