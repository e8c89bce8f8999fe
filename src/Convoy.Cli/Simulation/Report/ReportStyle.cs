namespace Convoy.Cli.Simulation.Report;

/// <summary>How a report looks, by day and by night.</summary>
internal static class ReportStyle
{
    /// <summary>No character of it means anything to XML.</summary>
    public const string Css = """

        :root {
          color-scheme: light dark;
          --page: #f6f7f9; --card: #ffffff; --ink: #1b2430; --quiet: #66707f; --rule: #e4e7ec; --good: #e8f3ec;
          --convoy: #2563eb; --fifo: #7a8594; --sjf: #d97706; --srtf: #0d9468; --easy: #c026a3;
          --u0: #2f6fde; --u1: #e3843a; --u2: #2c9c75; --u3: #c2549d; --u4: #8a6fd1; --u5: #c9a227; --u6: #3aa6c4; --others: #b4bcc8;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #11151b; --card: #191f27; --ink: #e6eaf0; --quiet: #93a0b1; --rule: #2a323d; --good: #1d3429;
            --convoy: #6ea0ff; --fifo: #8d99a9; --sjf: #f0a63c; --srtf: #3ecb9b; --easy: #e879d3;
            --u0: #5b90ee; --u1: #e99a58; --u2: #47b891; --u3: #d678b4; --u4: #a48ce3; --u5: #d8b748; --u6: #5cbfd9; --others: #5d6877;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif; }
        main { max-width: 1180px; margin: 0 auto; padding: 40px 24px 32px; }
        h1 { margin: 0; font-size: 28px; font-weight: 650; letter-spacing: -0.02em; }
        h2 { margin: 0; font-size: 15px; font-weight: 600; }
        p { margin: 0; color: var(--quiet); }
        header { margin-bottom: 28px; }
        h2.part { margin: 40px 0 4px; font-size: 20px; letter-spacing: -0.01em; }
        .card, .tiles div { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; padding: 18px 20px; margin: 0; }
        .card p { font-size: 13px; }
        .wide { overflow-x: auto; padding: 6px 8px; }
        .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(460px, 100%), 1fr)); gap: 18px; margin-bottom: 18px; align-items: start; }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 18px; margin-bottom: 18px; }
        .tiles h2 { color: var(--quiet); font-size: 13px; font-weight: 500; }
        .tiles strong { display: block; margin: 2px 0; font-size: 26px; font-weight: 650; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
        .tiles div:first-child strong { color: var(--c); }
        .tiles p { font-size: 12.5px; line-height: 1.35; }
        table { width: 100%; border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; }
        th, td { padding: 9px 12px; text-align: right; white-space: nowrap; font-weight: 400; }
        th:first-child { text-align: left; }
        thead th { color: var(--quiet); font-size: 12.5px; vertical-align: bottom; white-space: normal; }
        tbody tr { border-top: 1px solid var(--rule); }
        td.best { font-weight: 650; }
        td.best::before { content: ""; display: inline-block; width: 6px; height: 6px; margin-right: 7px; border-radius: 50%; background: var(--ink); vertical-align: middle; }
        .legend { margin: 18px 2px 12px; }
        .key { display: inline-flex; align-items: center; gap: 7px; margin-right: 20px; color: var(--ink); font-size: 13.5px; }
        .key i { width: 14px; height: 4px; border-radius: 2px; background: var(--c); }
        .key[class*=" u-"] i { height: 12px; width: 12px; border-radius: 3px; }
        svg { display: block; width: 100%; height: auto; margin-top: 10px; }
        .grid { stroke: var(--rule); stroke-width: 1; }
        .mark { stroke: var(--quiet); stroke-width: 1; opacity: 0.5; }
        .tick { fill: var(--quiet); font-size: 11.5px; font-variant-numeric: tabular-nums; }
        .line { fill: none; stroke: var(--c); stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
        .c-convoy.line { stroke-width: 2.6; }
        .area { fill: var(--c); opacity: 0.14; }
        .band { fill: var(--c); }
        .hint { fill: var(--quiet); opacity: 0; }
        .hint:hover { opacity: 0.16; }
        .c-convoy { --c: var(--convoy); } .c-fifo { --c: var(--fifo); } .c-sjf { --c: var(--sjf); } .c-srtf { --c: var(--srtf); } .c-easy { --c: var(--easy); }
        .u-0 { --c: var(--u0); } .u-1 { --c: var(--u1); } .u-2 { --c: var(--u2); } .u-3 { --c: var(--u3); } .u-4 { --c: var(--u4); } .u-5 { --c: var(--u5); } .u-6 { --c: var(--u6); } .u-others { --c: var(--others); }
        footer { margin-top: 36px; color: var(--quiet); font-size: 13px; }
        code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 0.93em; }

        """;
}
