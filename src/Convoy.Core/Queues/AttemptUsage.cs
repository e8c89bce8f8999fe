using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Queues;

/// <summary>What one attempt of a job held in one queue, and for how long: what its queue and its owner are charged with.</summary>
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

    /// <summary>In the order of time: one, and another for each time that the job moved to another queue meanwhile.</summary>
    public static IReadOnlyList<AttemptUsage> AllOf(Job job, Attempt attempt)
    {
        var each = RoleDemand.AllOf(job.Spec).ToDictionary(role => role.Role, role => role.Each);
        var held = attempt.Tasks.Aggregate(default(Resources.ResourceVector), (sum, task) => sum + each[task.Placement.Role]);
        var parts = new List<AttemptUsage>();
        var from = attempt.AssignedAt;
        foreach (var stay in attempt.Stays)
        {
            if (stay.Until > from || stay.Until == attempt.EndedAt) Add(stay.Queue, stay.Until);
            if (stay.Until > from) from = stay.Until;
        }

        if (attempt.EndedAt is null || parts.Count == 0 || attempt.EndedAt > from) Add(job.Queue, attempt.EndedAt);
        return parts;

        void Add(string queue, DateTimeOffset? until) => parts.Add(new AttemptUsage(
            job.SubmitSequence, attempt.Number, queue, job.Owner, attempt.Accelerator, held.MilliDevices, held.CpuMillicores, held.MemoryBytes, from, until));
    }
}
