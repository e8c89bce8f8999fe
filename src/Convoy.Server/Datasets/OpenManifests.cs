using Convoy.Core.Datasets;
using Convoy.Store;

namespace Convoy.Server.Datasets;

/// <summary>Manifests of versions of which single files are read: on this machine's disk while they are, and a few that were last.</summary>
public sealed class OpenManifests(ManifestShelf manifests) : IDisposable
{
    private const int Kept = 8;

    private readonly Lock turn = new();

    /// <summary>The last used last.</summary>
    private readonly List<OpenManifest> open = [];

    /// <summary>Null where the object store has it not as it was. To be disposed of.</summary>
    public async Task<OpenManifest.Use?> OpenAsync(StoredVersion version, CancellationToken cancellationToken)
    {
#pragma warning disable CA2000 // What is used is the caller's to dispose of.
        if (TryUse(version) is { } known) return known;
#pragma warning restore CA2000
        if (await manifests.FetchAsync(version.Dataset, version.ManifestSha256, version.ManifestBytes, cancellationToken) is not { } fetched) return null;
        lock (turn)
        {
#pragma warning disable CA2000 // As above.
            if (TryUse(version) is { } others)
            {
                fetched.Dispose();
                return others;
            }
#pragma warning restore CA2000

            if (open.Count == Kept)
            {
                open[0].LetGo();
                open.RemoveAt(0);
            }

            open.Add(new OpenManifest(version.Dataset, fetched));
            return open[^1].Hold();
        }
    }

    private OpenManifest.Use? TryUse(StoredVersion version)
    {
        lock (turn)
        {
            if (open.Find(known => known.Dataset == version.Dataset && known.Received.Sha256 == version.ManifestSha256) is not { } found) return null;
            open.Remove(found);
            open.Add(found);
            return found.Hold();
        }
    }

    public void Dispose()
    {
        foreach (var one in open) one.LetGo();
    }
}

/// <summary>Goes with the last who uses it.</summary>
public sealed class OpenManifest(DatasetName dataset, ReceivedManifest received)
{
    private int holders = 1;

    public DatasetName Dataset => dataset;

    public ReceivedManifest Received => received;

    internal Use Hold()
    {
        Interlocked.Increment(ref holders);
        return new Use(this);
    }

    internal void LetGo()
    {
        if (Interlocked.Decrement(ref holders) == 0) received.Dispose();
    }

    public sealed class Use : IDisposable
    {
        private OpenManifest? used;

        internal Use(OpenManifest used) => this.used = used;

        public Manifest Manifest => used!.Received.Manifest;

        public void Dispose() => Interlocked.Exchange(ref used, null)?.LetGo();
    }
}
