using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Clusters;

/// <summary>
/// The newest observations of every job, numbered in the order in which they were made. That a task ran is kept beside how it ended:
/// a job that was quicker than its observer still has its times.
/// </summary>
public sealed class ObservationJournal
{
    private readonly Lock gate = new();
    private readonly string life = Guid.NewGuid().ToString("N");
    private readonly SortedSet<Entry> entries = new(Comparer<Entry>.Create((x, y) => x.Sequence.CompareTo(y.Sequence)));
    private readonly Dictionary<(JobId Job, int Rank, TaskState State), Entry> byTask = [];
    private TaskCompletionSource changed = NewSignal();
    private long sequence;
    private long nodesSequence;
    private bool hasEnded;
    private IReadOnlyList<NodeObservation> nodes = [];

    /// <summary>Observations of an earlier attempt go: the newest is the one that the job's wish is about.</summary>
    public void Add(TaskObservation seen)
    {
        lock (gate)
        {
            var key = (seen.JobId, seen.Rank, seen.State);
            if (byTask.TryGetValue(key, out var old))
            {
                if (old.Observation == seen) return;
                entries.Remove(old);
            }

            var entry = new Entry(++sequence, seen);
            byTask[key] = entry;
            entries.Add(entry);
            Wake();
        }
    }

    public void Forget(JobId job, int taskCount)
    {
        lock (gate)
        {
            for (var rank = 0; rank < taskCount; rank++)
            {
                foreach (var state in Enum.GetValues<TaskState>())
                {
                    if (byTask.Remove((job, rank, state), out var old)) entries.Remove(old);
                }
            }
        }
    }

    public void Forget(JobId job)
    {
        lock (gate)
        {
            foreach (var key in byTask.Keys.Where(key => key.Job == job).ToArray())
            {
                byTask.Remove(key, out var old);
                entries.Remove(old!);
            }
        }
    }

    public void SetNodes(IReadOnlyList<NodeObservation> seen)
    {
        lock (gate)
        {
            nodes = seen;
            nodesSequence = ++sequence;
            Wake();
        }
    }

    /// <summary>What was seen up to there is known to who asks, and is kept no longer; nodes are.</summary>
    public void Drop(ReportCursor upTo)
    {
        if (upTo.Life != life) return;
        lock (gate)
        {
            while (entries.Min is { } oldest && oldest.Sequence <= upTo.Sequence)
            {
                entries.Remove(oldest);
                byTask.Remove((oldest.Observation.JobId, oldest.Observation.Rank, oldest.Observation.State));
            }
        }
    }

    /// <summary>Another takes its place: who waits has something to ask.</summary>
    public void End()
    {
        lock (gate)
        {
            hasEnded = true;
            Wake();
        }
    }

    public ClusterReport Since(ReportCursor? since)
    {
        lock (gate)
        {
            var after = since is { } cursor && cursor.Life == life ? cursor.Sequence : -1;
            var news = after >= sequence ? [] : entries.GetViewBetween(new Entry(after + 1, null!), new Entry(long.MaxValue, null!)).Select(entry => entry.Observation).ToArray();
            return new ClusterReport(new ReportCursor(life, sequence), nodesSequence > after ? nodes : null, news, IsComplete: after < 0);
        }
    }

    public async Task WaitAsync(ReportCursor since, CancellationToken cancellationToken)
    {
        Task signal;
        lock (gate)
        {
            if (hasEnded || since.Life != life || since.Sequence < sequence) return;
            signal = changed.Task;
        }

        await signal.WaitAsync(cancellationToken);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Wake()
    {
        var waiting = changed;
        changed = NewSignal();
        waiting.SetResult();
    }

    private sealed record Entry(long Sequence, TaskObservation Observation);
}
