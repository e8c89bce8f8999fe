using System.Security.Cryptography;
using System.Text.Json;
using Convoy.Client;
using Convoy.Client.Datasets;
using Convoy.Client.Wire;
using Convoy.Core.Datasets;
using Convoy.Core.Languages;
using Convoy.Core.Tasks;
using Convoy.NodeAgent.Cache;

namespace Convoy.NodeAgent.Serving;

/// <summary>
/// All versions of data sets on this node. Each is there once, however many hold it. Together they want no more than the node has room for:
/// one that is opened gets what is left, and never takes from one that is open; those that nobody holds give way, the longest unused first.
/// </summary>
internal sealed class NodeShelf : IAsyncDisposable
{
    public const int Whole = 1_000_000;

    /// <summary>At most, through one connection.</summary>
    public const int MostOfHolder = 64;

    private const string ManifestEnding = ".manifest", NameEnding = ".json", NewEnding = ".new";
    private readonly string folder;
    private readonly string mounts;
    private readonly long capacity;
    private readonly TimeProvider time;
    private readonly PackCache packs;
    private readonly Dictionary<VersionName, NodeVersion> versions = [];
    private readonly Action<Exception> report;
    private readonly SemaphoreSlim turn = new(1);
    private Task leaving = Task.CompletedTask;

    private NodeShelf(string folder, string mounts, long? capacity, TimeProvider time, Action<Exception> report)
    {
        (this.folder, this.mounts, this.time, this.report) = (folder, mounts, time, report);
        packs = PackCache.Open(folder);
        foreach (var file in Directory.GetFiles(folder, "*" + NameEnding)) TakeUp(file);
        Tidy();
        this.capacity = capacity ?? ((new DriveInfo(folder).AvailableFreeSpace + versions.Values.Sum(version => version.HeldBytes)) / 5 * 4);
    }

    /// <param name="folder">The cache; what an earlier life held is there still.</param>
    /// <param name="mounts">Where versions are mounted, each in a folder of its own.</param>
    /// <param name="capacity">Bytes; null takes four fifths of what the disk has free.</param>
    /// <param name="report">Is told what nobody expected.</param>
    /// <exception cref="IOException">Another agent has the folder, or it cannot be used.</exception>
    public static NodeShelf Open(string folder, string mounts, long? capacity, TimeProvider time, Action<Exception> report) => new(folder, mounts, capacity, time, report);

    /// <summary>Looked up with the holder's own token, whoever holds it already.</summary>
    /// <exception cref="ConvoyException">The holder may not read it, or there is none.</exception>
    /// <exception cref="Fuse.FuseUnavailableException">It is wanted in a folder, and that cannot be had here.</exception>
    public async Task<(NodeVersion Version, OpenedDataset Opened)> OpenAsync(OpenDataset asked, Holder holder, CancellationToken cancellationToken)
    {
        var view = await holder.Client.Datasets.GetVersionAsync(asked.Dataset, asked.Version, cancellationToken);
        if (!DatasetName.TryParse(view.Dataset, out _) || !DatasetVersion.TryParse(view.Version, out _) || !Sha256.TryParse(view.ManifestSha256, out _)) throw new BadManifestException($"the platform's answer makes no sense");
        var name = new VersionName(view.Dataset, view.Version, view.ManifestSha256, view.PublishedAt);
        while (true)
        {
            await KeepManifestAsync(holder.Client, view, name, cancellationToken);
            if (await TryOpenAsync(name, asked, holder, cancellationToken) is { } opened) return opened;
        }
    }

    /// <summary>Null where it has given way to another since its manifest came.</summary>
    private async Task<(NodeVersion Version, OpenedDataset Opened)?> TryOpenAsync(VersionName name, OpenDataset asked, Holder holder, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            if (!versions.TryGetValue(name, out var version))
            {
                if (!File.Exists(PathOf(name, ManifestEnding))) return null;
                version = versions[name] = NewVersion(name);
            }

            if (holder.WantsMount) await version.MountAsync(MountOf(name), cancellationToken);
            version.Open(holder, Wanted(version, version.OfShare(asked.Share ?? Whole)));
            return (version, version.Opened(holder.WantsMount));
        }
        finally
        {
            turn.Release();
        }
    }

    public async Task CloseAsync(NodeVersion version, Holder holder)
    {
        await turn.WaitAsync(CancellationToken.None);
        try
        {
            await version.CloseAsync(holder, time.GetUtcNow());
        }
        finally
        {
            turn.Release();
        }
    }

    public async Task<IReadOnlyList<HeldVersion>> ListAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            return [.. versions.Values.OrderBy(version => version.Name.Text, StringComparer.Ordinal).Select(version => version.View)];
        }
        finally
        {
            turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var version in versions.Values) await version.DisposeAsync();
        await leaving;
        packs.Dispose();
        turn.Dispose();
    }

    /// <summary>Those who hold it may have asked for more; and less than they were given is taken from nobody.</summary>
    private ResidentSet Wanted(NodeVersion version, ResidentSet asked)
    {
        if (version.IsHeld && asked.Bytes <= version.Wanted.Bytes) return version.Wanted;
        var room = capacity - versions.Values.Where(other => other != version && other.IsHeld).Sum(other => other.Wanted.Bytes);

        // Who asks for less than is there already takes nothing away: nobody else needs the room.
        if (!version.IsHeld && version.HeldBytes > asked.Bytes) asked = version.OfBytes(version.HeldBytes);
        var idle = versions.Values.Where(other => other != version && !other.IsHeld).OrderBy(other => other.LastUsedAt).ToList();
        while (idle.Count > 0 && idle.Sum(other => other.HeldBytes) > Math.Max(0, room - asked.Bytes))
        {
            Forget(idle[0]);
            idle.RemoveAt(0);
        }

        var granted = asked.Bytes <= room ? asked : version.OfBytes(Math.Max(0, room));
        return version.IsHeld && granted.Bytes < version.Wanted.Bytes ? version.Wanted : granted;
    }

    private void Forget(NodeVersion version)
    {
        versions.Remove(version.Name);
        File.Delete(PathOf(version.Name, NameEnding));
        leaving = Task.WhenAll(leaving, version.ForgetAsync());
    }

    private NodeVersion NewVersion(VersionName name) => new(packs, PathOf(name, ManifestEnding), PathOf(name, HeldTable.Ending), name, report);

    /// <summary>One that is there was compared with its hash when it came, or when the agent started.</summary>
    private async Task KeepManifestAsync(ConvoyClient client, DatasetVersionView view, VersionName name, CancellationToken cancellationToken)
    {
        var file = PathOf(name, ManifestEnding);
        if (!File.Exists(file))
        {
            var coming = $"{file}.{Guid.NewGuid():N}.new";
            try
            {
                using (await client.Datasets.FetchManifestAsync(view, coming, cancellationToken)) Place(coming, file);
            }
            finally
            {
                File.Delete(coming);
            }
        }

        var label = PathOf(name, NameEnding);
        if (File.Exists(label)) return;
        var writing = $"{label}.{Guid.NewGuid():N}.new";
        await File.WriteAllBytesAsync(writing, JsonSerializer.SerializeToUtf8Bytes(name, NodeJson.Default.VersionName), cancellationToken);
        Place(writing, label);
    }

    /// <summary>A file that is found under its name is whole, also after the machine has stopped.</summary>
    private void Place(string written, string path)
    {
        Libc.Flush(written);
        File.Move(written, path, overwrite: true);
        Libc.Flush(folder);
    }

    /// <summary>What an earlier life held. What of it cannot be read any more is no loss: it is brought again.</summary>
    private void TakeUp(string label)
    {
        try
        {
            if (JsonSerializer.Deserialize(File.ReadAllBytes(label), NodeJson.Default.VersionName) is { } name && PathOf(name, NameEnding) == label && IsRight(name)) versions[name] = NewVersion(name);
            else File.Delete(label);
        }
        catch (Exception e) when (e is IOException or JsonException or BadManifestException)
        {
            report(e);
            File.Delete(label);
        }
    }

    private bool IsRight(VersionName name)
    {
        using var manifest = File.OpenRead(PathOf(name, ManifestEnding));
        return Convert.ToHexStringLower(SHA256.HashData(manifest)) == name.ManifestSha256;
    }

    /// <summary>What an earlier life did not bring to its end, and packs that nobody would ever find again.</summary>
    private void Tidy()
    {
        var known = versions.Keys.SelectMany(name => new[] { PathOf(name, ManifestEnding), PathOf(name, NameEnding), PathOf(name, HeldTable.Ending) }).ToHashSet();
        foreach (var path in Directory.GetFiles(folder).Where(path => Path.GetExtension(path) is ManifestEnding or NewEnding or HeldTable.Ending && !known.Contains(path))) File.Delete(path);
        packs.Trim();
    }

    private string PathOf(VersionName name, string ending) => Path.Combine(folder, $"{name.ManifestSha256}-{name.Dataset}-{name.Version}{ending}");

    private string MountOf(VersionName name) => Path.Combine(mounts, name.Text);
}
