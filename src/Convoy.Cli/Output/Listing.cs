using System.CommandLine;
using System.Text.Json.Serialization.Metadata;
using Convoy.Client.Wire;

namespace Convoy.Cli.Output;

/// <summary>What every list takes: how it is written, how much of it, and from where on.</summary>
/// <param name="usual">So many where nothing is said.</param>
internal sealed class ListOptions(int usual = ListOptions.DefaultLimit)
{
    private const string AllOfIt = "all";

    public const int DefaultLimit = 100;

    public int Usual => usual;

    public Option<string> Format { get; } = Options.Format("table", "wide", "csv", "yaml", "name", "json");

    public Option<int?> Limit { get; } = new("--limit")
    {
        Description = $"At most so many, or all (default {usual})",
        HelpName = "N|all",
        CompletionSources = { AllOfIt },
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (text == AllOfIt) return int.MaxValue;
            if (int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) && number >= 1) return number;
            result.Refuse($"--limit takes a number of at least 1, or all, not '{text}'");
            return null;
        },
    };

    public Option<string?> After { get; } = Options.Text("--after", "NEXT", "Read on where `next` of the last list said");
}

/// <summary>A kind of list: one description for all the forms in which it is written, page after page.</summary>
/// <param name="type">How an item is written as JSON.</param>
/// <param name="name">What <c>-o name</c> prints of an item; null prints nothing.</param>
/// <param name="rows">The rows of an item where there are columns.</param>
internal sealed class Listing<TItem, TRow>(JsonTypeInfo<TItem> type, Func<TItem, string?> name, Func<TItem, IEnumerable<TRow>> rows, params Column<TRow>[] columns)
{
    /// <summary>The most that the server gives at once.</summary>
    private const int LargestPage = 1000;

    /// <summary>A list that the server gives whole.</summary>
    public Task<int> WriteAsync(Call call, Option<string> format, IListView<TItem> list) => WriteAsync(call, call.Get(format)!, int.MaxValue, null, (_, _) => Task.FromResult(list));

    public Task<int> WriteAsync<TPage>(Call call, ListOptions options, Func<int, string?, Task<TPage>> page)
        where TPage : IListView<TItem> => WriteAsync(call, call.Get(options.Format)!, call.Get(options.Limit) ?? options.Usual, call.Get(options.After), page);

    /// <param name="page">Reads one page: (size, from).</param>
    public async Task<int> WriteAsync<TPage>(Call call, string format, int limit, string? from, Func<int, string?, Task<TPage>> page)
        where TPage : IListView<TItem>
    {
        var printer = Printer(call, format);
        var next = await ReadAsync(limit, from, page, printer.Add);
        printer.End(next);
        SayMore(call, next);
        return ExitCodes.Success;
    }

    public static void SayMore(Call call, string? next)
    {
        if (next is not null) call.Say($"there is more: give a larger --limit, or --after {next}");
    }

    /// <summary>Page by page; returns where it goes on.</summary>
    public static async Task<string?> ReadAsync<TPage>(int limit, string? from, Func<int, string?, Task<TPage>> page, Action<IReadOnlyList<TItem>> add)
        where TPage : IListView<TItem>
    {
        while (true)
        {
            var read = await page(Math.Min(limit, LargestPage), from);
            add(read.Items);
            limit -= read.Items.Count;
            from = read.Next;
            if (from is null || read.Items.Count == 0 || limit <= 0) return from;
        }
    }

    /// <summary>For the first items of it: headings and rows as a terminal of that width takes them.</summary>
    public IReadOnlyList<string> Lines(IEnumerable<TItem> items, DateTimeOffset now, int width, bool wide = false)
    {
        using var text = new StringWriter();
        new TablePrinter<TRow>(text, columns, wide ? Forms.Wide : Forms.Table, now, wide ? null : width).Add([.. items.SelectMany(rows)]);
        return text.ToString().TrimEnd('\n').Split('\n');
    }

    /// <param name="format">One that has rows or names, or a whole document.</param>
    public ListPrinter<TItem> Printer(Call call, string format)
    {
        ListPrinter<TItem> Rows(ListPrinter<TRow> printer) => new RowsPrinter<TItem, TRow>(printer, rows);
        return format switch
        {
            "json" => new JsonPrinter<TItem>(call.Output, type),
            "yaml" => new YamlPrinter<TItem>(call.Output, type),
            "name" => new NamePrinter<TItem>(call.Output, name),
            "csv" => Rows(new CsvPrinter<TRow>(call.Output, columns, call.Now)),
            _ => Rows(new TablePrinter<TRow>(call.Output, columns, format == "wide" ? Forms.Wide : Forms.Table, call.Now, format == "wide" ? null : Terminal.Width) { Call = call }),
        };
    }
}

internal static class Listing
{
    /// <summary>With one row for each item.</summary>
    public static Listing<T, T> Of<T>(JsonTypeInfo<T> type, Func<T, string?> name, params Column<T>[] columns) => new(type, name, item => [item], columns);
}
