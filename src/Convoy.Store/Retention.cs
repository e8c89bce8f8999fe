using Convoy.Core.Jobs;

namespace Convoy.Store;

/// <summary>A finished job, as far as it matters to what it leaves behind.</summary>
/// <param name="OwnerNumber">The owner's <see cref="Convoy.Core.People.User.Number"/>.</param>
/// <param name="Attempts">How many it has had.</param>
public sealed record EndedJob(JobId Id, long SubmitSequence, DateTimeOffset EndedAt, int OwnerNumber, int Attempts, long Revision);

/// <summary>A place in the order of ends: everything that ended before it, or then with a lower submit sequence, lies behind it.</summary>
public sealed record EndMark(DateTimeOffset EndedAt, long SubmitSequence)
{
    public static EndMark Start { get; } = new(DateTimeOffset.UnixEpoch, 0);

    public static EndMark Of(EndedJob job) => new(job.EndedAt, job.SubmitSequence);

    /// <summary>Whether the job ended there or before.</summary>
    public bool Covers(Job job) => job.EndedAt is { } ended && (ended < EndedAt || (ended == EndedAt && job.SubmitSequence <= SubmitSequence));
}

/// <param name="At">When it was uploaded or, to within <see cref="Precision"/>, last asked for.</param>
public sealed record CodeGrant(string Owner, string Sha256, DateTimeOffset At)
{
    public static readonly TimeSpan Precision = TimeSpan.FromHours(1);
}
