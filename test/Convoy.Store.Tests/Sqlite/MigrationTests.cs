using Convoy.Core.People;
using Convoy.Core.Queues;
using Convoy.Store.Sqlite;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Convoy.Store.Tests.Sqlite;

public sealed class MigrationTests : IDisposable
{
    private readonly DatabaseFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task a_file_of_each_older_version_keeps_its_jobs_and_gains_the_rest()
    {
        for (var version = 1; version < Migration.All.Count; version++)
        {
            using var older = new DatabaseFolder();
            var job = Sample.Requeue(Sample.Run(Sample.Assign(Sample.Submit(7).Next).Next).Next).Next;
            await using (var store = await SqliteStore.OpenAsync(older.File, [.. Migration.All.Take(version)], TimeProvider.System, CancellationToken.None))
            {
                // As that version did: what it has no table for, it did not write.
                await store.WriteAsync(
                    connection => connection.Execute("INSERT INTO jobs (submit_sequence, id, owner, queue, name, phase, finished, revision, attempt, progress, body) VALUES (7, @id, 'ada', 'vision', 'digits', 'Pending', 0, @revision, 1, NULL, @body)", new { id = job.Id.Value, revision = job.Revision, body = Sample.Text(job) }),
                    CancellationToken.None);
            }

            await using var newer = await older.OpenAsync();
            Sample.Text((await newer.GetJobAsync(job.Id, CancellationToken.None))!.Job).ShouldBe(Sample.Text(job));
            (await newer.ListLevelsAsync(CancellationToken.None)).ShouldBe(Level.Defaults);
            (await newer.ListUsageAsync(Sample.Noon, null, 10, CancellationToken.None)).ShouldBe(version < 4 ? AttemptUsage.AllOf(job, job.Attempts[0]) : []);
            (await newer.AppendMetricsAsync(new MetricBatch(job.Id, 1, 0, "b", [new MetricPoint(1, "loss", 1, Sample.Noon)]), CancellationToken.None)).ShouldBe(MetricsOutcome.Stored);
            (await newer.ReadAsync(connection => connection.Query<int>("SELECT version FROM migrations ORDER BY version").ToArray(), CancellationToken.None))
                .ShouldBe(Migration.All.Select(migration => migration.Version));
        }
    }

    [Fact]
    public void migrations_are_numbered_from_one_without_a_gap() =>
        Migration.All.Select(migration => migration.Version).ShouldBe(Enumerable.Range(1, Migration.All.Count));

    [Fact]
    public async Task a_file_of_a_newer_version_is_refused_and_left_as_it_is()
    {
        Migration next = new(Migration.All.Count + 1, "CREATE TABLE future (x INTEGER)");
        await using (await SqliteStore.OpenAsync(folder.File, [.. Migration.All, next], TimeProvider.System, CancellationToken.None))
        {
        }

        var refused = await Should.ThrowAsync<StoreException>(async () => await folder.OpenAsync());
        refused.Fault.ShouldBe(StoreFault.NewerSchema);
        refused.Message.ShouldContain($"schema {next.Version}");
        await using var again = await SqliteStore.OpenAsync(folder.File, [.. Migration.All, next], TimeProvider.System, CancellationToken.None);
        (await again.ListLevelsAsync(CancellationToken.None)).Count.ShouldBe(3);
    }

    [Fact]
    public async Task a_migration_that_fails_leaves_nothing_of_itself()
    {
        await using (await folder.OpenAsync())
        {
        }

        Migration broken = new(Migration.All.Count + 1, "CREATE TABLE half (x INTEGER); INSERT INTO nowhere VALUES (1)");
        await Should.ThrowAsync<StoreException>(async () => await SqliteStore.OpenAsync(folder.File, [.. Migration.All, broken], TimeProvider.System, CancellationToken.None));
        await using var store = await folder.OpenAsync();
        (await store.ReadAsync(connection => connection.ExecuteScalar<long>("SELECT count(*) FROM sqlite_schema WHERE name = 'half'"), CancellationToken.None)).ShouldBe(0);
    }

    [Fact]
    public async Task levels_are_seeded_once()
    {
        await using (var store = await folder.OpenAsync())
        {
            await store.WriteAsync(connection => connection.Execute("DELETE FROM levels WHERE name = 'intern'"), CancellationToken.None);
            await store.SaveLevelAsync(Level.Defaults[2] with { MaxGpus = 8 }, CancellationToken.None);
        }

        await using var again = await folder.OpenAsync();
        (await again.ListLevelsAsync(CancellationToken.None)).ShouldBe([Level.Defaults[1], Level.Defaults[2] with { MaxGpus = 8 }]);
    }

    [Fact]
    public async Task several_opening_a_new_file_at_once_find_one_schema()
    {
        var stores = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => folder.OpenAsync()));
        foreach (var store in stores)
        {
            (await store.ListLevelsAsync(CancellationToken.None)).ShouldBe(Level.Defaults);
            await store.DisposeAsync();
        }
    }

    [Fact]
    public async Task a_file_that_is_no_database_is_refused_and_not_touched()
    {
        var text = new string('x', 5000);
        await File.WriteAllTextAsync(folder.File, text);
        (await Should.ThrowAsync<StoreException>(async () => await folder.OpenAsync())).Fault.ShouldBe(StoreFault.Damaged);
        (await File.ReadAllTextAsync(folder.File)).ShouldBe(text);
    }

    [Fact]
    public async Task a_database_of_another_program_is_refused()
    {
        await using (var other = new SqliteConnection($"Data Source={folder.File};Pooling=False"))
        {
            await other.OpenAsync();
            await other.ExecuteAsync("CREATE TABLE theirs (x INTEGER)");
        }

        var refused = await Should.ThrowAsync<StoreException>(async () => await folder.OpenAsync());
        refused.Message.ShouldContain("another program");
    }

    [Fact]
    public async Task a_folder_that_is_not_there_is_a_clear_error()
    {
        var path = Path.Combine(Path.GetDirectoryName(folder.File)!, "missing", "convoy.db");
        var refused = await Should.ThrowAsync<StoreException>(async () => await SqliteStore.OpenAsync(path, null, CancellationToken.None));
        refused.Fault.ShouldBe(StoreFault.Unavailable);
        refused.Message.ShouldContain(path);
    }
}
