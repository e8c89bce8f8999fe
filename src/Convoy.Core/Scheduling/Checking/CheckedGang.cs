using Convoy.Core.Jobs;
using Convoy.Core.Resources;

namespace Convoy.Core.Scheduling.Checking;

internal enum Begin
{
    Now,

    /// <summary>Others are told to leave for it.</summary>
    OnceOthersLeft,

    /// <summary>Not in this plan: places are kept for it.</summary>
    Later,

    /// <summary>It runs already, and gets more.</summary>
    Growing,

    /// <summary>It runs already, elsewhere.</summary>
    Moving,
}

/// <summary>A gang with what each of its tasks takes.</summary>
internal sealed record CheckedGang(PlannedGang Planned, PendingJob Job, Begin Begin)
{
    public IReadOnlyList<CheckedTask> Tasks { get; } = [.. Planned.Tasks.Select(task => new CheckedTask(task, Job.Roles.FirstOrDefault(role => role.Role == task.Role)))];

    public JobId Id => Planned.Job;

    /// <summary>Whose plan it is that is wrong where this is.</summary>
    public JobId Blamed { get; init; } = Planned.Job;

    /// <summary>Whole devices and shares, in thousandths.</summary>
    public long MilliDevices { get; } = Planned.Tasks.Sum(task => Job.Roles.FirstOrDefault(role => role.Role == task.Role)?.Each.MilliDevices ?? 0);

    /// <summary>The same without what is above the job's minimum.</summary>
    public long MinMilliDevices => Math.Min(MilliDevices, Job.Roles.Sum(role => role.Min * role.Each.MilliDevices));
}

/// <param name="Role">Null where the job has none of that name.</param>
internal sealed record CheckedTask(TaskPlacement Placement, RoleDemand? Role)
{
    public ResourceVector Each => Role?.Each ?? default;
}

/// <summary>A running job that goes on at another size, or elsewhere.</summary>
/// <param name="Added">Tasks where the job held nothing.</param>
/// <param name="Keeps">For each of the job's places whether it still has a task there.</param>
internal sealed record CheckedResize(PlannedResize Planned, RunningJob Job, TaskPlacement[] Added, bool[] Keeps)
{
    public bool IsMove => Planned.IsMove && Planned.For.Count > 0;

    public IEnumerable<HeldPlace> Dropped => Job.Places.Where((_, i) => !Keeps[i]);

    public static CheckedResize Of(RunningJob job, PlannedResize planned)
    {
        var keeps = new bool[job.Places.Count];
        var places = job.Places.Select((place, index) => (Place: place, Index: index)).ToLookup(held => (held.Place.Role, held.Place.Node));
        var added = planned.Tasks.Where(task => !Kept(task)).ToArray();
        return new CheckedResize(planned, job, added, keeps);

        bool Kept(TaskPlacement task)
        {
            foreach (var (place, index) in places[(task.Role, task.Node)])
            {
                if (keeps[index] || !place.Devices.SequenceEqual(task.Devices)) continue;
                return keeps[index] = true;
            }

            return false;
        }
    }

    /// <summary>What is added, as if it were a gang by itself.</summary>
    public CheckedGang AsGang(Begin begin) => new(
        new PlannedGang(Job.Standing.Id, Job.Revision, Job.Cluster, Job.Accelerator, Added),
        new PendingJob(Job.Standing, Job.Revision, Job.Roles, ["any"], null) { Preemptible = Job.Preemptible, MaxDuration = Job.MaxDuration },
        begin)
    {
        Blamed = Planned.For.Count > 0 ? Planned.For[0] : Job.Standing.Id,
    };
}
