using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Convoy.Core.Jobs;
using Convoy.Objects.Outputs;

namespace Convoy.Objects.Tests.Outputs;

public sealed class OutputStoreTests : IDisposable
{
    private static readonly DateTimeOffset At = DateTimeOffset.UnixEpoch;
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("convoy-outputs-");
    private readonly JobId job = JobId.FromKey("outputs", "trial");
    private readonly OutputStore store;

    public OutputStoreTests() => store = new OutputStore(Path.Combine(root.FullName, "store"));

    private string Content => Path.Combine(root.FullName, "store", job.Value, "content");

    public void Dispose() => root.Delete(recursive: true);

    [Fact]
    public void Equal_content_of_all_attempts_and_ranks_is_kept_once()
    {
        foreach (var (attempt, rank) in new[] { (1, 0), (1, 1), (2, 0) }) Take(attempt, rank, ("a", "same"), ("b", "same"), ("c", $"own {attempt}-{rank}"));

        store.List(job).ShouldBe([(1, 0), (1, 1), (2, 0)]);
        Read(1, 1, "c").ShouldBe("own 1-1");
        Read(2, 0, "b").ShouldBe("same");
        Directory.GetFiles(Content, "*", SearchOption.AllDirectories).Length.ShouldBe(4);
        store.Summary(job, 1, 0).ShouldBe(new OutputSummary(3, 15, 0, FolderStays: false));
    }

    [Fact]
    public void What_is_broken_off_leaves_nothing_and_is_no_output()
    {
        Take(1, 0, ("a", "kept"));
        using (var taking = store.Begin(job, 1, 1)) Store(taking, "never finished");
        var killed = store.Begin(job, 2, 0);
        Store(killed, "the server was killed here");

        store.List(job).ShouldBe([(1, 0)]);
        store.Summary(job, 2, 0).ShouldBeNull();
        Directory.GetFiles(Content, "*", SearchOption.AllDirectories).Length.ShouldBe(1);
        Take(2, 0, ("b", "anew"));
        Read(2, 0, "b").ShouldBe("anew");
        Directory.GetFiles(Content, "*", SearchOption.AllDirectories).Length.ShouldBe(2);
    }

    [Fact]
    public void Any_number_of_entries_comes_in_the_order_of_their_paths_whatever_the_page()
    {
        // More than two sorted runs.
        const int count = 45_000;
        using (var taking = store.Begin(job, 1, 0))
        {
            foreach (var i in Enumerable.Range(0, count).OrderBy(i => i * 7919L % count)) taking.Add(Link($"folder/{i:D6}"));
            taking.Add(Link("folder"));
            taking.Add(Link("folder.txt"));
            taking.Finish(new OutputSummary(0, 0, count + 2, FolderStays: false));
        }

        var paths = new List<string>();
        long? from = null;
        do
        {
            var page = store.Read(job, 1, 0, "", from, 7001)!;
            paths.AddRange(page.Entries.Select(entry => entry.Path));
            from = page.Next;
        }
        while (from is not null);
        paths.Count.ShouldBe(count + 2);
        paths.ShouldBe(paths.Order(StringComparer.Ordinal));

        store.Read(job, 1, 0, "folder/04499", null, 100)!.Entries.Select(entry => entry.Path).ShouldBe(Enumerable.Range(44990, 10).Select(i => $"folder/0{i}"));
        store.Read(job, 1, 0, "g", null, 100)!.Entries.ShouldBeEmpty();
        foreach (var path in (string[])["folder", "folder.txt", "folder/000000", "folder/022222", "folder/044999"]) store.Find(job, 1, 0, path)?.Path.ShouldBe(path);
        foreach (var path in (string[])["", "f", "folder/", "folder/02222", "folder/045000", "zzz"]) store.Find(job, 1, 0, path).ShouldBeNull(path);
    }

    [Fact]
    public void A_page_that_begins_where_none_ended_is_refused()
    {
        Take(1, 0, ("a", "1"), ("b", "2"));
        var second = store.Read(job, 1, 0, "", null, 1)!.Next!.Value;
        store.Read(job, 1, 0, "", second, 1)!.Entries.ShouldHaveSingleItem().Path.ShouldBe("b");
        foreach (var wrong in (long[])[-1, 0, 1, second - 1, second + 1, 1 << 20]) store.Read(job, 1, 0, "", wrong, 1).ShouldBeNull($"{wrong}");
    }

    [Fact]
    public void A_file_is_kept_as_long_as_it_was_when_it_was_found()
    {
        var path = Path.Combine(root.FullName, "grows");
        File.WriteAllText(path, "0123456789");
        using var source = File.OpenHandle(path);
        using var taking = store.Begin(job, 1, 0);
        taking.Store(source, 4, 4, CancellationToken.None).ShouldBe((Hash("0123"), 4));
        taking.Store(source, 40, 40, CancellationToken.None).ShouldBe((Hash("0123456789"), 10));
    }

    [Fact]
    public void Holes_take_no_place()
    {
        var path = Path.Combine(root.FullName, "sparse");
        using (var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite))
        {
            RandomAccess.SetLength(file, 64 << 20);
            RandomAccess.Write(file, "end"u8, (64 << 20) - 3);
        }

        using (var source = File.OpenHandle(path))
        using (var taking = store.Begin(job, 1, 0))
        {
            var (sha256, size) = taking.Store(source, 64 << 20, 4096, CancellationToken.None);
            size.ShouldBe(64 << 20);
            taking.Add(new OutputEntry("sparse", size, At, 0, sha256));
            taking.Finish(new OutputSummary(1, size, 0, FolderStays: false));
        }

        var kept = Directory.GetFiles(Content, "*", SearchOption.AllDirectories).ShouldHaveSingleItem();
        Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(kept))).ShouldBe(Path.GetFileName(kept));
        Blocks(kept).ShouldBeLessThan(8 << 20);
    }

    [Fact]
    public void More_than_the_disk_has_is_refused_before_it_is_written()
    {
        var path = Path.Combine(root.FullName, "small");
        File.WriteAllText(path, "x");
        using var source = File.OpenHandle(path);
        using var taking = store.Begin(job, 1, 0);
        if (File.ReadAllText("/proc/mounts").Contains(" btrfs ", StringComparison.Ordinal)) return;
        Should.Throw<IOException>(() => taking.Store(source, long.MaxValue, long.MaxValue, CancellationToken.None)).Message.ShouldContain("full");
    }

    [Fact]
    public void Deleting_one_jobs_outputs_touches_no_others()
    {
        var other = JobId.FromKey("outputs", "other");
        Take(1, 0, ("a", "same"));
        using (var taking = store.Begin(other, 1, 0))
        {
            var (sha256, size) = Store(taking, "same");
            taking.Add(new OutputEntry("a", size, At, 0, sha256));
            taking.Finish(new OutputSummary(1, size, 0, FolderStays: false));
        }

        store.Delete(job);
        store.Delete(job);
        store.List(job).ShouldBeEmpty();
        store.Open(job, Hash("same")).ShouldBeNull();
        Directory.GetFileSystemEntries(Path.Combine(root.FullName, "store")).ShouldHaveSingleItem();
        using var content = store.Open(other, Hash("same"));
        content.ShouldNotBeNull();
    }

    private static OutputEntry Link(string path) => new(path, 0, At, 0, null, LeftBehind.Link);

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static long Blocks(string path)
    {
        using var stat = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("stat", ["-c", "%b", path]) { RedirectStandardOutput = true })!;
        return long.Parse(stat.StandardOutput.ReadToEnd(), CultureInfo.InvariantCulture) * 512;
    }

    private (string Sha256, long Size) Store(OutputTaking taking, string text)
    {
        var path = Path.Combine(root.FullName, Path.GetRandomFileName());
        File.WriteAllText(path, text);
        using var source = File.OpenHandle(path);
        return taking.Store(source, text.Length, text.Length, CancellationToken.None);
    }

    private void Take(int attempt, int rank, params (string Path, string Text)[] files)
    {
        using var taking = store.Begin(job, attempt, rank);
        foreach (var (path, text) in files)
        {
            var (sha256, size) = Store(taking, text);
            taking.Add(new OutputEntry(path, size, At, 0, sha256));
        }

        taking.Finish(new OutputSummary(files.Length, files.Sum(file => file.Text.Length), 0, FolderStays: false));
    }

    private string Read(int attempt, int rank, string path)
    {
        using var content = new StreamReader(store.Open(job, store.Find(job, attempt, rank, path)!.Sha256!)!);
        return content.ReadToEnd();
    }
}
