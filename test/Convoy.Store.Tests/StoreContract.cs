using Convoy.Core.Jobs;

namespace Convoy.Store.Tests;

/// <summary>What every <see cref="IStore"/> promises. Each test has a store of its own.</summary>
public abstract partial class StoreContract : IAsyncLifetime
{
    protected static CancellationToken None => CancellationToken.None;

    protected IStore Store { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Store = await OpenEmptyAsync();

    public virtual async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task a_committed_job_is_read_back_whole()
    {
        var submitted = await CommittedAsync(Sample.Submit(1));
        var running = await CommittedAsync(Sample.Run(await CommittedAsync(Sample.Assign(submitted))));

        var record = await Store.GetJobAsync(running.Id, None);
        Sample.Text(record).ShouldBe(Sample.Text(new JobRecord(running, null)));
    }

    [Fact]
    public async Task an_unknown_job_is_null_and_has_no_events()
    {
        (await Store.GetJobAsync(Sample.Id(1), None)).ShouldBeNull();
        (await Store.ListEventsAsync(Sample.Id(1), 0, 10, None)).ShouldBeEmpty();
        (await Store.LastSubmitSequenceAsync(None)).ShouldBe(0);
    }

    [Fact]
    public async Task events_are_numbered_by_revision_and_fold_to_the_row()
    {
        var job = await CommittedAsync(Sample.Submit(1));
        job = await CommittedAsync(Sample.Assign(job));
        job = await CommittedAsync(Sample.Run(job));
        job = await CommittedAsync(Sample.Requeue(job));

        var events = await Store.ListEventsAsync(job.Id, 0, 1000, None);
        events.Select(e => e.Sequence).ShouldBe(Enumerable.Range(1, (int)job.Revision).Select(i => (long)i));
        Sample.Text(Sample.Fold(null, events.Select(e => e.Event))).ShouldBe(Sample.Text(job));
        (await Store.ListEventsAsync(job.Id, 2, 3, None)).Select(e => e.Sequence).ShouldBe([3L, 4L, 5L]);
    }

    [Fact]
    public async Task a_change_of_a_revision_that_has_moved_on_is_a_conflict_and_stores_nothing()
    {
        var submitted = await CommittedAsync(Sample.Submit(1));
        var assigned = await CommittedAsync(Sample.Assign(submitted));

        (await Store.CommitAsync([Sample.Cancel(submitted)], None)).ShouldBe([CommitOutcome.Conflict]);
        Sample.Text((await Store.GetJobAsync(submitted.Id, None))!.Job).ShouldBe(Sample.Text(assigned));
        (await Store.ListEventsAsync(submitted.Id, 0, 100, None)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task a_change_of_a_job_that_is_not_there_is_a_conflict()
    {
        (await Store.CommitAsync([Sample.Assign(Sample.Submit(1).Next)], None)).ShouldBe([CommitOutcome.Conflict]);
        (await Store.GetJobAsync(Sample.Id(1), None)).ShouldBeNull();
    }

    [Fact]
    public async Task a_new_job_whose_id_or_submit_sequence_is_taken_is_a_conflict()
    {
        var first = await CommittedAsync(Sample.Submit(1));

        (await Store.CommitAsync([Sample.Submit(2, id: first.Id)], None)).ShouldBe([CommitOutcome.Conflict]);
        (await Store.CommitAsync([Sample.Submit(1, id: Sample.Id(2))], None)).ShouldBe([CommitOutcome.Conflict]);
        Sample.Text((await Store.GetJobAsync(first.Id, None))!.Job).ShouldBe(Sample.Text(first));
        (await Store.ListEventsAsync(first.Id, 0, 100, None)).Count.ShouldBe(1);
        (await Store.GetJobAsync(Sample.Id(2), None)).ShouldBeNull();
        (await Store.LastSubmitSequenceAsync(None)).ShouldBe(1);
    }

    [Fact]
    public async Task a_conflict_hinders_no_other_change_and_answers_come_in_the_order_asked()
    {
        var one = await CommittedAsync(Sample.Submit(1));
        var two = await CommittedAsync(Sample.Submit(2));
        var moved = await CommittedAsync(Sample.Assign(one));

        var outcomes = await Store.CommitAsync([Sample.Submit(3), Sample.Cancel(one), Sample.Assign(two), Sample.Submit(3), Sample.Run(moved)], None);

        outcomes.ShouldBe([CommitOutcome.Committed, CommitOutcome.Conflict, CommitOutcome.Committed, CommitOutcome.Conflict, CommitOutcome.Committed]);
        (await Store.GetJobAsync(two.Id, None))!.Job.Phase.ShouldBe(JobPhase.Starting);
        (await Store.GetJobAsync(one.Id, None))!.Job.Phase.ShouldBe(JobPhase.Running);
    }

    [Fact]
    public async Task of_concurrent_changes_of_one_revision_exactly_one_is_committed()
    {
        var job = await CommittedAsync(Sample.Submit(1));
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => Store.CommitAsync([Sample.Assign(job)], None))));
        outcomes.Count(o => o[0] == CommitOutcome.Committed).ShouldBe(1);
        (await Store.ListEventsAsync(job.Id, 0, 100, None)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task a_change_whose_events_do_not_lead_to_its_revision_is_refused()
    {
        var good = Sample.Submit(1);
        await Should.ThrowAsync<ArgumentException>(async () => await Store.CommitAsync([good with { Next = good.Next with { Revision = 2 } }], None));
        await Should.ThrowAsync<ArgumentException>(async () => await Store.CommitAsync([good with { Events = [] }], None));
        (await Store.GetJobAsync(good.Next.Id, None)).ShouldBeNull();
    }

    [Fact]
    public async Task a_cancelled_call_has_stored_nothing()
    {
        await Should.ThrowAsync<OperationCanceledException>(async () => await Store.CommitAsync([Sample.Submit(1)], new CancellationToken(true)));
        (await Store.GetJobAsync(Sample.Id(1), None)).ShouldBeNull();
    }

    [Fact]
    public async Task progress_belongs_to_the_attempt_that_reported_it()
    {
        var job = await CommittedAsync(Sample.Run(await CommittedAsync(Sample.Assign(await CommittedAsync(Sample.Submit(1))))));
        await Store.SetProgressAsync(job.Id, 1, 250, None);
        (await Store.GetJobAsync(job.Id, None))!.ProgressPermille.ShouldBe(250);

        job = await CommittedAsync(Sample.Requeue(job));
        (await Store.GetJobAsync(job.Id, None))!.ProgressPermille.ShouldBe(250);
        job = await CommittedAsync(Sample.Assign(job));
        (await Store.GetJobAsync(job.Id, None))!.ProgressPermille.ShouldBeNull();

        await Store.SetProgressAsync(job.Id, 1, 900, None);
        (await Store.GetJobAsync(job.Id, None))!.ProgressPermille.ShouldBeNull("a straggler of the first attempt says nothing about the second");
        await Store.SetProgressAsync(job.Id, 2, 1000, None);
        (await Store.ListJobsAsync(new JobFilter(), long.MaxValue, 10, None)).Single().ProgressPermille.ShouldBe(1000);
        (await Store.GetJobAsync(job.Id, None))!.Job.Revision.ShouldBe(job.Revision);
    }

    [Fact]
    public async Task progress_outside_its_range_is_refused()
    {
        await Should.ThrowAsync<ArgumentOutOfRangeException>(async () => await Store.SetProgressAsync(Sample.Id(1), 1, 1001, None));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(async () => await Store.SetProgressAsync(Sample.Id(1), 1, -1, None));
    }

    protected abstract Task<IStore> OpenEmptyAsync();

    protected async Task<Job> CommittedAsync(JobChange change)
    {
        (await Store.CommitAsync([change], None)).ShouldBe([CommitOutcome.Committed]);
        return change.Next;
    }
}
