namespace Convoy.Core.Scheduling;

/// <summary>What each person's running jobs take, against the caps of the person's level.</summary>
internal sealed class PeopleUsage
{
    private readonly Dictionary<string, (int Jobs, int Devices)> used = [];
    private readonly SchedulingPolicy policy;

    public PeopleUsage(ClusterSnapshot snapshot, SchedulingPolicy policy)
    {
        this.policy = policy;
        foreach (var job in snapshot.Running) Add(job.Standing.Owner, job.Places.Sum(place => place.Taken.Devices));
    }

    public WaitingReason? OverCap(PendingJob job)
    {
        var level = policy.LevelOf(job.Standing);
        var (jobs, devices) = used.GetValueOrDefault(job.Standing.Owner);
        if (level.MaxRunning is { } mostJobs && jobs + 1 > mostJobs)
        {
            return new WaitingReason(WaitingToken.ExceedsLevelCap, WaitingUnit.Jobs, 1, Math.Max(0, mostJobs - jobs), 0, 0);
        }

        // A cap lowered after the job was submitted.
        if (job.MinDevices > level.MaxGpusPerJob)
        {
            return new WaitingReason(WaitingToken.ExceedsLevelCap, WaitingUnit.Devices, job.MinDevices, level.MaxGpusPerJob.Value, 0, 0);
        }

        return level.MaxGpus is { } mostDevices && job.MinDevices > 0 && devices + job.MinDevices > mostDevices
            ? new WaitingReason(WaitingToken.ExceedsLevelCap, WaitingUnit.Devices, job.MinDevices, Math.Max(0, mostDevices - devices), 0, 0)
            : null;
    }

    public void Start(PendingJob job) => Add(job.Standing.Owner, job.MinDevices);

    /// <summary>Elastic surplus obeys the caps too.</summary>
    /// <param name="held">Devices that the job has been given so far.</param>
    public bool MayGrow(Standing job, int held, int devices)
    {
        var level = policy.LevelOf(job);
        return devices == 0 || !(held + devices > level.MaxGpusPerJob || used[job.Owner].Devices + devices > level.MaxGpus);
    }

    public void Grow(Standing job, int devices)
    {
        var (jobs, before) = used[job.Owner];
        used[job.Owner] = (jobs, before + devices);
    }

    private void Add(string owner, int devices)
    {
        var (jobs, before) = used.GetValueOrDefault(owner);
        used[owner] = (jobs + 1, before + devices);
    }
}
