using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Clusters;

/// <summary>
/// The port to machines: wishes down, observations up. Both are levels, so any call may be repeated, and either side
/// may be killed at any instant. The local cluster keeps its truth in supervisors' folders, Kubernetes in its API server.
/// </summary>
public interface ICluster : IAsyncDisposable
{
    string Name { get; }

    /// <summary>
    /// Takes wishes in. A generation older than the newest taken for that job is refused; a repeated one changes nothing;
    /// what was taken survives a crash. A newer generation of the same attempt may have more tasks, which are started (but where all of
    /// those before have ended), and may have released some, which are stopped; the others are left alone. Starting and stopping go on after the call returns;
    /// every task of an assignment that was taken is at last observed as Exited or Lost (never started counts as Lost).
    /// </summary>
    Task<IReadOnlyList<Refusal>> ApplyAsync(IReadOnlyList<ClusterAssignment> assignments, CancellationToken cancellationToken);

    /// <summary>
    /// Removes all that the cluster keeps of a job, checkpoints and logs included; no wish for it may be under way. False where a task of it
    /// has not ended: ask again later. Forgetting twice is the same as once, and a crash in between leaves nothing that runs again.
    /// </summary>
    /// <exception cref="IOException">Something cannot be removed now.</exception>
    Task<bool> ForgetAsync(JobId job, int ownerNumber, CancellationToken cancellationToken);

    /// <summary>
    /// What was seen since the cursor; everything known where it is null or from another life of the cluster. Where nothing is known yet, because
    /// what the cluster is made of has not been heard of, it waits.
    /// </summary>
    Task<ClusterReport> ObserveAsync(ReportCursor? since, CancellationToken cancellationToken);

    /// <summary>Returns when <see cref="ObserveAsync"/> may have something new to say since the cursor.</summary>
    Task WaitForChangeAsync(ReportCursor since, CancellationToken cancellationToken);
}

/// <summary>An assignment with what the server adds for the cluster's eyes only.</summary>
/// <param name="OwnerNumber">The owner's <see cref="Convoy.Core.People.User.Number"/>.</param>
/// <param name="ReportToken">What the tasks find as <c>CONVOY_TOKEN</c>.</param>
public sealed record ClusterAssignment(Assignment Assignment, int OwnerNumber, string ReportToken)
{
    /// <summary>Without the token: it must not reach a log.</summary>
    public override string ToString() => $"{Assignment.JobId} generation {Assignment.Generation} {Assignment.Wanted}";
}

/// <param name="Permanent">True where asking again with the same generation is useless.</param>
public sealed record Refusal(JobId JobId, long Generation, string Reason, bool Permanent);

/// <param name="Life">Which life of the cluster's observer counted; a new life starts with everything.</param>
public readonly record struct ReportCursor(string Life, long Sequence);

/// <param name="Nodes">All nodes, where they changed since the cursor; null where they did not.</param>
/// <param name="IsComplete">Every task the cluster knows is in <paramref name="Tasks"/>.</param>
public sealed record ClusterReport(ReportCursor Cursor, IReadOnlyList<NodeObservation>? Nodes, IReadOnlyList<TaskObservation> Tasks, bool IsComplete)
{
    /// <summary>When the cluster was last heard, where that is not now: it is elsewhere, and may be out of reach.</summary>
    public DateTimeOffset? HeardAt { get; init; }
}
