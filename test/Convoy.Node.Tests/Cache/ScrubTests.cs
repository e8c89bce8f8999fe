using Convoy.Core.Datasets;
using Convoy.NodeAgent.Cache;

namespace Convoy.NodeAgent.Tests.Cache;

/// <summary>Disks change what they have: what is held is looked at without being asked for.</summary>
public sealed class ScrubTests
{
    private static readonly (string Path, byte[] Content)[] Files = Samples.Alike(300, 70_001);

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(430_000)]
    public async Task What_the_disk_has_changed_is_found_while_nobody_reads_and_is_brought_again(int share)
    {
        var shop = new PackShop(Files);
        await using var folder = CacheFolder.Open(shop, share, options: new CacheOptions { ScrubRate = int.MaxValue, BetweenScrubs = TimeSpan.FromMilliseconds(20), BetweenFills = TimeSpan.FromMilliseconds(20) });
        (await folder.Version.FillAsync(CancellationToken.None)).ShouldBeNull();
        var set = new Residency(shop.Manifest).OfShare(share);
        var held = folder.Version.Figures.HeldBytes;

        // Of each segment that is held, that at the boundary among them, one byte.
        var changed = 0;
        using (var disk = File.OpenHandle(folder.PackPath(0, shop.Manifest), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            for (var segment = 0; segment < shop.Manifest.Segments; segment++)
            {
                if (set.HeldOf(segment) == 0) continue;
                changed++;
                RandomAccess.Write(disk, [(byte)(Byte(disk, segment) + 1)], Place(segment));
            }
        }

        using var stop = new CancellationTokenSource();
        var keeping = Task.WhenAll(folder.Version.KeepAsync(stop.Token), folder.Version.ScrubAsync(stop.Token));
        await Waiting.UntilAsync(() => folder.Version.Figures.Damaged == changed && folder.Version.Figures.HeldBytes == held);
        var scrubbed = folder.Version.Figures.ScrubbedBytes;
        await Waiting.UntilAsync(() => folder.Version.Figures.ScrubbedBytes > scrubbed + (3 * held));
        folder.Version.Figures.Damaged.ShouldBe(changed);
        (await folder.HasAllAsync(shop.Manifest, Files)).ShouldBeTrue();
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => keeping);
    }

    [Fact]
    public async Task It_reads_no_faster_than_it_may()
    {
        var shop = new PackShop(Files);
        await using var folder = CacheFolder.Open(shop, CacheFolder.Whole, options: new CacheOptions { ScrubRate = 4 * Samples.Segment, BetweenScrubs = TimeSpan.Zero });
        await folder.Version.FillAsync(CancellationToken.None);
        using var stop = new CancellationTokenSource();
        var scrubbing = folder.Version.ScrubAsync(stop.Token);
        await Task.Delay(1000);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => scrubbing);
        folder.Version.Figures.ScrubbedBytes.ShouldBeInRange(Samples.Segment, 6 * Samples.Segment);
    }

    private static long Place(int segment) => ((long)segment * PackLayout.SegmentBytes) + 10;

    private static byte Byte(Microsoft.Win32.SafeHandles.SafeFileHandle disk, int segment)
    {
        var one = new byte[1];
        RandomAccess.Read(disk, one, Place(segment));
        return one[0];
    }
}
