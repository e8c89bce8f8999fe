namespace Convoy.Core.Scheduling;

/// <summary>What each person's jobs take, those that a plan starts included, against the caps of the person's level.</summary>
internal sealed class PeopleUsage(Holdings holdings, StandingOrder order)
{
    private const long MilliPerDevice = 1000;
    private readonly Dictionary<string, (int Jobs, long Milli)> used = new(StringComparer.Ordinal);

    public WaitingReason? OverCap(PendingJob job)
    {
        var level = order.LevelOf(job.Standing);
        if (level.MaxRunning is null && level.MaxGpus is null && level.MaxGpusPerJob is null) return null;
        var (jobs, milli) = Of(job.Standing.Owner);
        if (level.MaxRunning is { } mostJobs && jobs + 1 > mostJobs)
        {
            return new WaitingReason(WaitingToken.ExceedsLevelCap, WaitingUnit.Jobs, 1, Math.Max(0, mostJobs - jobs), 0, 0);
        }

        // A cap lowered after the job was submitted.
        var needed = job.MinTotal.MilliDevices;
        if (needed > level.MaxGpusPerJob * MilliPerDevice) return Reason(level.MaxGpusPerJob!.Value);
        return needed > 0 && milli + needed > level.MaxGpus * MilliPerDevice ? Reason(Math.Max(0, level.MaxGpus!.Value - ((milli + MilliPerDevice - 1) / MilliPerDevice))) : null;

        WaitingReason Reason(long free) => new(WaitingToken.ExceedsLevelCap, WaitingUnit.Devices, (needed + MilliPerDevice - 1) / MilliPerDevice, free, 0, 0);
    }

    public void Start(PendingJob job)
    {
        var (jobs, milli) = Of(job.Standing.Owner);
        used[job.Standing.Owner] = (jobs + 1, milli + job.MinTotal.MilliDevices);
    }

    /// <summary>Elastic surplus obeys the caps too.</summary>
    /// <param name="held">Thousandths of devices that the job has been given so far.</param>
    public bool MayGrow(Standing job, long held, long more)
    {
        var level = order.LevelOf(job);
        return more == 0 || !(held + more > level.MaxGpusPerJob * MilliPerDevice || Of(job.Owner).Milli + more > level.MaxGpus * MilliPerDevice);
    }

    public void Grow(Standing job, long more)
    {
        var (jobs, milli) = Of(job.Owner);
        used[job.Owner] = (jobs, milli + more);
    }

    private (int Jobs, long Milli) Of(string owner)
    {
        if (used.TryGetValue(owner, out var known)) return known;
        var (jobs, sum) = holdings.SumOfOwner(owner);
        return (jobs, sum.MilliDevices);
    }
}
