using System.Net;
using Convoy.Core.Datasets;
using Convoy.Core.People;
using Convoy.Core.Resources;
using Convoy.Objects;
using Convoy.Server.Datasets;
using Convoy.Store;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Convoy.Server.Tests.Datasets;

/// <summary>What is needed stays, and what is not goes, each in its time.</summary>
public sealed class GarbageTests
{
    private static readonly DatasetName Kitti = DatasetName.TryParse("kitti", out var name) ? name : default;

    [Fact]
    public async Task A_deleted_version_goes_after_the_grace_with_what_no_other_version_needs()
    {
        await using var world = await GarbageWorld.OpenAsync();
        await world.PushAsync("kitti", "a", "b");
        await world.PushAsync("kitti", "b", "c");
        world.Time.Move(TimeSpan.FromDays(2));
        await world.CollectAsync();
        world.Bucket.Objects.Count.ShouldBe(5, "three packs and two manifests");
        await world.Store.RemoveVersionAsync(Kitti, new DatasetVersion(1), world.Time.GetUtcNow(), CancellationToken.None);
        world.Time.Move(TimeSpan.FromMinutes(11));
        await world.CollectAsync();
        (await world.Store.CountGarbageAsync(CancellationToken.None)).ShouldBe(new Garbage(2, (await ManifestBytesAsync(world)) + 1, world.Time.GetUtcNow()));
        world.Time.Move(GarbageWorld.Grace - TimeSpan.FromSeconds(1));
        await world.CollectAsync();
        Packs(world).ShouldBe(["a", "b", "c"]);
        world.Time.Move(TimeSpan.FromSeconds(1));
        await world.CollectAsync();
        Packs(world).ShouldBe(["b", "c"]);
        await world.CheckAsync();
        (await world.Store.CountGarbageAsync(CancellationToken.None)).Objects.ShouldBe(0);
    }

    [Fact]
    public async Task What_was_sent_and_never_published_goes_after_the_grace_and_not_before()
    {
        await using var world = await GarbageWorld.OpenAsync();
        await world.PushAsync("kitti", "a");
        await SendAsync(world, "b");
        world.Time.Move(GarbageWorld.Grace);
        await world.CollectAsync();
        (await world.Store.CountGarbageAsync(CancellationToken.None)).Objects.ShouldBe(0, "a push may still be going on");
        world.Time.Move(TimeSpan.FromSeconds(1));
        await world.CollectAsync();
        (await world.Store.CountGarbageAsync(CancellationToken.None)).Objects.ShouldBe(1);
        (await SendAsync(world, "b")).ShouldBeTrue("what waits to be removed is taken up again");
        world.Time.Move(GarbageWorld.Grace);
        await world.CollectAsync();
        Packs(world).ShouldBe(["a", "b"]);
        await world.SettleAsync();
        Packs(world).ShouldBe(["a"]);
    }

    [Fact]
    public async Task A_deleted_version_stays_for_the_jobs_that_read_it_until_they_end_though_its_data_set_is_gone()
    {
        await using var world = await GarbageWorld.OpenAsync();
        await world.PushAsync("kitti", "a", "b");
        world.Held.Add(("kitti", "v1"));
        await world.Store.RemoveDatasetAsync(Kitti, world.Time.GetUtcNow(), CancellationToken.None);
        await world.PushAsync("kitti", "c");
        await world.SettleAsync();
        await world.SettleAsync();
        Packs(world).ShouldBe(["a", "b", "c"]);
        await world.CheckAsync();
        (await world.Store.GetRemovedVersionAsync(Kitti, new DatasetVersion(1), CancellationToken.None))!.Of!.Owner.ShouldBe("ann");
        (await world.Store.FindRemovedPackAsync(Kitti, [new DatasetVersion(1)], Hash("c"), CancellationToken.None)).ShouldBeNull("it is another data set's");
        world.Held.Clear();
        await world.SettleAsync();
        Packs(world).ShouldBe(["c"]);
    }

    [Fact]
    public async Task What_several_data_sets_have_stays_until_the_last_is_gone()
    {
        await using var world = await GarbageWorld.OpenAsync();
        await world.PushAsync("kitti", "a", "b");
        await world.PushAsync("lanes", "b");
        (await world.Store.ListUsageAsync(null, "", 10, CancellationToken.None)).Select(usage => (usage.Name.Value, usage.Bytes, usage.OwnBytes)).ShouldBe([("kitti", 2, 1), ("lanes", 1, 0)]);
        (await world.Store.GetStoredBytesAsync("ann", CancellationToken.None)).ShouldBe(2);
        await world.Store.RemoveDatasetAsync(Kitti, world.Time.GetUtcNow(), CancellationToken.None);
        (await world.Store.ListUsageAsync(null, "", 10, CancellationToken.None)).Select(usage => (usage.Name.Value, usage.Bytes, usage.OwnBytes)).ShouldBe([("lanes", 1, 1)]);
        (await world.Store.GetStoredBytesAsync("ann", CancellationToken.None)).ShouldBe(1);
        await world.SettleAsync();
        Packs(world).ShouldBe(["b"]);
        await world.CheckAsync();
    }

    [Fact]
    public async Task A_removal_that_was_cut_off_is_done_before_anybody_sends_the_same_again()
    {
        await using var world = await GarbageWorld.OpenAsync();
        await world.PushAsync("kitti", "a");
        await world.Store.RemoveDatasetAsync(Kitti, world.Time.GetUtcNow(), CancellationToken.None);
        world.Time.Move(TimeSpan.FromDays(2));
        await world.CollectAsync();
        world.Time.Move(GarbageWorld.Grace);
        world.Bucket.IsStuck = true;
        await Should.ThrowAsync<ObjectStoreException>(world.CollectAsync);
        await Should.ThrowAsync<BeingRemovedException>(() => world.PushAsync("kitti", "a"));
        world.Bucket.IsStuck = false;
        world.Restart();
        await world.CollectAsync();
        world.Bucket.Objects.Keys.ShouldBe(["owner"]);
        (await world.PushAsync("kitti", "a")).ShouldNotBeNull();
        await world.CheckAsync();
    }

    [Fact]
    public async Task Objects_that_nobody_noted_down_are_found_and_others_files_are_left_alone()
    {
        await using var world = await GarbageWorld.OpenAsync();
        await world.PushAsync("kitti", "a");
        world.Bucket.Objects[DatasetObject.Pack(Hash("lost")).Name] = "lost"u8.ToArray();
        world.Bucket.Objects[DatasetObject.Manifest(Kitti, Hash("lost")).Name] = "lost"u8.ToArray();
        world.Bucket.Objects["packs/zz/readme.txt"] = [1];
        await world.SettleAsync();
        world.Bucket.Objects.Keys.Order(StringComparer.Ordinal).ShouldBe((await world.NeededAsync()).Append("packs/zz/readme.txt").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Versions_older_than_this_knowledge_are_read_before_anything_is_let_go_of()
    {
        await using var world = await GarbageWorld.OpenAsync();
        await world.PushAsync("kitti", "a", "b");
        await world.PushAsync("lanes", "c");
        Forget(world);
        var lost = DatasetObject.Manifest(DatasetName.TryParse("lanes", out var lanes) ? lanes : default, (await world.Store.ListVersionsAsync(lanes, 10, 10, CancellationToken.None))[0].ManifestSha256).Name;
        world.Bucket.Objects.Remove(lost, out var bytes).ShouldBeTrue();
        await world.SettleAsync();
        Packs(world).ShouldBe(["a", "b", "c"], "of lanes nobody knows what it needs");
        world.Bucket.Objects[lost] = bytes!;
        await world.SettleAsync();
        await world.CheckAsync();
        (await world.Store.ListUnlistedAsync(0, 10, CancellationToken.None)).ShouldBeEmpty();
        await world.Store.RemoveVersionAsync(Kitti, new DatasetVersion(1), world.Time.GetUtcNow(), CancellationToken.None);
        await world.SettleAsync();
        Packs(world).ShouldBe(["c"]);
    }

    [Fact]
    public async Task What_gets_a_tombstone_and_turns_out_to_be_needed_is_not_removed()
    {
        await using var world = await GarbageWorld.OpenAsync();
        await world.PushAsync("kitti", "a", "b");

        // Deleted before it is known which packs its version names; a job reads it.
        Forget(world);
        world.Held.Add(("kitti", "v1"));
        await world.Store.RemoveDatasetAsync(Kitti, world.Time.GetUtcNow(), CancellationToken.None);
        (await world.Store.CountGarbageAsync(CancellationToken.None)).Objects.ShouldBe(2);
        await world.SettleAsync();
        Packs(world).ShouldBe(["a", "b"]);
        (await world.Store.CountGarbageAsync(CancellationToken.None)).Objects.ShouldBe(0);
        await world.CheckAsync();
    }

    [Fact]
    public async Task Nothing_is_removed_from_a_place_that_is_anothers()
    {
        await using var world = await GarbageWorld.OpenAsync();
        await world.PushAsync("kitti", "a");
        await world.CollectAsync();
        await world.Store.RemoveDatasetAsync(Kitti, world.Time.GetUtcNow(), CancellationToken.None);
        world.Bucket.Objects["owner"] = "another"u8.ToArray();
        world.Time.Move(TimeSpan.FromDays(2));
        await world.CollectAsync();
        world.Time.Move(GarbageWorld.Grace);
        await Should.ThrowAsync<ForeignPlaceException>(world.CollectAsync);
        Packs(world).ShouldBe(["a"]);
        world.Bucket.Objects.TryRemove("owner", out _);
        await world.CollectAsync();
        Packs(world).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_server_does_not_start_on_anothers_place_and_does_on_its_own()
    {
        var folder = Directory.CreateTempSubdirectory("convoy-owner-");
        var options = new ServerOptions { State = folder.FullName, Listen = new IPEndPoint(IPAddress.Loopback, 1), TaskProgram = BuiltTask.Program, Gpus = 0 };
        using (var state = StateFolder.Open(folder.FullName))
        {
            for (var start = 0; start < 2; start++)
            {
                await using var platform = await Platform.OpenAsync(options, state);
            }

            var place = Path.Combine(state.Datasets, "owner");
            (await File.ReadAllTextAsync(place, TestContext.Current.CancellationToken)).Length.ShouldBe(32);
            await File.WriteAllTextAsync(place, "another", TestContext.Current.CancellationToken);
            (await Should.ThrowAsync<ForeignPlaceException>(async () => await Platform.OpenAsync(options, state))).Explanation.ToString().ShouldContain("another platform");
        }

        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task More_than_a_persons_level_allows_is_refused_and_what_is_there_already_is_not()
    {
        await using var world = await GarbageWorld.OpenAsync();
        await world.Store.SaveLevelAsync(Level.Defaults[0] with { MaxStored = new ByteSize(2) }, CancellationToken.None);
        (await world.PushAsync("kitti", "a", "b")).ShouldNotBeNull();
        (await world.PushAsync("lanes", "a")).ShouldNotBeNull("it has it already");
        (await world.PushAsync("kitti", "a", "c")).ShouldBeNull();
        (await world.Store.GetStoredBytesAsync("ann", CancellationToken.None)).ShouldBe(2);
        Packs(world).ShouldBe(["a", "b"]);
        await world.Store.RemoveVersionAsync(Kitti, new DatasetVersion(1), world.Time.GetUtcNow(), CancellationToken.None);
        await world.SettleAsync();
        (await world.PushAsync("kitti", "a", "c")).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_pack_that_is_known_and_lost_is_sent_again()
    {
        await using var world = await GarbageWorld.OpenAsync();
        await world.PushAsync("kitti", "a");
        world.Bucket.Objects.TryRemove(DatasetObject.Pack(Hash("a")).Name, out _).ShouldBeTrue();
        (await world.PushAsync("kitti", "a")).ShouldNotBeNull();
        await world.CheckAsync();
    }

    [Fact]
    public async Task A_publication_that_takes_longer_than_the_grace_publishes_nothing()
    {
        await using var world = await GarbageWorld.OpenAsync();
        var version = (await world.PushAsync("kitti", "a"))!;
        await SendAsync(world, "b");
        var late = version with { ManifestSha256 = Hash("late") };
        var claim = (await world.Store.ClaimManifestAsync(Kitti, late.ManifestSha256, 10, world.Time.GetUtcNow(), CancellationToken.None)).Number!.Value;
        (await world.Store.ListPacksAsync(claim, [new Pack(Hash("b"), 1, 0)], world.Time.GetUtcNow(), CancellationToken.None))!.Count.ShouldBe(1);
        world.Time.Move(GarbageWorld.Grace + TimeSpan.FromSeconds(1));
        (await world.Store.MarkAsync(world.Time.GetUtcNow() - GarbageWorld.Grace, world.Time.GetUtcNow(), 1, CancellationToken.None)).ShouldBeTrue();
        (await world.Store.PublishVersionAsync(late, null, claim, CancellationToken.None)).ShouldBeNull("a part of what it names may be gone");
        (await world.Store.ListPacksAsync(claim, [], world.Time.GetUtcNow(), CancellationToken.None)).ShouldBeNull();
        (await world.Store.ClaimManifestAsync(Kitti, late.ManifestSha256, 10, world.Time.GetUtcNow(), CancellationToken.None)).Number.ShouldNotBe(claim);
        (await world.Store.ListVersionsAsync(Kitti, 10, 10, CancellationToken.None)).Count.ShouldBe(1);
    }

    private static Sha256 Hash(string text) => Sha256.Of(System.Text.Encoding.UTF8.GetBytes(text));

    private static string[] Packs(GarbageWorld world) =>
        [.. world.Bucket.Objects.Where(found => found.Key.StartsWith(DatasetObject.Packs, StringComparison.Ordinal)).Select(found => System.Text.Encoding.UTF8.GetString(found.Value)).Order(StringComparer.Ordinal)];

    private static async Task<long> ManifestBytesAsync(GarbageWorld world) => (await world.Store.GetVersionAsync(Kitti, new DatasetVersion(2), CancellationToken.None))!.ManifestBytes;

    private static Task<bool> SendAsync(GarbageWorld world, string text) => world.SendAsync("kitti", System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>As the step of the schema leaves versions that were published before it.</summary>
    private static void Forget(GarbageWorld world)
    {
        using var connection = new SqliteConnection($"Data Source={world.Database}");
        connection.Execute("DELETE FROM dataset_manifest_packs; UPDATE dataset_packs SET is_named = 0; UPDATE dataset_manifests SET is_listed = 0");
    }
}
