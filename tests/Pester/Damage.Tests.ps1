# What is damaged, missing or empty costs nothing that was there.
BeforeAll {
    $tensor = New-TorchTensor 1.5, 2, 3
    function Write-Run([string] $Path) { Invoke-TorchModel $model $tensor | Export-RunOutput $Path -Force }
    $model = New-TorchModel -Layer 'ReLU'
}

Describe 'Export-RunOutput' {
    It 'writes nothing over a run file when no run comes' {
        $file = "$TestDrive/keep.npz"
        Write-Run $file
        $before = (Get-FileHash $file).Hash
        { @() | Export-RunOutput $file -Force -ErrorAction Stop } | Should -Throw '*No run came*'
        (Get-FileHash $file).Hash | Should -Be $before
    }
}

Describe 'Compare-RunOutput of folders' {
    It 'goes on after a file that cannot be read, and follows no link in a circle' {
        foreach ($folder in 'a', 'b') {
            $null = New-Item "$TestDrive/$folder/sub" -ItemType Directory -Force
            Write-Run "$TestDrive/$folder/1.npz"
            Write-Run "$TestDrive/$folder/sub/2.npz"
            Set-Content "$TestDrive/$folder/0.npz" 'junk'
        }
        if (-not $IsWindows) { $null = New-Item "$TestDrive/a/sub/loop" -ItemType SymbolicLink -Value '..' }
        $compared = Compare-RunOutput "$TestDrive/a" "$TestDrive/b" -ErrorVariable problems -ErrorAction SilentlyContinue
        $compared.File | Should -Be '0.npz', '1.npz', 'sub/2.npz'
        $compared.Match | Should -Be $false, $true, $true
        $problems.Count | Should -Be 1
        "$($problems[0])" | Should -BeLike '*0.npz*'
    }
}

Describe 'Should -MatchRun -UpdateBaseline' {
    It 'writes a baseline anew that cannot be read' {
        $file = "$TestDrive/damaged.npz"
        Set-Content $file 'junk'
        $run = Invoke-TorchModel $model $tensor
        $run | Should -MatchRun $file -UpdateBaseline
        $run | Should -MatchRun $file
    }
}

Describe 'Test-TorchDeterminism -Session' {
    It 'says that a session is closed' {
        $runspace = [runspacefactory]::CreateOutOfProcessRunspace($null)
        $runspace.Open()
        $session = [System.Management.Automation.Runspaces.PSSession]::Create($runspace, 'local', $null)
        $runspace.Dispose()
        { Test-TorchDeterminism $model $tensor -Vary Repeat -Session $session -ErrorAction Stop } | Should -Throw '*New-PSSession*'
    }
}
