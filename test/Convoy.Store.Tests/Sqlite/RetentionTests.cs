using Convoy.Core.Jobs;
using Convoy.Core.People;
using Convoy.Store.Sqlite;

namespace Convoy.Store.Tests.Sqlite;

public sealed class RetentionTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Later = Sample.Noon.AddDays(30);

    private readonly DatabaseFolder folder = new();
    private SqliteStore store = null!;

    public async ValueTask InitializeAsync()
    {
        store = await folder.OpenAsync();
        await store.AddUserAsync("ada", Level.Defaults[0].Name, false, Sample.Noon, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Ended_jobs_come_in_the_order_of_their_ends_from_a_mark_on_and_unfinished_ones_never()
    {
        for (var i = 1; i <= 5; i++)
        {
            var submitted = await StoredAsync(Sample.Submit(i));
            if (i != 3) await StoredAsync(Sample.Cancel(submitted));
        }

        var first = await store.ListEndedAsync(Later, EndMark.Start, 2, CancellationToken.None);
        first.Select(job => job.SubmitSequence).ShouldBe([1, 2]);
        (await store.ListEndedAsync(Later, EndMark.Of(first[^1]), 10, CancellationToken.None)).Select(job => job.SubmitSequence).ShouldBe([4, 5]);
        (await store.ListEndedAsync(Sample.Noon, EndMark.Start, 10, CancellationToken.None)).ShouldBeEmpty();
        first[0].OwnerNumber.ShouldBe(1);
    }

    [Fact]
    public async Task A_deleted_job_is_not_among_those_that_ended_and_keeps_no_archive()
    {
        await StoredAsync(Sample.Cancel(await StoredAsync(Sample.Submit(1))));
        var ended = (await store.ListEndedAsync(Later, EndMark.Start, 1, CancellationToken.None))[0];
        (await store.DeleteJobAsync(ended.Id, ended.Revision, CancellationToken.None)).ShouldBe(CommitOutcome.Committed);
        (await store.ListEndedAsync(Later, EndMark.Start, 1, CancellationToken.None)).ShouldBeEmpty();
        (await store.CheckAsync(CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_unfinished_job_keeps_its_events()
    {
        var job = await StoredAsync(Sample.Submit(1));
        await store.RemoveEventsAsync(new EndedJob(job.Id, 1, Sample.Noon, 1, 0, job.Revision), CancellationToken.None);
        (await store.ListEventsAsync(job.Id, 0, 10, CancellationToken.None)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Of_a_finished_jobs_events_the_last_one_stays()
    {
        var job = await StoredAsync(Sample.Cancel(await StoredAsync(Sample.Submit(1))));
        await store.RemoveEventsAsync((await store.ListEndedAsync(Later, EndMark.Start, 1, CancellationToken.None))[0], CancellationToken.None);
        (await store.ListEventsAsync(job.Id, 0, 10, CancellationToken.None)).ShouldHaveSingleItem().Event.ShouldBeOfType<JobCancelled>();
    }

    [Fact]
    public async Task An_archive_is_forgotten_only_when_no_job_needs_it_and_nobody_has_asked_for_it_lately()
    {
        var grant = new CodeGrant("ada", new string('a', 64), Sample.Noon);
        await store.GrantCodeAsync(grant.Owner, grant.Sha256, 1, Sample.Noon, CancellationToken.None);
        var submitted = Sample.Submit(1);
        var job = await StoredAsync(submitted with
        {
            Events = [.. submitted.Events.Cast<JobSubmitted>().Select(happened => happened with { Spec = happened.Spec with { Code = new CodeSpec { Archive = grant.Sha256 } } })],
            Next = submitted.Next with { Spec = submitted.Next.Spec with { Code = new CodeSpec { Archive = grant.Sha256 } } },
        });
        (await ForgetAsync(Later, Later)).ShouldBeFalse("an unfinished job needs it");
        await StoredAsync(Sample.Cancel(job));
        (await ForgetAsync(Later, Sample.Noon)).ShouldBeFalse("the job has not been kept for long enough");
        await store.TouchCodeAsync(grant.Owner, grant.Sha256, Later, CancellationToken.None);
        (await ForgetAsync(Later, Later)).ShouldBeFalse("somebody is about to submit it again");
        (await store.IsReferredAsync(grant.Sha256, CancellationToken.None)).ShouldBeTrue();
        (await ForgetAsync(Later.AddDays(2), Later)).ShouldBeTrue();
        (await store.HasCodeAsync(grant.Owner, grant.Sha256, CancellationToken.None)).ShouldBeFalse();
        (await store.IsReferredAsync(grant.Sha256, CancellationToken.None)).ShouldBeFalse();

        Task<bool> ForgetAsync(DateTimeOffset untouched, DateTimeOffset until) => store.ForgetCodeAsync(grant, untouched, until, CancellationToken.None);
    }

    [Fact]
    public async Task A_copy_made_while_others_write_is_whole()
    {
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            for (var i = 1; !stop.IsCancellationRequested; i++) await store.CommitAsync([Sample.Submit(i)], CancellationToken.None);
        });
        var copy = folder.File + ".copy";
        await store.BackUpAsync(copy, CancellationToken.None);
        await stop.CancelAsync();
        await writing;
        await using var other = await SqliteStore.OpenAsItIsAsync(copy, CancellationToken.None);
        (await other.CheckAsync(CancellationToken.None)).ShouldBeEmpty();
        (await other.GetUserAsync("ada", CancellationToken.None)).ShouldNotBeNull();
    }

    private async Task<Job> StoredAsync(JobChange change)
    {
        (await store.CommitAsync([change], CancellationToken.None)).ShouldBe([CommitOutcome.Committed]);
        return change.Next;
    }
}
