using System.Diagnostics;
using System.Globalization;
using Convoy.Core.Datasets;
using Convoy.NodeAgent.Fuse;
using Convoy.Core.Tests.Datasets;

namespace Convoy.NodeAgent.Tests.Fuse;

public sealed class FuseMountTests
{
    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 2)]
    public async Task Every_file_has_its_name_its_size_and_every_byte(bool atHand, int threads)
    {
        var packs = new MemoryPacks(Samples.Awkward) { IsWhole = atHand, Has = number => atHand || number % 2 == 0 };
        await using var mount = await MountPoint.OfAsync(packs.Manifest, packs, options => options with { Threads = threads });
        var found = Directory.EnumerateFiles(mount.Folder, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(mount.Folder, path)).ToArray();
        found.Order(StringComparer.Ordinal).ShouldBe(Samples.Awkward.Select(file => file.Path).Order(StringComparer.Ordinal));
        foreach (var (path, content) in Samples.Awkward)
        {
            new FileInfo(mount.PathOf(path)).Length.ShouldBe(content.Length);
            Sha256.Of(mount.Read(path)).ShouldBe(Sha256.Of(content), path);
        }

        packs.LateReads.ShouldBe(atHand ? 0 : packs.LateReads);
        if (!atHand) packs.LateReads.ShouldBeGreaterThan(0);
        await LetGoAsync(packs);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Any_range_of_a_file_reads_as_it_is(bool atHand)
    {
        var packs = new MemoryPacks(Samples.Awkward) { IsWhole = atHand, Has = number => atHand || number % 2 == 0 };
        await using var mount = await MountPoint.OfAsync(packs.Manifest, packs);
        var content = Samples.Awkward.Single(file => file.Path == "large").Content;
        using var file = File.OpenHandle(mount.PathOf("large"));
        var random = new Random(7);
        for (var i = 0; i < 200; i++)
        {
            var offset = random.Next(content.Length + 100);
            var buffer = new byte[random.Next(1, i % 10 == 0 ? 5_000_000 : 10_000)];
            var expected = Math.Clamp(content.Length - offset, 0, buffer.Length);
            RandomAccess.Read(file, buffer, offset).ShouldBe(expected);
            buffer.AsSpan(0, expected).SequenceEqual(content.AsSpan(Math.Min(offset, content.Length), expected)).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_folder_of_a_hundred_thousand_files_is_listed_whole()
    {
        var packs = new MemoryPacks([.. Enumerable.Range(0, 100_000).Select(i => ($"many/{i:x6}.jpg", Array.Empty<byte>())), ("many/sub/x", [1]), ("one", [2])]);
        await using var mount = await MountPoint.OfAsync(packs.Manifest, packs);
        var expected = Enumerable.Range(0, 100_000).Select(i => $"{i:x6}.jpg").ToArray();
        for (var again = 0; again < 2; again++)
        {
            Directory.EnumerateFiles(mount.PathOf("many")).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal).ShouldBe(expected);
            (await mount.RunAsync("ls", "-f", "many")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(100_003);
        }
    }

    [Fact]
    public async Task Programs_see_ordinary_files_of_root_that_nobody_may_change()
    {
        var packs = new MemoryPacks(Samples.Awkward);
        await using var mount = await MountPoint.OfAsync(packs.Manifest, packs);
        var stat = (await mount.RunAsync("stat", "-c", "%A %h %u:%g %s %b %Y", ".", "data", "large", "empty", "page")).Split('\n');
        var published = MountPoint.PublishedAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        stat[0].ShouldBe($"dr-xr-xr-x 6 0:0 0 0 {published}");
        stat[1].ShouldBe($"dr-xr-xr-x 2 0:0 0 0 {published}");
        var large = (3 * Samples.Segment) + 12345;
        stat[2].ShouldBe($"-r--r--r-- 1 0:0 {large} {(large + 511) / 512} {published}");
        stat[3].ShouldBe($"-r--r--r-- 1 0:0 0 0 {published}");
        stat[4].ShouldBe($"-r--r--r-- 1 0:0 4096 8 {published}");
        var listed = await mount.RunAsync("ls", "-lR");
        listed.ShouldContain("here.txt");
        listed.ShouldContain("数据集.bin");
        (await mount.RunAsync("find", ".", "-type", "f", "-printf", "x")).Length.ShouldBe(Samples.Awkward.Length);
        (await mount.RunAsync("stat", "-f", "-c", "%l", ".")).Trim().ShouldBe("255");
        (await File.ReadAllLinesAsync("/proc/self/mounts")).Single(line => line.Contains($" {mount.Folder} ")).ShouldStartWith("convoy ");
    }

    [Fact]
    public async Task A_mount_point_may_have_any_name_and_is_read_far_ahead()
    {
        MountPoint.SkipWithoutFuse();
        var folder = Directory.CreateDirectory(Path.Combine(MountPoint.NewFolder(), "a b\n\\ \U0001F69A")).FullName;
        var packs = new MemoryPacks(Samples.Awkward);
        await using var mount = await MountPoint.OfAsync(packs.Manifest, packs, folder: folder);
        mount.HasAll(Samples.Awkward).ShouldBeTrue();
        var device = int.Parse(await mount.RunAsync("stat", "-c", "%d", "."), CultureInfo.InvariantCulture);
        var told = $"/sys/class/bdi/0:{device & 0xFF}/read_ahead_kb";
        Assert.SkipUnless(File.Exists(told) && device < 256, "the kernel tells nothing of reading ahead here");
        (await File.ReadAllTextAsync(told)).Trim().ShouldBe("1024");
    }

    [Fact]
    public async Task Nothing_can_be_written()
    {
        var packs = new MemoryPacks(Samples.Awkward);
        await using var mount = await MountPoint.OfAsync(packs.Manifest, packs);
        Should.Throw<IOException>(() => File.WriteAllText(mount.PathOf("new"), "x")).Message.ShouldContain("Read-only");
        Should.Throw<IOException>(() => File.Delete(mount.PathOf("page"))).Message.ShouldContain("Read-only");
        Should.Throw<IOException>(() => Directory.CreateDirectory(mount.PathOf("new"))).Message.ShouldContain("Read-only");
        Should.Throw<IOException>(() => File.Move(mount.PathOf("page"), mount.PathOf("book"))).Message.ShouldContain("Read-only");
        Should.Throw<IOException>(() => File.OpenWrite(mount.PathOf("page"))).Message.ShouldContain("Read-only");
        Should.Throw<IOException>(() => File.SetLastWriteTimeUtc(mount.PathOf("page"), DateTime.UnixEpoch)).Message.ShouldContain("Read-only");
        mount.HasAll(Samples.Awkward).ShouldBeTrue();
    }

    [Fact]
    public async Task What_is_not_there_is_not_found_again_and_again()
    {
        var packs = new MemoryPacks(Samples.Awkward);
        await using var mount = await MountPoint.OfAsync(packs.Manifest, packs);
        for (var i = 0; i < 3; i++)
        {
            File.Exists(mount.PathOf("pagE")).ShouldBeFalse();
            Should.Throw<FileNotFoundException>(() => mount.Read("no"));
            Should.Throw<DirectoryNotFoundException>(() => mount.Read("no/x"));
            Should.Throw<IOException>(() => mount.Read("page/x"));
            Should.Throw<UnauthorizedAccessException>(() => mount.Read("data"));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_can_be_mapped_into_memory(bool atHand)
    {
        var packs = new MemoryPacks(Samples.Awkward) { IsWhole = false, Has = _ => atHand };
        await using var mount = await MountPoint.OfAsync(packs.Manifest, packs);
        const string Program = """
            import hashlib, mmap, sys
            for path in sys.argv[2:]:
                with open(path, "rb") as file:
                    print(hashlib.sha256(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ, flags=getattr(mmap, sys.argv[1]))).hexdigest())
            """;
        var files = Samples.Awkward.Where(file => file.Content.Length > 0).ToArray();

        // Before Linux 6.6 the kernel shares no mapping of what it may not keep.
        string[] kinds = atHand || Environment.OSVersion.Version >= new Version(6, 6) ? ["MAP_PRIVATE", "MAP_SHARED"] : ["MAP_PRIVATE"];
        foreach (var kind in kinds)
        {
            var said = await mount.RunAsync("python3", ["-c", Program, kind, .. files.Select(file => "./" + file.Path)]);
            said.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe(files.Select(file => Sha256.Of(file.Content).ToString()));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Many_readers_at_once_get_every_byte(bool atHand)
    {
        var files = Samples.Alike(400, 30_011);
        var packs = new MemoryPacks(files) { IsWhole = atHand, Has = number => atHand || number % 3 == 0, Late = (_, stop) => Task.Delay(1, stop) };
        await using var mount = await MountPoint.OfAsync(packs.Manifest, packs);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(reader => Task.Run(() =>
        {
            foreach (var (path, content) in files.OrderBy(file => file.Path.GetHashCode() ^ reader)) mount.Read(path).AsSpan().SequenceEqual(content).ShouldBeTrue();
        })));
        await LetGoAsync(packs);
    }

    [Fact]
    public async Task A_reader_whose_bytes_are_late_holds_up_nobody()
    {
        var files = Samples.Alike(20, 5000);
        var come = new TaskCompletionSource();
        var packs = new MemoryPacks(files) { IsWhole = false, Has = number => number >= 10, Late = (_, _) => come.Task };
        await using var mount = await MountPoint.OfAsync(packs.Manifest, packs, options => options with { Threads = 1 });
        var numbers = files.ToDictionary(file => file.Path, file => packs.Manifest.FirstChunk(packs.Manifest.FindFile(System.Text.Encoding.UTF8.GetBytes(file.Path))!.Value));
        var waiting = files.Where(file => numbers[file.Path] < 10).Select(file => Task.Factory.StartNew(() => mount.Read(file.Path).AsSpan().SequenceEqual(file.Content), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        mount.HasAll([.. files.Where(file => numbers[file.Path] >= 10)]).ShouldBeTrue();
        waiting.ShouldAllBe(task => !task.IsCompleted);
        come.SetResult();
        (await Task.WhenAll(waiting)).ShouldAllBe(read => read);
    }

    [Fact]
    public async Task Bytes_that_cannot_be_had_are_an_error_and_others_are_read_on()
    {
        var files = Samples.Alike(20, 5000);
        var packs = new MemoryPacks(files) { IsWhole = false, Has = number => number >= 10, Late = (_, _) => Task.FromException(new IOException("the store is gone")) };
        await using var mount = await MountPoint.OfAsync(packs.Manifest, packs);
        var (read, failed) = (0, 0);
        foreach (var (path, content) in files)
        {
            try
            {
                mount.Read(path).AsSpan().SequenceEqual(content).ShouldBeTrue();
                read++;
            }
            catch (IOException e) when (e.Message.Contains("Input/output error"))
            {
                failed++;
            }
        }

        (read, failed).ShouldBe((10, 10));
    }

    /// <summary>Beyond what 31 and 32 bits count, and at the end.</summary>
    [Fact]
    public async Task A_file_of_more_than_four_gibibytes_reads_as_it_is()
    {
        const long size = (5L << 30) + 12_344;
        var manifest = Manifests.OfSizes(("large", size));
        await using var mount = await MountPoint.OfAsync(manifest, new CountedPacks());
        using var file = File.OpenHandle(mount.PathOf("large"));
        RandomAccess.GetLength(file).ShouldBe(size);
        var words = new byte[256 << 10];
        foreach (var around in new[] { 0, 1L << 31, 1L << 32, 5L << 30, size })
        {
            var from = Math.Max(0, around - (words.Length / 2));
            var read = RandomAccess.Read(file, words, from);
            read.ShouldBe((int)Math.Min(words.Length, size - from));
            for (var at = 0; at < read; at += 8) BitConverter.ToInt64(words, at).ShouldBe(CountedPacks.At(from + at));
        }
    }

    [Fact]
    public async Task Bytes_that_never_come_are_an_error_after_a_while()
    {
        var packs = new MemoryPacks(Samples.Alike(1, 5000)) { IsWhole = false, Has = _ => false, Late = (_, _) => Task.Delay(Timeout.Infinite) };
        await using var mount = await MountPoint.OfAsync(packs.Manifest, packs, options => options with { Patience = TimeSpan.FromMilliseconds(200) });
        Should.Throw<IOException>(() => mount.Read("0/00000")).Message.ShouldContain("Input/output error");
    }

    [Fact]
    public async Task What_is_unmounted_leaves_an_empty_folder_also_while_it_is_read()
    {
        var packs = new MemoryPacks(Samples.Alike(10, 5000)) { IsWhole = false, Has = _ => false, Late = (_, stop) => Task.Delay(Timeout.Infinite, stop) };
        var mount = await MountPoint.OfAsync(packs.Manifest, packs);
        var reading = Task.Factory.StartNew(() => mount.Read("0/00000"), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        while (packs.LateReads == 0) await Task.Delay(5);
        var folder = mount.Folder;
        await mount.Mount.DisposeAsync();
        await Should.ThrowAsync<IOException>(() => reading);
        Directory.EnumerateFileSystemEntries(folder).ShouldBeEmpty();
        mount.Mount.Ended.IsCompleted.ShouldBeTrue();
        await mount.DisposeAsync();
    }

    [Fact]
    public async Task Who_serves_learns_that_somebody_else_has_unmounted_it()
    {
        var packs = new MemoryPacks(Samples.Alike(10, 5000));
        await using var mount = await MountPoint.OfAsync(packs.Manifest, packs);
        mount.HasAll(Samples.Alike(10, 5000)).ShouldBeTrue();
        using (var umount = Process.Start("umount", mount.Folder)) await umount.WaitForExitAsync();
        await mount.Mount.Ended.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Where_nothing_can_be_mounted_it_is_said_why()
    {
        MountPoint.SkipWithoutFuse();
        var packs = new MemoryPacks(Samples.Alike(1, 1));
        var refused = await Should.ThrowAsync<FuseUnavailableException>(() => FuseMount.MountAsync("/nowhere/at/all", packs.Manifest, packs, new FuseOptions { PublishedAt = MountPoint.PublishedAt }, CancellationToken.None));
        refused.Explanation.ToString().ShouldBe("data sets cannot be mounted at /nowhere/at/all: it is no folder");
    }

    /// <summary>Whoever has read has its bytes a moment before they are let go of.</summary>
    private static Task LetGoAsync(MemoryPacks packs) => Waiting.UntilAsync(() => packs.Held == 0);
}
