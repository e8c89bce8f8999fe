using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.Cli.Live;

/// <summary>The jobs that a query asks for, as a stream of them tells.</summary>
internal sealed class JobPicture(JobQuery query)
{
    private readonly Lock changing = new();
    private Dictionary<string, JobView>? coming;
    private Dictionary<string, JobView> shown = [];

    /// <summary>The newest first, as many as asked for.</summary>
    public IReadOnlyList<JobView> Jobs
    {
        get
        {
            lock (changing) return [.. shown.Values.OrderByDescending(job => job.SubmittedAt).ThenByDescending(job => job.Id, StringComparer.Ordinal).Take(query.Limit ?? int.MaxValue)];
        }
    }

    /// <summary>True where the picture may have changed.</summary>
    public bool Take(WatchedJob seen)
    {
        lock (changing)
        {
            switch (seen.Step)
            {
                case WatchStep.Reset:
                    // The old picture stands until the new one is whole.
                    coming = [];
                    return false;
                case WatchStep.Synced:
                    shown = coming ?? shown;
                    coming = null;
                    return true;
                default:
                    Put(coming ?? shown, seen.Job!);
                    return coming is null;
            }
        }
    }

    /// <summary>What runs has run a little longer since it was told.</summary>
    public static JobView AsOf(JobView job, DateTimeOffset now) => job is { Phase: JobPhase.Running, StartedAt: { } started } ? job with { RuntimeS = Math.Max(job.RuntimeS ?? 0, (long)(now - started).TotalSeconds) } : job;

    public static bool Differ(JobView a, JobView b) =>
        (a.Phase, a.Reason, a.Message, a.Restarts, a.PlatformRestarts) != (b.Phase, b.Reason, b.Message, b.Restarts, b.PlatformRestarts) || !a.Nodes.SequenceEqual(b.Nodes);

    private void Put(Dictionary<string, JobView> jobs, JobView job)
    {
        var isWanted = (query.Phase ?? job.Phase) == job.Phase && !(query.Unfinished && job.Phase.IsFinished());
        if (isWanted) jobs[job.Id] = job;
        else jobs.Remove(job.Id);

        // Twice as many as are shown: that not every new one has to push an old one out.
        if (query.Limit is not { } most || jobs.Count <= 2 * most) return;
        foreach (var old in jobs.Values.OrderByDescending(each => each.SubmittedAt).Skip(most).ToArray()) jobs.Remove(old.Id);
    }
}
