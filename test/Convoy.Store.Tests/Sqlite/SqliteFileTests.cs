using Convoy.Store.Sqlite;
using Dapper;

namespace Convoy.Store.Tests.Sqlite;

public sealed class SqliteFileTests : IDisposable
{
    private readonly DatabaseFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task what_is_stored_is_there_after_opening_again()
    {
        var job = Sample.Submit(1).Next;
        await using (var store = await folder.OpenAsync())
        {
            await store.CommitAsync([Sample.Submit(1)], CancellationToken.None);
            await store.AddUserAsync("ada", "senior", true, Sample.Noon, CancellationToken.None);
            await store.WriteAsync(connection => connection.Execute("DELETE FROM users"), CancellationToken.None);
        }

        await using var again = await folder.OpenAsync();
        Sample.Text((await again.GetJobAsync(job.Id, CancellationToken.None))!.Job).ShouldBe(Sample.Text(job));
        var bob = await again.AddUserAsync("bob", "senior", true, Sample.Noon, CancellationToken.None);
        bob!.Number.ShouldBe(2, "a number is never given again, not even when its user is gone");
    }

    [Fact]
    public async Task an_acknowledged_write_was_flushed_to_the_disk()
    {
        await using var store = await folder.OpenAsync();
        var settings = await store.WriteAsync(
            connection => (connection.ExecuteScalar<string>("PRAGMA journal_mode"), connection.ExecuteScalar<int>("PRAGMA synchronous"), connection.ExecuteScalar<int>("PRAGMA foreign_keys")),
            CancellationToken.None);
        settings.ShouldBe(("wal", 2, 1));
    }

    [Fact]
    public async Task nobody_else_may_read_the_files()
    {
        if (OperatingSystem.IsWindows()) return;
        await File.WriteAllBytesAsync(folder.File, []);
        File.SetUnixFileMode(folder.File, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        await using var store = await folder.OpenAsync();
        await store.CommitAsync([Sample.Submit(1)], CancellationToken.None);
        var files = Directory.GetFiles(Path.GetDirectoryName(folder.File)!);
        files.Length.ShouldBe(3, "the database, its log and its shared index");
        foreach (var file in files) File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite, file);
    }

    [Fact]
    public async Task a_second_store_on_the_file_reads_what_the_first_has_committed()
    {
        await using var first = await folder.OpenAsync();
        await using var second = await folder.OpenAsync();
        var job = Sample.Submit(1).Next;
        await first.CommitAsync([Sample.Submit(1)], CancellationToken.None);
        Sample.Text((await second.GetJobAsync(job.Id, CancellationToken.None))!.Job).ShouldBe(Sample.Text(job));

        await second.CommitAsync([Sample.Assign(job)], CancellationToken.None);
        (await first.GetJobAsync(job.Id, CancellationToken.None))!.Job.Revision.ShouldBe(2);
    }

    [Fact]
    public async Task closing_one_store_leaves_another_on_the_same_file_reading()
    {
        await using var second = await folder.OpenAsync();
        await using (var first = await folder.OpenAsync()) await first.CommitAsync([Sample.Submit(1)], CancellationToken.None);
        (await second.LastSubmitSequenceAsync(CancellationToken.None)).ShouldBe(1);
    }

    [Fact]
    public async Task opening_a_file_that_is_open_keeps_the_locks_of_the_first()
    {
        if (!File.Exists("/proc/locks")) return;
        await using var first = await folder.OpenAsync();
        await first.CommitAsync([Sample.Submit(1)], CancellationToken.None);
        var before = Several().Min();
        before.ShouldBeGreaterThan(0);
        await using var second = await folder.OpenAsync();
        Several().Max().ShouldBeGreaterThanOrEqualTo(before);

        // The kernel's list is not read at one instant, and a commit's own lock may still be in it.
        int[] Several() => [.. Enumerable.Range(0, 5).Select(_ => Locks())];

        // Lines such as "1: POSIX  ADVISORY  READ 4242 08:01:131099 1073741826 1073742335".
        int Locks() => File.ReadLines("/proc/locks").Count(line => line.Contains($" {Environment.ProcessId} ") && line.Contains($":{Inode()} "));
        string Inode()
        {
            using var stat = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("stat", ["-c", "%i", folder.File]) { RedirectStandardOutput = true })!;
            return stat.StandardOutput.ReadToEnd().Trim();
        }
    }
}
