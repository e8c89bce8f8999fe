using System.Text.RegularExpressions;
using Convoy.Core.Languages;
using Convoy.Objects;

namespace Convoy.Server.Datasets;

/// <summary>The object stores of the platform: the first, in which everything is, and those that have copies.</summary>
public sealed partial class DatasetStores : IDisposable
{
    /// <summary>What the first is called.</summary>
    public const string HomeName = "home";

    /// <param name="near">The name of the one that is near the machines of the local cluster.</param>
    public DatasetStores(DatasetStore home, IReadOnlyList<DatasetStore> others, string near)
    {
        (Home, Others) = (home, others);
        Near = Find(near) ?? throw new ArgumentException($"there is no store '{near}'", nameof(near));
    }

    public DatasetStore Home { get; }

    public IReadOnlyList<DatasetStore> Others { get; }

    /// <summary>From which the local cluster reads, and which has to have what its jobs read.</summary>
    public DatasetStore Near { get; }

    public IEnumerable<DatasetStore> All => [Home, .. Others];

    public DatasetStore? Find(string name) => All.FirstOrDefault(store => store.Name == name);

    public void Dispose()
    {
        foreach (var store in All) (store.Bucket as IDisposable)?.Dispose();
    }

    /// <summary><c>NAME=PLACE,NAME=PLACE</c>.</summary>
    public static IReadOnlyDictionary<string, DatasetPlace> Parse(string text, Func<string, string?> environment, List<Text> errors)
    {
        var places = new SortedDictionary<string, DatasetPlace>(StringComparer.Ordinal);
        foreach (var pair in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            var name = at < 0 ? pair : pair[..at];
            if (at < 0 || name == HomeName || !StoreName().IsMatch(name)) errors.Add($"--stores takes NAME=PLACE,NAME=PLACE, with names of a-z, 0-9 and '-' and none called {HomeName}, not '{pair}'");
            else if (places.ContainsKey(name)) errors.Add($"--stores names '{name}' twice");
            else if (DatasetPlace.Parse($"--stores {name}", pair[(at + 1)..], environment, errors) is { } place) places.Add(name, place);
        }

        return places;
    }

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")]
    private static partial Regex StoreName();
}

/// <param name="PriceOut">What a GB (10⁹ bytes) costs that leaves it.</param>
/// <param name="Lock">For so long nothing that came there is removed.</param>
public sealed record DatasetStore(string Name, string? Region, decimal PriceOut, TimeSpan? Lock, IBucket Bucket)
{
    private const decimal Gigabyte = 1_000_000_000;

    public static DatasetStore Open(string name, DatasetPlace place, StateFolder state, TimeProvider time) => new(name, place.Region, place.PriceOut, place.Lock, place.Open(state, time));

    public decimal CostOf(long bytes) => bytes / Gigabyte * PriceOut;
}
