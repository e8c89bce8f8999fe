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
    private const int All = 100;
    private static readonly AwaitedData NotKnown = new(0, 0, null);

    /// <summary>What is not told anew: a guess that moves by less.</summary>
    private static readonly TimeSpan SameGuess = TimeSpan.FromSeconds(10);

    private readonly Lock turn = new();
    private readonly Dictionary<JobId, (Job Job, AwaitedData Told)> waiting = [];

    /// <summary>Versions that were whole there when last seen; one that is does not cease to be while a job names it.</summary>
    private readonly ConcurrentDictionary<(string Dataset, string Version), bool> whole = new();

    private readonly ConcurrentQueue<(JobId Job, AwaitedData? Data)> changes = new();

    /// <summary>The job as it is now. Null where it may start as far as its data goes.</summary>
    public AwaitedData? Tell(Job job)
    {
        if (stores.Near == stores.Home || job.Spec.Datasets.Count == 0) return null;
        lock (turn)
        {
            if (job.Phase != JobPhase.Pending || job.Spec.Datasets.All(named => whole.ContainsKey((named.Name, named.Version))))
            {
                // What was said of it before, and not taken yet, is not so any more.
                if (waiting.Remove(job.Id)) changes.Enqueue((job.Id, null));
                return null;
            }

            var told = waiting.GetValueOrDefault(job.Id).Told ?? NotKnown;
            waiting[job.Id] = (job, told);
            return told;
        }
    }

    /// <summary>What has changed since it was asked last.</summary>
    public bool TryTake(out (JobId Job, AwaitedData? Data) change) => changes.TryDequeue(out change);

    /// <summary>Looks at what is waited for, and asks for what nobody has asked for yet.</summary>
    /// <returns>Whether anything is asked for anew, and whether any job's data has come nearer.</returns>
    public async Task<(bool Asked, bool Changed)> LookAsync(CancellationToken cancellationToken)
    {
        Job[] jobs;
        lock (turn) jobs = [.. waiting.Values.Select(one => one.Job)];
        var states = new Dictionary<(string Dataset, string Version), CopyState>();
        var (asked, changed) = (false, false);
        foreach (var job in jobs)
        {
            var missing = new List<CopyState>();
            foreach (var key in job.Spec.Datasets.Select(named => (named.Name, named.Version)).Where(key => !whole.ContainsKey(key)))
            {
                if (!states.TryGetValue(key, out var state)) asked |= (state = states[key] = await StateAsync(key, cancellationToken)).IsNew;
                if (!whole.ContainsKey(key)) missing.Add(state);
            }

            changed |= Say(job.Id, missing.Count == 0 ? null : new AwaitedData(
                missing.Sum(state => state.Bytes), missing.Sum(state => state.There), missing.All(state => state.Left is not null) ? time.GetUtcNow() + missing.Max(state => state.Left) : null)
            {
                IsStuck = missing.Exists(state => state.IsStuck),
            });
        }

        return (asked, changed);
    }

    /// <summary>True where that is news.</summary>
    private bool Say(JobId job, AwaitedData? data)
    {
        lock (turn)
        {
            if (!waiting.TryGetValue(job, out var known) || (data is not null && IsSame(known.Told, data))) return false;
            if (data is null) waiting.Remove(job);
            else waiting[job] = (known.Job, data);
            changes.Enqueue((job, data));
            return true;
        }
    }

    private static bool IsSame(AwaitedData told, AwaitedData now) =>
        told.Bytes == now.Bytes && told.IsStuck == now.IsStuck && Percent(told) == Percent(now) && told.ReadyAt is null == now.ReadyAt is null && !((told.ReadyAt - now.ReadyAt)?.Duration() > SameGuess);

    private static long Percent(AwaitedData data) => data.Bytes == 0 ? 0 : (long)((Int128)data.Copied * All / data.Bytes);

    private async Task<CopyState> StateAsync((string Dataset, string Version) key, CancellationToken cancellationToken)
    {
        if (!DatasetName.TryParse(key.Dataset, out var name) || !DatasetVersion.TryParse(key.Version, out var version)) return default;
        var known = await copies.GetAsync(name, version, stores.Near.Name, cancellationToken);
        if (known is { WholeAt: not null })
        {
            whole[key] = true;
            return default;
        }

        if (known is not { IsAwaited: true }) await copies.AwaitAsync(name, version, stores.Near.Name, time.GetUtcNow(), cancellationToken);
        if (known is not null && replicator.PaceOf(known) is { } pace) return new CopyState(pace.Bytes, Math.Min(pace.There, pace.Bytes), pace.Left, known.Problem is not null, IsNew: false);
        var figures = await copies.FindManifestAsync(name, version, cancellationToken) is { } manifest ? await copies.CountAsync(manifest.Number, stores.Near.Name, cancellationToken) : new CopyFigures(0, 0, 0, 0);
        return new CopyState(figures.Bytes, figures.Bytes - figures.MissingBytes, null, known?.Problem is not null, IsNew: known is null);
    }

    /// <param name="IsNew">Nobody had asked for it.</param>
    private readonly record struct CopyState(long Bytes, long There, TimeSpan? Left, bool IsStuck, bool IsNew);
}
