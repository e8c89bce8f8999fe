using System.Collections.Concurrent;
using Convoy.Clusters;
using Convoy.Core.Jobs;

namespace Convoy.Agent.Tests;

/// <summary>A cluster that passes all on, for those that change one thing of it.</summary>
internal abstract class OtherCluster(ICluster inner) : ICluster
{
    public string Name => inner.Name;

    public virtual Task<IReadOnlyList<Refusal>> ApplyAsync(IReadOnlyList<ClusterAssignment> assignments, CancellationToken cancellationToken) => inner.ApplyAsync(assignments, cancellationToken);

    public Task<bool> ForgetAsync(JobId job, int ownerNumber, CancellationToken cancellationToken) => inner.ForgetAsync(job, ownerNumber, cancellationToken);

    public virtual Task<ClusterReport> ObserveAsync(ReportCursor? since, CancellationToken cancellationToken) => inner.ObserveAsync(since, cancellationToken);

    public Task WaitForChangeAsync(ReportCursor since, CancellationToken cancellationToken) => inner.WaitForChangeAsync(since, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

/// <summary>Counts how often each wish comes.</summary>
internal sealed class CountingCluster(ICluster inner) : OtherCluster(inner)
{
    public ConcurrentDictionary<(JobId Job, long Generation), int> Taken { get; } = new();

    public override Task<IReadOnlyList<Refusal>> ApplyAsync(IReadOnlyList<ClusterAssignment> assignments, CancellationToken cancellationToken)
    {
        foreach (var wish in assignments) Taken.AddOrUpdate((wish.Assignment.JobId, wish.Assignment.Generation), 1, (_, times) => times + 1);
        return base.ApplyAsync(assignments, cancellationToken);
    }
}

/// <summary>Has these tasks besides.</summary>
internal sealed class ToldCluster(ICluster inner, IReadOnlyList<TaskObservation> tasks) : OtherCluster(inner)
{
    public override async Task<ClusterReport> ObserveAsync(ReportCursor? since, CancellationToken cancellationToken)
    {
        var report = await base.ObserveAsync(since, cancellationToken);
        return report.IsComplete ? report with { Tasks = [.. report.Tasks, .. tasks] } : report;
    }
}

/// <summary>Says what is in a journal, and takes everything.</summary>
internal sealed class JournalCluster(ObservationJournal journal) : ICluster
{
    public string Name => "fake";

    public Task<IReadOnlyList<Refusal>> ApplyAsync(IReadOnlyList<ClusterAssignment> assignments, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<Refusal>>([]);

    public Task<bool> ForgetAsync(JobId job, int ownerNumber, CancellationToken cancellationToken) => Task.FromResult(true);

    public Task<ClusterReport> ObserveAsync(ReportCursor? since, CancellationToken cancellationToken) => Task.FromResult(journal.Since(since));

    public Task WaitForChangeAsync(ReportCursor since, CancellationToken cancellationToken) => journal.WaitAsync(since, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>Has something to say, and can do nothing.</summary>
internal sealed class BrokenCluster : ICluster
{
    public string Name => "fake";

    public Task<IReadOnlyList<Refusal>> ApplyAsync(IReadOnlyList<ClusterAssignment> assignments, CancellationToken cancellationToken) => throw new InvalidOperationException("no machines today");

    public Task<bool> ForgetAsync(JobId job, int ownerNumber, CancellationToken cancellationToken) => throw new IOException("no machines today");

    public Task<ClusterReport> ObserveAsync(ReportCursor? since, CancellationToken cancellationToken) => Task.FromResult(new ClusterReport(new ReportCursor("one", 1), null, [], since is null));

    public Task WaitForChangeAsync(ReportCursor since, CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>Nothing that waits for a time comes to it.</summary>
internal sealed class FrozenTime : TimeProvider
{
    public override long GetTimestamp() => 0;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
}

/// <summary>A second of waiting takes a hundredth.</summary>
internal sealed class HastyTime : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / 100 : dueTime, period);
}
