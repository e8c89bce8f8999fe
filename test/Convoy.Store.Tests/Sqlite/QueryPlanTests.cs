using Convoy.Core.Jobs;
using Convoy.Store.Sqlite;
using Dapper;

namespace Convoy.Store.Tests.Sqlite;

/// <summary>No question may read a whole table or sort: both get slower with every job that ever was.</summary>
public sealed class QueryPlanTests : IAsyncLifetime
{
    private readonly DatabaseFolder folder = new();
    private SqliteStore store = null!;

    public async ValueTask InitializeAsync() => store = await folder.OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task every_combination_of_job_filters_is_searched_in_order()
    {
        var shapes = StoreContract.Filters().Where(filter => !JobQueries.IsContradictory(filter)).Select(JobQueries.List).Distinct().ToArray();
        shapes.Length.ShouldBe(24, "four filters on or off, and unfinished where no phase is given");
        foreach (var sql in shapes) await SearchesInOrderAsync(sql);
    }

    [Fact]
    public async Task every_other_question_is_searched_in_order()
    {
        foreach (var sql in (string[])
        [
            JobQueries.One, JobQueries.Unfinished, JobQueries.LastSequence, JobQueries.Finished, JobQueries.Events, UsageRow.Since, MetricQueries.List(null), MetricQueries.List("loss"),
            PeopleQueries.User, PeopleQueries.Users, PeopleQueries.Token, PeopleQueries.Tokens(null), PeopleQueries.Tokens("ada"), PeopleQueries.Code,
            RetentionQueries.Ended, RetentionQueries.Grants, RetentionQueries.GrantedAt, RetentionQueries.IsReferred, RetentionQueries.ForgetGrant, RetentionQueries.RemoveEvents, RetentionQueries.RemoveMetrics,
            Deletion.Mark, Deletion.IsMarked, Deletion.Marked, Deletion.RemoveSpent, .. Deletion.RemoveSome,
        ])
        {
            await SearchesInOrderAsync(sql);
        }
    }

    [Fact]
    public async Task what_of_data_sets_is_needed_is_never_counted_as_a_whole()
    {
        foreach (var sql in (string[])
        [
            GarbageQueries.Removing.Replace("IN @hashes", "= @hash", StringComparison.Ordinal), GarbageQueries.Unlisted, GarbageQueries.IsPackNeeded, GarbageQueries.IsManifestNeeded, GarbageQueries.IsOwners, GarbageQueries.Removed,
            GarbageQueries.Tombstones, GarbageQueries.Lift, GarbageQueries.NamePack, GarbageQueries.NameNoMore, GarbageQueries.UnnameManifest, GarbageQueries.RemovedPack.Replace("IN @numbers", "= @number", StringComparison.Ordinal),
        ])
        {
            await SearchesInOrderAsync(sql);
        }

        foreach (var sql in (string[])[CopyQueries.One, CopyQueries.List, CopyQueries.Manifest, CopyQueries.Count, CopyQueries.Missing, CopyQueries.Await, CopyQueries.Copies, CopyQueries.Left]) await SearchesInOrderAsync(sql);

        // Only what is free, or going, is in these indexes.
        (await PlanAsync(GarbageQueries.FreeManifests))[0].ShouldContain("dataset_manifests_free (claimed_at<?)");
        (await PlanAsync(GarbageQueries.FreePacks))[0].ShouldContain("dataset_packs_free (granted_at<?)");
        (await PlanAsync(CopyQueries.Open.Replace("IN @stores", "IN (@store, @other)", StringComparison.Ordinal)))[0].ShouldContain("dataset_replications_open");
        (await PlanAsync(CopyQueries.Left))[0].ShouldContain("dataset_copies_left (store=? AND copied_at<?)");
        (await PlanAsync(GarbageQueries.Going))[0].ShouldContain("dataset_manifests_going");
    }

    [Fact]
    public async Task levels_are_few_and_read_whole_but_not_sorted() =>
        (await PlanAsync(PeopleQueries.Levels)).ShouldBe(["SCAN levels USING INDEX levels_rank"]);

    [Fact]
    public async Task of_the_organisation_only_the_newest_is_read() => (await PlanAsync(PeopleQueries.Organisation)).ShouldBe(["SCAN organisation"], "in the order of its key, and one row of it");

    [Theory]
    [InlineData("ada", null, null, null, false, "jobs_owner (owner=? AND submit_sequence<?)")]
    [InlineData("ada", "vision", null, null, false, "jobs_owner (owner=? AND submit_sequence<?)")]
    [InlineData("ada", "vision", JobPhase.Failed, null, false, "jobs_owner_phase (owner=? AND phase=? AND rowid<?)")]
    [InlineData("ada", "vision", JobPhase.Failed, "digits", false, "jobs_owner_name (owner=? AND name=? AND rowid<?)")]
    [InlineData(null, "vision", JobPhase.Failed, "digits", false, "jobs_name (name=? AND submit_sequence<?)")]
    [InlineData("ada", null, null, null, true, "jobs_owner_unfinished (owner=? AND rowid<?)")]
    [InlineData("ada", null, JobPhase.Running, null, false, "jobs_owner_phase (owner=? AND phase=? AND rowid<?)")]
    [InlineData("ada", null, null, "digits", false, "jobs_owner_name (owner=? AND name=? AND rowid<?)")]
    [InlineData(null, "vision", null, null, false, "jobs_queue (queue=? AND submit_sequence<?)")]
    [InlineData(null, "vision", null, null, true, "jobs_queue_unfinished (queue=? AND rowid<?)")]
    [InlineData(null, "vision", JobPhase.Running, null, false, "jobs_queue_phase (queue=? AND phase=? AND rowid<?)")]
    [InlineData(null, null, JobPhase.Running, null, false, "jobs_phase (phase=? AND rowid<?)")]
    [InlineData(null, null, null, "digits", false, "jobs_name (name=? AND submit_sequence<?)")]
    [InlineData(null, null, null, "digits", true, "jobs_name_unfinished (name=? AND submit_sequence<?)")]
    [InlineData("ada", "vision", null, "digits", true, "jobs_name_unfinished (name=? AND submit_sequence<?)")]
    [InlineData(null, null, null, null, true, "jobs_unfinished (submit_sequence<?)")]
    public async Task what_people_ask_most_has_an_index_of_its_own(string? owner, string? queue, JobPhase? phase, string? name, bool unfinished, string index) =>
        (await PlanAsync(JobQueries.List(new JobFilter(owner, queue, phase, name, unfinished)))).ShouldBe([$"SEARCH jobs USING INDEX {index}"]);

    [Fact]
    public async Task what_is_being_deleted_is_found_without_reading_what_is_not() =>
        (await PlanAsync(Deletion.Marked)).ShouldBe(["SEARCH jobs USING INDEX jobs_deleted (submit_sequence>?)"]);

    [Fact]
    public async Task a_write_finds_its_rows_by_an_index()
    {
        foreach (var sql in new[] { ChangeRow.Update, ChangeRow.UpdateWhatIsIndexed }) await SearchesInOrderAsync(sql);
    }

    private async Task SearchesInOrderAsync(string sql)
    {
        foreach (var step in await PlanAsync(sql))
        {
            step.ShouldNotContain("USE TEMP B-TREE", Case.Sensitive, sql);
            if (step != "SCAN CONSTANT ROW") step.ShouldNotStartWith("SCAN", Case.Sensitive, sql);
        }
    }

    private Task<string[]> PlanAsync(string sql) => store.ReadAsync(
        connection =>
        {
            var values = new DynamicParameters();
            foreach (var name in System.Text.RegularExpressions.Regex.Matches(sql, "@\\w+").Select(match => match.Value).Distinct()) values.Add(name, "1");
            return connection.Query<(int Id, int Parent, int Unused, string Detail)>("EXPLAIN QUERY PLAN " + sql, values).Select(step => step.Detail).ToArray();
        },
        CancellationToken.None);
}
