using Convoy.Core.Jobs;

namespace Convoy.Store.Tests;

public abstract partial class StoreContract
{
    [Fact]
    public async Task metrics_are_read_back_exactly_in_the_order_of_arrival()
    {
        var job = await CommittedAsync(Sample.Submit(1));
        double[] values = [0.1, -0.0, double.MaxValue, double.Epsilon, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 3, 1e300];
        var points = values.Select((value, i) => new MetricPoint(long.MaxValue - i, i % 2 == 0 ? "loss" : "精度", value, Sample.Noon.AddTicks(i))).ToArray();
        (await Store.AppendMetricsAsync(new MetricBatch(job.Id, 2, 3, "b1", points), None)).ShouldBe(MetricsOutcome.Stored);

        var stored = await Store.ListMetricsAsync(job.Id, null, 0, 100, None);
        stored.Select(m => m.Sequence).ShouldBe(Enumerable.Range(1, values.Length).Select(i => (long)i));
        stored.Zip(values).ShouldAllBe(pair => pair.First.Point.Value.Equals(pair.Second));
        stored.Select(m => (m.Attempt, m.Rank, m.Point.Step, m.Point.Name, m.Point.At)).ShouldBe(points.Select(p => (2, 3, p.Step, p.Name, p.At)));
        (await Store.ListMetricsAsync(job.Id, "精度", 2, 2, None)).Select(m => m.Sequence).ShouldBe([4L, 6L]);
        (await Store.ListMetricsAsync(job.Id, "none", 0, 10, None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task a_batch_that_comes_twice_is_stored_once()
    {
        var job = await CommittedAsync(Sample.Submit(1));
        var batch = new MetricBatch(job.Id, 1, 0, "b1", Points("loss", 3));
        (await Store.AppendMetricsAsync(batch, None)).ShouldBe(MetricsOutcome.Stored);
        (await Store.AppendMetricsAsync(batch, None)).ShouldBe(MetricsOutcome.AlreadyStored);
        (await Store.AppendMetricsAsync(batch with { Rank = 1 }, None)).ShouldBe(MetricsOutcome.Stored, "another task's batch is another batch");
        (await Store.ListMetricsAsync(job.Id, null, 0, 100, None)).Count.ShouldBe(6);
    }

    [Fact]
    public async Task metrics_of_one_job_are_no_other_jobs()
    {
        var one = await CommittedAsync(Sample.Submit(1));
        var two = await CommittedAsync(Sample.Submit(2));
        await Store.AppendMetricsAsync(new MetricBatch(one.Id, 1, 0, "b1", Points("loss", 3)), None);
        await Store.AppendMetricsAsync(new MetricBatch(two.Id, 1, 0, "b1", Points("accuracy", 2)), None);
        (await Store.ListMetricsAsync(one.Id, null, 0, 100, None)).ShouldAllBe(m => m.Point.Name == "loss");
        (await Store.ListMetricsAsync(two.Id, null, 0, 100, None)).Select(m => m.Sequence).ShouldBe([1L, 2L]);
    }

    [Fact]
    public async Task a_job_has_at_most_so_many_series_and_a_batch_over_that_is_refused_whole()
    {
        var job = await CommittedAsync(Sample.Submit(1));
        MetricPoint[] Named(int first, int count) => [.. Enumerable.Range(first, count).Select(i => new MetricPoint(0, $"m{i}", 1, Sample.Noon))];
        (await Store.AppendMetricsAsync(new MetricBatch(job.Id, 1, 0, "b1", Named(1, MetricLimits.MaxSeriesPerJob - 1)), None)).ShouldBe(MetricsOutcome.Stored);
        (await Store.AppendMetricsAsync(new MetricBatch(job.Id, 1, 0, "b2", Named(MetricLimits.MaxSeriesPerJob, 2)), None)).ShouldBe(MetricsOutcome.Full);
        (await Store.ListMetricsAsync(job.Id, null, 0, 2000, None)).Count.ShouldBe(MetricLimits.MaxSeriesPerJob - 1);
        (await Store.AppendMetricsAsync(new MetricBatch(job.Id, 1, 0, "b2", Named(MetricLimits.MaxSeriesPerJob, 1)), None)).ShouldBe(MetricsOutcome.Stored);
        (await Store.AppendMetricsAsync(new MetricBatch(job.Id, 1, 0, "b3", Named(1, 5)), None)).ShouldBe(MetricsOutcome.Stored, "a known series takes more points");
    }

    [Fact]
    public async Task a_job_has_at_most_so_many_points_and_a_batch_over_that_is_refused_whole()
    {
        var job = await CommittedAsync(Sample.Submit(1));
        (await Store.AppendMetricsAsync(new MetricBatch(job.Id, 1, 0, "b1", Points("loss", MetricLimits.MaxPointsPerJob - 1)), None)).ShouldBe(MetricsOutcome.Stored);
        (await Store.AppendMetricsAsync(new MetricBatch(job.Id, 1, 0, "b2", Points("loss", 2)), None)).ShouldBe(MetricsOutcome.Full);
        (await Store.AppendMetricsAsync(new MetricBatch(job.Id, 1, 0, "b3", Points("loss", 1)), None)).ShouldBe(MetricsOutcome.Stored);
        (await Store.AppendMetricsAsync(new MetricBatch(job.Id, 1, 0, "b4", Points("loss", 1)), None)).ShouldBe(MetricsOutcome.Full);
        (await Store.ListMetricsAsync(job.Id, "loss", MetricLimits.MaxPointsPerJob - 3, 10, None)).Select(m => m.Sequence)
            .ShouldBe([MetricLimits.MaxPointsPerJob - 2L, MetricLimits.MaxPointsPerJob - 1L, MetricLimits.MaxPointsPerJob]);
    }

    [Fact]
    public async Task metrics_of_an_unknown_job_are_refused()
    {
        var refused = await Should.ThrowAsync<StoreException>(async () => await Store.AppendMetricsAsync(new MetricBatch(Sample.Id(9), 1, 0, "b", Points("loss", 1)), None));
        refused.Fault.ShouldBe(StoreFault.Refused);
    }
}
