using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Convoy.Core.Datasets;
using Convoy.NodeAgent.Cache;

namespace Convoy.NodeAgent.Tests.Cache;

/// <summary>What other processes are told of what is held, and what they find where they are told so.</summary>
[SuppressMessage("Performance", "CA1849", Justification = "Reads of a few bytes of a file in memory.")]
public sealed class HeldTableTests : IDisposable
{
    private static readonly (string Path, byte[] Content)[] Files = Samples.Alike(300, 70_001);
    private static readonly PackShop Shop = new(Files);
    private readonly string folder = Directory.CreateTempSubdirectory("convoy-cache-").FullName;

    private string TablePath => Path.Combine(folder, "version" + HeldTable.Ending);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_word_grows_whenever_less_may_be_read_and_is_never_again_what_it_was()
    {
        using var table = HeldTable.Open(TablePath, 3);
        var seen = new HashSet<ulong>();
        foreach (var bytes in new[] { 100, 50, 100, 0, 100, 100, 0 })
        {
            var before = table[1];
            table.Set(1, bytes);
            ((int)(uint)table[1]).ShouldBe(bytes);
            if (bytes < (int)(uint)before) seen.Add(before).ShouldBeTrue();
            seen.ShouldNotContain(table[1]);
        }

        (table[0], table[2]).ShouldBe((0UL, 0UL));
    }

    [Fact]
    public async Task It_says_what_is_held_and_proven_and_an_agent_that_starts_again_withdraws_it_first()
    {
        ulong[] before;
        using (var packs = PackCache.Open(folder))
        {
            using var table = HeldTable.Open(TablePath, Shop.Manifest.Segments);
            await using var version = packs.OpenVersion(Shop.Manifest, new Residency(Shop.Manifest).OfShare(500_000), Shop, new CacheOptions(), table);
            (await version.FillAsync(CancellationToken.None)).ShouldBeNull();
            Held(table).ShouldBe(version.Figures.HeldBytes);
            before = Words();
        }

        // As a killed agent would have left it: what the words say is still there, and somebody still looks there.
        await File.WriteAllBytesAsync(TablePath, MemoryMarshal.AsBytes(before.AsSpan()).ToArray());
        using var reader = File.OpenHandle(TablePath);
        using var again = PackCache.Open(folder);
        var after = new byte[before.Length * sizeof(ulong)];
        RandomAccess.Read(reader, after, 0);
        var words = MemoryMarshal.Cast<byte, ulong>(after).ToArray();
        words.ShouldAllBe(word => (uint)word == 0);
        words.Zip(before).ShouldAllBe(pair => (uint)pair.Second == 0 || pair.First >> 32 == (pair.Second >> 32) + 1);

        // It is held, and not known to be right until it has been compared.
        using var table2 = HeldTable.Open(TablePath, Shop.Manifest.Segments);
        await using var opened = again.OpenVersion(Shop.Manifest, new Residency(Shop.Manifest).OfShare(500_000), Shop, new CacheOptions { ProveRate = int.MaxValue }, table2);
        opened.Figures.HeldBytes.ShouldBeGreaterThan(0);
        Held(table2).ShouldBe(0);
        using var stop = new CancellationTokenSource();
        var scrubbing = opened.ScrubAsync(stop.Token);
        await Waiting.UntilAsync(() => Held(table2) == opened.Figures.HeldBytes);
        opened.Figures.ScrubbedBytes.ShouldBeGreaterThanOrEqualTo(opened.Figures.HeldBytes);
        opened.Figures.Damaged.ShouldBe(0);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => scrubbing);
    }

    /// <summary>As the Python reader does it. What was punched away reads as zeros, and the word says so.</summary>
    [Fact]
    public async Task Who_finds_the_same_word_before_and_after_has_right_bytes_while_the_share_moves()
    {
        using var packs = PackCache.Open(folder);
        using var table = HeldTable.Open(TablePath, Shop.Manifest.Segments);
        var residency = new Residency(Shop.Manifest);
        await using var version = packs.OpenVersion(Shop.Manifest, residency.OfShare(1_000_000), Shop, new CacheOptions(), table);
        (await version.FillAsync(CancellationToken.None)).ShouldBeNull();
        using var stop = new CancellationTokenSource();
        var (right, wrong, taken) = (0, 0, 0);
        var reading = Task.Run(() =>
        {
            using var pack = File.OpenHandle(version.Files[0].Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var random = new Random(1);
            while (!stop.IsCancellationRequested)
            {
                var file = random.Next(Files.Length);
                var number = Shop.Manifest.FindFile(System.Text.Encoding.UTF8.GetBytes(Files[file].Path))!.Value;
                var piece = Shop.Manifest.ChunkAt(Shop.Manifest.FirstChunk(number));
                var word = table[piece.Segment];
                if ((int)(uint)word < (piece.Offset % PackLayout.SegmentBytes) + piece.Length) continue;
                var content = new byte[piece.Length];
                RandomAccess.Read(pack, content, piece.Offset);
                if (table[piece.Segment] != word) taken++;
                else if (content.AsSpan().SequenceEqual(Files[file].Content)) right++;
                else wrong++;
            }
        });
        for (var round = 0; round < 60; round++)
        {
            version.SetWanted(residency.OfShare(round % 2 == 0 ? 0 : 1_000_000));
            (await version.FillAsync(CancellationToken.None)).ShouldBeNull();
        }

        await stop.CancelAsync();
        await reading;
        wrong.ShouldBe(0);
        right.ShouldBeGreaterThan(100);
        version.Figures.Damaged.ShouldBe(0);
    }

    [Fact]
    public async Task Packs_that_no_open_version_has_are_closed_and_what_is_held_of_them_is_held_on()
    {
        using var packs = PackCache.Open(folder);
        var residency = new Residency(Shop.Manifest);
        var first = packs.OpenVersion(Shop.Manifest, residency.OfShare(1_000_000), Shop, new CacheOptions());
        var second = packs.OpenVersion(Shop.Manifest, residency.OfShare(1_000_000), Shop, new CacheOptions());
        (await first.FillAsync(CancellationToken.None)).ShouldBeNull();
        var held = first.Figures.HeldBytes;
        await first.DisposeAsync();
        OpenPacks().ShouldBeGreaterThan(0);
        second.Figures.HeldBytes.ShouldBe(held);
        await second.DisposeAsync();
        OpenPacks().ShouldBe(0);
        await using (var third = packs.OpenVersion(Shop.Manifest, residency.OfShare(1_000_000), Shop, new CacheOptions()))
        {
            third.Figures.HeldBytes.ShouldBe(held);
            third.SetWanted(residency.OfBytes(0));
        }

        OpenPacks().ShouldBe(0);
        Directory.GetFiles(Path.Combine(folder, "packs")).ShouldBeEmpty();
    }

    /// <summary>Descriptors and mappings of this process.</summary>
    private int OpenPacks() => File.ReadLines("/proc/self/maps").Count(line => line.Contains(folder + "/packs", StringComparison.Ordinal))
        + Directory.GetFiles("/proc/self/fd").Count(link => TargetOf(link).StartsWith(folder + "/packs", StringComparison.Ordinal));

    private static string TargetOf(string link)
    {
        try
        {
            return File.ResolveLinkTarget(link, returnFinalTarget: false)?.FullName ?? "";
        }
        catch (IOException)
        {
            // Closed meanwhile: other tests have files, too.
            return "";
        }
    }

    private static long Held(HeldTable table) => Enumerable.Range(0, Shop.Manifest.Segments).Sum(segment => (long)(uint)table[segment]);

    private ulong[] Words() => [.. MemoryMarshal.Cast<byte, ulong>(File.ReadAllBytes(TablePath))];
}
