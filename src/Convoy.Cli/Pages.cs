using System.CommandLine;

namespace Convoy.Cli;

/// <summary>Every list is bounded, and says where it goes on.</summary>
internal static class Pages
{
    /// <summary>The most that the server gives at once.</summary>
    private const int LargestPage = 1000;
    private const int DefaultLimit = 100;

    public static (Option<int?> Limit, Option<string?> After) Options() =>
        (Cli.Options.Number("--limit", "N", $"At most so many (default {DefaultLimit})", 1, 1_000_000), Cli.Options.Text("--after", "NEXT", "Read on where `next` of the last list said"));

    /// <param name="page">Reads one page: (size, from) to its items and where it goes on.</param>
    public static async Task<(IReadOnlyList<T> Items, string? Next)> ReadAsync<T>(int? limit, string? from, Func<int, string?, Task<(IReadOnlyList<T> Items, string? Next)>> page)
    {
        var wanted = limit ?? DefaultLimit;
        var items = new List<T>();
        while (true)
        {
            var (read, next) = await page(Math.Min(wanted - items.Count, LargestPage), from);
            items.AddRange(read);
            if (next is null || read.Count == 0 || items.Count >= wanted) return (items, next);
            from = next;
        }
    }

    public static void SayMore(Call call, string? next)
    {
        if (next is not null) call.Say($"there is more: give a larger --limit, or --after {next}");
    }
}
