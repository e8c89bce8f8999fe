using Convoy.Core.Jobs;

namespace Convoy.Clusters;

/// <summary>
/// What people, or programs of theirs, ask of Convoy inside a cluster: with objects in Kubernetes, say. Levels: what is pending is told again
/// and again until it is answered, so any call may be repeated, and either side may be killed at any instant.
/// </summary>
public interface IClusterRequests
{
    /// <summary>What has not been answered, oldest first. One that was answered with <see cref="RequestAnswer.Retry"/> is pending still.</summary>
    Task<IReadOnlyList<ClusterRequest>> PendingAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Says to those who asked what became of it. May say the same twice, and something of a request that is no longer there.</summary>
    Task AnswerAsync(IReadOnlyList<RequestAnswer> answers, CancellationToken cancellationToken);

    /// <summary>
    /// Returns when something is pending that <see cref="PendingAsync"/> has not yet told. One wait is under way at a time; it goes on where
    /// <see cref="PendingAsync"/> is called meanwhile.
    /// </summary>
    Task WaitAsync(CancellationToken cancellationToken);
}

public enum RequestKind
{
    Submit,
    Cancel,
    Suspend,
    Resume,

    /// <summary>Changes nothing: how the job stands is answered.</summary>
    Look,
}

/// <param name="Key">Of the object that asks; the same key submits the same job, however often it is told.</param>
/// <param name="Owner">The person for whom it is asked.</param>
/// <param name="Job">Which job; null for a submission, whose job's id follows from the cluster and the key.</param>
/// <param name="Spec">Of a submission; null otherwise.</param>
public sealed record ClusterRequest(string Key, RequestKind Kind, string Owner, JobId? Job, JobSpec? Spec);

/// <param name="Job">The job that it is about, where there is one.</param>
/// <param name="Code">Why not, as a person would be told; null where it was done.</param>
/// <param name="Retry">It could not be decided now, and is asked again; otherwise this is the last word.</param>
/// <param name="Standing">To a look; null otherwise.</param>
public sealed record RequestAnswer(string Key, RequestKind Kind, JobId? Job, string? Code, string? Message, bool Retry, JobStanding? Standing = null);

/// <summary>How a job stands, as its owner is told.</summary>
/// <param name="Reason">One token: why it waits, or why it ended so; null where there is nothing to say.</param>
/// <param name="Message">The same in a sentence.</param>
public sealed record JobStanding(JobPhase Phase, string? Reason, string? Message);
