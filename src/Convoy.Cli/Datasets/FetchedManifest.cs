using Convoy.Client.Datasets;
using Convoy.Client.Wire;
using Convoy.Core.Datasets;

namespace Convoy.Cli.Datasets;

/// <summary>A version's manifest, in a temporary file for as long as it is looked at.</summary>
internal sealed class FetchedManifest : IAsyncDisposable
{
    private readonly string file;
    private readonly MappedManifest mapped;

    private FetchedManifest(DatasetVersionView version, string file, MappedManifest mapped)
    {
        Version = version;
        this.file = file;
        this.mapped = mapped;
    }

    public DatasetVersionView Version { get; }

    /// <summary>With its number, whatever it was asked for by.</summary>
    public string Name => $"{Version.Dataset}@{Version.Version}";

    public Manifest Manifest => mapped.Manifest;

    public static async Task<FetchedManifest> OpenAsync(Call call, DatasetReference dataset, CancellationToken cancellationToken) =>
        await OpenAsync(call, await call.Client.Datasets.GetVersionAsync(dataset.Name.Value, dataset.Wanted, cancellationToken), cancellationToken);

    public static async Task<FetchedManifest> OpenAsync(Call call, DatasetVersionView version, CancellationToken cancellationToken)
    {
        var file = Path.Combine(Path.GetTempPath(), $"convoy-manifest-{Guid.NewGuid():N}");
        try
        {
            return new FetchedManifest(version, file, await call.Client.Datasets.FetchManifestAsync(version, file, cancellationToken));
        }
        catch
        {
            File.Delete(file);
            throw;
        }
    }

    public ValueTask DisposeAsync()
    {
        ((IDisposable)mapped).Dispose();
        File.Delete(file);
        return ValueTask.CompletedTask;
    }
}

/// <summary>Several of them.</summary>
internal sealed class FetchedManifests : IAsyncDisposable
{
    private readonly List<FetchedManifest> fetched = [];

    public IEnumerable<Manifest> Manifests => fetched.Select(one => one.Manifest);

    /// <param name="references">Null for none.</param>
    public static async Task<FetchedManifests> OpenAsync(Call call, IEnumerable<string>? references, CancellationToken cancellationToken)
    {
        var all = new FetchedManifests();
        try
        {
            foreach (var reference in references ?? []) all.fetched.Add(await FetchedManifest.OpenAsync(call, Verbs.DatasetVerbs.Parse(reference), cancellationToken));
            return all;
        }
        catch
        {
            await all.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var one in fetched) await one.DisposeAsync();
    }
}
