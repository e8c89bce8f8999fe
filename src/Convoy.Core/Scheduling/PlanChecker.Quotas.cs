using Convoy.Core.Scheduling.Checking;

namespace Convoy.Core.Scheduling;

/// <summary>Whether no limit of a queue is exceeded (3), now and once those who are told to leave have left, and who may not be evicted borrows nothing (4).</summary>
public static partial class PlanChecker
{
    private static IEnumerable<Violation> Quotas(CheckedWorld world)
    {
        foreach (var gangs in world.Gangs.Concat(world.Growths).Where(gang => gang.MilliDevices > 0).ToLookup(gang => gang.Planned.Accelerator))
        {
            if (gangs.Key is not { } type) continue;
            var quota = world.QuotaOf(type);
            var atOnce = gangs.Where(gang => gang.Begin != Begin.OnceOthersLeft).ToArray();
            var waiting = gangs.Where(gang => gang.Begin == Begin.OnceOthersLeft).ToArray();
            foreach (var violation in BeyondLimits(quota, quota.Running, atOnce)) yield return violation;
            if (waiting.Length == 0) continue;
            var then = quota.Sum([.. world.RunningOn(type).Select(job => (job.Standing.Queue, world.MilliDevicesThen(job))), .. atOnce.Select(Charge)]);
            foreach (var violation in BeyondLimits(quota, then, waiting)) yield return violation;
        }

        foreach (var gang in world.Gangs.Where(gang => !world.MayBeEvicted(gang.Job) && !world.Nominal.IsInside(gang))) yield return new(4, gang.Id, "may not be evicted, and borrows");
        foreach (var growth in world.Growths.Where(growth => !world.MayBeEvicted(growth.Job) && world.Nominal.GrowsBeyond(growth))) yield return new(4, growth.Id, "may not be evicted, and borrows to grow");
    }

    private static IEnumerable<Violation> BeyondLimits(CheckedQuota quota, IReadOnlyDictionary<string, long> charges, IReadOnlyCollection<CheckedGang> gangs)
    {
        // A charge only adds: where all together break nothing, none does.
        if (!quota.Broken(quota.Sum([.. charges.Select(charge => (charge.Key, charge.Value)), .. gangs.Select(Charge)])).Any()) yield break;
        foreach (var gang in gangs)
        {
            var after = new Dictionary<string, long>(charges);
            quota.Add(after, gang.Job.Standing.Queue, gang.MilliDevices);
            if (quota.BrokenBy(charges, after).FirstOrDefault() is { } broken) yield return new(3, gang.Id, $"brings queue {broken} beyond its quota of {gang.Planned.Accelerator}");
            else charges = after;
        }
    }

    private static (string Queue, long Milli) Charge(CheckedGang gang) => (gang.Job.Standing.Queue, gang.MilliDevices);
}
