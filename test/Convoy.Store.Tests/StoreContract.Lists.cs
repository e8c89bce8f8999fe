using Convoy.Core.Jobs;
using Convoy.Core.Queues;

namespace Convoy.Store.Tests;

public abstract partial class StoreContract
{
    [Fact]
    public async Task every_combination_of_filters_gives_exactly_the_matching_jobs_newest_first()
    {
        var jobs = await ManyAsync();
        foreach (var filter in Filters())
        {
            var expected = jobs.Where(job => ModelStore.Matches(job, filter)).OrderByDescending(job => job.SubmitSequence).Select(job => job.SubmitSequence).ToArray();
            var listed = await Store.ListJobsAsync(filter, long.MaxValue, 1000, None);
            listed.Select(record => record.Job.SubmitSequence).ShouldBe(expected, filter.ToString());

            var paged = new List<long>();
            for (var before = long.MaxValue; ;)
            {
                var page = await Store.ListJobsAsync(filter, before, 2, None);
                if (page.Count == 0) break;
                paged.AddRange(page.Select(record => record.Job.SubmitSequence));
                before = paged[^1];
            }

            paged.ToArray().ShouldBe(expected, filter.ToString());
        }
    }

    [Fact]
    public async Task what_attempts_held_is_listed_by_their_end_and_each_is_there_once()
    {
        var jobs = new List<Job>();
        for (var sequence = 1; sequence <= 3; sequence++)
        {
            var job = await CommittedAsync(Sample.Run(await CommittedAsync(Sample.Assign(await CommittedAsync(Sample.Submit(sequence, queue: $"q{sequence}"))))));
            job = await CommittedAsync(Sample.Requeue(job));
            job = await CommittedAsync(Sample.Run(await CommittedAsync(Sample.Assign(job))));
            jobs.Add(sequence == 3 ? job : await CommittedAsync(Sample.Requeue(job)));
        }

        var expected = jobs.SelectMany(job => job.Attempts.Where(attempt => attempt.EndedAt is not null).SelectMany(attempt => AttemptUsage.AllOf(job, attempt))).ToArray();
        expected.Length.ShouldBe(5);
        (await Store.ListUsageAsync(Sample.Noon, null, 100, None)).ShouldBe(expected);
        (await Store.ListUsageAsync(Sample.Noon, expected[1], 2, None)).ShouldBe(expected[2..4]);
        (await Store.ListUsageAsync(Sample.Noon.AddTicks(1), null, 100, None)).ShouldBeEmpty();
        expected[0].ShouldBe(new AttemptUsage(1, 1, "q1", "ada", "H100", 0, 2000, 0, Sample.Noon, Sample.Noon));
    }

    [Fact]
    public async Task unfinished_jobs_are_listed_oldest_first_from_above_a_sequence()
    {
        var jobs = await ManyAsync();
        var expected = jobs.Where(job => !job.Phase.IsFinished()).Select(job => job.SubmitSequence).Order().ToArray();
        (await Store.ListUnfinishedAsync(0, 1000, None)).Select(job => job.SubmitSequence).ShouldBe(expected);
        (await Store.ListUnfinishedAsync(expected[1], 2, None)).Select(job => job.SubmitSequence).ShouldBe(expected[2..4]);
        (await Store.LastSubmitSequenceAsync(None)).ShouldBe(jobs.Max(job => job.SubmitSequence));
    }

    [Fact]
    public async Task paging_visits_every_job_that_was_there_once_while_others_are_added()
    {
        for (var i = 1; i <= 50; i++) await CommittedAsync(Sample.Submit(i));
        var visited = new List<long>();
        var next = 51;
        for (var before = long.MaxValue; ;)
        {
            var page = await Store.ListJobsAsync(new JobFilter(Owner: "ada"), before, 7, None);
            if (page.Count == 0) break;
            visited.AddRange(page.Select(record => record.Job.SubmitSequence));
            before = visited[^1];
            for (var i = 0; i < 3; i++) await CommittedAsync(Sample.Submit(next++));
        }

        visited.ShouldBe(Enumerable.Range(1, 50).Reverse().Select(i => (long)i));
    }

    [Fact]
    public async Task paging_events_and_metrics_visits_every_one_once_while_others_are_added()
    {
        var job = await CommittedAsync(Sample.Submit(1));
        var events = new List<long>();
        var metrics = new List<long>();
        await Store.AppendMetricsAsync(new MetricBatch(job.Id, 1, 0, "b0", Points("loss", 10)), None);
        for (var round = 1; round <= 5; round++)
        {
            job = await CommittedAsync(Sample.Assign(job));
            job = await CommittedAsync(Sample.Requeue(await CommittedAsync(Sample.Run(job))));
            await Store.AppendMetricsAsync(new MetricBatch(job.Id, 1, 0, $"b{round}", Points("loss", 2)), None);
            events.AddRange((await Store.ListEventsAsync(job.Id, events.LastOrDefault(), 3, None)).Select(e => e.Sequence));
            metrics.AddRange((await Store.ListMetricsAsync(job.Id, "loss", metrics.LastOrDefault(), 3, None)).Select(m => m.Sequence));
        }

        events.AddRange((await Store.ListEventsAsync(job.Id, events[^1], 1000, None)).Select(e => e.Sequence));
        metrics.AddRange((await Store.ListMetricsAsync(job.Id, null, metrics[^1], 1000, None)).Select(m => m.Sequence));
        events.ShouldBe(Enumerable.Range(1, (int)job.Revision).Select(i => (long)i));
        metrics.ShouldBe(Enumerable.Range(1, 20).Select(i => (long)i));
    }

    [Fact]
    public async Task finished_jobs_that_had_machines_are_listed_by_their_last_end()
    {
        var finished = new List<long>();
        for (var i = 6; i >= 1; i--)
        {
            var job = await CommittedAsync(Sample.Submit(i));
            if (i == 1) await CommittedAsync(Sample.Cancel(job));
            if (i == 1) continue;
            job = await CommittedAsync(Sample.Requeue(await CommittedAsync(Sample.Run(await CommittedAsync(Sample.Assign(job))))));
            if (i == 2) continue;
            await CommittedAsync(Sample.Cancel(job));
            finished.Insert(0, i);
        }

        (await Store.ListFinishedAsync(Sample.Noon, null, 100, None)).Select(job => job.SubmitSequence).ShouldBe(finished);
        var first = await Store.ListFinishedAsync(Sample.Noon, null, 2, None);
        (await Store.ListFinishedAsync(Sample.Noon, first[^1], 100, None)).Select(job => job.SubmitSequence).ShouldBe(finished[2..]);
        (await Store.ListFinishedAsync(Sample.Noon.AddTicks(1), null, 100, None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task a_limit_below_one_is_refused()
    {
        await Should.ThrowAsync<ArgumentOutOfRangeException>(async () => await Store.ListJobsAsync(new JobFilter(), long.MaxValue, -1, None));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(async () => await Store.ListUnfinishedAsync(0, 0, None));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(async () => await Store.ListFinishedAsync(Sample.Noon, null, 0, None));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(async () => await Store.ListEventsAsync(Sample.Id(1), 0, -1, None));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(async () => await Store.ListMetricsAsync(Sample.Id(1), null, 0, -1, None));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(async () => await Store.ListUsersAsync("", -1, None));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(async () => await Store.ListTokensAsync(null, "", -1, None));
    }

    internal static IEnumerable<JobFilter> Filters() =>
        from owner in new[] { null, "ada", "bob" }
        from queue in new[] { null, "vision", "speech" }
        from phase in new JobPhase?[] { null, JobPhase.Pending, JobPhase.Running, JobPhase.Cancelled }
        from name in new[] { null, "digits", "lanes" }
        from unfinished in new[] { false, true }
        select new JobFilter(owner, queue, phase, name, unfinished);

    /// <summary>Every owner, queue, name and stage of life with every other.</summary>
    private async Task<List<Job>> ManyAsync()
    {
        var jobs = new List<Job>();
        var sequence = 0;
        foreach (var owner in new[] { "ada", "bob" })
        foreach (var queue in new[] { "vision", "speech" })
        foreach (var name in new[] { "digits", "lanes" })
        foreach (var stage in Enumerable.Range(0, 4))
        {
            var job = await CommittedAsync(Sample.Submit(sequence += 3, owner, queue, name));
            if (stage is 1 or 2) job = await CommittedAsync(Sample.Assign(job));
            if (stage == 2) job = await CommittedAsync(Sample.Run(job));
            if (stage == 3) job = await CommittedAsync(Sample.Cancel(job));
            jobs.Add(job);
        }

        return jobs;
    }

    private static MetricPoint[] Points(string name, int count) => [.. Enumerable.Range(0, count).Select(i => new MetricPoint(i, name, i / 8.0, Sample.Noon.AddSeconds(i)))];
}
