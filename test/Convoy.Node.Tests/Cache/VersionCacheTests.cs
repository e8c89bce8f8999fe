using System.Diagnostics;
using Convoy.NodeAgent.Cache;
using Convoy.Core.Datasets;

namespace Convoy.NodeAgent.Tests.Cache;

public sealed class VersionCacheTests
{
    private static readonly (string Path, byte[] Content)[] Files = [.. Samples.Alike(300, 70_001), .. Samples.Awkward.Select(file => ("awkward/" + file.Path, file.Content))];
    private static readonly PackShop Shop = new(Files);

    [Theory]
    [InlineData(0)]
    [InlineData(500_000)]
    [InlineData(1_000_000)]
    public async Task Each_epoch_costs_the_store_exactly_the_bytes_that_are_not_promised(int share)
    {
        var shop = new PackShop(Files);
        await using var cache = CacheFolder.Open(shop, share);
        var promised = new Residency(shop.Manifest).OfShare(share).Bytes;
        (await cache.Version.FillAsync(CancellationToken.None)).ShouldBeNull();
        await using var mount = await MountPoint.OfAsync(shop.Manifest, cache.Version);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            var before = shop.Bytes;
            var order = Files.OrderBy(file => file.Path.GetHashCode() ^ epoch).ToArray();
            mount.HasAll(order).ShouldBeTrue();
            (shop.Bytes - before).ShouldBe(shop.Manifest.Bytes - promised);
        }

        cache.Version.Figures.MissedBytes.ShouldBe(3 * (shop.Manifest.Bytes - promised));
        (cache.Version.Figures.MissedBytes + cache.Version.Figures.FilledBytes).ShouldBe(shop.Bytes);
        cache.Version.Figures.Damaged.ShouldBe(0);
    }

    [Fact]
    public async Task Readers_of_one_piece_wait_for_one_request()
    {
        var shop = new PackShop(Files);
        var come = new TaskCompletionSource();
        shop.Before = _ => come.Task;
        await using var cache = CacheFolder.Open(shop, 0);
        var readers = Enumerable.Range(0, 20).Select(_ => cache.ReadAsync(shop.Manifest, "0/00000")).ToArray();
        come.SetResult();
        (await Task.WhenAll(readers)).Select(content => Convert.ToHexString(content)).ShouldAllBe(content => content == Convert.ToHexString(Files[0].Content));
        shop.Requests.ShouldBe(1);
    }

    [Fact]
    public async Task More_than_the_memory_for_missed_pieces_can_be_read_at_once()
    {
        var shop = new PackShop(Files) { Before = stop => Task.Delay(1, stop) };
        await using var cache = CacheFolder.Open(shop, 0, options: new CacheOptions { MissedBytes = 300_000 });
        (await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => cache.HasAllAsync(shop.Manifest, Files)))).ShouldAllBe(all => all);
    }

    [Fact]
    public async Task What_is_held_is_held_after_a_restart_and_nothing_is_brought_again()
    {
        await using var folder = CacheFolder.Open(Shop, 600_000);
        var shop = new PackShop(Files);
        await folder.Version.FillAsync(CancellationToken.None);
        var held = folder.Version.Figures.HeldBytes;
        await folder.CloseAsync();
        await using var again = CacheFolder.Open(shop, 600_000, folder.Folder);
        again.Version.Figures.HeldBytes.ShouldBe(held);
        (await again.Version.FillAsync(CancellationToken.None)).ShouldBeNull();
        shop.Requests.ShouldBe(0);
        (await again.HasAllAsync(shop.Manifest, Files)).ShouldBeTrue();
        shop.Bytes.ShouldBe(shop.Manifest.Bytes - new Residency(shop.Manifest).OfShare(600_000).Bytes);
    }

    [Fact]
    public async Task A_share_grows_and_shrinks_and_the_disk_has_what_it_says()
    {
        var shop = new PackShop(Files);
        var residency = new Residency(shop.Manifest);
        await using var cache = CacheFolder.Open(shop, 0);
        foreach (var share in new[] { 300_000, 900_000, 450_000, 1_000_000, 50_000, 0, 700_000 })
        {
            cache.Version.SetWanted(residency.OfShare(share));
            (await cache.Version.FillAsync(CancellationToken.None)).ShouldBeNull();
            var before = shop.Bytes;
            (await cache.HasAllAsync(shop.Manifest, Files)).ShouldBeTrue();
            (shop.Bytes - before).ShouldBe(shop.Manifest.Bytes - residency.OfShare(share).Bytes);
            (await cache.DiskBytesAsync()).ShouldBeInRange(cache.Version.Figures.HeldBytes, cache.Version.Figures.HeldBytes + 100_000);
        }
    }

    /// <summary>What was punched away reads as zeros: a reader who looked before and reads after would have wrong bytes.</summary>
    [Fact]
    public async Task Readers_see_right_bytes_while_the_share_moves()
    {
        var shop = new PackShop(Files);
        var residency = new Residency(shop.Manifest);
        await using var cache = CacheFolder.Open(shop, 1_000_000);
        await cache.Version.FillAsync(CancellationToken.None);
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            var right = true;
            while (!stop.IsCancellationRequested) right &= await cache.HasAllAsync(shop.Manifest, Files);
            return right;
        })).ToArray();
        for (var i = 0; i < 12; i++)
        {
            cache.Version.SetWanted(residency.OfShare(i % 2 == 0 ? 100_000 : 900_000));
            (await cache.Version.FillAsync(CancellationToken.None)).ShouldBeNull();
        }

        await stop.CancelAsync();
        (await Task.WhenAll(readers)).ShouldAllBe(right => right);
        cache.Version.Figures.Damaged.ShouldBe(0);
    }

    [Fact]
    public async Task Bytes_that_the_disk_has_changed_are_brought_again_and_never_read()
    {
        await using var folder = CacheFolder.Open(Shop, CacheFolder.Whole);
        await folder.Version.FillAsync(CancellationToken.None);
        await folder.CloseAsync();
        for (var pack = 0; pack < Shop.Manifest.Packs; pack++)
        {
            using var file = File.OpenHandle(folder.PackPath(pack, Shop.Manifest), FileMode.Open, FileAccess.Write);
            for (var at = 1000L; at < Shop.Manifest.PackAt(pack).Length; at += 9_000_000) RandomAccess.Write(file, "damage"u8, at);
        }

        var shop = new PackShop(Files);
        await using var again = CacheFolder.Open(shop, CacheFolder.Whole, folder.Folder);
        await using (var mount = await MountPoint.OfAsync(shop.Manifest, again.Version)) mount.HasAll(Files).ShouldBeTrue();
        var damaged = again.Version.Figures.Damaged;
        damaged.ShouldBeGreaterThan(0);
        (await again.Version.FillAsync(CancellationToken.None)).ShouldBeNull();
        var before = shop.Bytes;
        (await again.HasAllAsync(shop.Manifest, Files)).ShouldBeTrue();
        (shop.Bytes, again.Version.Figures.Damaged).ShouldBe((before, damaged));
    }

    [Fact]
    public async Task A_damaged_segment_is_brought_again_without_being_asked_for()
    {
        await using var folder = CacheFolder.Open(Shop, CacheFolder.Whole);
        await folder.Version.FillAsync(CancellationToken.None);
        var held = folder.Version.Figures.HeldBytes;
        await folder.CloseAsync();
        using (var file = File.OpenHandle(folder.PackPath(0, Shop.Manifest), FileMode.Open, FileAccess.Write)) RandomAccess.Write(file, new byte[100], 0);
        await using var again = CacheFolder.Open(Shop, CacheFolder.Whole, folder.Folder);
        using var stop = new CancellationTokenSource();
        var keeping = again.Version.KeepAsync(stop.Token);
        (await again.HasAllAsync(Shop.Manifest, Files)).ShouldBeTrue();
        again.Version.Figures.Damaged.ShouldBe(1);
        while (again.Version.Figures.HeldBytes < held || again.Version.Figures.FilledBytes == 0) await Task.Delay(5);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => keeping);
    }

    [Fact]
    public async Task A_fill_that_fails_as_nobody_expected_says_so_and_is_tried_again()
    {
        var (shop, reported) = (new PackShop(Files), new List<Exception>());
        var failing = true;
        shop.Before = _ => Volatile.Read(ref failing) ? Task.FromException(new InvalidOperationException("nobody thought of it")) : Task.CompletedTask;
        await using var cache = CacheFolder.Open(shop, CacheFolder.Whole, options: new CacheOptions { BetweenFills = TimeSpan.FromMilliseconds(20), Report = reported.Add });
        using var stop = new CancellationTokenSource();
        var keeping = cache.Version.KeepAsync(stop.Token);
        await Waiting.UntilAsync(() => cache.Version.Problem is not null);
        cache.Version.Problem!.ToString().ShouldContain("nobody thought of it");
        keeping.IsCompleted.ShouldBeFalse();
        Volatile.Write(ref failing, false);
        await Waiting.UntilAsync(() => cache.Version.Problem is null && cache.Version.Figures.HeldBytes == shop.Packs.Values.Sum(pack => (long)pack.Length));
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => keeping);
        reported.ShouldAllBe(e => e is InvalidOperationException);
        reported.ShouldNotBeEmpty();
    }

    /// <summary>An LRU cache of half the size would hit about a seventh.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public async Task Half_of_each_shuffled_epoch_comes_from_the_store_whatever_others_do_meanwhile(int readers)
    {
        var files = Samples.Alike(2000, 20_000);
        var (shop, other) = (new PackShop(files), new PackShop(Samples.Alike(500, 60_000)));
        await using var cache = CacheFolder.Open(shop, 500_000);
        (await cache.Version.FillAsync(CancellationToken.None)).ShouldBeNull();
        var churn = cache.Cache.OpenVersion(other.Manifest, new Residency(other.Manifest).OfShare(0), other, new CacheOptions());
        using var stop = new CancellationTokenSource();
        var churning = Task.Run(async () =>
        {
            for (var round = 0; !stop.IsCancellationRequested; round++)
            {
                churn.SetWanted(new Residency(other.Manifest).OfShare(round % 2 == 0 ? 1_000_000 : 0));
                await churn.FillAsync(CancellationToken.None);
            }
        });
        await Waiting.UntilAsync(() => other.Requests > 0);
        for (var epoch = 1; epoch <= 3; epoch++)
        {
            var before = shop.Bytes;
            var order = files.ToArray();
            new Random(epoch).Shuffle(order);
            var read = await Task.WhenAll(Enumerable.Range(0, readers).Select(reader => Task.Run(() => cache.HasAllAsync(shop.Manifest, [.. order.Where((_, at) => at % readers == reader)]))));
            read.ShouldAllBe(right => right);
            ((double)(shop.Bytes - before) / shop.Manifest.Bytes).ShouldBe(0.5, 0.001, $"epoch {epoch}");
        }

        await stop.CancelAsync();
        await churning;
        await churn.DisposeAsync();
    }

    [Fact]
    public async Task Wrong_bytes_from_the_store_are_asked_for_once_more_and_then_an_error()
    {
        var shop = new PackShop(Files);
        var spoilt = 0;
        shop.Spoil = (_, bytes) =>
        {
            if (spoilt++ == 0) bytes.Span[0]++;
        };
        await using var cache = CacheFolder.Open(shop, 0);
        await using var mount = await MountPoint.OfAsync(shop.Manifest, cache.Version);
        mount.Read(Files[0].Path).AsSpan().SequenceEqual(Files[0].Content).ShouldBeTrue();
        shop.Requests.ShouldBe(2);
        shop.Spoil = (_, bytes) => bytes.Span[^1]++;
        Should.Throw<IOException>(() => mount.Read(Files[1].Path)).Message.ShouldContain("Input/output error");
        shop.Requests.ShouldBe(4);
        shop.Spoil = (_, _) => { };
        mount.HasAll(Files).ShouldBeTrue();
    }

    [Fact]
    public async Task A_fill_keeps_nothing_that_has_other_bytes_than_were_published()
    {
        var shop = new PackShop(Files) { Spoil = (offset, bytes) => bytes.Span[^1] ^= (byte)(offset == 0 ? 1 : 0) };
        await using var cache = CacheFolder.Open(shop, CacheFolder.Whole, options: new CacheOptions { RangeBytes = Samples.Segment });
        (await cache.Version.FillAsync(CancellationToken.None)).ShouldNotBeNull().ToString().ShouldEndWith("has other bytes in the store than were published; tell an administrator");
        cache.Version.Figures.HeldBytes.ShouldBe(shop.Packs.Values.Sum(pack => (long)pack.Length) - shop.Packs.Values.Sum(pack => (long)Math.Min(Samples.Segment, pack.Length)));
        shop.Spoil = (_, _) => { };
        (await cache.HasAllAsync(shop.Manifest, Files)).ShouldBeTrue();
    }

    [Fact]
    public async Task While_the_store_is_away_what_is_held_is_read_and_the_rest_is_an_error()
    {
        var shop = new PackShop(Files);
        await using var cache = CacheFolder.Open(shop, 500_000);
        await cache.Version.FillAsync(CancellationToken.None);
        await using var mount = await MountPoint.OfAsync(shop.Manifest, cache.Version);
        shop.Before = _ => Task.FromException(new IOException("503"));
        var set = new Residency(shop.Manifest).OfShare(500_000);
        foreach (var (path, content) in Files)
        {
            var file = shop.Manifest.FindFile(System.Text.Encoding.UTF8.GetBytes(path))!.Value;
            var held = Enumerable.Range(shop.Manifest.FirstChunk(file), shop.Manifest.FirstChunk(file + 1) - shop.Manifest.FirstChunk(file)).All(number => set.Holds(shop.Manifest.ChunkAt(number)));
            if (held) mount.Read(path).AsSpan().SequenceEqual(content).ShouldBeTrue();
            else Should.Throw<IOException>(() => mount.Read(path)).Message.ShouldContain("Input/output error");
        }

        (await cache.Version.FillAsync(CancellationToken.None)).ShouldBeNull();
        shop.Before = _ => Task.CompletedTask;
        mount.HasAll(Files).ShouldBeTrue();
    }

    [Fact]
    public async Task A_store_that_never_answers_is_an_error_after_a_while()
    {
        var shop = new PackShop(Files) { Before = _ => Task.Delay(Timeout.Infinite) };
        await using var cache = CacheFolder.Open(shop, CacheFolder.Whole, options: new CacheOptions { Patience = TimeSpan.FromMilliseconds(200) });
        (await Should.ThrowAsync<IOException>(() => cache.ReadAsync(shop.Manifest, Files[0].Path))).Message.ShouldContain("did not come in time");
        (await cache.Version.FillAsync(CancellationToken.None)).ShouldNotBeNull().ToString().ShouldContain("cannot be brought");
        cache.Version.Figures.HeldBytes.ShouldBe(0);
    }

    [Fact]
    public async Task A_full_disk_stops_the_fill_and_nothing_else()
    {
        MountPoint.SkipWithoutFuse();
        var disk = Directory.CreateTempSubdirectory("convoy-disk-").FullName;
        using (var mounting = Process.Start("mount", ["-t", "tmpfs", "-o", "size=24m", "none", disk])) await mounting.WaitForExitAsync();
        try
        {
            var shop = new PackShop(Files);
            await using var cache = CacheFolder.Open(shop, CacheFolder.Whole, disk);
            (await cache.Version.FillAsync(CancellationToken.None)).ShouldNotBeNull().ToString().ShouldBe("the disk of the cache is full; what is not held is read from the store");
            cache.Version.Figures.HeldBytes.ShouldBeInRange(1, 24 << 20);
            (await cache.HasAllAsync(shop.Manifest, Files)).ShouldBeTrue();
            cache.Version.Figures.Hits.ShouldBeGreaterThan(0);
            cache.Version.SetWanted(new Residency(shop.Manifest).OfShare(200_000));
            (await cache.Version.FillAsync(CancellationToken.None)).ShouldBeNull();
            (await cache.HasAllAsync(shop.Manifest, Files)).ShouldBeTrue();
        }
        finally
        {
            using var unmounting = Process.Start("umount", disk);
            await unmounting.WaitForExitAsync();
            Directory.Delete(disk);
        }
    }

    [Fact]
    public async Task Versions_share_the_packs_that_they_have_in_common()
    {
        var shop = new PackShop(Files);
        await using var cache = CacheFolder.Open(shop, 300_000);
        await cache.Version.FillAsync(CancellationToken.None);
        var residency = new Residency(shop.Manifest);
        await using (var second = cache.Cache.OpenVersion(shop.Manifest, residency.OfShare(800_000), shop, new CacheOptions()))
        {
            (await second.FillAsync(CancellationToken.None)).ShouldBeNull();
            cache.Cache.Trim();
            var before = shop.Bytes;
            (await cache.HasAllAsync(shop.Manifest, Files)).ShouldBeTrue();
            (shop.Bytes - before).ShouldBe(shop.Manifest.Bytes - residency.OfShare(800_000).Bytes);
        }

        cache.Cache.Trim();
        var after = shop.Bytes;
        (await cache.HasAllAsync(shop.Manifest, Files)).ShouldBeTrue();
        (shop.Bytes - after).ShouldBe(shop.Manifest.Bytes - residency.OfShare(300_000).Bytes);
    }

    [Fact]
    public async Task Two_processes_cannot_use_one_folder()
    {
        await using var cache = CacheFolder.Open(Shop, 0);
        Should.Throw<IOException>(() => PackCache.Open(cache.Folder));
    }
}
