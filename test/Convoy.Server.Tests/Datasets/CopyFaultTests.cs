using System.Collections.Concurrent;
using System.Text;
using Convoy.Core.Datasets;
using Convoy.Objects;
using Convoy.Server.Datasets;
using Convoy.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Convoy.Server.Tests.Datasets;

/// <summary>What copies do where a store has lost bytes, is dear, or has much to take.</summary>
public sealed class CopyFaultTests : IAsyncLifetime
{
    private static readonly string[] Texts = [.. Enumerable.Range(0, 40).Select(i => $"text {i}")];
    private static readonly DatasetObject[] Packs = [.. Texts.Select(text => DatasetObject.Pack(Sha256.Of(Encoding.UTF8.GetBytes(text)))).OrderBy(pack => pack.Name, StringComparer.Ordinal)];

    private readonly MemoryBucket east = new(() => { });
    private GarbageWorld world = null!;
    private SlowBucket home = null!;
    private DatasetStores stores = null!;
    private StoreMarks marks = null!;

    public async ValueTask InitializeAsync()
    {
        world = await GarbageWorld.OpenAsync();
        home = new SlowBucket(world.Bucket);
        stores = new DatasetStores(
            new DatasetStore(DatasetStores.HomeName, null, 0.09m, null, home), [new DatasetStore("attic", null, 0m, null, new MemoryBucket(() => { })), new DatasetStore("east", null, 0.05m, null, east)], DatasetStores.HomeName);
        marks = new StoreMarks(stores, world.Store, world.Store);
        foreach (var store in stores.Others) await marks.EnsureAsync(store, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        stores.Dispose();
        await world.DisposeAsync();
    }

    [Fact]
    public async Task A_pack_that_is_lost_keeps_no_other_from_being_copied()
    {
        var version = await PushAsync(Texts);
        world.Bucket.Objects.TryRemove(Packs[0].Name, out _).ShouldBeTrue();
        await AskAsync(version, "east", world.Time.GetUtcNow());
        for (var round = 0; round < 5; round++) await Replicator().RoundAsync(CancellationToken.None);
        (await world.Store.GetAsync(version.Dataset, version.Version, "east", CancellationToken.None))!.Problem.ShouldNotBeNull();

        // All others, and the mark of the store.
        east.Objects.Count.ShouldBe(Texts.Length);
    }

    [Fact]
    public async Task A_damaged_pack_is_not_read_again_and_again_at_the_price_of_its_bytes()
    {
        var version = await PushAsync(Texts);
        world.Bucket.Objects[Packs[0].Name] = [.. world.Bucket.Objects[Packs[0].Name].Select(one => (byte)(one ^ 1))];
        await AskAsync(version, "east", world.Time.GetUtcNow());
        var replicator = Replicator();
        for (var round = 0; round < 12; round++)
        {
            await replicator.RoundAsync(CancellationToken.None);
            world.Time.Move(TimeSpan.FromSeconds(5));
        }

        // A minute at the loop's period.
        home.Reads[Packs[0].Name].ShouldBeLessThan(8);
    }

    [Fact]
    public async Task What_a_job_waits_for_overtakes_a_backup_that_was_asked_for_at_once()
    {
        var (large, small) = (await PushAsync(Texts), await PushAsync("one"));
        await AskAsync(large, "attic", world.Time.GetUtcNow());
        world.Time.Move(TimeSpan.FromSeconds(1));
        await world.Store.AwaitAsync(small.Dataset, small.Version, "east", world.Time.GetUtcNow(), CancellationToken.None);
        (await world.Store.ListOpenAsync(["east", "attic"], 10, CancellationToken.None))[0].Version.ShouldBe(small.Version);
    }

    [Fact]
    public async Task What_the_first_store_has_cut_short_is_read_from_a_copy()
    {
        var version = await PushAsync("a text that is cut short");
        await AskAsync(version, "east", world.Time.GetUtcNow());
        await Replicator().RoundAsync(CancellationToken.None);
        var pack = DatasetObject.Pack(Sha256.Of("a text that is cut short"u8.ToArray()));
        world.Bucket.Objects[pack.Name] = world.Bucket.Objects[pack.Name][..5];
        await using var read = await new CopiedBucket(stores, marks, world.Store, world.Time).ReadAsync(pack.Name, 0, 24, CancellationToken.None);
        using var found = new MemoryStream();
        await read!.CopyToAsync(found);
        Encoding.UTF8.GetString(found.ToArray()).ShouldBe("a text that is cut short");
    }

    [Fact]
    public async Task What_is_there_and_was_to_go_is_not_copied_again_when_it_is_needed_again()
    {
        var version = await PushAsync("one");
        await AskAsync(version, "east", world.Time.GetUtcNow());
        await Replicator().RoundAsync(CancellationToken.None);
        var pack = DatasetObject.Pack(Sha256.Of("one"u8.ToArray()));
        await world.Store.LeaveAsync((await world.Store.ListCopiesAsync(pack, CancellationToken.None)).Single(), CancellationToken.None);
        var manifest = (await world.Store.FindManifestAsync(version.Dataset, version.Version, CancellationToken.None))!;
        (await world.Store.CountAsync(manifest.Number, "east", CancellationToken.None)).MissingPacks.ShouldBe(0);
        world.Time.Move(TimeSpan.FromDays(1));
        await Replicator().RoundAsync(CancellationToken.None);
        east.Objects.ShouldContainKey(pack.Name);
    }

    [Fact]
    public async Task The_cost_is_that_of_the_cheapest_store_which_has_each_pack()
    {
        var version = await PushAsync("cheap", "dear");
        var pack = DatasetObject.Pack(Sha256.Of("cheap"u8.ToArray()));
        await world.Store.RecordAsync("attic", pack, 5, world.Time.GetUtcNow(), CancellationToken.None);
        var manifest = (await world.Store.FindManifestAsync(version.Dataset, version.Version, CancellationToken.None))!;
        (await Replicator().CostAsync(manifest.Number, stores.Find("east")!, CancellationToken.None)).ShouldBe(4 * 0.09m / 1_000_000_000);
    }

    private Replicator Replicator() => new(stores, marks, world.Store, world.Time, NullLogger<Replicator>.Instance);

    private Task AskAsync(StoredVersion version, string store, DateTimeOffset at) => world.Store.AskAsync(version.Dataset, version.Version, store, at, at, CancellationToken.None);

    private async Task<StoredVersion> PushAsync(params string[] texts) => (await world.PushAsync("kitti", texts))!;

    /// <summary>As a store over a line: what is there comes after a while, and that something is not there is said at once.</summary>
    private sealed class SlowBucket(MemoryBucket inner) : IBucket
    {
        public ConcurrentDictionary<string, int> Reads { get; } = new(StringComparer.Ordinal);

        public async Task<Stream?> ReadAsync(string name, long offset, long length, CancellationToken cancellationToken)
        {
            Reads.AddOrUpdate(name, 1, (_, before) => before + 1);
            if (inner.Objects.ContainsKey(name)) await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
            return await inner.ReadAsync(name, offset, length, cancellationToken);
        }

        public Task<StoredObject?> FindAsync(string name, CancellationToken cancellationToken) => inner.FindAsync(name, cancellationToken);

        public Task PutAsync(string name, Stream content, long length, CancellationToken cancellationToken) => inner.PutAsync(name, content, length, cancellationToken);

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, string after, CancellationToken cancellationToken) => inner.ListAsync(prefix, after, cancellationToken);

        public Task RemoveAsync(string name, CancellationToken cancellationToken) => inner.RemoveAsync(name, cancellationToken);

        public Uri? LinkTo(string name, TimeSpan validFor) => null;
    }
}
