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
    /// <summary>Of what the attempt held, counted from its end.</summary>
    public int Part { get; init; }

    public static AttemptUsage Of(RunningJob job, int attempt, DateTimeOffset? until)
    {
        var held = job.Places.Aggregate(default(Resources.ResourceVector), (sum, place) => sum + place.Taken);
        return new AttemptUsage(
            job.Standing.SubmitSequence, attempt, job.Standing.Queue, job.Standing.Owner, job.Accelerator, held.MilliDevices, held.CpuMillicores, held.MemoryBytes, job.StartedAt, until);
    }

    /// <summary>One, or several where the job moved to another queue meanwhile or changed its size: as many as there were spans in which the same tasks were charged to one queue.</summary>
    public static IReadOnlyList<AttemptUsage> AllOf(Job job, Attempt attempt)
    {
        var each = RoleDemand.AllOf(job.Spec).ToDictionary(role => role.Role, role => role.Each);
        var parts = new List<AttemptUsage>();
        foreach (var span in attempt.Tasks.GroupBy(task => (From: attempt.HeldFrom(task), Until: attempt.HeldUntil(task))).OrderBy(span => span.Key.From).ThenBy(span => span.Key.Until ?? DateTimeOffset.MaxValue))
        {
            parts.AddRange(ByQueue(job, attempt, span.Key.From, span.Key.Until, span.Aggregate(default(Resources.ResourceVector), (sum, task) => sum + Charged(each[task.Placement.Role]))));
        }

        // Counted from the end: the last goes on for longest.
        return [.. parts.Select((part, i) => part with { Part = parts.Count - 1 - i })];
    }

    /// <summary>Memory is charged in whole units, so that some of the tasks of a span can be taken from all of them without a rest.</summary>
    private static Resources.ResourceVector Charged(in Resources.ResourceVector each) => each with { MemoryBytes = each.MemoryBytes >> UsageAccounts.MemoryUnitBits << UsageAccounts.MemoryUnitBits };

    private static List<AttemptUsage> ByQueue(Job job, Attempt attempt, DateTimeOffset from, DateTimeOffset? until, Resources.ResourceVector held)
    {
        var parts = new List<AttemptUsage>();
        foreach (var stay in attempt.Stays)
        {
            var end = stay.Until > until ? until.Value : stay.Until;
            if (end > from || end == until) Add(stay.Queue, end);
            if (end == until) return parts;
            if (end > from) from = end;
        }

        Add(job.Queue, until);
        return parts;

        void Add(string queue, DateTimeOffset? end) => parts.Add(new AttemptUsage(
            job.SubmitSequence, attempt.Number, queue, job.Owner, attempt.Accelerator, held.MilliDevices, held.CpuMillicores, held.MemoryBytes, from, end));
    }
}
