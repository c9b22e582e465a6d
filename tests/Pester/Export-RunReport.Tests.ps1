BeforeAll { . (Join-Path $PSScriptRoot 'common.ps1') }

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
