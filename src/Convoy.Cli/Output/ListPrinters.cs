using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Convoy.Cli.Output;

/// <summary>Writes a list page by page; no page is kept.</summary>
internal abstract class ListPrinter<T>
{
    public abstract void Add(IReadOnlyList<T> page);

    /// <param name="next">Where the list goes on.</param>
    public virtual void End(string? next)
    {
        // Most forms have no end.
    }
}

internal sealed class RowsPrinter<TItem, TRow>(ListPrinter<TRow> printer, Func<TItem, IEnumerable<TRow>> rows) : ListPrinter<TItem>
{
    public override void Add(IReadOnlyList<TItem> page) => printer.Add([.. page.SelectMany(rows)]);
}

internal sealed class NamePrinter<T>(TextWriter writer, Func<T, string?> name) : ListPrinter<T>
{
    public override void Add(IReadOnlyList<T> page)
    {
        foreach (var text in page.Select(name).OfType<string>()) writer.Write(Printable.Of(text) + "\n");
    }
}

/// <summary>RFC 4180, under one line of headings.</summary>
internal sealed class CsvPrinter<T>(TextWriter writer, IReadOnlyList<Column<T>> columns, DateTimeOffset now) : ListPrinter<T>
{
    private readonly Column<T>[] columns = [.. columns.Where(column => column.In.HasFlag(Forms.Csv))];
    private bool hasBegun;

    public override void Add(IReadOnlyList<T> page)
    {
        if (!hasBegun) Csv.WriteRow(writer, columns.Select(column => column.CsvHeading));
        hasBegun = true;
        foreach (var row in page) Csv.WriteRow(writer, columns.Select(column => column.CsvCell is { } cell ? cell(row) : column.Cell(row, now)));
    }
}

/// <summary>Columns for people. The first page settles which columns there are; a later one may widen them.</summary>
/// <param name="width">Of the terminal; null where nothing has to fit.</param>
internal sealed class TablePrinter<T>(TextWriter writer, IReadOnlyList<Column<T>> columns, Forms form, DateTimeOffset now, int? width) : ListPrinter<T>
{
    private readonly Column<T>[] all = [.. columns.Where(column => column.In.HasFlag(form))];
    private Column<T>[] columns = [.. columns.Where(column => column.In.HasFlag(form))];
    private int[]? widths;

    /// <summary>Is told what there was no room for.</summary>
    public Call? Call { get; init; }

    public override void Add(IReadOnlyList<T> page)
    {
        var table = Table(page);
        while (widths is null && width < table.Width && columns.Where(column => column.Spare > 0).MaxBy(column => column.Spare) is { } least)
        {
            columns = [.. columns.Where(column => column != least)];
            table = Table(page);
        }

        var isFirst = widths is null;
        widths = table.Write(writer, (i, cell) => columns[i].Paint?.Invoke(cell) ?? cell, widths, isFirst);
        if (isFirst && Dropped() is { Length: > 0 } dropped) Call?.Say($"left out, for the terminal is narrow: {Text.Join(", ", dropped)}; -o wide shows all");
    }

    private TextTable Table(IReadOnlyList<T> page)
    {
        var table = new TextTable([.. columns.Select(column => column.Heading)]).AlignRight([.. columns.Index().Where(column => column.Item.IsRight).Select(column => column.Index)]);
        foreach (var row in page) table.Add([.. columns.Select(column => column.IsSaid ? Speech.Twin(column.Cell(row, now)) : column.Cell(row, now))]);
        return table;
    }

    private Text[] Dropped() => [.. all.Except(columns).Select(column => column.Heading)];
}

/// <summary><c>{schemaVersion, items, next}</c>.</summary>
internal sealed class JsonPrinter<T>(TextWriter writer, JsonTypeInfo<T> type) : ListPrinter<T>
{
    private const string Head = "{\n  \"schemaVersion\": 1,\n  \"items\": [";
    private const string Indent = "    ";
    private bool hasItems;

    public override void Add(IReadOnlyList<T> page)
    {
        foreach (var item in page)
        {
            // JSON has line ends between its parts alone: in a string they are escaped.
            writer.Write($"{(hasItems ? "," : Head)}\n{Indent}{JsonSerializer.Serialize(item, type).Replace("\n", $"\n{Indent}", StringComparison.Ordinal)}");
            hasItems = true;
        }
    }

    public override void End(string? next)
    {
        writer.Write(hasItems ? "\n  ]" : $"{Head}]");
        if (next is not null) writer.Write($",\n  \"next\": {JsonSerializer.Serialize(next, Rendering.Lines.String)}");
        writer.Write("\n}\n");
    }
}

/// <summary>The same as YAML.</summary>
internal sealed class YamlPrinter<T>(TextWriter writer, JsonTypeInfo<T> type) : ListPrinter<T>
{
    private bool hasItems;

    public override void Add(IReadOnlyList<T> page)
    {
        foreach (var item in page)
        {
            if (!hasItems) writer.Write("schemaVersion: 1\nitems:\n");
            hasItems = true;
            using var document = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(item, type));
            YamlText.WriteItem(writer, document.RootElement, 2);
        }
    }

    public override void End(string? next)
    {
        if (!hasItems) writer.Write("schemaVersion: 1\nitems: []\n");
        if (next is not null) writer.Write($"next: {YamlText.Text(next)}\n");
    }
}
