BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'Test-RunOutput' {
    BeforeAll {
        $model = Import-TorchModel $digits/digits.pt
        $data = Import-TorchTensor $digits/heldout.npz
        Invoke-TorchModel $model $data -Seed 42 -Traced -BatchSize 100 -IncludeInput -OperatorTrace | Export-RunOutput TestDrive:/run.npz
        $noise = New-TorchModel -Definition "def forward(self, x):`n    return x + torch.randn_like(x)"
    }

    It 'replays a file and gives the same bits' {
        $replay = Test-RunOutput TestDrive:/run.npz $model
        $replay.Verdict | Should -Be 'Identical'
        $replay.Match | Should -BeTrue
        $replay.Model | Should -Be 'SameFile'
        $replay.Environment.Match | Should -BeTrue
        $replay.Comparison.Operators.Identical | Should -BeTrue
        $replay.Path | Should -BeLike '*run.npz'
    }

    It 'restores the stream that the run drew from, and puts the session''s back' {
        Set-TorchSeed 1
        $run = Invoke-TorchModel $noise (New-TorchTensor 1.0, 2.0) -IncludeInput
        $state = (Get-TorchRngState).Torch['cpu']
        (Test-RunOutput -InputObject $run -Model $noise).Verdict | Should -Be 'Identical'
        $run, $run | Test-RunOutput -Model $noise -Quiet | Should -Be $true, $true
        (Get-TorchRngState).Torch['cpu'] | Should -Be $state
    }

    It 'takes files from the pipeline, folders and names with brackets' {
        Copy-Item TestDrive:/run.npz 'TestDrive:/a[1].npz'
        Get-ChildItem TestDrive:/run.npz | Test-RunOutput -Model $model -Quiet | Should -BeTrue
        Test-RunOutput -LiteralPath 'TestDrive:/a[1].npz' -Model $model -Quiet | Should -BeTrue
        Test-RunOutput TestDrive:/ $model -Quiet | Should -Be $true, $true
    }

    It 'says that the model is another one, and still judges' {
        $other = New-TorchModel -Definition "def forward(self, images):`n    return images.sum((1, 2, 3))"
        $replay = Test-RunOutput TestDrive:/run.npz $other -WarningVariable warning -WarningAction SilentlyContinue
        $replay.Verdict | Should -Be 'Different'
        $replay.Model | Should -Be 'Different'
        "$warning" | Should -Match 'not the one'
    }

    It 'says that the model was changed since its file was loaded' {
        $definition = "def forward(self, x):`n    self.count.add_(1.0)`n    return x * self.count"
        New-TorchModel -Definition $definition -Buffer @{ count = 0.0 } | Export-TorchModel TestDrive:/counting.pt
        $counting = Import-TorchModel TestDrive:/counting.pt
        $run = Invoke-TorchModel $counting (New-TorchTensor 1.0, 2.0) -IncludeInput
        $replay = Test-RunOutput -InputObject $run -Model $counting -WarningVariable warning -WarningAction SilentlyContinue
        $replay.Verdict | Should -Be 'Different'
        $replay.Model | Should -Be 'SameFileChanged'
        $replay.ModelChanges | Should -Be 'count'
        "$warning" | Should -Match 'changed since it was loaded'
        $fresh = Import-TorchModel TestDrive:/counting.pt
        $run, $run | Test-RunOutput -Model $fresh -Quiet | Should -Be $true, $true
    }

    It 'says what of the environment changed' {
        $replay = Test-RunOutput $digits/reference.npz $model -ErrorVariable problem -ErrorAction SilentlyContinue
        $replay | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ReproTorch.PowerShell.Commands.Runs.TestRunOutputCommand'
        $problem[0].Exception.Message | Should -Match '-IncludeInput'
        $threads = (Get-TorchDeterminism).Threads
        try {
            Set-TorchDeterminism -Threads 1
            $run = Invoke-TorchModel $model $data -IncludeInput
            Set-TorchDeterminism -Threads 2
            # Threads are a switch: they are as they were while the run is replayed.
            (Test-RunOutput -InputObject $run -Model $model).Environment.Match | Should -BeTrue
            (Get-TorchDeterminism).Threads | Should -Be 2
        }
        finally { Set-TorchDeterminism -Threads $threads }
    }

    It 'refuses a damaged file and goes on' {
        $bytes = [IO.File]::ReadAllBytes((Get-Item TestDrive:/run.npz))
        $bytes[$bytes.Length / 2] = $bytes[$bytes.Length / 2] -bxor 1
        [IO.File]::WriteAllBytes((Join-Path (Get-Item TestDrive:/).FullName 'damaged.npz'), $bytes)
        'TestDrive:/damaged.npz', 'TestDrive:/run.npz' | Test-RunOutput -Model $model -Quiet -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeTrue
        $problem[0].FullyQualifiedErrorId | Should -Be 'FileFormat,ReproTorch.PowerShell.Commands.Runs.TestRunOutputCommand'
        Remove-Item TestDrive:/damaged.npz
    }

    It 'tells what it does' {
        $told = Test-RunOutput TestDrive:/run.npz $model -Quiet -Verbose 4>&1 | Where-Object { $_ -is [Management.Automation.VerboseRecord] }
        "$told" | Should -Match 'Restored the states of Torch, Python, NumPy'
    }

    It 'shows verdict, model and environment' {
        (Test-RunOutput TestDrive:/run.npz $model | Out-String) | Should -Match 'Identical\s+SameFile\s+the same'
        (Test-RunOutput TestDrive:/run.npz $model | Format-List | Out-String) | Should -Match 'The replay gave the same bits'
    }

    It 'takes no contradicting parameters' {
        { Test-RunOutput TestDrive:/run.npz $model -RelativeTolerance 1 } |
            Should -Throw -ErrorId 'InvalidArgument,ReproTorch.PowerShell.Commands.Runs.TestRunOutputCommand'
    }

    It 'has help with a description and examples' {
        $help = Get-Help Test-RunOutput -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
