using Convoy.Core.Jobs;

namespace Convoy.Core.Scheduling;

/// <summary>
/// Who gets which machines. Pure and deterministic: the same snapshot gives the same plan, whatever the order of its lists. Jobs inside
/// their queue's nominal come before borrowers; among those by level, who lost a node, priority, the ordering of the queues and submit
/// sequence. A gang gets all its places or none. Who finds no place takes what others are leaving already, or evicts whom it may. The
/// first blocked jobs of each accelerator type are promised the machines that suffice first; a later job may start only where it delays
/// no promise.
/// </summary>
public sealed class Scheduler
{
    private readonly Lock planning = new();
    private Holdings holdings = new();

    /// <summary>A plan that depends on nothing else.</summary>
    public static Plan Plan(ClusterSnapshot snapshot, SchedulingPolicy policy, DateTimeOffset now) => new Scheduler().PlanNext(snapshot, policy, now);

    /// <summary>
    /// The same plan, sooner: what running jobs hold is kept from the plan before, and only records that are other objects than in the
    /// snapshot before are looked at. One plan at a time; others wait.
    /// </summary>
    public Plan PlanNext(ClusterSnapshot snapshot, SchedulingPolicy policy, DateTimeOffset now)
    {
        using var _ = planning.EnterScope();
        try
        {
            holdings.Update(snapshot, policy);
        }
        catch
        {
            // Half an update is none: the next plan begins anew.
            holdings = new Holdings();
            throw;
        }

        var (free, counts) = (holdings.Free.Checkpoint(), holdings.Counts.Checkpoint());
        try
        {
            return new SchedulingCycle(snapshot, policy, now, holdings).Run();
        }
        finally
        {
            holdings.Free.Rollback(free);
            holdings.Counts.Rollback(counts);
            holdings.Quota.Rollback();
        }
    }
}

/// <summary>A gang on its way into the plan.</summary>
internal sealed record StartedGang(PendingJob Job, string Cluster, string? Accelerator, List<Place> Places)
{
    /// <summary>Neighbouring ranks talk most, so a node's tasks get neighbouring ranks.</summary>
    public PlannedGang Planned()
    {
        var tasks = new List<TaskPlacement>(Places.Count);
        foreach (var role in Job.Roles)
        {
            var places = Places.Where(place => place.Role == role).OrderBy(place => place.Node, StringComparer.Ordinal).ThenBy(place => place.Devices.FirstOrDefault());
            var firstRank = tasks.Count;
            tasks.AddRange(places.Select((place, index) => new TaskPlacement(role.Role, index, firstRank + index, place.Node, place.Devices)));
        }

        return new PlannedGang(Job.Standing.Id, Job.Revision, Cluster, Accelerator, tasks);
    }

    public RunningJob AsRunning(DateTimeOffset now) => new(Job.Standing, Cluster, [.. Places.Select(place => new HeldPlace(place.Node, place.Role.Each, place.Devices))])
    {
        StartedAt = now,
        MaxDuration = Job.MaxDuration,
        Accelerator = Accelerator,
    };
}
