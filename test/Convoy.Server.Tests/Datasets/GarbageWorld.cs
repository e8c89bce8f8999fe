using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.ExceptionServices;
using System.Text;
using Convoy.Core.Datasets;
using Convoy.Core.People;
using Convoy.Server.Datasets;
using Convoy.Store;
using Convoy.Store.Sqlite;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Convoy.Server.Tests.Datasets;

/// <summary>What publishes and what collects, over one database and a bucket in memory, on a clock that the test moves.</summary>
internal sealed class GarbageWorld : IAsyncDisposable
{
    public static readonly TimeSpan Grace = TimeSpan.FromHours(1);
    private const string Ann = "ann";

    private readonly Action between;
    private readonly DirectoryInfo folder;
    private readonly StateFolder state;
    private readonly ManifestShelf manifests;
    private readonly Claims claims;
    private readonly PackShelf packs;
    private readonly Publication publication;
    private GarbageCollection garbage;

    private GarbageWorld(Action between, DirectoryInfo folder, StateFolder state, SqliteStore store)
    {
        (this.between, this.folder, this.state, Store) = (between, folder, state, store);
        Bucket = new MemoryBucket(between);
        Datasets = Watched<IDatasetStore>(store);
        Objects = Watched<IDatasetObjects>(store);
        Quota = new StorageQuota(new People(store, new ServerOptions { State = "", Listen = new(0, 1), TaskProgram = "" }), Objects);
        manifests = new ManifestShelf(Bucket, state);
        claims = new Claims(Objects, Quota, Time);
        packs = new PackShelf(Bucket, Datasets, Objects, claims, manifests);
        publication = new Publication(Datasets, Objects, claims, Quota, manifests, packs, Time);
        garbage = Started();
    }

    public SqliteStore Store { get; }

    public MemoryBucket Bucket { get; }

    public TestTime Time { get; } = new();

    public IDatasetStore Datasets { get; }

    public IDatasetObjects Objects { get; }

    public StorageQuota Quota { get; }

    /// <summary>Versions that jobs read.</summary>
    public HashSet<(string Dataset, string Version)> Held { get; } = [];

    /// <param name="between">Called wherever a process may be killed, or another may come in between.</param>
    public static async Task<GarbageWorld> OpenAsync(Action? between = null)
    {
        var folder = Directory.CreateTempSubdirectory("convoy-garbage-");
        var state = StateFolder.Open(folder.FullName);
        var store = await SqliteStore.OpenAsync(state.Database, TimeProvider.System, CancellationToken.None);
        await store.AddUserAsync(Ann, Level.Defaults[0].Name, false, DateTimeOffset.UnixEpoch, CancellationToken.None);
        return new GarbageWorld(between ?? (() => { }), folder, state, store);
    }

    public Task CollectAsync() => garbage.RoundAsync(CancellationToken.None);

    /// <summary>As a server does that is started again.</summary>
    public void Restart() => garbage = Started();

    /// <summary>Enough rounds and time for everything to go that may.</summary>
    public async Task SettleAsync()
    {
        Time.Move(TimeSpan.FromDays(2));
        await CollectAsync();
        Time.Move(Grace);
        await CollectAsync();
    }

    /// <summary>Publishes a version of one file for each text. Null where it was refused.</summary>
    public async Task<StoredVersion?> PushAsync(string name, params string[] texts)
    {
        DatasetName.TryParse(name, out var parsed).ShouldBeTrue();
        var dataset = (await Datasets.SaveDatasetAsync(parsed, new DatasetChange(null, null, null), Ann, false, Time.GetUtcNow(), CancellationToken.None)).Dataset;
        var contents = texts.Distinct().Order(StringComparer.Ordinal).Select(Encoding.UTF8.GetBytes).ToArray();
        var builder = new ManifestBuilder();
        foreach (var content in contents)
        {
            var pack = builder.AddPack();
            builder.SetPack(pack, Sha256.Of(content), content.Length, [Sha256.Of(content)]);
            builder.AddFile(content, Sha256.Of(content), [new Chunk(pack, 0, content.Length, Crc32C.Of(content))]);
        }

        foreach (var content in contents)
        {
            if (!await SendAsync(dataset, content)) return null;
        }

        using var manifest = new MemoryStream();
        foreach (var piece in builder.Build()) manifest.Write(piece.Span);
        manifest.Position = 0;
        var (version, refusal) = await publication.PublishAsync(dataset, manifest, null, Ann, CancellationToken.None);
        Refusal = (refusal as IStatusCodeHttpResult)?.StatusCode;
        return version;
    }

    /// <summary>With what status the last one was refused.</summary>
    public int? Refusal { get; private set; }

    /// <summary>What jobs may read, and every version: each byte of it is there.</summary>
    public async Task CheckAsync()
    {
        foreach (var dataset in await Store.ListDatasetsAsync(null, "", 1000, CancellationToken.None))
        {
            foreach (var version in await Store.ListVersionsAsync(dataset.Name, int.MaxValue, 1000, CancellationToken.None)) await CheckAsync(version);
        }

        foreach (var removed in await Store.ListRemovedVersionsAsync(DateTimeOffset.MaxValue, null, 1000, CancellationToken.None))
        {
            if (!Held.Contains((removed.Version.Dataset.Value, removed.Version.Version.ToString()))) continue;
            await CheckAsync(removed.Version);
            using var manifest = await manifests.FetchAsync(removed.Version.Dataset, removed.Version.ManifestSha256, removed.Version.ManifestBytes, CancellationToken.None);
            (await Store.FindRemovedPackAsync(removed.Version.Dataset, [removed.Version.Version], manifest!.Manifest.PackAt(0).Sha256, CancellationToken.None)).ShouldBe(manifest.Manifest.PackAt(0).Length);
        }

        foreach (var (dataset, version) in Held) (await IsThereAsync(dataset, version)).ShouldBeTrue($"{dataset}@{version} is read by a job");
    }

    public string Database => state.Database;

    /// <summary>As a push that does not come to its end. False where it was refused.</summary>
    public async Task<bool> SendAsync(string name, byte[] content) => DatasetName.TryParse(name, out var parsed) && await SendAsync((await Store.GetDatasetAsync(parsed, CancellationToken.None))!, content);

    /// <summary>Names of all objects that some version needs.</summary>
    public async Task<IReadOnlyList<string>> NeededAsync()
    {
        var needed = new SortedSet<string>(StringComparer.Ordinal) { "owner" };
        foreach (var dataset in await Store.ListDatasetsAsync(null, "", 1000, CancellationToken.None))
        {
            foreach (var version in await Store.ListVersionsAsync(dataset.Name, int.MaxValue, 1000, CancellationToken.None))
            {
                needed.Add(DatasetObject.Manifest(version.Dataset, version.ManifestSha256).Name);
                using var manifest = await manifests.FetchAsync(version.Dataset, version.ManifestSha256, version.ManifestBytes, CancellationToken.None);
                for (var i = 0; i < manifest!.Manifest.Packs; i++) needed.Add(DatasetObject.Pack(manifest.Manifest.PackAt(i).Sha256).Name);
            }
        }

        return [.. needed];
    }

    public async ValueTask DisposeAsync()
    {
        packs.Dispose();
        await Store.DisposeAsync();
        state.Dispose();
        folder.Delete(recursive: true);
    }

    private GarbageCollection Started() => new(Bucket, new OwnerMark(Bucket, Objects), Objects, manifests, () => Held.ToHashSet(), Grace, Time, NullLogger<GarbageCollection>.Instance);

    private async Task<bool> SendAsync(StoredDataset dataset, byte[] content)
    {
        var pack = Sha256.Of(content);
        var check = await packs.MissingAsync(dataset, null, [pack], CancellationToken.None);
        if (check.Missing.Count == 0) return check.Over == 0;
        using var stream = new MemoryStream(content, writable: false);
        return await packs.TakeInAsync(dataset, pack, stream, content.Length, CancellationToken.None) is { IsSame: true, Over: 0 };
    }

    private async Task CheckAsync(StoredVersion version)
    {
        using var manifest = await manifests.FetchAsync(version.Dataset, version.ManifestSha256, version.ManifestBytes, CancellationToken.None);
        manifest.ShouldNotBeNull($"the manifest of {version.Dataset}@{version.Version}");
        for (var i = 0; i < manifest.Manifest.Packs; i++)
        {
            var pack = manifest.Manifest.PackAt(i);
            Bucket.Objects.TryGetValue(DatasetObject.Pack(pack.Sha256).Name, out var bytes).ShouldBeTrue($"pack {pack.Sha256} of {version.Dataset}@{version.Version}");
            Sha256.Of(bytes).ShouldBe(pack.Sha256);
        }
    }

    private async Task<bool> IsThereAsync(string dataset, string version)
    {
        DatasetName.TryParse(dataset, out var name).ShouldBeTrue();
        DatasetVersion.TryParse(version, out var number).ShouldBeTrue();
        return await Store.GetVersionAsync(name, number, CancellationToken.None) is not null || await Store.GetRemovedVersionAsync(name, number, CancellationToken.None) is not null;
    }

    private T Watched<T>(T real)
        where T : class
    {
        var proxy = DispatchProxy.Create<T, Watch>();
        ((Watch)(object)proxy).Set(real, between);
        return proxy;
    }

    /// <summary>The instants before each call of the store are instants too.</summary>
    [SuppressMessage("Performance", "CA1852", Justification = "The runtime derives the proxies from it.")]
    internal class Watch : DispatchProxy
    {
        private object real = null!;
        private Action between = null!;

        public void Set(object target, Action action) => (real, between) = (target, action);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            between();
            try
            {
                return targetMethod!.Invoke(real, args);
            }
            catch (TargetInvocationException e)
            {
                ExceptionDispatchInfo.Throw(e.InnerException!);
                throw;
            }
        }
    }
}

/// <summary>Moves when it is told to; who waits does not wait.</summary>
internal sealed class TestTime : TimeProvider
{
    private long ticks = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).Ticks;

    public void Move(TimeSpan span) => Interlocked.Add(ref ticks, span.Ticks);

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref ticks), TimeSpan.Zero);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => System.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
}
