namespace ReproTorch.Reporting;

/// <summary>The page's style sheet: system fonts, light and dark, from a phone to paper.</summary>
internal static class ReportStyle
{
    /// <summary>The style sheet. It has no character that HTML or XML would read as markup.</summary>
    public const string Css = """
        :root {
          color-scheme: light dark;
          --page: #f7f7f5; --card: #ffffff; --text: #1e2226; --muted: #5d646d; --line: #e2e3df; --soft: #f1f1ee;
          --accent: #2f6494; --same: #25704f; --close: #8a5d0b; --differs: #ab362d;
          --same-soft: #e6f1eb; --close-soft: #f7eedb; --differs-soft: #f8e9e7;
          --shade-1: #d3e2f0; --shade-2: #a6c6e2; --shade-3: #6fa1cf; --shade-4: #3c7ab5; --shade-5: #1a4f86;
          --bits: #cfcfc9; --ground: #f1f1ee;
          --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Segoe UI Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #15171a; --card: #1c1f23; --text: #e3e5e8; --muted: #9ba2ab; --line: #30343a; --soft: #23272c;
            --accent: #82b1dc; --same: #74c29c; --close: #d8ad5f; --differs: #ea8f86;
            --same-soft: #1c2f27; --close-soft: #332a18; --differs-soft: #2f2020;
            --shade-1: #223a52; --shade-2: #2d557d; --shade-3: #3f78ac; --shade-4: #69a3d6; --shade-5: #b4d7f5;
            --bits: #4a4e55; --ground: #23272c;
          }
        }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
        body {
          margin: 0; padding: 2rem 1.25rem; background: var(--page); color: var(--text);
          font: 0.9375rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
        }
        main, footer { max-width: 62rem; margin: 0 auto; }
        h1, h2, h3, h4, p, dl, figure { margin: 0; }
        h1 { font-size: 1.75rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.01em; }
        h2 { font-size: 1.125rem; font-weight: 650; margin-bottom: 0.75rem; }
        h3 { font-size: 1rem; font-weight: 600; }
        h3 .name { font-size: 0.9375rem; margin-right: 0.35rem; }
        section > p + table, p + dl { margin-top: 0.9rem; }
        h4 { font-size: 0.875rem; font-weight: 600; margin: 1.25rem 0 0.4rem; }
        a { color: var(--accent); text-underline-offset: 0.15em; }
        code, pre, .name, .elements td, .elements th[scope=row] { font-family: var(--mono); font-size: 0.8125rem; }
        code, .name, td, th[scope=row], dd { overflow-wrap: anywhere; }
        pre {
          margin: 0.5rem 0 0; padding: 0.75rem; background: var(--soft); border-radius: 6px; overflow-x: auto; line-height: 1.45;
          tab-size: 2;
        }
        .index { white-space: nowrap; }
        .note, small { color: var(--muted); font-size: 0.8125rem; }
        .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

        header.verdict, section {
          background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.25rem 1.5rem; margin-bottom: 1rem;
        }
        header.verdict { display: flex; gap: 1.25rem; border-left: 5px solid var(--tone); padding: 1.5rem; }
        header.verdict :is(h1, h2) { color: var(--tone); margin: 0.1rem 0 0.5rem; }
        article { margin-top: 2.5rem; scroll-margin-top: 1rem; }
        header.verdict p + p { margin-top: 0.35rem; }
        .kicker { color: var(--muted); font-size: 0.8125rem; overflow-wrap: anywhere; }
        .sign {
          flex: none; width: 3.5rem; height: 3.5rem; border-radius: 50%; background: var(--tone-soft); color: var(--tone);
          font: 600 2rem/3.4rem system-ui, sans-serif; text-align: center;
        }
        .same { --tone: var(--same); --tone-soft: var(--same-soft); }
        .close { --tone: var(--close); --tone-soft: var(--close-soft); }
        .differs { --tone: var(--differs); --tone-soft: var(--differs-soft); }
        .badge {
          display: inline-block; padding: 0.05rem 0.55rem; border-radius: 1rem; background: var(--tone-soft); color: var(--tone);
          font: 600 0.8125rem/1.5 system-ui, sans-serif; white-space: nowrap;
        }

        table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th, td { padding: 0.45rem 0.75rem 0.45rem 0; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
        thead th { border-top: 0; color: var(--muted); font-size: 0.8125rem; font-weight: 500; padding-top: 0; }
        tbody th { font-weight: 500; }
        tr > :last-child { padding-right: 0; }
        th.number, td.number { text-align: right; white-space: nowrap; }
        .outputs td { overflow-wrap: break-word; }
        .outputs .badge { white-space: normal; }
        .outputs th[scope=row] { min-width: 8rem; font-family: var(--mono); font-size: 0.8125rem; line-height: 1.85; }
        .sides, .same-in-both { table-layout: fixed; }
        .sides th:first-child, .same-in-both th { width: 24%; color: var(--muted); font-weight: 400; }
        .sides tr.marked th { color: var(--text); padding-left: 0.75rem; box-shadow: inset 3px 0 0 var(--close); }
        .sides pre, .same-in-both pre { margin: 0; padding: 0; background: none; white-space: pre-wrap; font-size: 0.75rem; }
        .tag { color: var(--close); font-size: 0.75rem; }
        mark { background: none; color: var(--close); font-weight: 600; }

        .texts pre { max-height: 24rem; overflow-y: auto; }
        details { margin-top: 0.75rem; }
        summary { cursor: pointer; color: var(--accent); font-size: 0.875rem; }
        details table { margin-top: 0.5rem; }

        section.output { border: 0; border-top: 1px solid var(--line); border-radius: 0; padding: 1.25rem 0 0.5rem; margin: 0; }
        h2 + section.output { border-top: 0; padding-top: 0; }
        .statistics {
          display: grid; grid-template-columns: repeat(auto-fill, minmax(13.5rem, 1fr)); gap: 0.9rem 1.5rem; margin: 1rem 0 1.25rem;
        }
        dt { color: var(--muted); font-size: 0.8125rem; }
        dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }
        dd small { display: block; font-weight: 400; line-height: 1.4; }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1.5rem 2rem; }
        figure { max-width: 30rem; }
        figcaption { font-size: 0.875rem; font-weight: 600; margin-bottom: 0.4rem; }
        figure svg { display: block; width: 100%; height: auto; font: 11px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
        svg text { fill: var(--muted); }
        svg .axis-title { fill: var(--text); }
        svg .grid { stroke: var(--line); }
        svg .axis { stroke: var(--muted); }
        svg .bar { fill: var(--shade-4); }
        svg .ground { fill: var(--ground); }
        svg .bits { fill: var(--bits); }
        svg .special { fill: var(--differs); }
        svg .shade-1 { fill: var(--shade-1); }
        svg .shade-2 { fill: var(--shade-2); }
        svg .shade-3 { fill: var(--shade-3); }
        svg .shade-4 { fill: var(--shade-4); }
        svg .shade-5 { fill: var(--shade-5); }
        .legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; margin-top: 0.5rem; color: var(--muted); font-size: 0.8125rem; }
        .legend span { display: inline-flex; align-items: center; gap: 0.4rem; }
        .legend svg { flex: none; width: auto; border-radius: 2px; }
        footer { color: var(--muted); font-size: 0.8125rem; padding: 0.5rem 0.25rem; }

        @media (max-width: 60rem) {
          .outputs th.number, .outputs td.number { white-space: normal; }
        }

        @media screen and (max-width: 48rem), (max-width: 40rem) {
          body { padding: 0.75rem; }
          header.verdict { padding: 1.1rem; gap: 0.9rem; }
          .sign { width: 2.5rem; height: 2.5rem; font-size: 1.4rem; line-height: 2.4rem; }
          h1 { font-size: 1.375rem; }
          section { padding: 1rem; }
          .sides thead, .outputs thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
          .sides, .sides tbody, .sides tr, .sides th, .sides td,
          .outputs, .outputs tbody, .outputs tr, .outputs th, .outputs td { display: block; width: auto; }
          .sides tr, .outputs tr { border-top: 1px solid var(--line); padding: 0.5rem 0; }
          .sides th, .sides td, .outputs th, .outputs td, .sides tr.marked td { border: 0; padding: 0.1rem 0; }
          .sides th:first-child { width: auto; }
          .sides tr.marked { padding-left: 0.75rem; box-shadow: inset 3px 0 0 var(--close); }
          .sides tr.marked th { padding-left: 0; box-shadow: none; }
          .sides td, .outputs td, .sides tr.both { display: flex; gap: 0.75rem; }
          .sides th:first-child { font-size: 0.8125rem; }
          .sides td:has(pre) { display: block; }
          .outputs td { overflow-wrap: anywhere; }
          .outputs td.nothing { display: none; }
          .sides tr.both th { flex: 0 0 clamp(6.5rem, 25%, 9rem); }
          .sides td[data-side]::before { content: attr(data-side); }
          .outputs td::before { content: attr(data-label); }
          .sides td[data-side]::before, .outputs td::before { flex: 0 0 clamp(6.5rem, 25%, 9rem); color: var(--muted); font-size: 0.8125rem; }
          th.number, td.number { text-align: left; white-space: normal; }
          .statistics { grid-template-columns: 1fr 1fr; gap: 0.75rem 1rem; }
          figure svg { font-size: 13px; }
        }

        @media print {
          :root {
            --page: #fff; --card: #fff; --text: #000; --muted: #444; --line: #ccc; --soft: #f4f4f4; --accent: #2f6494;
            --same: #25704f; --close: #8a5d0b; --differs: #ab362d; --same-soft: #fff; --close-soft: #fff; --differs-soft: #fff;
            --shade-1: #d3e2f0; --shade-2: #a6c6e2; --shade-3: #6fa1cf; --shade-4: #3c7ab5; --shade-5: #1a4f86;
            --bits: #cfcfc9; --ground: #f1f1ee;
          }
          * { print-color-adjust: exact; }
          body { padding: 0; font-size: 10pt; }
          header.verdict, section { border-radius: 0; border-width: 0 0 1px; padding: 0.75rem 0; }
          header.verdict { border-left-width: 5px; padding-left: 1rem; }
          h2, h3, h4, figcaption { break-after: avoid; }
          tr, figure, .statistics, header.verdict { break-inside: avoid; }
          article { break-before: page; margin: 0; }
          .charts { grid-template-columns: 1fr 1fr; }
          pre { white-space: pre-wrap; }
          details::details-content { content-visibility: visible; height: auto; }
          details.texts { display: none; }
          .output > .note { break-after: avoid; }
        }

        """;
}
