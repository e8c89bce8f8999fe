using Convoy.Core.Jobs;
using Convoy.Core.Resources;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Simulation;

/// <summary>What jobs of a platform did in a period, as a trace that could be replayed.</summary>
public static class HistoryTrace
{
    /// <summary>
    /// The job with its work in the period: its time on machines, slower ones counting for less; what was done again after an eviction
    /// counts as work. One that was submitted before comes at the beginning. Null where it did nothing.
    /// </summary>
    /// <remarks>
    /// Where all tasks want the same, they are the trace's nodes; otherwise the job is what all of them take together, and the cluster
    /// decides on their number.
    /// </remarks>
    /// <param name="since">When the period, and the trace, begins.</param>
    public static SimulatedJob? Of(Job job, DateTimeOffset since, DateTimeOffset now)
    {
        var roles = RoleDemand.AllOf(job.Spec).ToArray();
        var wanted = roles.Sum(role => role.Max);
        var work = TimeSpan.FromTicks((long)(job.Attempts.SelectMany(attempt => attempt.Tasks.Select(task => Within(attempt, task, since, now))).Aggregate((Int128)0, (sum, span) => sum + span.Ticks) / wanted));
        if (work == TimeSpan.Zero) return null;
        var each = roles[0].Each;
        var areAlike = roles.All(role => role.Each == each && role.Accelerators.SequenceEqual(roles[0].Accelerators));
        var all = areAlike ? each : roles.Aggregate(default(ResourceVector), (sum, role) => sum + (role.Each * role.Max));
        var least = roles.Sum(role => role.Min);
        return new SimulatedJob(job.Id.Value, Later(job.SubmittedAt, since) - since, work, all.Devices, areAlike ? wanted : null, AcceptedBy(roles))
        {
            GpuMilli = areAlike ? each.Milli : 0,
            CpuMillicores = all.CpuMillicores,
            MemoryBytes = all.MemoryBytes,
            User = job.Owner,
            Level = job.Level,
            Queue = job.Queue,
            Priority = job.Spec.Priority,
            Preemptible = job.Spec.Preemptible,
            MinNodes = areAlike && least < wanted ? least : null,
        };
    }

    private static IReadOnlyList<string> AcceptedBy(RoleDemand[] roles) => roles.FirstOrDefault(role => role.Each.MilliDevices > 0)?.Accelerators ?? [];

    private static TimeSpan Within(Attempt attempt, TaskRun task, DateTimeOffset since, DateTimeOffset now)
    {
        if (attempt.RunningAt is not { } from) return TimeSpan.Zero;
        var span = (attempt.HeldUntil(task) ?? now) - Later(Later(from, attempt.HeldFrom(task)), since);
        return span > TimeSpan.Zero ? span : TimeSpan.Zero;
    }

    private static DateTimeOffset Later(DateTimeOffset x, DateTimeOffset y) => x > y ? x : y;
}
