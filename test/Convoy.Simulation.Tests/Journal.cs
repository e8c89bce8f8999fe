using Convoy.Clusters;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Simulation.Tests;

/// <summary>What one cluster has seen, in order, and how much of that has got about.</summary>
internal sealed class Journal(Timeline timeline, Faults faults)
{
    private readonly List<Entry> entries = [];
    private readonly List<TaskCompletionSource> waiting = [];
    private int life = 1;
    private long sequence;
    private long visible;
    private DateTimeOffset lastVisibleAt;

    public void Add(TaskObservation seen) => Add(new Entry(++sequence, seen, null));

    public void Add(IReadOnlyList<NodeObservation> nodes) => Add(new Entry(++sequence, null, nodes));

    /// <summary>As the port allows: only the newest attempt of a job is spoken of.</summary>
    public void Forget(JobId job) => entries.RemoveAll(entry => entry.Task?.JobId == job);

    /// <summary>Whoever watches now begins again and knows everything.</summary>
    public void Restart()
    {
        life++;
        visible = sequence;
        Wake();
    }

    public ClusterReport Since(ReportCursor? since)
    {
        var after = since is { } cursor && cursor.Life == Life ? cursor.Sequence : 0;
        var (repeated, early) = (faults.Happens(Fault.ObservationsRepeated), faults.Happens(Fault.ObservationsEarly));
        var told = entries.Where(entry => entry.Sequence <= after ? repeated && Sometimes() : entry.Sequence <= visible || (early && Sometimes())).ToArray();
        var tasks = told.Select(entry => entry.Task).OfType<TaskObservation>().ToArray();
        timeline.Random.Shuffle(tasks);
        var nodes = entries.LastOrDefault(entry => entry.Nodes is not null && entry.Sequence > after && entry.Sequence <= visible)?.Nodes;
        return new ClusterReport(new ReportCursor(Life, visible), nodes, tasks, IsComplete: after == 0);

        bool Sometimes() => timeline.Random.Next(3) == 0;
    }

    public async Task WaitAsync(ReportCursor since, CancellationToken cancellationToken)
    {
        if (since.Life != Life || since.Sequence < visible) return;
        var change = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.Add(change);
        await using var end = cancellationToken.UnsafeRegister((_, token) => change.TrySetCanceled(token), null);
        await change.Task;
    }

    private string Life => $"life-{life}";

    private void Add(Entry entry)
    {
        entries.Add(entry);
        var lag = faults.Happens(Fault.ObservationsLate) ? timeline.Between(1, 20) : timeline.Between(0, 0.2);
        lastVisibleAt = lastVisibleAt > timeline.Now + lag ? lastVisibleAt : timeline.Now + lag;
        timeline.After(lastVisibleAt - timeline.Now, () =>
        {
            if (entry.Sequence <= visible) return;
            visible = entry.Sequence;
            Wake();
        });
    }

    private void Wake()
    {
        foreach (var change in waiting) change.TrySetResult();
        waiting.Clear();
    }

    private sealed record Entry(long Sequence, TaskObservation? Task, IReadOnlyList<NodeObservation>? Nodes);
}
