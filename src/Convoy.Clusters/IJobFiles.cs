using Convoy.Core.Jobs;

namespace Convoy.Clusters;

/// <summary>What jobs leave on a cluster, for who decides how long it is kept.</summary>
public interface IJobFiles
{
    /// <summary>Jobs of which the cluster remembers only how they ended.</summary>
    Task<IReadOnlyList<JobId>> ListEndedAsync(CancellationToken cancellationToken);

    /// <summary>
    /// To be said of a job that has ended and whose end is stored: the cluster need not know any more how. Nothing is removed that people read.
    /// Says nothing of a job that has not ended here.
    /// </summary>
    Task ForgetEndAsync(JobId job, CancellationToken cancellationToken);

    /// <summary>Removes what is left of these attempts of an ended job. May be repeated; a later attempt is not touched.</summary>
    /// <param name="ownerNumber">The owner's <see cref="Convoy.Core.People.User.Number"/>.</param>
    /// <param name="attempts">The attempts from 1 to this one.</param>
    Task RemoveAsync(JobId job, int ownerNumber, int attempts, JobParts parts, CancellationToken cancellationToken);
}

[Flags]
public enum JobParts
{
    None = 0,

    /// <summary>What the tasks printed, and how each ended.</summary>
    Logs = 1,

    /// <summary>The folders in which the tasks ran.</summary>
    Code = 2,

    /// <summary>What the tasks left in <c>CONVOY_OUTPUT_DIR</c>.</summary>
    Outputs = 4,

    /// <summary>What the tasks left in <c>CONVOY_CHECKPOINT_DIR</c>, where the platform chose it.</summary>
    Checkpoints = 8,
}
