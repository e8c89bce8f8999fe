using Convoy.Core.Jobs;

namespace Convoy.Core.Scheduling;

/// <summary>What lies ahead of a waiting job, computed when somebody asks.</summary>
/// <param name="EarliestStart">When its machines are expected to be free behind all that is promised already; null where it lacks something else, or nobody knows.</param>
/// <param name="Remedy">What would have it start now; null where nothing was found.</param>
public sealed record Prospect(DateTimeOffset? EarliestStart, Remedy? Remedy)
{
    /// <summary>Of a job that does not wait.</summary>
    public static Prospect None { get; } = new(null, null);

    /// <param name="queues">Queues that the job's owner may use.</param>
    /// <param name="likely">What helped a job of the same shape: looked at first.</param>
    public static Prospect Of(PlanningCase world, JobId id, IReadOnlyList<string> queues, Planner planner, Remedy? likely = null) =>
        new(EarliestStartOf(world, id, planner), RemedySearch.Find(world, id, queues, planner, likely));

    /// <summary>Whoever has waited for long is promised machines, whatever its place in the line: so it is told when, as if it had.</summary>
    private static DateTimeOffset? EarliestStartOf(PlanningCase world, JobId id, Planner planner)
    {
        var pending = world.Snapshot.Pending.Select(job => job.Standing.Id == id ? job with { SubmittedAt = world.Now - world.Policy.AgeBound } : job).ToArray();
        return planner(world.Snapshot with { Pending = pending }, world.Policy, world.Now).Waiting.FirstOrDefault(waiting => waiting.Job == id)?.Reason.EarliestStart;
    }
}
