using Convoy.Core.Jobs;

namespace Convoy.Core.Scheduling.Checking;

/// <summary>
/// Whether caps or quotas stand against a gang while one of those that leave for it stays. In which order gangs were considered is not
/// known: of each other gang what it adds to a pool counts, and what it makes leave more than that does not.
/// </summary>
/// <param name="spare">Thousandths of devices of its pool that others give up in any case.</param>
internal sealed class Limits(CheckedWorld world, CheckedGang gang, long spare = 0)
{
    private Dictionary<string, long>? charges;
    private OwnerUse? owned;

    /// <param name="milliDevices">What it holds, in thousandths of devices.</param>
    public bool Forbid(RunningJob staying, long milliDevices) => ForbidByCap(staying, milliDevices) || ForbidByQuota(staying, milliDevices);

    private bool ForbidByCap(RunningJob staying, long milliDevices)
    {
        if (staying.Standing.Owner != gang.Job.Standing.Owner || world.LevelOf(gang.Job.Standing) is not { } level) return false;
        owned ??= Owned();
        var jobs = owned.Value.Jobs + (IsVictim(staying) ? 1 : 0);
        return jobs > level.MaxRunning || owned.Value.MilliDevices + milliDevices > level.MaxGpus * 1000L;
    }

    private bool ForbidByQuota(RunningJob staying, long milliDevices)
    {
        if (gang.Planned.Accelerator is not { } type || gang.MilliDevices == 0 || world.AcceleratorOf(staying) != type) return false;
        var quota = world.QuotaOf(type);
        charges ??= Charges(quota, type);
        var with = new Dictionary<string, long>(charges);
        quota.Add(with, staying.Standing.Queue, milliDevices);
        if (quota.BrokenBy(charges, with).Any()) return true;

        // It may be the right to be there, or to make others go, that depends on the leaving.
        return IsVictim(staying) && world.Nominal.MustBeInside(gang, letOff: staying.Standing.Id) && !world.Nominal.IsInside(gang, staying.Standing.Id);
    }

    private Dictionary<string, long> Charges(CheckedQuota quota, string type)
    {
        var charged = new Dictionary<string, long>(quota.Crowded);
        quota.Add(charged, gang.Job.Standing.Queue, gang.MilliDevices - quota.Adds(gang) - spare);
        foreach (var (job, milli) in quota.LeftFor(gang)) quota.Add(charged, job.Standing.Queue, -milli);
        var sharing = world.ShrinkingFor(gang.Id).SelectMany(resize => resize.Planned.For).Where(id => id != gang.Id).ToHashSet();
        if (sharing.Count == 0) return charged;
        foreach (var other in world.Gangs.Where(other => sharing.Contains(other.Id) && other.Planned.Accelerator == type)) quota.Add(charged, other.Job.Standing.Queue, quota.Adds(other, apart: gang.Id) - quota.Adds(other));
        return charged;
    }

    private OwnerUse Owned()
    {
        var owner = gang.Job.Standing.Owner;
        var running = world.RunningOf(owner).Where(job => !job.IsStopping && !IsVictim(job)).ToArray();
        var planned = world.Gangs.Concat(world.Claims).Where(other => other.Job.Standing.Owner == owner).ToArray();
        return new OwnerUse(running.Length + planned.Length, running.Sum(world.MilliDevicesKept) + planned.Sum(other => other.MilliDevices));
    }

    private bool IsVictim(RunningJob job) => world.Evictors.TryGetValue(job.Standing.Id, out var evictor) && evictor == gang.Id;
}
