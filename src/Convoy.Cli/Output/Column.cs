namespace Convoy.Cli.Output;

/// <summary>Forms of a list that have columns. JSON, YAML and names have none.</summary>
[Flags]
internal enum Forms
{
    None = 0,
    Table = 1,
    Wide = 2,
    Csv = 4,
    People = Table | Wide,
    All = People | Csv,
}

/// <summary>One column of a list, and the forms it stands in.</summary>
/// <param name="Heading">For people; CSV says it in camel case, and as it is where the column stands nowhere else.</param>
/// <param name="Cell">Of a row, at that time.</param>
internal sealed record Column<T>(Text Heading, Func<T, DateTimeOffset, string?> Cell)
{
    public Column(Text heading, Func<T, string?> cell)
        : this(heading, (row, _) => cell(row))
    {
    }

    public Forms In { get; init; } = Forms.All;

    public bool IsRight { get; init; }

    /// <summary>The heading in CSV, where it is another word.</summary>
    public string? CsvName { get; init; }

    /// <summary>The cell in CSV, where programs want it otherwise than people.</summary>
    public Func<T, string?>? CsvCell { get; init; }

    /// <summary>On a terminal too narrow for all, the column with the highest number goes first; one with 0 never goes.</summary>
    public int Spare { get; init; }

    /// <summary>Cells are English words, which people read in their language and programs as they are.</summary>
    public bool IsSaid { get; init; }

    /// <summary>Colours a finished cell.</summary>
    public Func<string, string>? Paint { get; init; }

    public string CsvHeading => CsvName ?? (In == Forms.Csv ? Heading.ToString() : Camel(Heading.ToString()));

    private static string Camel(string heading) =>
        string.Concat(heading.ToLowerInvariant().Split('-').Select((word, i) => i == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));
}

internal static class Column
{
    /// <summary>A point in time: for programs in ISO 8601.</summary>
    public static Column<T> Time<T>(Text heading, Func<T, DateTimeOffset?> at, Text? never = null) =>
        new(heading, row => at(row) is { } time ? Spans.Time(time) : never?.ToString()) { IsSaid = true, CsvCell = row => Iso(at(row)) };

    /// <summary>What programs want to know, and people see in other columns.</summary>
    public static Column<T> Data<T>(string name, Func<T, string?> cell) => new(Text.Verbatim(name), cell) { In = Forms.Csv };

    /// <summary>As <see cref="Data"/>, a point in time.</summary>
    public static Column<T> DataTime<T>(string name, Func<T, DateTimeOffset?> at) => Data<T>(name, row => Iso(at(row)));

    public static string YesNo(bool isSo) => (isSo ? Text.Of("yes") : "no").ToString();

    private static string? Iso(DateTimeOffset? at) => at?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
}
