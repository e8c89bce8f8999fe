namespace Convoy.Core.Scheduling.Checking;

/// <summary>Whether quota stands against jobs that wait. When they were considered less may have been charged, never more: all that runs and all that is planned counts.</summary>
internal sealed class WaitingQuotas
{
    private readonly CheckedWorld world;
    private readonly ILookup<string, CheckedGang> planned;
    private readonly Dictionary<(string Type, string Pool, int Rank, bool MayBorrow, long Milli), bool> known = [];

    public WaitingQuotas(CheckedWorld world)
    {
        this.world = world;
        planned = world.Gangs.Concat(world.Claims).Where(gang => gang.Planned.Accelerator is not null).ToLookup(gang => gang.Planned.Accelerator!);
    }

    /// <summary>Whether a job that waits may not have its minimum on a type for now.</summary>
    public bool Forbid(PendingJob job, string? type)
    {
        if (type is null || MinMilliDevices(job) is not (> 0 and var milli)) return false;
        var shape = (type, world.QuotaOf(type).PoolOf(job.Standing.Queue), world.RankOf(job.Standing), world.MayBeEvicted(job), milli);
        if (!known.TryGetValue(shape, out var isForbidden)) known[shape] = isForbidden = Forbid(job, type, planned[type]);
        return isForbidden;
    }

    /// <summary>The same, were these the only gangs of the plan.</summary>
    public bool Forbid(PendingJob job, string? type, IEnumerable<CheckedGang> gangs)
    {
        if (type is null || MinMilliDevices(job) is not (> 0 and var milli)) return false;
        if (!world.MayBeEvicted(job) && (!world.Nominal.IsInside(job, type, milli, []) || !world.Nominal.IsInside(job, type, milli, gangs))) return true;
        var quota = world.QuotaOf(type);
        var charges = new Dictionary<string, long>(quota.Running);
        foreach (var gang in gangs.Where(gang => gang.Planned.Accelerator == type)) quota.Add(charges, gang.Job.Standing.Queue, gang.MilliDevices);
        var with = new Dictionary<string, long>(charges);
        quota.Add(with, job.Standing.Queue, milli);
        return quota.BrokenBy(charges, with).Any();
    }

    /// <summary>Whether a job may never have its minimum on a type.</summary>
    public bool ForbidForEver(PendingJob job, string type) => MinMilliDevices(job) is > 0 and var milli && world.QuotaOf(type).IsNeverAllowed(job.Standing.Queue, milli, world.MayBeEvicted(job));

    public static long MinMilliDevices(PendingJob job) => job.Roles.Sum(role => role.Min * role.Each.MilliDevices);
}
