using Broker.Cli.Terminal;
using Spectre.Console;

namespace Broker.Cli.Output;

/// <summary>
/// A table for people: ruled on a terminal, plain aligned columns elsewhere (so that grep, awk and a log get whole lines).
/// Columns whose title starts with '#' are numbers and stand to the right.
/// </summary>
internal sealed class TextTable(params string[] titles)
{
    private const string ColumnGap = "  ";

    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells) => _rows.Add(cells);

    public void Write(CliHost host)
    {
        if (host.OutIsTerminal)
        {
            WriteRuled(host);
        }
        else
        {
            WritePlain(host.Text);
        }

        host.Text.Flush();
    }

    private static bool IsNumber(string title) => title.StartsWith('#');

    private static string Shown(string title) => title.TrimStart('#');

    private void WriteRuled(CliHost host)
    {
        var table = new Table { Border = TableBorder.Rounded };
        foreach (string title in titles)
        {
            var column = new TableColumn(new Markup(Markup.Escape(Shown(title)), new Style(decoration: Decoration.Bold)));
            table.AddColumn(IsNumber(title) ? column.RightAligned() : column);
        }

        foreach (string[] row in _rows)
        {
            table.AddRow(row.Select(cell => new Markup(Markup.Escape(cell))).ToArray());
        }

        SpectreConsoles.ForOut(host).Write(table);
    }

    private void WritePlain(TextWriter writer)
    {
        int[] widths = [.. titles.Select((title, column) =>
            Math.Max(Shown(title).Length, _rows.Count == 0 ? 0 : _rows.Max(row => row[column].Length)))];
        WriteLine(writer, [.. titles.Select(title => Shown(title).ToUpperInvariant())], widths);
        foreach (string[] row in _rows)
        {
            WriteLine(writer, row, widths);
        }
    }

    private void WriteLine(TextWriter writer, string[] cells, int[] widths)
    {
        var line = new System.Text.StringBuilder();
        for (int column = 0; column < cells.Length; column++)
        {
            line.Append(IsNumber(titles[column])
                ? cells[column].PadLeft(widths[column])
                : cells[column].PadRight(widths[column])).Append(ColumnGap);
        }

        writer.WriteLine(line.ToString().TrimEnd());
    }
}
