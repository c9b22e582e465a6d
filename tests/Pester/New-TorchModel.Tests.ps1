BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

Describe 'New-TorchModel' {
    Context 'from layers' {
        # torch.manual_seed(0); nn.Sequential(nn.Linear(3, 2))[0].bias
        It 'draws the initial values that Python draws' {
            $model = New-TorchModel 'Linear(3, 2)' -Seed 0
            $model.Tensor('0.bias') | Out-String | Should -Match ([regex]::Escape('tensor([-0.0114,  0.4578]'))
            New-TorchTensor -Factory rand -Shape 1 | Out-String | Should -Match ([regex]::Escape('tensor([0.4556])'))
        }

        It 'names layers by their place, or by the keys of an ordered dictionary' {
            (New-TorchModel 'Linear(3, 2)', 'ReLU', 'Linear(2, 1)').Describe().Parameters.Name |
                Should -Be '0.weight', '0.bias', '2.weight', '2.bias'
            (New-TorchModel ([ordered]@{ z = 'Linear(3, 2)'; a = 'PReLU' })).Describe().Parameters.Name |
                Should -Be 'z.weight', 'z.bias', 'a.weight'
        }

        It 'runs, in training mode first' {
            $model = New-TorchModel 'Conv2d(1, 4, 3, padding=1)', 'BatchNorm2d(4)', 'ReLU', 'MaxPool2d(2)', 'Flatten', 'Linear(4 * 4 * 4, 10)' -Seed 1
            $model.IsTraining | Should -BeTrue
            $input = New-TorchTensor -Factory rand -Shape 2, 1, 8, 8
            $first = $input | Invoke-TorchModel $model
            $first.Outputs[0].ToTensor().Shape | Should -Be 2, 10
            $model.SetTraining($false)
            $second = $input | Invoke-TorchModel $model
            $third = $input | Invoke-TorchModel $model -Traced
            (Compare-RunOutput $first $second).Match | Should -BeFalse
            (Compare-RunOutput $second $third).Match | Should -BeTrue
        }

        It 'goes to a file and back with the same names and bits' {
            $model = New-TorchModel 'LSTM(4, 3, 2)' -Seed 5
            $model | Export-TorchModel -Path (Join-Path $TestDrive 'lstm.pt')
            $back = Import-TorchModel (Join-Path $TestDrive 'lstm.pt')
            $names = $model.Describe().Parameters.Name
            $back.Describe().Parameters.Name | Should -Be $names
            foreach ($name in $names) { $back.Tensor($name).ContentHash() | Should -Be $model.Tensor($name).ContentHash() }
        }

        It 'seeds only when the layers are right' {
            Set-TorchSeed 11
            New-TorchModel 'Linear(3, 2)', 'Linaer(2, 1)' -Seed 1 -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            $problem[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ReproTorch.PowerShell.Commands.Models.NewTorchModelCommand'
            $problem[0].CategoryInfo.Category | Should -Be 'InvalidArgument'
            $problem[0].Exception.Message | Should -BeLike "*Did you mean 'Linear'?*"
            (Get-TorchSeed | Where-Object Source -EQ Torch).DrawCount | Should -Be 0
        }

        It 'points at what is wrong' {
            New-TorchModel 'Conv2d(1, 16, kernel=3)' -ErrorVariable problem -ErrorAction SilentlyContinue
            $lines = $problem[0].Exception.Message -split "`n"
            $lines[1].Substring($lines[2].IndexOf('^')) | Should -Be 'kernel=3)'
        }

        It 'refuses a hashtable, which has no order' {
            New-TorchModel @{ a = 'ReLU'; b = 'Tanh' } -ErrorVariable problem -ErrorAction SilentlyContinue
            $problem[0].Exception.Message | Should -BeLike '*ordered*'
        }

        It 'warns as PyTorch does' {
            $null = New-TorchModel 'GRU(4, 4, dropout=0.5)' -WarningVariable warnings -WarningAction SilentlyContinue
            $warnings | Should -BeLike '*num_layers greater than 1*'
        }

        It 'completes layers and their parameters' {
            Complete 'New-TorchModel -Layer Softpl' | Should -Be 'Softplus'
            Complete 'New-TorchModel -Layer Conv2' | Should -Be "'Conv2d("
            Complete "New-TorchModel -Layer 'Linear(4, 2)', MultiheadA" | Should -Be "'MultiheadAttention("
            (TabExpansion2 'New-TorchModel -Layer LogSoftm' 30).CompletionMatches[0].ToolTip | Should -Be 'LogSoftmax(dim=None)'
            Complete "New-TorchModel -Layer 'Conv2d(1, 16, 3, padding_" | Should -Be "'Conv2d(1, 16, 3, padding_mode="
        }
    }

    Context 'from source' {
        It 'compiles methods with parameters, buffers, attributes and submodules' {
            $part = New-TorchModel 'Linear(2, 2)' -Seed 0
            $model = New-TorchModel -Name Mine -Definition @'
def forward(self, x: Tensor) -> Tensor:
    return self.part(x) * self.weight + self.shift * self.count

def half(self, x: Tensor) -> Tensor:
    return x / 2
'@ -Parameter @{ weight = 2.0, 3.0 } -Buffer @{ shift = (New-TorchTensor -Factory ones -Shape 2) } -Attribute @{ count = 4 } -Submodule @{ part = $part }
            $model.Name | Should -Be 'Mine'
            $model.Methods.Name | Should -Be 'forward', 'half'
            $model.Describe().Parameters.Name | Should -Be 'weight', 'part.0.weight', 'part.0.bias'
            $model.Describe().Buffers.Name | Should -Be 'shift'
            $run = New-TorchTensor 6.0 -Shape 1 | Invoke-TorchModel $model -Method half
            $run.Outputs[0].ToTensor() | Out-String | Should -Match ([regex]::Escape('tensor([3.])'))
        }

        It 'takes the entries of a hashtable by name and of an ordered dictionary as they stand' {
            $source = 'def forward(self, x): return x'
            (New-TorchModel -Definition $source -Parameter @{ c = 1.0; a = 2.0; b = 3.0 }).Describe().Parameters.Name | Should -Be 'a', 'b', 'c'
            (New-TorchModel -Definition $source -Parameter ([ordered]@{ c = 1.0; a = 2.0; b = 3.0 })).Describe().Parameters.Name |
                Should -Be 'c', 'a', 'b'
        }

        It 'shows the line of an error' {
            New-TorchModel -Definition "def forward(self, x):`r`n    y = x + 1`r`n    return zork(y)`r`n" -ErrorVariable problem -ErrorAction SilentlyContinue
            $problem[0].FullyQualifiedErrorId | Should -Be 'ScriptSource,ReproTorch.PowerShell.Commands.Models.NewTorchModelCommand'
            $problem[0].CategoryInfo.Category | Should -Be 'ParserError'
            $problem[0].Exception.Message | Should -BeLike '*line 3*return zork(y)*'
        }

        It 'refuses a submodule that is no model' {
            New-TorchModel -Definition 'def forward(self, x): return x' -Submodule @{ part = 3 } -ErrorVariable problem -ErrorAction SilentlyContinue
            $problem[0].Exception.Message | Should -BeLike "*'part'*"
        }
    }

    It 'declares what it gives' { (Get-Command New-TorchModel).OutputType.Name | Should -Be 'ReproTorch.Models.TorchModel' }

    It 'has help with a description and examples' {
        $help = Get-Help New-TorchModel -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
