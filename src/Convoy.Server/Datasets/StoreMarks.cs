using System.Collections.Concurrent;
using System.Text;
using Convoy.Core.Languages;
using Convoy.Objects;
using Convoy.Store;

namespace Convoy.Server.Datasets;

/// <summary>
/// An object in each store for copies that says whose it is and which: before anything is written or removed there, it is known to be the place that the
/// database means. What was known of another place that bore the name is forgotten.
/// </summary>
public sealed class StoreMarks(DatasetStores stores, IDatasetObjects objects, IDatasetCopies copies)
{
    private const string Name = "owner";
    private const int LongestMark = 200;

    private readonly ConcurrentDictionary<string, bool> known = new();

    /// <summary>Looks once in the life of this process.</summary>
    /// <exception cref="ForeignPlaceException">It is another platform's, or the place of another store of this one.</exception>
    /// <exception cref="ObjectStoreException">It does not answer.</exception>
    public async Task EnsureAsync(DatasetStore store, CancellationToken cancellationToken)
    {
        if (store == stores.Home || known.ContainsKey(store.Name)) return;
        var installation = await objects.GetInstallationAsync(Guid.NewGuid().ToString("n"), cancellationToken);
        var mark = await ReadAsync(store, cancellationToken);
        if (mark is null)
        {
            mark = $"{installation} {store.Name} {Guid.NewGuid():n}";
            using var content = new MemoryStream(Encoding.ASCII.GetBytes(mark), writable: false);
            await store.Bucket.PutAsync(Name, content, content.Length, cancellationToken);
            mark = await ReadAsync(store, cancellationToken);
        }

        var parts = mark?.Split(' ') ?? [];
        if (parts.FirstOrDefault() != installation) throw new ForeignPlaceException($"--stores {store.Name}");
        if (parts is not [_, var name, _] || name != store.Name) throw new SharedPlaceException(store.Name, parts is [_, var other, _] ? other : DatasetStores.HomeName);
        await copies.SetMarkAsync(store.Name, mark!, cancellationToken);
        known[store.Name] = true;
    }

    private static async Task<string?> ReadAsync(DatasetStore store, CancellationToken cancellationToken)
    {
        await using var content = await store.Bucket.ReadAsync(Name, 0, LongestMark, cancellationToken);
        if (content is null) return null;
        using var reader = new StreamReader(content, Encoding.ASCII);
        return await reader.ReadToEndAsync(cancellationToken);
    }
}

/// <summary>Two stores are one place: what is removed from one would be lost to the other.</summary>
public sealed class SharedPlaceException(string name, string other) : Exception($"stores {name} and {other} are one place"), IExplained
{
    public Text Explanation { get; } = $"the object store '{name}' is the place of '{other}': a copy there would be none; give each a place of its own";
}
