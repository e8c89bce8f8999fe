namespace Convoy.Core.Scheduling;

/// <summary>
/// A blocked job's claim on the cluster as it will be once everything ahead of it has ended: what later jobs hold there is
/// all that can still be in its way, so no later job may add to it.
/// </summary>
internal sealed class Reservation
{
    private readonly ClusterSnapshot snapshot;
    private readonly FreeSpace drained;

    private Reservation(PendingJob job, string accelerator, ClusterSnapshot snapshot, FreeSpace drained)
    {
        Job = job;
        Accelerator = accelerator;
        this.snapshot = snapshot;
        this.drained = drained;
    }

    public PendingJob Job { get; }

    public string Accelerator { get; }

    /// <summary>Gangs planned so far need no place here: all of them are ahead.</summary>
    public static Reservation For(PendingJob job, string accelerator, ClusterSnapshot snapshot, StandingOrder order) =>
        new(job, accelerator, snapshot, FreeSpace.Of(snapshot, snapshot.Running.Where(running => order.Compare(running.Standing, job.Standing) > 0)));

    public bool IsDelayedBy(IReadOnlyList<Place> places)
    {
        var (before, fitBefore) = Room();
        drained.Take(places);
        var (after, fitAfter) = Room();
        drained.Give(places);
        return fitBefore ? !fitAfter : after < before;
    }

    public void Accept(IReadOnlyList<Place> places) => drained.Take(places);

    /// <summary>How many of the blocked job's tasks find a place, and whether the whole gang does.</summary>
    private (long Tasks, bool Whole) Room()
    {
        long most = 0;
        foreach (var (cluster, accelerator) in Scheduler.Choices(snapshot, Job))
        {
            if (drained.TryTake(Job, cluster, accelerator) is { } places)
            {
                drained.Give(places);
                return (Job.MinTasks, true);
            }

            var usable = drained.Usable(Job).Where(space => space.Node.Cluster == cluster).ToArray();
            most = Math.Max(most, Job.Roles.Sum(role => Math.Min(role.Min, usable
                .Where(space => role.Each.Devices == 0 || space.Node.Accelerator == accelerator)
                .Sum(space => (long)role.Each.TimesIn(space.Free, role.Min)))));
        }

        return (most, false);
    }
}
