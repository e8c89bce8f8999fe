using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Convoy.Client;
using Convoy.Client.Datasets;
using Convoy.Client.Wire;
using Convoy.Core.Datasets;
using Convoy.Objects;
using Convoy.Server.Datasets;
using Microsoft.Extensions.DependencyInjection;

namespace Convoy.Server.Tests.Api;

/// <summary>The same wherever the bytes lie.</summary>
public abstract class DatasetTests : IAsyncLifetime
{
    private readonly string scratch = Directory.CreateTempSubdirectory("convoy-datasets-").FullName;
    private RunningServer server = null!;

    private protected abstract DatasetPlace Place { get; }

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync(options => options with { Datasets = Place });

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(scratch, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_is_published_comes_down_byte_for_byte()
    {
        var files = Drawn(7, 300);
        files["zero"] = [];
        files["one segment"] = RandomNumberGenerator.GetBytes(PackLayout.SegmentBytes);
        files["large/one"] = RandomNumberGenerator.GetBytes(9_500_001);
        files["e\u0301"] = [1];
        files["\u00e9"] = [2];
        files["A"] = [3];
        files["a"] = [4];
        files["line\nbreak 🚚"] = [5];
        files["x"] = [6];
        files["x.convoy-part"] = [7];
        files[".convoy-unfinished/y"] = [8];
        files[new string('n', 255)] = [9];
        using var ann = await ClientAsync("ann");
        var (version, _) = await PushAsync(ann, "kitti", files);
        (version.Version, version.Files).ShouldBe(("v1", files.Count));
        (await PullAsync(ann, "kitti", "v1")).ShouldBe(Listed(files));
    }

    [Fact]
    public async Task Only_what_changed_travels_and_nothing_changed_is_no_version()
    {
        using var ann = await ClientAsync("ann");
        var files = Drawn(1, 400);
        await PushAsync(ann, "kitti", files);
        var (same, nothing) = await PushAsync(ann, "kitti", files);
        (same.Version, nothing.NewFiles, nothing.BytesSent).ShouldBe(("v1", 0, 0));
        files["3/33"] = RandomNumberGenerator.GetBytes(1000);
        files["again"] = files["3/33"];
        files.Remove("0/0");
        var (next, change) = await PushAsync(ann, "kitti", files);
        (next.Version, change.NewFiles, change.BytesSent).ShouldBe(("v2", 1, 1000));
        (await PullAsync(ann, "kitti", "latest")).ShouldBe(Listed(files));
        (await PullAsync(ann, "kitti", "v1")).Length.ShouldBe(400);
    }

    [Fact]
    public async Task A_push_that_broke_off_sends_only_what_had_not_arrived()
    {
        using var ann = await ClientAsync("ann");
        var files = Enumerable.Range(0, 90).ToDictionary(i => $"{i:00}", _ => RandomNumberGenerator.GetBytes(1 << 20));
        Write("broken", files);
        await ann.Datasets.SaveAsync("kitti", new DatasetRequest(), CancellationToken.None);
        using var cut = new CancellationTokenSource();
        await Should.ThrowAsync<OperationCanceledException>(() => new DatasetPush(ann.Datasets, "kitti", now => { if (now.PacksSent > 0) cut.Cancel(); }).RunAsync(SourceFolder.Walk(Path.Combine(scratch, "broken")), [], null, cut.Token));
        (await ann.Datasets.GetAsync("kitti", CancellationToken.None)).Latest.ShouldBeNull();
        var (version, done) = await PushAsync(ann, "kitti", files);
        (version.Version, done.PacksThere + done.PacksSent).ShouldBe(("v1", 2));
        done.PacksThere.ShouldBeGreaterThan(0);
        done.BytesSent.ShouldBeLessThan(files.Count << 20);
        (await PullAsync(ann, "kitti", "v1")).ShouldBe(Listed(files));
    }

    [Fact]
    public async Task A_data_set_that_was_opened_to_one_is_read_and_not_written_by_them()
    {
        using var ann = await ClientAsync("ann");
        using var bob = await ClientAsync("bob");
        var files = Drawn(3, 5);
        await PushAsync(ann, "kitti", files);
        (await bob.Datasets.ListAsync(null, null, CancellationToken.None)).Items.ShouldBeEmpty();
        await RefusedAsync(() => bob.Datasets.GetAsync("kitti", CancellationToken.None), HttpStatusCode.NotFound);
        await ann.Datasets.SaveAsync("kitti", new DatasetRequest(Readers: ["bob"]), CancellationToken.None);
        (await bob.Datasets.ListAsync(null, null, CancellationToken.None)).Items.Single().MayWrite.ShouldBeFalse();
        (await PullAsync(bob, "kitti", "latest")).ShouldBe(Listed(files));
        await RefusedAsync(() => bob.Datasets.MoveTagAsync("kitti", "mine", "v1", CancellationToken.None), HttpStatusCode.Forbidden);
        await RefusedAsync(() => bob.Datasets.RemoveAsync("kitti", CancellationToken.None), HttpStatusCode.Forbidden);
        await ann.Datasets.SaveAsync("kitti", new DatasetRequest(Readers: [], Writers: ["bob"]), CancellationToken.None);
        files["more"] = [1];
        (await PushAsync(bob, "kitti", files)).Version.Version.ShouldBe("v2");
        await RefusedAsync(() => bob.Datasets.SaveAsync("kitti", new DatasetRequest(Readers: ["*"]), CancellationToken.None), HttpStatusCode.Forbidden);
        await ann.Datasets.SaveAsync("kitti", new DatasetRequest(Writers: []), CancellationToken.None);
        await RefusedAsync(() => bob.Datasets.GetAsync("kitti", CancellationToken.None), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Usage_says_what_each_has_and_what_waits_and_each_sees_their_own()
    {
        using var ann = await ClientAsync("ann");
        using var bob = await ClientAsync("bob");
        await PushAsync(ann, "kitti", new() { ["a"] = [1, 2, 3] });
        await PushAsync(ann, "kitti", new() { ["a"] = [1, 2, 3], ["b"] = [4, 5] });
        await PushAsync(bob, "lanes", new() { ["c"] = [6] });
        await bob.Datasets.SaveAsync("lanes", new DatasetRequest(Readers: ["ann"]), CancellationToken.None);
        var hers = await ann.Datasets.UsageAsync(null, null, null, CancellationToken.None);
        hers.Items.ShouldBe([new("kitti", "ann", 2, 5, 5), new("lanes", "bob", 1, 1, 1)]);
        hers.Owners.ShouldBe([new("ann", 5, null)]);
        hers.Garbage.ShouldBeNull();
        var first = await ann.Datasets.UsageAsync(null, null, 1, CancellationToken.None);
        (await ann.Datasets.UsageAsync(null, first.Next, 1, CancellationToken.None)).Items.ShouldBe([new("lanes", "bob", 1, 1, 1)]);
        (await bob.Datasets.UsageAsync(null, null, null, CancellationToken.None)).Items.Select(usage => usage.Dataset).ShouldBe(["lanes"]);
        await RefusedAsync(() => bob.Datasets.UsageAsync("kitti", null, null, CancellationToken.None), HttpStatusCode.NotFound);
        await bob.Datasets.RemoveAsync("lanes", CancellationToken.None);
        using var admin = new ConvoyClient(new Uri(server.Url), server.Admin.DefaultRequestHeaders.Authorization!.Parameter, TimeProvider.System);
        var all = await admin.Datasets.UsageAsync("kitti", null, null, CancellationToken.None);
        (all.Items.Count, all.Owners.Single(), all.Garbage!.Grace).ShouldBe((1, new OwnerUsageView("ann", 5, null), "1d"));
    }

    [Fact]
    public async Task A_push_beyond_what_the_owners_level_allows_is_refused_before_its_bytes_travel_and_changes_nothing()
    {
        using var ann = await ClientAsync("ann");
        using var bob = await ClientAsync("bob");
        await PushAsync(ann, "kitti", new() { ["a"] = new byte[3000] });
        await ann.Datasets.SaveAsync("kitti", new DatasetRequest(Writers: ["bob"]), CancellationToken.None);
        await LimitAsync("4k");
        var sent = 0L;
        var folder = Write("much", new() { ["a"] = new byte[3000], ["b"] = [.. Enumerable.Repeat((byte)7, 2000)] });
        foreach (var client in new[] { ann, bob })
        {
            (await RefusedAsync(() => new DatasetPush(client.Datasets, "kitti", now => sent = now.BytesSent).RunAsync(SourceFolder.Walk(folder), [], null, CancellationToken.None), HttpStatusCode.Forbidden)).ShouldBe("OverQuota");
        }

        sent.ShouldBe(0);
        (await ann.Datasets.UsageAsync("kitti", null, null, CancellationToken.None)).Owners.ShouldBe([new("ann", 3000, 4000)]);

        // Who sends without asking is told, too.
        var bytes = Enumerable.Repeat((byte)8, 2000).ToArray();
        (await RefusedAsync(() => ann.Datasets.PutPackAsync("kitti", Sha256.Of(bytes), bytes, _ => { }, CancellationToken.None), HttpStatusCode.Forbidden)).ShouldBe("OverQuota");
        await LimitAsync("1k");
        (await RefusedAsync(() => PushAsync(ann, "kitti", new() { ["z"] = new byte[3000] }), HttpStatusCode.Forbidden)).ShouldBe("OverQuota", "what is there already is not published either");
        (await ann.Datasets.GetAsync("kitti", CancellationToken.None)).Latest!.Version.ShouldBe("v1");
        (await server.Admin.PatchAsync("/api/v1/levels/engineer", new StringContent("""{"clear":["maxStored"]}""", Encoding.UTF8, "application/json"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await PushAsync(ann, "kitti", new() { ["z"] = new byte[3000] })).Version.Version.ShouldBe("v2");

        async Task LimitAsync(string size)
        {
            var changed = await server.Admin.PatchAsync("/api/v1/levels/engineer", new StringContent($$"""{"maxStored":"{{size}}"}""", Encoding.UTF8, "application/json"));
            (await changed.Content.ReadAsStringAsync()).ShouldContain($"\"maxStored\":\"{size}\"");
        }
    }

    [Fact]
    public async Task Who_knows_only_a_hash_comes_by_no_bytes()
    {
        using var ann = await ClientAsync("ann");
        using var bob = await ClientAsync("bob");
        await PushAsync(ann, "secret", new() { ["a"] = [.. Enumerable.Repeat((byte)7, 5000)] });
        var manifest = Path.Combine(scratch, "stolen");
        using (var mapped = await ann.Datasets.FetchManifestAsync(await ann.Datasets.GetVersionAsync("secret", "v1", CancellationToken.None), manifest, CancellationToken.None))
        {
            var pack = mapped.Manifest.PackAt(0).Sha256;
            await bob.Datasets.SaveAsync("mine", new DatasetRequest(), CancellationToken.None);
            (await bob.Datasets.HasPackAsync("mine", pack, null, CancellationToken.None)).ShouldBeFalse();
            (await RefusedAsync(() => bob.Datasets.CopyPackAsync("mine", pack, 0, 100, (_, _) => ValueTask.CompletedTask, CancellationToken.None), HttpStatusCode.NotFound)).ShouldBe("NotFound");
        }

        (await RefusedAsync(() => bob.Datasets.PublishAsync("mine", manifest, null, CancellationToken.None), HttpStatusCode.Conflict)).ShouldBe("MissingPacks");
        (await bob.Datasets.GetAsync("mine", CancellationToken.None)).Latest.ShouldBeNull();
    }

    [Fact]
    public async Task Packs_of_a_data_set_that_one_reads_are_not_sent_again()
    {
        using var ann = await ClientAsync("ann");
        using var bob = await ClientAsync("bob");
        var files = Drawn(5, 50);
        await PushAsync(ann, "kitti", files);
        await ann.Datasets.SaveAsync("kitti", new DatasetRequest(Readers: ["*"]), CancellationToken.None);
        var (copy, done) = await PushAsync(bob, "copy", files);
        (copy.Version, done.BytesSent, done.PacksThere).ShouldBe(("v1", 0, 1));

        // It stays his though hers goes.
        await ann.Datasets.RemoveAsync("kitti", CancellationToken.None);
        (await PullAsync(bob, "copy", "v1")).ShouldBe(Listed(files));
    }

    [Fact]
    public async Task Files_of_another_data_set_are_not_sent_again_where_one_reads_it()
    {
        using var ann = await ClientAsync("ann");
        using var bob = await ClientAsync("bob");
        var files = Drawn(9, 200);
        await PushAsync(ann, "kitti", files);
        using var kitti = await ann.Datasets.FetchManifestAsync(await ann.Datasets.GetVersionAsync("kitti", "v1", CancellationToken.None), Path.Combine(scratch, "m"), CancellationToken.None);
        var some = files.Where((_, i) => i % 3 == 0).ToDictionary();
        some["own"] = [1, 2, 3];
        var folder = Write("some", some);
        await ann.Datasets.SaveAsync("some", new DatasetRequest(), CancellationToken.None);
        var (_, done) = await new DatasetPush(ann.Datasets, "some", _ => { }).RunAsync(SourceFolder.Walk(folder), [kitti.Manifest], null, CancellationToken.None);
        (done.NewFiles, done.BytesSent).ShouldBe((1, 3));
        (await PullAsync(ann, "some", "v1")).ShouldBe(Listed(some));

        // To who may not read it the manifest is of no use.
        await bob.Datasets.SaveAsync("his", new DatasetRequest(), CancellationToken.None);
        (_, done) = await new DatasetPush(bob.Datasets, "his", _ => { }).RunAsync(SourceFolder.Walk(folder), [kitti.Manifest], null, CancellationToken.None);
        done.NewFiles.ShouldBe(some.Count);
        (await PullAsync(bob, "his", "v1")).ShouldBe(Listed(some));
    }

    [Fact]
    public async Task A_manifest_that_lies_or_is_none_publishes_nothing()
    {
        using var ann = await ClientAsync("ann");
        await PushAsync(ann, "kitti", new() { ["a"] = [.. Enumerable.Repeat((byte)7, 5000)] });
        var pack = new byte[5000];
        Array.Fill(pack, (byte)7);
        foreach (var (length, segment) in new[] { (4999, Sha256.Of(pack)), (5000, Sha256.Of([1])) })
        {
            var builder = new ManifestBuilder();
            builder.SetPack(builder.AddPack(), Sha256.Of(pack), length, [segment]);
            builder.AddFile("b"u8, Sha256.Of(pack), [new Chunk(0, 0, 100, 0)]);
            (await RefusedAsync(() => ann.Datasets.PublishAsync("kitti", Saved(builder.Build().SelectMany(piece => piece.ToArray())), null, CancellationToken.None), HttpStatusCode.UnprocessableEntity)).ShouldBe("BadManifest");
        }

        // Right in all but a name, as nobody writes it who builds a manifest with ours.
        var hostile = new ManifestBuilder();
        hostile.SetPack(hostile.AddPack(), Sha256.Of(pack), pack.Length, [Sha256.Of(pack)]);
        hostile.AddFile("bb"u8, Sha256.Of(pack), [new Chunk(0, 0, 100, 0)]);
        var named = hostile.Build().SelectMany(piece => piece.ToArray()).ToArray();
        ".."u8.CopyTo(named.AsSpan(named.AsSpan().LastIndexOf("bb"u8)));
        (await RefusedAsync(() => ann.Datasets.PublishAsync("kitti", Saved(named), null, CancellationToken.None), HttpStatusCode.UnprocessableEntity)).ShouldBe("BadManifest");

        (await RefusedAsync(() => ann.Datasets.PublishAsync("kitti", Saved(RandomNumberGenerator.GetBytes(4000)), null, CancellationToken.None), HttpStatusCode.UnprocessableEntity)).ShouldBe("BadManifest");
        (await RefusedAsync(() => ann.Datasets.PublishAsync("kitti", Saved([]), null, CancellationToken.None), HttpStatusCode.UnprocessableEntity)).ShouldBe("BadManifest");
        (await RefusedAsync(() => ann.Datasets.PutPackAsync("kitti", Sha256.Of([1]), new byte[100], _ => { }, CancellationToken.None), HttpStatusCode.BadRequest)).ShouldBe("PackHashMismatch");
        (await ann.Datasets.ListVersionsAsync("kitti", null, null, CancellationToken.None)).Items.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Tags_move_and_versions_stay()
    {
        using var ann = await ClientAsync("ann");
        await PushAsync(ann, "kitti", new() { ["a"] = [1] });
        await PushAsync(ann, "kitti", new() { ["a"] = [2] }, "stable");
        await PushAsync(ann, "kitti", new() { ["a"] = [3] });
        (await ann.Datasets.GetVersionAsync("kitti", "stable", CancellationToken.None)).Version.ShouldBe("v2");
        (await ann.Datasets.MoveTagAsync("kitti", "stable", "latest", CancellationToken.None)).Tags.ShouldBe(["latest", "stable"]);
        (await ann.Datasets.ListVersionsAsync("kitti", null, 2, CancellationToken.None)).Items.Select(version => version.Version).ShouldBe(["v3", "v2"]);
        await ann.Datasets.RemoveVersionAsync("kitti", "v3", CancellationToken.None);
        await RefusedAsync(() => ann.Datasets.GetVersionAsync("kitti", "stable", CancellationToken.None), HttpStatusCode.NotFound);
        (await ann.Datasets.GetVersionAsync("kitti", "latest", CancellationToken.None)).Version.ShouldBe("v2");

        // A number is never given twice, and what is published is the latest, though it is nothing new.
        (await PushAsync(ann, "kitti", new() { ["a"] = [4] })).Version.Version.ShouldBe("v4");
        await ann.Datasets.MoveTagAsync("kitti", "latest", "v1", CancellationToken.None);
        (await PushAsync(ann, "kitti", new() { ["a"] = [4] })).Version.Tags.ShouldBe(["latest"]);
        await RefusedAsync(() => ann.Datasets.MoveTagAsync("kitti", "v9", "v1", CancellationToken.None), HttpStatusCode.UnprocessableEntity);
        await RefusedAsync(() => ann.Datasets.MoveTagAsync("kitti", "stable", "v7", CancellationToken.None), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_data_set_of_a_name_that_was_deleted_goes_on_counting_and_has_nothing_of_the_old_one()
    {
        using var ann = await ClientAsync("ann");
        using var bob = await ClientAsync("bob");
        await PushAsync(ann, "kitti", new() { ["a"] = [1] });
        await ann.Datasets.SaveAsync("kitti", new DatasetRequest("hers", ["*"]), CancellationToken.None);
        await ann.Datasets.RemoveAsync("kitti", CancellationToken.None);
        await RefusedAsync(() => bob.Datasets.GetAsync("kitti", CancellationToken.None), HttpStatusCode.NotFound);
        (await PushAsync(bob, "kitti", new() { ["a"] = [2] })).Version.Version.ShouldBe("v2");
        var his = await bob.Datasets.GetAsync("kitti", CancellationToken.None);
        (his.Owner, his.Description, his.Readers.Count).ShouldBe(("bob", null, 0));
        await RefusedAsync(() => ann.Datasets.GetVersionAsync("kitti", "v2", CancellationToken.None), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task What_the_object_store_has_lost_is_sent_again()
    {
        using var ann = await ClientAsync("ann");
        var files = Drawn(2, 60);
        await PushAsync(ann, "kitti", files);
        var bucket = server.Services.GetRequiredService<IBucket>();
        var packs = new List<string>();
        await foreach (var pack in bucket.ListAsync("packs/", "", CancellationToken.None)) packs.Add(pack.Name);
        await bucket.RemoveAsync(packs.ShouldHaveSingleItem(), CancellationToken.None);
        var (version, done) = await PushAsync(ann, "kitti", files);
        (version.Version, done.PacksSent).ShouldBe(("v1", 1));
        (await PullAsync(ann, "kitti", "v1")).ShouldBe(Listed(files));
    }

    [Fact]
    public async Task Of_two_who_make_a_data_set_at_once_it_is_ones()
    {
        using var ann = await ClientAsync("ann");
        using var bob = await ClientAsync("bob");
        for (var i = 0; i < 20; i++)
        {
            var name = $"race-{i}";
            var made = await Task.WhenAll(new[] { (ann, "ann"), (bob, "bob") }.Select(async person =>
            {
                try
                {
                    return (await person.Item1.Datasets.SaveAsync(name, new DatasetRequest(Writers: [person.Item2]), CancellationToken.None)).Owner;
                }
                catch (ConvoyException refused) when (refused.Code == "NameTaken")
                {
                    return null;
                }
            }));
            var owner = made.OfType<string>().ShouldHaveSingleItem();
            (await (owner == "ann" ? ann : bob).Datasets.GetAsync(name, CancellationToken.None)).Writers.ShouldBe([owner]);
        }
    }

    [Fact]
    public async Task A_part_of_a_pack_is_answered_with_that_part()
    {
        using var ann = await ClientAsync("ann");
        await PushAsync(ann, "kitti", new() { ["a"] = [.. Enumerable.Range(0, 256).Select(i => (byte)i)] });
        using var mapped = await ann.Datasets.FetchManifestAsync(await ann.Datasets.GetVersionAsync("kitti", "v1", CancellationToken.None), Path.Combine(scratch, "m"), CancellationToken.None);
        var path = $"/api/v1/datasets/kitti/packs/{mapped.Manifest.PackAt(0).Sha256}";
        (await AskAsync(path, new RangeHeaderValue(10, 12))).ShouldBe((HttpStatusCode.PartialContent, "bytes 10-12/256", "0A0B0C"));
        (await AskAsync(path, new RangeHeaderValue(254, 900))).ShouldBe((HttpStatusCode.PartialContent, "bytes 254-255/256", "FEFF"));
        (await AskAsync(path, new RangeHeaderValue(null, 1))).ShouldBe((HttpStatusCode.PartialContent, "bytes 255-255/256", "FF"));
        (await AskAsync(path, new RangeHeaderValue(256, null))).Status.ShouldBe(HttpStatusCode.RequestedRangeNotSatisfiable);
        (await AskAsync(path, null)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_file_of_a_version_is_answered_by_its_path_whole_or_in_part_and_never_with_wrong_bytes()
    {
        using var ann = await ClientAsync("ann");
        var large = RandomNumberGenerator.GetBytes((9 << 20) + 7);
        await PushAsync(ann, "kitti", new() { ["a"] = [.. Enumerable.Range(0, 256).Select(i => (byte)i)], ["deep/\u00e9 %25?#.bin"] = large, ["none"] = [] });
        var path = "/api/v1/datasets/kitti/versions/latest/files/";
        (await AskAsync(path + "a", new RangeHeaderValue(10, 12))).ShouldBe((HttpStatusCode.PartialContent, "bytes 10-12/256", "0A0B0C"));
        (await AskAsync(path + "none", null)).ShouldBe((HttpStatusCode.OK, null, ""));
        (await AskAsync(path + "b", null)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await AskAsync(path + "deep", null)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await AskAsync(path + "a", new RangeHeaderValue(256, null))).Status.ShouldBe(HttpStatusCode.RequestedRangeNotSatisfiable);
        var odd = path + "deep/" + Uri.EscapeDataString("\u00e9 %25?#.bin");
        (await AskAsync(odd, null)).Body.ShouldBe(Convert.ToHexString(large));
        foreach (var (from, to) in new[] { (0, 0), ((4 << 20) - 1, 4 << 20), (4 << 20, (8 << 20) + 5), ((9 << 20) + 6, (9 << 20) + 6) })
        {
            (await AskAsync(odd, new RangeHeaderValue(from, to))).Body.ShouldBe(Convert.ToHexString(large.AsSpan(from, to - from + 1)));
        }
    }

    private async Task<(HttpStatusCode Status, string? Range, string Body)> AskAsync(string path, RangeHeaderValue? range)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Range = range;
        using var answer = await server.Admin.SendAsync(request);
        return (answer.StatusCode, answer.Content.Headers.ContentRange?.ToString(), Convert.ToHexString(await answer.Content.ReadAsByteArrayAsync()));
    }

    private async Task<ConvoyClient> ClientAsync(string name) => new(new Uri(server.Url), (await server.AddUserAsync(name)).DefaultRequestHeaders.Authorization!.Parameter, TimeProvider.System);

    private async Task<(DatasetVersionView Version, PushProgress Done)> PushAsync(ConvoyClient client, string name, Dictionary<string, byte[]> files, string? tag = null)
    {
        var folder = Write(Guid.NewGuid().ToString("N"), files);
        var dataset = await client.Datasets.SaveAsync(name, new DatasetRequest(), CancellationToken.None);
        if (dataset.Latest is null) return await new DatasetPush(client.Datasets, name, _ => { }).RunAsync(SourceFolder.Walk(folder), [], tag, CancellationToken.None);
        using var latest = await client.Datasets.FetchManifestAsync(dataset.Latest, folder + ".manifest", CancellationToken.None);
        return await new DatasetPush(client.Datasets, name, _ => { }).RunAsync(SourceFolder.Walk(folder), [latest.Manifest], tag, CancellationToken.None);
    }

    /// <summary>What came down, as <see cref="Listed"/> lists it.</summary>
    private async Task<string[]> PullAsync(ConvoyClient client, string name, string version)
    {
        var folder = Path.Combine(scratch, Guid.NewGuid().ToString("N"));
        using var manifest = await client.Datasets.FetchManifestAsync(await client.Datasets.GetVersionAsync(name, version, CancellationToken.None), folder + ".manifest", CancellationToken.None);
        var files = Enumerable.Range(0, manifest.Manifest.Files).ToArray();
        await new DatasetDownload(client.Datasets, name, manifest.Manifest, folder).RunAsync(files, (_, _) => { }, CancellationToken.None);
        return Listed(Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(file => Path.GetRelativePath(folder, file), File.ReadAllBytes));
    }

    private string Write(string name, Dictionary<string, byte[]> files)
    {
        var folder = Path.Combine(scratch, name);
        foreach (var (path, content) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, path))!);
            File.WriteAllBytes(Path.Combine(folder, path), content);
        }

        return folder;
    }

    private string Saved(IEnumerable<byte> content)
    {
        var path = Path.Combine(scratch, Guid.NewGuid().ToString("N"));
        File.WriteAllBytes(path, [.. content]);
        return path;
    }

    /// <returns>The code of the refusal.</returns>
    private static async Task<string> RefusedAsync(Func<Task> call, HttpStatusCode status)
    {
        var refusal = await Should.ThrowAsync<ConvoyException>(call);
        refusal.Status.ShouldBe((int)status, refusal.Message);
        return refusal.Code;
    }

    private static Dictionary<string, byte[]> Drawn(int seed, int count)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, count).ToDictionary(
            i => $"{i % 7}/{i}",
            _ =>
            {
                var content = new byte[random.Next(0, 20_000)];
                random.NextBytes(content);
                return content;
            });
    }

    private static string[] Listed(Dictionary<string, byte[]> files) => [.. files.Select(file => $"{file.Key} {file.Value.Length} {Sha256.Of(file.Value)}").Order(StringComparer.Ordinal)];
}

public sealed class DatasetsOnDiskTests : DatasetTests
{
    private protected override DatasetPlace Place => DatasetPlace.Disk;
}

public sealed class DatasetsInS3Tests : DatasetTests, IClassFixture<RadosGateway>
{
    private readonly RadosGateway store;

    public DatasetsInS3Tests(RadosGateway store)
    {
        Assert.SkipWhen(store.Missing is not null, store.Missing ?? "");
        this.store = store;
    }

    private protected override DatasetPlace Place => new(store.Options($"server-{Guid.NewGuid():N}/"));
}
