using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Queues;

/// <summary>What one attempt of a job held, and for how long: what its queue and its owner are charged with.</summary>
/// <param name="SubmitSequence">The job's.</param>
/// <param name="Accelerator">The one type of its devices; null where it had none.</param>
/// <param name="MilliDevices">Thousandths of a device.</param>
/// <param name="Until">Null while it holds its machines.</param>
public sealed record AttemptUsage(
    long SubmitSequence,
    int Attempt,
    string Queue,
    string Owner,
    string? Accelerator,
    long MilliDevices,
    long CpuMillicores,
    long MemoryBytes,
    DateTimeOffset From,
    DateTimeOffset? Until)
{
    public static AttemptUsage Of(RunningJob job, int attempt, DateTimeOffset? until)
    {
        var held = job.Places.Aggregate(default(Resources.ResourceVector), (sum, place) => sum + place.Taken);
        return new AttemptUsage(
            job.Standing.SubmitSequence, attempt, job.Standing.Queue, job.Standing.Owner, job.Accelerator, held.MilliDevices, held.CpuMillicores, held.MemoryBytes, job.StartedAt, until);
    }

    public static AttemptUsage Of(Job job, Attempt attempt)
    {
        var each = RoleDemand.AllOf(job.Spec).ToDictionary(role => role.Role, role => role.Each);
        var held = attempt.Tasks.Aggregate(default(Resources.ResourceVector), (sum, task) => sum + each[task.Placement.Role]);
        return new AttemptUsage(
            job.SubmitSequence, attempt.Number, job.Queue, job.Owner, attempt.Accelerator, held.MilliDevices, held.CpuMillicores, held.MemoryBytes, attempt.AssignedAt, attempt.EndedAt);
    }
}
