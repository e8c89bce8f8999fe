using System.Text;
using System.Text.Json;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Server;

/// <summary>
/// Plans that nobody applies, made when somebody asks, and never by the loop. One question at a time, so that all who ask together cost
/// the loop one processor core at most; what was found for one job is tried first for the next of its shape, as long as the world is the same.
/// </summary>
public sealed class WhatIf(Snapshots snapshots, People people, GuardedPlanner planner) : IDisposable
{
    private static readonly TimeSpan MostAge = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim asking = new(1);
    private readonly Dictionary<string, (JobId Job, Prospect Prospect)> known = [];
    private PlanningCase? world;

    public void Dispose() => asking.Dispose();

    /// <summary>What lies ahead of a job that waits.</summary>
    public Task<Prospect> ProspectAsync(JobId job, CancellationToken cancellationToken) => ProspectAsync(job, null, cancellationToken);

    /// <summary>What would lie ahead of a job if it were submitted.</summary>
    public Task<Prospect> ProspectAsync(PendingJob probe, CancellationToken cancellationToken) => ProspectAsync(probe.Standing.Id, probe, cancellationToken);

    private async Task<Prospect> ProspectAsync(JobId id, PendingJob? probe, CancellationToken cancellationToken)
    {
        await asking.WaitAsync(cancellationToken);
        try
        {
            var now = await snapshots.TakeAsync(cancellationToken);
            if (!IsStill(now)) known.Clear();
            if (known.Count == 0) world = now;
            if ((probe ?? now.Snapshot.Pending.FirstOrDefault(job => job.Standing.Id == id)) is not { } waiting) return Prospect.None;
            var shape = ShapeOf(waiting);
            if (known.TryGetValue(shape, out var before) && (before.Job == id || before.Prospect.Remedy is null)) return before.Prospect;
            var asked = probe is null ? now : now with { Snapshot = now.Snapshot with { Pending = [.. now.Snapshot.Pending, probe] } };
            var found = Prospect.Of(asked, id, await people.QueuesOfAsync(waiting.Standing.Owner, cancellationToken), Plan, before.Prospect?.Remedy);
            known[shape] = (id, found);
            return found;
        }
        finally
        {
            asking.Release();
        }

        Plan Plan(ClusterSnapshot snapshot, SchedulingPolicy policy, DateTimeOffset at)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return planner.Plan(snapshot, policy, at).Plan;
        }
    }

    /// <summary>A snapshot's lists are other objects as soon as anything in them is.</summary>
    private bool IsStill(PlanningCase now) => world is { } then && now.Now - then.Now < MostAge && ReferenceEquals(now.Policy, then.Policy)
        && ReferenceEquals(now.Snapshot.Nodes, then.Snapshot.Nodes) && ReferenceEquals(now.Snapshot.Pending, then.Snapshot.Pending) && ReferenceEquals(now.Snapshot.Running, then.Snapshot.Running);

    /// <summary>All of the job but which of its likes it is.</summary>
    private static string ShapeOf(PendingJob job) => Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(
        job with { Standing = job.Standing with { Id = default, SubmitSequence = 0 }, Revision = 0, SubmittedAt = default, Promised = null },
        SnapshotJson.Default.PendingJob));
}
