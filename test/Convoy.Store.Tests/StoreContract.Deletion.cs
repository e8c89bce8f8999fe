using Convoy.Core.Jobs;

namespace Convoy.Store.Tests;

public abstract partial class StoreContract
{
    [Fact]
    public async Task a_deleted_job_is_found_by_nothing_and_what_it_used_stays()
    {
        var kept = await CommittedAsync(Sample.Cancel(await CommittedAsync(Sample.Submit(1))));
        var job = await FinishedAsync(2);
        await Store.AppendMetricsAsync(new MetricBatch(job.Id, 1, 0, "b", [new MetricPoint(1, "loss", 1, Sample.Noon)]), None);
        var usage = await Store.ListUsageAsync(Sample.Noon, null, 100, None);
        usage.ShouldNotBeEmpty();

        (await Store.DeleteJobAsync(job.Id, job.Revision, None)).ShouldBe(CommitOutcome.Committed);
        await IsGoneAsync();
        (await Store.IsBeingDeletedAsync(job.Id, None)).ShouldBeTrue();
        (await Store.ListBeingDeletedAsync(0, 10, None)).Select(Sample.Text).ShouldBe([Sample.Text(job)]);
        (await Store.CommitAsync([Sample.Submit(9, id: job.Id)], None)).ShouldBe([CommitOutcome.Conflict]);

        while (!await Store.RemoveDeletedAsync(job.SubmitSequence, 1, None)) await IsGoneAsync();
        await IsGoneAsync();
        (await Store.IsBeingDeletedAsync(job.Id, None)).ShouldBeFalse();
        (await Store.ListBeingDeletedAsync(0, 10, None)).ShouldBeEmpty();
        (await Store.LastSubmitSequenceAsync(None)).ShouldBe(2);
        (await Store.RemoveDeletedAsync(job.SubmitSequence, 1, None)).ShouldBeTrue();

        var again = await CommittedAsync(Sample.Submit(3, id: job.Id));
        Sample.Text((await Store.GetJobAsync(again.Id, None))!.Job).ShouldBe(Sample.Text(again));
        (await Store.ListEventsAsync(again.Id, 0, 10, None)).Count.ShouldBe(1);
        (await Store.ListMetricsAsync(again.Id, null, 0, 10, None)).ShouldBeEmpty();

        async Task IsGoneAsync()
        {
            (await Store.GetJobAsync(job.Id, None)).ShouldBeNull();
            (await Store.ListEventsAsync(job.Id, 0, 10, None)).ShouldBeEmpty();
            (await Store.ListMetricsAsync(job.Id, null, 0, 10, None)).ShouldBeEmpty();
            foreach (var filter in Filters()) (await Store.ListJobsAsync(filter, long.MaxValue, 10, None)).ShouldAllBe(record => record.Job.Id == kept.Id);
            (await Store.ListFinishedAsync(Sample.Noon, null, 10, None)).ShouldBeEmpty();
            (await Store.ListUsageAsync(Sample.Noon, null, 100, None)).ShouldBe(usage);
        }
    }

    [Fact]
    public async Task a_job_that_has_not_finished_or_has_changed_is_not_deleted()
    {
        var job = await CommittedAsync(Sample.Submit(1));
        (await Store.DeleteJobAsync(job.Id, job.Revision, None)).ShouldBe(CommitOutcome.Conflict);
        var cancelled = await CommittedAsync(Sample.Cancel(job));
        (await Store.DeleteJobAsync(job.Id, job.Revision, None)).ShouldBe(CommitOutcome.Conflict);
        Sample.Text((await Store.GetJobAsync(job.Id, None))!.Job).ShouldBe(Sample.Text(cancelled));
        (await Store.DeleteJobAsync(Sample.Id(7), 1, None)).ShouldBe(CommitOutcome.Conflict);
    }

    [Fact]
    public async Task an_attempt_that_moved_to_another_queue_is_listed_once_for_each()
    {
        var job = await CommittedAsync(Sample.Run(await CommittedAsync(Sample.Assign(await CommittedAsync(Sample.Submit(1))))));
        var later = Sample.Noon.AddHours(1);
        var moved = JobLifecycle.Decide(job, new JobCommand.Update("ada", new TermsChange("speech")), later).ShouldBeOfType<Decision.Accepted>().Events;
        job = await CommittedAsync(new JobChange(job.Revision, moved, Sample.Fold(job, moved)));
        var ended = JobLifecycle.Decide(
            job, new JobCommand.Observe([.. Enumerable.Range(0, 2).Select(rank => new TaskObservation(job.Id, 1, rank, TaskState.Exited, later, new TaskOutcome(0)))]), later.AddHours(1))
            .ShouldBeOfType<Decision.Accepted>().Events;
        job = await CommittedAsync(new JobChange(job.Revision, ended, Sample.Fold(job, ended)));
        (await Store.ListUsageAsync(Sample.Noon, null, 10, None)).Select(usage => (usage.Queue, usage.From, usage.Until)).ShouldBe(
            [("vision", Sample.Noon, later), ("speech", later, later.AddHours(1))]);
        (await Store.ListFinishedAsync(Sample.Noon, null, 10, None)).Count.ShouldBe(1);
    }

    private async Task<Job> FinishedAsync(long sequence)
    {
        var job = await CommittedAsync(Sample.Run(await CommittedAsync(Sample.Assign(await CommittedAsync(Sample.Submit(sequence))))));
        return await CommittedAsync(Sample.Cancel(await CommittedAsync(Sample.Requeue(job))));
    }
}
