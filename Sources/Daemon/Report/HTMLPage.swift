/// A self-contained page: nothing is fetched, everything but the order of tables works without script.
struct HTMLPage {
    let title: String
    /// HTML of the sections.
    let body: [String]

    var text: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
        script-src 'unsafe-inline'; img-src data:">
        <title>\(title.inHTML)</title>
        <style>
        \(Self.style)
        </style>
        </head>
        <body>
        <main>
        \(body.joined(separator: "\n"))
        </main>
        <script>
        \(Self.script)
        </script>
        </body>
        </html>

        """
    }

    /// A table whose head sorts it; numbers stand in cells of class `n`.
    ///
    /// - Parameter rows: HTML of whole rows.
    static func table(_ heads: [(text: String, isNumber: Bool)], rows: [String], isLong: Bool = false) -> String {
        let head = heads.map { "<th\($0.isNumber ? " class=\"n\"" : "") tabindex=\"0\">\($0.text.inHTML)</th>" }
            .joined()
        let table = """
            <table class="sortable"><thead><tr>\(head)</tr></thead>
            <tbody>
            \(rows.joined(separator: "\n"))
            </tbody></table>
            """
        return isLong ? "<div class=\"scroll\">\n\(table)\n</div>" : "<div class=\"wide\">\n\(table)\n</div>"
    }

    /// A cell with a number, sorted by `value`.
    static func cell(_ text: String, value: Double) -> String {
        "<td class=\"n\" data-v=\"\(value)\">\(text.inHTML)</td>"
    }

    /// A cell with a share, 0...1, and a bar of its length; empty for none.
    static func bar(_ share: Double?) -> String {
        guard let share else { return "<td class=\"n\" data-v=\"-1\">–</td>" }
        return "<td class=\"n bar\" data-v=\"\(share)\"><i style=\"width:\(String.pixels(share * 100))%\"></i>"
            + "<span>\(String.percent(share, digits: 1))</span></td>"
    }

    private static let style = """
        :root { --ink: #1b1f24; --soft: #5c6670; --paper: #ffffff; --panel: #f4f6f8; --line: #d9dee3; --good: #2563c9;
          --bad: #c2410c; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #9aa5af; --paper: #14181c; --panel: #1e2429;
          --line: #353d45; --good: #77a8ff; --bad: #ff9462; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Roboto,
          "DejaVu Sans", sans-serif; }
        main { max-width: 68rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
        h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
        h2 { font-size: 1.15rem; margin: 2.5rem 0 .6rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
        p { margin: .4rem 0; max-width: 46rem; }
        .soft, figcaption { color: var(--soft); }
        .bad { color: var(--bad); }
        .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .75rem;
          margin: 1.25rem 0; }
        .card { background: var(--panel); border-radius: .5rem; padding: .7rem .9rem; }
        .card b { display: block; font-size: 1.55rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
        .card span { display: block; color: var(--soft); font-size: .85rem; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th, td { text-align: left; padding: .25rem .7rem .25rem 0; border-bottom: 1px solid var(--line);
          vertical-align: top; }
        th { font-weight: 600; color: var(--soft); font-size: .85rem; white-space: nowrap; }
        th.n, td.n { text-align: right; white-space: nowrap; }
        td.bar { position: relative; min-width: 7.5rem; padding-right: .7rem; }
        td.bar i { position: absolute; left: .35rem; top: 22%; bottom: 22%; max-width: calc(100% - 1.05rem);
          background: var(--good); opacity: .22; border-radius: 2px; }
        td.bar span { position: relative; }
        .sortable th { cursor: pointer; }
        .sortable th[data-d="1"]::after { content: " ▲"; } .sortable th[data-d="-1"]::after { content: " ▼"; }
        .wide { overflow-x: auto; }
        .scroll { max-height: 34rem; overflow: auto; border: 1px solid var(--line); border-radius: .5rem; padding: 0 .7rem; }
        .scroll thead th { position: sticky; top: 0; background: var(--paper); }
        .record th { vertical-align: top; padding-right: 1.5rem; }
        .record td { overflow-wrap: anywhere; }
        code { font: .85rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
        figure { margin: 1rem 0; }
        figcaption { font-size: .85rem; max-width: 46rem; }
        svg { max-width: 100%; height: auto; } svg text { fill: var(--ink); font: 11px system-ui, "DejaVu Sans", sans-serif; }
        svg text.soft { fill: var(--soft); }
        .side { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; align-items: flex-start; }
        .matrix { image-rendering: pixelated; max-width: 100%; border: 1px solid var(--line); }
        .strip { display: block; max-width: 100%; height: auto; border-radius: .25rem; margin: .3rem 0; }
        .mistake { border-top: 1px solid var(--line); padding: .6rem 0; break-inside: avoid; }
        .mistake p { margin: 0; max-width: none; overflow-wrap: anywhere; }
        details summary { cursor: pointer; color: var(--soft); }
        @media print { body { font-size: 11px; } main { max-width: none; padding: 0; } h2 { break-after: avoid; }
          .scroll { max-height: none; overflow: visible; border: 0; padding: 0; }
          .card, td.bar i { -webkit-print-color-adjust: exact; print-color-adjust: exact; } tr { break-inside: avoid; } }
        """

    private static let script = """
        for (const table of document.querySelectorAll("table.sortable")) {
          const heads = [...table.tHead.rows[0].cells];
          heads.forEach((head, column) => {
            const key = row => {
              const cell = row.cells[column], text = cell.dataset.v ?? cell.textContent;
              return text !== "" && !isNaN(text) ? Number(text) : text.toLowerCase();
            };
            const sort = () => {
              const sign = head.dataset.d ? -head.dataset.d : (head.classList.contains("n") ? -1 : 1);
              heads.forEach(other => delete other.dataset.d);
              head.dataset.d = sign;
              const rows = [...table.tBodies[0].rows].map(row => [key(row), row]);
              rows.sort((a, b) => sign * (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
              table.tBodies[0].append(...rows.map(pair => pair[1]));
            };
            head.addEventListener("click", sort);
            head.addEventListener("keydown", event => { if (event.key === "Enter") sort(); });
          });
        }
        """
}
