BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }
BeforeDiscovery { $browser = Get-Command chromium, chromium-browser, google-chrome -CommandType Application -ErrorAction Ignore | Select-Object -First 1 }

Describe 'Export-RunReport' {
    BeforeEach { $page = Join-Path $TestDrive "$([guid]::NewGuid()).html" }

    It 'writes one page of a comparison from the pipeline, with its map' {
        Compare-RunOutput (New-TorchTensor 1.0, 2.0) (New-TorchTensor 1.0, 2.5) | Export-RunReport $page
        $html = Get-Content $page -Raw
        $html | Should -BeLike '<!DOCTYPE html>*Different*Where they are*'
        $html | Should -Not -Match '<script|https?://'
    }

    It 'compares two runs itself, in each way that can be asked for' {
        $a, $b = (New-TorchTensor 1.0, 2.0), (New-TorchTensor 1.0, 2.000001)
        Export-RunReport $page $a $b
        Get-Content $page -Raw | Should -BeLike '*<h1>Close, but not identical</h1>*'
        Export-RunReport $page $a $b -Close -Force -Title 'On <this> machine'
        Get-Content $page -Raw | Should -BeLike '*<title>On &lt;this&gt; machine</title>*<h1>Match</h1>*'
        Export-RunReport $page $a $b -MaxUlp 9 -Force
        Get-Content $page -Raw | Should -BeLike '*<h1>Match</h1>*at most 9 units*'
    }

    It 'puts several comparisons on one page' {
        (New-TorchTensor 1.0), (New-TorchTensor 2.0) | Compare-RunOutput (New-TorchTensor 1.0) | Export-RunReport $page
        $html = Get-Content $page -Raw
        $html | Should -BeLike '*<h1>1 of 2 do not match</h1>*'
        [regex]::Matches($html, '<article').Count | Should -Be 1
        $ids = [regex]::Matches($html, ' id="([^"]+)"').ForEach{ $_.Groups[1].Value }
        $ids | Should -HaveCount ($ids | Sort-Object -Unique).Count
    }

    It 'tells on the page which files could not be compared' {
        $one, $two = 'one', 'two' | ForEach-Object { (New-Item "TestDrive:/unread/$_" -ItemType Directory -Force).FullName }
        foreach ($folder in $one, $two) {
            New-TorchTensor 1.0 | Export-TorchTensor $folder/good.npz
            Set-Content $folder/bad.npz 'rubbish'
        }
        Export-RunReport $page $one $two -ErrorVariable problem -ErrorAction SilentlyContinue
        $problem[0].FullyQualifiedErrorId | Should -Be 'FileFormat,ReproTorch.PowerShell.Commands.Runs.ExportRunReportCommand'
        $piped = Join-Path $TestDrive piped.html
        Compare-RunOutput $one $two -ErrorAction SilentlyContinue | Export-RunReport $piped
        foreach ($file in $page, $piped) {
            $html = Get-Content $file -Raw
            $html | Should -BeLike '*<h1>1 of 2 do not match</h1>*1 of 2 could not be made.*'
            $html | Should -BeLike '*<h2>Could not be compared</h2>*The file bad.npz could not be compared: *'
            $html | Should -Not -Match '\.\.<'
        }
        Get-ChildItem $one/*.npz | Compare-RunOutput $two/good.npz -ErrorVariable problem -ErrorAction SilentlyContinue | Export-RunReport $page -Force
        $problem | Should -HaveCount 1
        Get-Content $page -Raw | Should -BeLike '*<h1>1 of 2 do not match</h1>*The file *bad.npz could not be compared: *'
        Compare-RunOutput $one $two -Quiet -ErrorAction SilentlyContinue | Should -Be $false, $true
        Remove-Item $one/good.npz, $two/good.npz
        Export-RunReport $page $one $two -Force -ErrorAction SilentlyContinue
        Get-Content $page -Raw | Should -BeLike '*<h1>Could not be compared</h1>*'
    }

    It 'fits windows of every width, and breaks no word of a type' -Skip:(-not $browser) -ForEach @{ Browser = "$($browser.Source)" } {
        $types = @{ float32 = 1.0, 2.0; complex64 = 1.0, 2.0; int64 = [long]::MinValue, [long]::MaxValue; uint8 = @(1, 2) * 60000 }
        $runs = foreach ($sign in 1, -1) {
            $values = foreach ($name in $types.Keys | Sort-Object) {
                $numbers = $types[$name].Clone()
                if ($sign -lt 0) { [array]::Reverse($numbers) }
                [ReproTorch.Runs.RunValue]::OfTensor("output.a_long_name_of_an_output.$name", (New-TorchTensor $numbers -DType $name).ToData())
            }
            [ReproTorch.Runs.RunSource]::OfValues('run', [ReproTorch.Runs.RunValue[]]$values)
        }
        $close = Compare-RunOutput (New-TorchTensor 1.0, 2.0) (New-TorchTensor 1.0, 2.000001)
        Compare-RunOutput $runs[0] $runs[1] | Export-RunReport (Join-Path $TestDrive one.html)
        @(Compare-RunOutput $runs[0] $runs[1]; $close) | Export-RunReport (Join-Path $TestDrive two.html)
        Copy-Item (Join-Path $PSScriptRoot report-widths.html) $TestDrive
        $words = & $Browser --headless --no-sandbox --disable-gpu --allow-file-access-from-files --virtual-time-budget=30000 --dump-dom (
            "--user-data-dir=$(Join-Path $TestDrive profile)") ([uri]::new((Join-Path $TestDrive report-widths.html)).AbsoluteUri) 2>$null | Out-String
        $words -match '<title>(.*?)</title>' | Should -BeTrue
        $Matches[1] | Should -Be 'found: nothing'
    }

    It 'writes nothing with -WhatIf, and over a page only with -Force' {
        $comparison = Compare-RunOutput (New-TorchTensor 1.0) (New-TorchTensor 1.0)
        $comparison | Export-RunReport $page -WhatIf
        Test-Path $page | Should -BeFalse
        ($comparison | Export-RunReport $page -PassThru).FullName | Should -Be $page
        { $comparison | Export-RunReport $page -ErrorAction Stop } | Should -Throw '*exists*-Force*'
    }

    It 'has help with a description and examples' {
        $help = Get-Help Export-RunReport -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterThan 0
    }
}
