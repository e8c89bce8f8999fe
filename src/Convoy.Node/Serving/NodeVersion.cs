using System.Text;
using System.Text.Json.Serialization;
using Convoy.Client;
using Convoy.Client.Datasets;
using Convoy.Core.Datasets;
using Convoy.Core.Tasks;
using Convoy.NodeAgent.Cache;
using Convoy.NodeAgent.Fuse;
using Microsoft.Win32.SafeHandles;

namespace Convoy.NodeAgent.Serving;

/// <summary>One version of a data set on this node: who holds it, what of it is held, and where it is mounted while somebody wants that.</summary>
internal sealed class NodeVersion : IAsyncDisposable
{
    private const int MostListed = 1000;
    private readonly MappedManifest mapped;
    private readonly Residency residency;
    private readonly VersionCache cache;
    private readonly HolderSource source;
    private readonly HeldTable? table;
    private readonly Action<Exception> report;
    private readonly List<Holder> holders = [];
    private CancellationTokenSource? filling;
    private Task keeping = Task.CompletedTask;
    private FuseMount? mount;
    private Task leaving = Task.CompletedTask;

    /// <param name="report">Is told what nobody expected.</param>
    public NodeVersion(PackCache packs, string manifest, string tableFile, VersionName name, Action<Exception> report)
    {
        this.report = report;
        Name = name;
        ManifestFile = manifest;
        mapped = MappedManifest.Open(manifest, isTrusted: true);
        residency = new Residency(mapped.Manifest);
        source = new HolderSource(name.Dataset);

        // Nothing more until somebody opens it, and nothing less than an earlier life of the agent held.
        Wanted = residency.OfBytes(long.MaxValue);
        try
        {
            table = HeldTable.Open(tableFile, mapped.Manifest.Segments);
        }
        catch (IOException e)
        {
            // On a full disk: whoever would map packs asks for bytes then.
            report(e);
        }

        try
        {
            cache = packs.OpenVersion(mapped.Manifest, Wanted, source, new CacheOptions { Report = report }, table);
        }
        catch
        {
            table?.Dispose();
            ((IDisposable)mapped).Dispose();
            throw;
        }
    }

    public VersionName Name { get; }

    public string ManifestFile { get; }

    public ResidentSet Wanted { get; private set; }

    public DateTimeOffset LastUsedAt { get; private set; }

    public bool IsHeld => holders.Count > 0;

    public long HeldBytes => cache.Figures.HeldBytes;

    public string? Path => mount?.MountPoint;

    public HeldVersion View
    {
        get
        {
            var figures = cache.Figures;
            return new HeldVersion(
                Name.Dataset, Name.Version, holders.Count, mapped.Manifest.Bytes, Wanted.Bytes, figures.HeldBytes, figures.Hits, figures.Misses, figures.MissedBytes, figures.FilledBytes, figures.Damaged, Path, cache.Problem?.ToString()) { ScrubbedBytes = figures.ScrubbedBytes, KeptBytes = cache.KeptBytes };
        }
    }

    public OpenedDataset Opened(bool isMounted)
    {
        var figures = cache.Figures;
        return new OpenedDataset(Name.Dataset, Name.Version, isMounted ? Path : null, mapped.Manifest.Files, mapped.Manifest.Bytes, Wanted.Bytes, figures.HeldBytes, figures.FilledBytes, figures.MissedBytes);
    }

    /// <summary>What a share of it takes.</summary>
    public ResidentSet OfShare(int share) => residency.OfShare(share);

    /// <summary>To a file.</summary>
    public ResidentSet OfBytes(long bytes) => residency.OfBytes(bytes);

    /// <summary>Some, from one on.</summary>
    public IReadOnlyList<ListedFile> List(int from)
    {
        var manifest = mapped.Manifest;
        return from < 0 || from > manifest.Files ? [] : [.. Enumerable.Range(from, Math.Min(MostListed, manifest.Files - from)).Select(file => new ListedFile(Encoding.UTF8.GetString(manifest.PathOf(file)), manifest.FileSize(file)))];
    }

    /// <summary>Null where there is no such file.</summary>
    public int? Find(ReadFile asked) => asked.Path is { } path ? mapped.Manifest.FindFile(Encoding.UTF8.GetBytes(path)) : asked.File is { } file && file >= 0 && file < mapped.Manifest.Files ? file : null;

    public long SizeOf(int file) => mapped.Manifest.FileSize(file);

    /// <summary>All of it, right bytes.</summary>
    /// <exception cref="IOException">They cannot be had.</exception>
    public async Task ReadAsync(int file, long offset, Memory<byte> into, CancellationToken cancellationToken)
    {
        var manifest = mapped.Manifest;
        for (var at = FilePosition.FirstOf(file, manifest).At(offset, manifest); into.Length > 0; at = at.Following(manifest))
        {
            var piece = manifest.ChunkAt(at.Piece);
            var within = (int)(offset - at.Start);
            var length = Math.Min(piece.Length - within, into.Length);
            await cache.ReadAsync(at.Piece, piece, within, into[..length], cancellationToken);
            (offset, into) = (offset + length, into[length..]);
        }
    }

    /// <summary>For reading: of the manifest and of the table of what is held, where there is one.</summary>
    /// <exception cref="IOException">One cannot be opened.</exception>
    public IReadOnlyList<SafeFileHandle> OpenManifest() => OpenAll(table is null ? [ManifestFile] : [ManifestFile, table.Path]);

    /// <summary>For reading. Null where there is no such pack.</summary>
    /// <exception cref="IOException">One cannot be opened.</exception>
    public IReadOnlyList<SafeFileHandle>? OpenPacks(IReadOnlyList<int> numbers) => numbers.All(number => number >= 0 && number < cache.Files.Count) ? OpenAll(numbers.Select(number => cache.Files[number].Path)) : null;

    /// <param name="wanted">From now on.</param>
    public void Open(Holder holder, ResidentSet wanted)
    {
        holders.Add(holder);
        source.Add(holder.Client);
        if (wanted != Wanted)
        {
            Wanted = wanted;
            cache.SetWanted(wanted);
        }

        if (filling is not null) return;
        filling = new CancellationTokenSource();
        keeping = Task.WhenAll(cache.KeepAsync(filling.Token), cache.ScrubAsync(filling.Token));
    }

    /// <exception cref="FuseUnavailableException">It cannot be mounted here.</exception>
    public async Task MountAsync(string folder, CancellationToken cancellationToken)
    {
        if (mount is { Ended.IsCompleted: false }) return;
        if (mount is not null) leaving = Task.WhenAll(leaving, mount.DisposeAsync().AsTask());
        mount = null;
        // Closed to all: nobody is to take the folder for the data set while it is not mounted.
        FuseMount.RemoveDead(folder);
        if (!Directory.Exists(folder)) Directory.CreateDirectory(folder, UnixFileMode.None);
        mount = await FuseMount.MountAsync(folder, mapped.Manifest, cache, new FuseOptions { Source = Name.Text, PublishedAt = Name.PublishedAt }, cancellationToken);
    }

    /// <summary>The mount goes with the last who wanted it, and filling with the last of all. What is held stays.</summary>
    public async Task CloseAsync(Holder holder, DateTimeOffset now)
    {
        if (!holders.Remove(holder)) return;
        source.Remove(holder.Client);
        LastUsedAt = now;
        if (!IsHeld) await StopFillingAsync();
        if (!holders.Any(other => other.WantsMount)) Unmount();
    }

    /// <summary>Gives the disk back what is held of it.</summary>
    /// <returns>Its end, which users of its mount may put off.</returns>
    public Task ForgetAsync()
    {
        cache.SetWanted(residency.OfBytes(0));
        if (table is not null) File.Delete(table.Path);
        File.Delete(ManifestFile);
        return DisposeAsync().AsTask();
    }

    public async ValueTask DisposeAsync()
    {
        Unmount();
        await StopFillingAsync();
        await leaving;
        await cache.DisposeAsync();
        table?.Dispose();
        ((IDisposable)mapped).Dispose();
    }

    private static SafeFileHandle[] OpenAll(IEnumerable<string> paths)
    {
        var opened = new List<SafeFileHandle>();
        try
        {
            foreach (var path in paths) opened.Add(Libc.OpenForReading(path));
            return [.. opened];
        }
        catch
        {
            foreach (var file in opened) file.Dispose();
            throw;
        }
    }

    private async Task StopFillingAsync()
    {
        if (filling is null) return;
        await filling.CancelAsync();
        await keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        filling.Dispose();
        filling = null;
    }

    /// <summary>At once, but for those who use it still: they are not waited for here.</summary>
    private void Unmount()
    {
        if (mount is not { } mounted) return;
        mount = null;
        leaving = Task.WhenAll(leaving, mounted.DisposeAsync().AsTask());
        try
        {
            if (Directory.Exists(mounted.MountPoint)) Directory.Delete(mounted.MountPoint);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody has put something into the folder beneath.
            report(e);
        }
    }
}

/// <summary>Somebody who has a version open: a task, until its connection ends.</summary>
internal sealed record Holder(ConvoyClient Client, bool WantsMount);

/// <param name="ManifestSha256">Under which its manifest lies in the cache.</param>
internal sealed record VersionName(string Dataset, string Version, string ManifestSha256, DateTimeOffset PublishedAt)
{
    [JsonIgnore]
    public string Text => $"{Dataset}@{Version}";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(VersionName))]
internal sealed partial class NodeJson : JsonSerializerContext;
