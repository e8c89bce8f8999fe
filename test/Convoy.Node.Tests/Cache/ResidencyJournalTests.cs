using Convoy.NodeAgent.Cache;

namespace Convoy.NodeAgent.Tests.Cache;

public sealed class ResidencyJournalTests
{
    private static readonly (string Path, byte[] Content)[] Files = Samples.Alike(250, 200_000);
    private static readonly PackShop Shop = new(Files);

    [Fact]
    public async Task A_record_that_was_cut_off_is_as_if_it_had_not_been_written()
    {
        await using var folder = CacheFolder.Open(Shop, CacheFolder.Whole, options: new CacheOptions { RangeBytes = Samples.Segment, RangesAtOnce = 1 });
        await folder.Version.FillAsync(CancellationToken.None);
        var held = folder.Version.Figures.HeldBytes;
        await folder.CloseAsync();
        var journal = await File.ReadAllBytesAsync(folder.Journal);
        foreach (var (cut, lost) in new[] { (0, 0), (1, 1), (47, 1), (48, 1), (49, 2), (journal.Length - 8, journal.Length), (journal.Length - 3, journal.Length), (journal.Length, journal.Length) })
        {
            await File.WriteAllBytesAsync(folder.Journal, journal[..^cut]);
            await using var again = CacheFolder.Open(Shop, CacheFolder.Whole, folder.Folder);
            var has = again.Version.Figures.HeldBytes;
            if (lost == journal.Length) has.ShouldBe(0);
            else has.ShouldBeInRange(held - ((long)lost * Samples.Segment), lost == 0 ? held : held - 1);
            (await again.Version.FillAsync(CancellationToken.None)).ShouldBeNull();
            again.Version.Figures.HeldBytes.ShouldBe(held);
            (await again.HasAllAsync(Shop.Manifest, Files)).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_record_that_has_changed_ends_what_is_believed()
    {
        await using var folder = CacheFolder.Open(Shop, CacheFolder.Whole, options: new CacheOptions { RangeBytes = Samples.Segment, RangesAtOnce = 1 });
        await folder.Version.FillAsync(CancellationToken.None);
        await folder.CloseAsync();
        var journal = await File.ReadAllBytesAsync(folder.Journal);
        journal[8 + (3 * 48) + 9]++;
        await File.WriteAllBytesAsync(folder.Journal, journal);
        await using var again = CacheFolder.Open(Shop, CacheFolder.Whole, folder.Folder);
        again.Version.Figures.HeldBytes.ShouldBe(3 * Samples.Segment);
        new FileInfo(again.Journal).Length.ShouldBe(8 + (3 * 48));
    }

    [Fact]
    public async Task A_journal_that_has_grown_is_written_anew_and_says_the_same()
    {
        var residency = new Core.Datasets.Residency(Shop.Manifest);
        await using var folder = CacheFolder.Open(Shop, CacheFolder.Whole);
        for (var i = 0; i < 40; i++)
        {
            folder.Version.SetWanted(residency.OfShare(i % 2 == 0 ? 0 : 1_000_000));
            await folder.Version.FillAsync(CancellationToken.None);
        }

        var held = folder.Version.Figures.HeldBytes;
        await folder.CloseAsync();
        // As after many more of these.
        var journal = await File.ReadAllBytesAsync(folder.Journal);
        await File.WriteAllBytesAsync(folder.Journal, [.. journal, .. Enumerable.Repeat(journal[8..], 8).SelectMany(records => records)]);
        await using var again = CacheFolder.Open(Shop, CacheFolder.Whole, folder.Folder);
        new FileInfo(again.Journal).Length.ShouldBeLessThan(journal.Length);
        again.Version.Figures.HeldBytes.ShouldBe(held);
        (await again.HasAllAsync(Shop.Manifest, Files)).ShouldBeTrue();
        again.Version.Figures.Damaged.ShouldBe(0);
    }
}
