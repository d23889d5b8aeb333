using System.Globalization;
using System.Text;

namespace ResizeLora.Benchmarks.Reporting;

/// <summary>The results, as Markdown: the machine, the table of what was measured, and what else there is to say.</summary>
internal sealed class Report(string machine)
{
    private static readonly string[] Columns = ["metric", "baseline", "ResizeLora", "ratio", "must", "min – max", "repetitions"];

    private readonly List<ReportRow> _rows = [];
    private readonly StringBuilder _sections = new();

    public void Add(ReportRow row)
    {
        _rows.Add(row);
        Log.Write($"  {row.Metric}: {row.Baseline} to {row.Ours}, {row.Ratio}{Verdict(row)}");
    }

    /// <summary>Adds a table of its own, below the main one.</summary>
    public void AddTable(string title, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows) =>
        _sections.AppendLine().AppendLine(title).AppendLine().Append(Table(columns, rows));

    /// <summary>Adds Markdown that is ready.</summary>
    public void AddText(string title, string text) => _sections.AppendLine().AppendLine(title).AppendLine().AppendLine(text.Trim());

    /// <param name="others">The share of the processors that other processes had, where it is known.</param>
    public string ToMarkdown(double? others)
    {
        var text = new StringBuilder().Append(machine);
        text.AppendLine(others is null ? "." : string.Create(CultureInfo.InvariantCulture, $". Other processes did {others:0 %} of all work meanwhile."));
        if (_rows.Count > 0)
        {
            text.AppendLine().Append(Table(Columns, _rows.Select(row => (IReadOnlyList<string>)
            [
                row.Metric,
                row.Baseline,
                row.Ours,
                row.Ratio,
                $"{row.Must}{Verdict(row)}",
                row.Spread,
                $"{row.Repetitions}",
            ])));
        }

        return text.Append(_sections).ToString();
    }

    private static string Verdict(ReportRow row) => row.IsMet switch
    {
        true => " (met)",
        false => " (NOT met)",
        null => "",
    };

    private static StringBuilder Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        var text = new StringBuilder();
        AppendLine(columns);
        AppendLine([.. columns.Select(_ => "---")]);
        foreach (IReadOnlyList<string> row in rows)
            AppendLine(row);
        return text;

        void AppendLine(IReadOnlyList<string> cells) => text.Append("| ").AppendJoin(" | ", cells).AppendLine(" |");
    }
}
