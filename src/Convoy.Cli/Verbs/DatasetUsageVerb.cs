using System.CommandLine;
using System.Globalization;
using Convoy.Cli.Output;
using Convoy.Client.Wire;
using Convoy.Core.Languages;

namespace Convoy.Cli.Verbs;

internal static class DatasetUsageVerb
{
    private static readonly Listing<DatasetUsageView, DatasetUsageView> Usage = Listing.Of(
        Rendering.Indented.DatasetUsageView,
        usage => usage.Dataset,
        new("NAME", usage => usage.Dataset),
        new("VERSIONS", usage => Digits(usage.Versions)) { IsRight = true },
        new("STORED", usage => Spans.Bytes(usage.Bytes)) { IsRight = true, CsvCell = usage => Digits(usage.Bytes) },
        new("ITS OWN", usage => Spans.Bytes(usage.OwnBytes)) { IsRight = true, CsvCell = usage => Digits(usage.OwnBytes) },
        new("OWNER", usage => usage.Owner));

    public static Verb Build()
    {
        var name = new Argument<string?>("DATASET") { Description = "Only this data set; all that you may read where it is left out", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => null };
        var options = new ListOptions();
        var format = Options.Format("table", "csv", "yaml", "json");
        return new Verb("usage", "Show what data sets have stored, what deleting each would free, and how much one may have")
        {
            Examples = ["convoy dataset usage", "convoy dataset usage kitti", "convoy dataset usage -o json | jq '.items | max_by(.ownBytes)'"],
            SeeAlso = ["dataset delete", "level update"],
            Arguments = { name },
            Options = { options.Limit, options.After, format },
            Body = async (call, cancellationToken) =>
            {
                var items = new List<DatasetUsageView>();
                var owners = new SortedDictionary<string, OwnerUsageView>(StringComparer.Ordinal);
                DatasetGarbageView? garbage = null;
                var next = await Listing<DatasetUsageView, DatasetUsageView>.ReadAsync(
                    call.Get(options.Limit) ?? options.Usual,
                    call.Get(options.After),
                    async (size, from) =>
                    {
                        var page = await call.Client.Datasets.UsageAsync(call.Get(name), from, size, cancellationToken);
                        foreach (var owner in page.Owners) owners[owner.Owner] = owner;
                        garbage = page.Garbage;
                        return page;
                    },
                    items.AddRange);
                if (call.Get(format) is "table" or "csv") Print(call, call.Get(format)!, items, next);
                if (call.Get(format) == "table") Describe(call, owners.Values, garbage);
                Listing<DatasetUsageView, DatasetUsageView>.SayMore(call, next);
                return call.Get(format) is "table" or "csv"
                    ? ExitCodes.Success
                    : call.Write(call.Get(format), new DatasetUsageListView(items, [.. owners.Values], garbage, next), Rendering.Indented.DatasetUsageListView, static _ => { });
            },
        };
    }

    private static void Print(Call call, string format, List<DatasetUsageView> items, string? next)
    {
        var printer = Usage.Printer(call, format);
        printer.Add(items);
        printer.End(next);
    }

    private static void Describe(Call call, IEnumerable<OwnerUsageView> owners, DatasetGarbageView? garbage)
    {
        foreach (var owner in owners)
        {
            call.Output.Tell(owner.MaxBytes is { } most
                ? (Text)$"{owner.Owner} has {Spans.Bytes(owner.Bytes)} of {Spans.Bytes(most)} stored"
                : $"{owner.Owner} has {Spans.Bytes(owner.Bytes)} stored");
        }

        if (garbage is { Objects: > 0, GoesAt: { } at }) call.Output.Tell($"{Spans.Count(garbage.Objects, "object")} ({Spans.Bytes(garbage.Bytes)}) that nothing needs wait to be removed: each {garbage.Grace} after that was seen, the first at {Spans.Time(at)}");
    }

    private static string Digits(long number) => number.ToString(CultureInfo.InvariantCulture);
}
