using System.Text;
using Convoy.Core.Datasets;
using Convoy.Core.Jobs;
using Convoy.Server.Datasets;
using Convoy.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Convoy.Server.Tests.Datasets;

/// <summary>Copies in other stores, over one database and buckets in memory.</summary>
public sealed class ReplicatorTests : IAsyncLifetime
{
    private static readonly TimeSpan Locked = TimeSpan.FromDays(30);
    private static readonly string[] Texts = [.. Enumerable.Range(0, 40).Select(i => $"text {i}")];

    private GarbageWorld world = null!;
    private MemoryBucket east = null!;
    private MemoryBucket attic = null!;
    private DatasetStores stores = null!;
    private StoreMarks marks = null!;

    /// <summary>Instants until the process is killed.</summary>
    private int left = int.MaxValue;
    private int instants;

    public async ValueTask InitializeAsync()
    {
        world = await GarbageWorld.OpenAsync();
        east = new MemoryBucket(Between);
        attic = new MemoryBucket(() => { });
        stores = new DatasetStores(
            new DatasetStore(DatasetStores.HomeName, null, 0.09m, null, world.Bucket), [new DatasetStore("attic", null, 0.01m, Locked, attic), new DatasetStore("east", null, 0.05m, null, east)], "east");
        marks = new StoreMarks(stores, world.Store, world.Store);
        foreach (var store in stores.Others) await marks.EnsureAsync(store, CancellationToken.None);
        instants = 0;
    }

    public async ValueTask DisposeAsync()
    {
        stores.Dispose();
        await world.DisposeAsync();
    }

    [Fact]
    public async Task A_version_is_copied_with_its_manifest_last_and_of_the_next_only_what_is_new()
    {
        var first = await PushAsync(Texts);
        (await world.Store.SavePolicyAsync(Policy("east"), CancellationToken.None)).ShouldBeTrue();
        await Replicator().RoundAsync(CancellationToken.None);
        (await StateAsync(first, "east"))!.WholeAt.ShouldNotBeNull();
        east.Objects.Keys.Order(StringComparer.Ordinal).ShouldBe(world.Bucket.Objects.Keys.Append("owner").Distinct().Order(StringComparer.Ordinal));
        Puts().ShouldBe(Texts.Length + 1);

        instants = 0;
        var second = await PushAsync(["new", .. Texts[1..]]);
        await Replicator().RoundAsync(CancellationToken.None);
        (await StateAsync(second, "east"))!.WholeAt.ShouldNotBeNull();
        Puts().ShouldBe(2);

        // No policy, no copy; and what is stopped is given up.
        (await StateAsync(second, "attic")).ShouldBeNull();
        await world.Store.AskAsync(second.Dataset, second.Version, "attic", default, default, CancellationToken.None);
        (await world.Store.RemovePolicyAsync(second.Dataset, "attic", CancellationToken.None)).ShouldBeTrue();
        (await world.Store.RemovePolicyAsync(second.Dataset, "attic", CancellationToken.None)).ShouldBeFalse();
        (await Replicator().RoundAsync(CancellationToken.None)).ShouldBeFalse();
        attic.Objects.Keys.ShouldBe(["owner"]);
    }

    [Fact]
    public async Task Killed_at_any_instant_it_goes_on_and_copies_nothing_twice_that_was_written_down()
    {
        var version = await PushAsync(Texts);
        await world.Store.AskAsync(version.Dataset, version.Version, "east", default, default, CancellationToken.None);
        var kills = 0;
        var recorded = new HashSet<string>();
        for (var life = 1; (await StateAsync(version, "east"))!.WholeAt is null; life = (life % 7) + 1)
        {
            left = life;
            foreach (var name in recorded) east.Objects[name] = [];
            try
            {
                await Replicator().RoundAsync(CancellationToken.None);
            }
            catch (KilledException)
            {
                kills++;
            }

            left = int.MaxValue;
            recorded.Clear();
            foreach (var name in east.Objects.Keys.Where(name => name != "owner"))
            {
                DatasetObject.TryParse(name, out var of).ShouldBeTrue();
                if ((await world.Store.ListCopiesAsync(of, CancellationToken.None)).Count > 0) recorded.Add(name);
            }
        }

        kills.ShouldBeGreaterThan(5);

        // Emptied above, so that what is written again is seen: no more than the last life's.
        east.Objects.Values.Count(bytes => bytes.Length > 0).ShouldBeLessThan(9);
        (await world.Store.CountAsync((await world.Store.FindManifestAsync(version.Dataset, version.Version, CancellationToken.None))!.Number, "east", CancellationToken.None)).MissingPacks.ShouldBe(0);
    }

    [Fact]
    public async Task Wrong_bytes_are_never_copied_and_the_next_cheapest_store_that_has_them_gives_them()
    {
        var version = await PushAsync(Texts);
        var damaged = DatasetObject.Pack(Sha256.Of(Encoding.UTF8.GetBytes(Texts[3])));
        var short_ = DatasetObject.Pack(Sha256.Of(Encoding.UTF8.GetBytes(Texts[4])));
        var right = world.Bucket.Objects[damaged.Name];
        world.Bucket.Objects[damaged.Name] = [.. right[..^1], (byte)'?'];
        var whole = world.Bucket.Objects[short_.Name];
        world.Bucket.Objects[short_.Name] = whole[..^1];
        await world.Store.AskAsync(version.Dataset, version.Version, "east", default, default, CancellationToken.None);
        await Replicator().RoundAsync(CancellationToken.None);
        var state = (await StateAsync(version, "east"))!;
        state.WholeAt.ShouldBeNull();
        state.Problem!.ShouldContain("other bytes");
        east.Objects.ShouldNotContainKey(damaged.Name);
        east.Objects.ShouldNotContainKey(short_.Name);
        east.Objects.ShouldNotContainKey(DatasetObject.Manifest(version.Dataset, version.ManifestSha256).Name);

        foreach (var (of, bytes) in new[] { (damaged, right), (short_, whole) })
        {
            attic.Objects[of.Name] = bytes;
            await world.Store.RecordAsync("attic", of, bytes.Length, world.Time.GetUtcNow(), CancellationToken.None);
        }

        await Replicator().RoundAsync(CancellationToken.None);
        (await StateAsync(version, "east"))!.ShouldSatisfyAllConditions(after => after.WholeAt.ShouldNotBeNull(), after => after.Problem.ShouldBeNull());
        east.Objects[damaged.Name].ShouldBe(right);
    }

    [Fact]
    public async Task What_is_needed_sooner_overtakes()
    {
        var (large, small) = (await PushAsync(Texts), await PushAsync("one"));
        await world.Store.AskAsync(large.Dataset, large.Version, "east", default, world.Time.GetUtcNow() + TimeSpan.FromHours(1), CancellationToken.None);
        left = 20;
        await Should.ThrowAsync<KilledException>(() => Replicator().RoundAsync(CancellationToken.None));
        left = int.MaxValue;
        await world.Store.AskAsync(small.Dataset, small.Version, "east", default, world.Time.GetUtcNow(), CancellationToken.None);
        left = 6;
        await Should.ThrowAsync<KilledException>(() => Replicator().RoundAsync(CancellationToken.None));
        left = int.MaxValue;
        (await StateAsync(small, "east"))!.WholeAt.ShouldNotBeNull();
        (await StateAsync(large, "east"))!.WholeAt.ShouldBeNull();
    }

    [Fact]
    public async Task What_the_first_store_lost_is_read_from_a_copy_and_what_is_removed_goes_everywhere_but_from_a_locked_store()
    {
        var version = await PushAsync("one", "two");
        var manifest = DatasetObject.Manifest(version.Dataset, version.ManifestSha256).Name;
        foreach (var store in (string[])["east", "attic"]) await world.Store.AskAsync(version.Dataset, version.Version, store, default, default, CancellationToken.None);
        await Replicator().RoundAsync(CancellationToken.None);
        var bucket = new CopiedBucket(stores, marks, world.Store, world.Time);
        foreach (var from in new[] { east, world.Bucket, attic })
        {
            // From the near one first, then by price.
            from.Objects.TryRemove(manifest, out var bytes).ShouldBeTrue();
            if (from == attic)
            {
                (await bucket.ReadAsync(manifest, 0, 10, CancellationToken.None)).ShouldBeNull();
            }
            else
            {
                await using var read = await bucket.ReadAsync(manifest, 0, bytes!.Length, CancellationToken.None);
                var found = new byte[bytes.Length];
                await read!.ReadExactlyAsync(found);
                found.ShouldBe(bytes);
            }
        }

        var pack = DatasetObject.Pack(Sha256.Of("one"u8.ToArray()));
        (await world.Datasets.RemoveVersionAsync(version.Dataset, version.Version, world.Time.GetUtcNow(), CancellationToken.None)).ShouldBeTrue();
        await world.SettleAsync();
        await bucket.RemoveAsync(pack.Name, CancellationToken.None);
        (world.Bucket.Objects.ContainsKey(pack.Name), east.Objects.ContainsKey(pack.Name), attic.Objects.ContainsKey(pack.Name)).ShouldBe((false, false, true));
        (await world.Store.ListCopiesAsync(pack, CancellationToken.None)).Select(copy => copy.Store).ShouldBe(["attic"]);
        await Replicator().RoundAsync(CancellationToken.None);
        attic.Objects.ShouldContainKey(pack.Name);
        world.Time.Move(Locked + TimeSpan.FromSeconds(1));
        await Replicator().RoundAsync(CancellationToken.None);
        attic.Objects.ShouldNotContainKey(pack.Name);
        (await world.Store.ListCopiesAsync(pack, CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_job_waits_until_what_it_reads_is_whole_in_the_near_store_and_nobody_has_to_ask()
    {
        var version = await PushAsync(Texts);
        var readiness = new DataReadiness(stores, world.Store, Replicator(), world.Time);
        var job = new Job
        {
            Id = JobId.Parse("j1234567"),
            Owner = "ann",
            Level = "engineer",
            Queue = "ann",
            SubmitSequence = 1,
            SubmittedAt = world.Time.GetUtcNow(),
            Spec = new JobSpec { Name = "reader", Roles = new Dictionary<string, RoleSpec>(), Datasets = [new DatasetSpec { Name = version.Dataset.Value, Version = version.Version.ToString() }] },
        };
        readiness.Tell(job).ShouldNotBeNull();
        (await readiness.LookAsync(CancellationToken.None)).ShouldBe((true, true));
        readiness.TryTake(out var change).ShouldBeTrue();
        var bytes = Texts.Sum(text => (long)text.Length);
        (change.Job, change.Data!.Bytes, change.Data.Copied).ShouldBe((job.Id, bytes, 0));
        await Replicator().RoundAsync(CancellationToken.None);
        (await readiness.LookAsync(CancellationToken.None)).ShouldBe((false, true));
        readiness.TryTake(out change).ShouldBeTrue();
        change.ShouldBe((job.Id, null));
        readiness.Tell(job).ShouldBeNull();
        readiness.Tell(job with { Spec = job.Spec with { Datasets = [] } }).ShouldBeNull();
    }

    [Fact]
    public async Task A_store_is_the_place_it_was_or_has_nothing_and_never_the_place_of_another()
    {
        var version = await PushAsync("one");
        await world.Store.AskAsync(version.Dataset, version.Version, "east", default, default, CancellationToken.None);
        await Replicator().RoundAsync(CancellationToken.None);
        (await StateAsync(version, "east"))!.WholeAt.ShouldNotBeNull();

        // Another bucket by the same name.
        foreach (var name in east.Objects.Keys) east.Objects.TryRemove(name, out _);
        await new StoreMarks(stores, world.Store, world.Store).EnsureAsync(stores.Find("east")!, CancellationToken.None);
        (await StateAsync(version, "east"))!.WholeAt.ShouldBeNull();
        await Replicator().RoundAsync(CancellationToken.None);
        east.Objects.Count.ShouldBe(3);

        // The first store, and another of the others, under a name of their own; and another platform's.
        foreach (var place in new[] { world.Bucket, attic })
        {
            world.Bucket.Objects.TryAdd("owner", Encoding.ASCII.GetBytes(await world.Store.GetInstallationAsync("", CancellationToken.None)));
            using var shared = new DatasetStores(stores.Home, [new DatasetStore("west", null, 0, null, place)], "west");
            await Should.ThrowAsync<SharedPlaceException>(() => new StoreMarks(shared, world.Store, world.Store).EnsureAsync(shared.Near, CancellationToken.None));
        }

        east.Objects["owner"] = "another east 1"u8.ToArray();
        await Should.ThrowAsync<ForeignPlaceException>(() => new StoreMarks(stores, world.Store, world.Store).EnsureAsync(stores.Find("east")!, CancellationToken.None));
    }

    private static CopyPolicy Policy(string store) => new(Name, store, TimeSpan.Zero, "ann", DateTimeOffset.UnixEpoch);

    private static DatasetName Name => DatasetName.TryParse("kitti", out var name) ? name : default;

    private Replicator Replicator() => new(stores, marks, world.Store, world.Time, NullLogger<Replicator>.Instance);

    private async Task<StoredVersion> PushAsync(params string[] texts) => (await world.PushAsync(Name.Value, texts))!;

    private Task<Replication?> StateAsync(StoredVersion version, string store) => world.Store.GetAsync(version.Dataset, version.Version, store, CancellationToken.None);

    private void Between()
    {
        if (Interlocked.Decrement(ref left) <= 0) throw new KilledException();
        Interlocked.Increment(ref instants);
    }

    /// <summary>Each has an instant before and one after.</summary>
    private int Puts() => instants / 2;

    private sealed class KilledException : Exception;
}
