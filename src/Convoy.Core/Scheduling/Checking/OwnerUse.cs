namespace Convoy.Core.Scheduling.Checking;

/// <summary>What one person has running.</summary>
/// <param name="MilliDevices">Whole devices and shares, in thousandths.</param>
internal readonly record struct OwnerUse(int Jobs, long MilliDevices)
{
    public static Dictionary<string, OwnerUse> Of(IEnumerable<RunningJob> running, Func<RunningJob, long> milliDevices)
    {
        var uses = new Dictionary<string, OwnerUse>();
        foreach (var job in running) Add(uses, job.Standing.Owner, 1, milliDevices(job));
        return uses;
    }

    /// <summary>What the owner has once the gang is counted too.</summary>
    public static OwnerUse Count(Dictionary<string, OwnerUse> uses, CheckedGang gang) => Add(uses, gang.Job.Standing.Owner, gang.Begin == Begin.Growing ? 0 : 1, gang.MilliDevices);

    private static OwnerUse Add(Dictionary<string, OwnerUse> uses, string owner, int jobs, long milliDevices)
    {
        var (before, devices) = uses.GetValueOrDefault(owner);
        return uses[owner] = new OwnerUse(before + jobs, devices + milliDevices);
    }
}
