using System.Collections.Concurrent;
using Convoy.Core.Datasets;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;
using Convoy.Store;

namespace Convoy.Server.Datasets;

/// <summary>
/// Whether what a job reads is in the store that is near where it runs. What is not is asked for, and the job waits. Only jobs that wait are looked at, and only
/// where another store than the first is near.
/// </summary>
public sealed class DataReadiness(DatasetStores stores, IDatasetCopies copies, Replicator replicator, TimeProvider time)
{
    private static readonly AwaitedData NotKnown = new(0, 0, null);

    private readonly ConcurrentDictionary<JobId, Job> waiting = new();

    /// <summary>Versions that were whole there when last seen; one that is does not cease to be while a job names it.</summary>
    private readonly ConcurrentDictionary<(string Dataset, string Version), bool> whole = new();

    private readonly ConcurrentQueue<(JobId Job, AwaitedData? Data)> changes = new();

    /// <summary>The job as it is now. Null where it may start as far as its data goes.</summary>
    public AwaitedData? Tell(Job job)
    {
        if (stores.Near == stores.Home || job.Spec.Datasets.Count == 0) return null;
        if (job.Phase != JobPhase.Pending || job.Spec.Datasets.All(named => whole.ContainsKey((named.Name, named.Version))))
        {
            waiting.TryRemove(job.Id, out _);
            return null;
        }

        waiting[job.Id] = job;
        return NotKnown;
    }

    /// <summary>What has changed since it was asked last.</summary>
    public bool TryTake(out (JobId Job, AwaitedData? Data) change) => changes.TryDequeue(out change);

    /// <summary>Looks at what is waited for, and asks for what nobody has asked for yet.</summary>
    /// <returns>Whether anything is asked for anew, and whether any job's data has come nearer.</returns>
    public async Task<(bool Asked, bool Changed)> LookAsync(CancellationToken cancellationToken)
    {
        if (waiting.IsEmpty) return (false, false);
        var states = new Dictionary<(string Dataset, string Version), (long Bytes, long There, TimeSpan? Left)>();
        var (asked, changed) = (false, false);
        foreach (var (id, job) in waiting)
        {
            var missing = new List<(long Bytes, long There, TimeSpan? Left)>();
            foreach (var key in job.Spec.Datasets.Select(named => (named.Name, named.Version)).Where(key => !whole.ContainsKey(key)))
            {
                if (!states.TryGetValue(key, out var state))
                {
                    (state, var isNew) = await StateAsync(key, cancellationToken);
                    states[key] = state;
                    asked |= isNew;
                }

                if (!whole.ContainsKey(key)) missing.Add(state);
            }

            if (missing.Count == 0) waiting.TryRemove(id, out _);
            changes.Enqueue((id, missing.Count == 0 ? null : new AwaitedData(missing.Sum(state => state.Bytes), missing.Sum(state => state.There), missing.All(state => state.Left is not null) ? time.GetUtcNow() + missing.Max(state => state.Left) : null)));
            changed = true;
        }

        return (asked, changed);
    }

    private async Task<((long Bytes, long There, TimeSpan? Left) State, bool IsNew)> StateAsync((string Dataset, string Version) key, CancellationToken cancellationToken)
    {
        if (!DatasetName.TryParse(key.Dataset, out var name) || !DatasetVersion.TryParse(key.Version, out var version)) return (default, false);
        var known = await copies.GetAsync(name, version, stores.Near.Name, cancellationToken);
        if (known is { WholeAt: not null })
        {
            whole[key] = true;
            return (default, false);
        }

        if (known is null) await copies.AskAsync(name, version, stores.Near.Name, time.GetUtcNow(), time.GetUtcNow(), cancellationToken);
        else if (known.DueAt > time.GetUtcNow()) await copies.AskAsync(name, version, stores.Near.Name, known.AskedAt, time.GetUtcNow(), cancellationToken);
        if (known is not null && replicator.PaceOf(known) is { } pace) return ((pace.Bytes, Math.Min(pace.There, pace.Bytes), pace.Left), false);
        var figures = await copies.FindManifestAsync(name, version, cancellationToken) is { } manifest ? await copies.CountAsync(manifest.Number, stores.Near.Name, cancellationToken) : new CopyFigures(0, 0, 0, 0);
        return ((figures.Bytes, figures.Bytes - figures.MissingBytes, null), known is null);
    }
}
