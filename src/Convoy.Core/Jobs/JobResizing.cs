namespace Convoy.Core.Jobs;

/// <summary>
/// How an elastic job's running attempt changes its size. Who stays keeps its rank; who comes gets one that nobody had; the first
/// rank never goes, because the others meet on it.
/// </summary>
internal static class JobResizing
{
    private static readonly Decision.Rejected Impossible = new("Impossible", "the job cannot go on with these tasks");

    /// <summary>Of a job that is still as it was when the plan was made.</summary>
    public static Decision Decide(Job job, JobCommand.Resize resize, DateTimeOffset now)
    {
        var attempt = job.Attempts[^1];
        if (attempt.IsFinishing || attempt.IsResizing) return new Decision.Rejected("Stale", "the job is finishing, or changing its size already");
        var (released, wanted) = (new List<int>(), resize.Tasks.ToList());
        foreach (var place in attempt.Members.Select(task => task.Placement))
        {
            if (wanted.FindIndex(task => IsSamePlace(task, place)) is >= 0 and var kept) wanted.RemoveAt(kept);
            else released.Add(place.Rank);
        }

        if (wanted.Count > 0 == released.Count > 0 || released.Contains(0) || !IsAllowed(job.Spec, resize.Tasks) || (wanted.Count > 0 && job.Phase != JobPhase.Running)) return Impossible;
        return new Decision.Accepted([Event(job, Numbered(attempt, wanted), released, resize.For, now)]);
    }

    /// <summary>A task of its role starts in the place of one that failed, and the others go on; null where they cannot, or the job does not want it.</summary>
    public static JobResized? Replacement(Job job, TaskRun failed, TaskFailure failure, DateTimeOffset now)
    {
        var attempt = job.Attempts[^1];
        if (job.Phase != JobPhase.Running || !job.Spec.Recovery.ReplaceFailedTasks || failed.State != TaskState.Exited) return null;
        if (failed.Placement.Rank == 0 || attempt.Members.Any(other => other != failed && other.HasEnded) || !job.Spec.Roles[failed.Placement.Role].Replicas.IsElastic) return null;
        if (failure.Class != FailureClass.User || !ExitClasses.MayRetry(job.Spec.Recovery, failure, job.Restarts)) return null;
        return Event(job, Numbered(attempt, [failed.Placement]), [failed.Placement.Rank], [], now) with { Failure = failure };
    }

    /// <summary>The gang goes on without what it was to grow by and never ran; null where there is no such thing, or it would be too few.</summary>
    /// <param name="isSo">Of tasks that were added and have not started.</param>
    public static JobResized? WithoutThoseThatNeverRan(Job job, Func<TaskRun, bool> isSo, DateTimeOffset now)
    {
        int[] never = [.. job.Attempts[^1].Members.Where(task => task is { JoinedAt: not null, StartedAt: null } && isSo(task)).Select(task => task.Placement.Rank)];
        if (job.Phase != JobPhase.Running || never.Length == 0) return null;
        var left = job.Attempts[^1].Members.Where(task => !never.Contains(task.Placement.Rank)).ToLookup(task => task.Placement.Role);
        return job.Spec.Roles.All(role => left[role.Key].Count() >= role.Value.Replicas.Min) ? Event(job, [], never, [], now) : null;
    }

    /// <summary>
    /// It came when the others were already done: the first rank had ended well, so nobody was there to meet any more, and how it
    /// ended says nothing of the work.
    /// </summary>
    public static bool IsTooLate(Job job, TaskRun task) => task.JoinedAt is not null && job.Attempts[^1].Tasks[0].Outcome is { IsSuccess: true, Stopped: false }
        && job.Attempts[^1].Members.Count(other => other.Placement.Role == task.Placement.Role) > job.Spec.Roles[task.Placement.Role].Replicas.Min;

    public static Attempt Apply(Attempt attempt, JobResized e) => attempt with
    {
        Tasks =
        [
            .. attempt.Tasks.Select(task => e.Released.Contains(task.Placement.Rank) ? task with { ReleasedAt = e.At } : task),
            .. e.Added.Select(place => new TaskRun(place) { JoinedAt = e.At }),
        ],
    };

    public static JobResized Event(Job job, IReadOnlyList<TaskPlacement> added, IReadOnlyList<int> released, IReadOnlyList<JobId> forWhom, DateTimeOffset now) =>
        new(now, job.Attempts.Count, job.Generation + 1, job.Attempts[^1].Members.Count(), added, released, forWhom);

    private static TaskPlacement[] Numbered(Attempt attempt, List<TaskPlacement> added)
    {
        int CountOf(string role) => attempt.Tasks.Count(task => task.Placement.Role == role);

        return [.. added.Select((task, i) => task with { Rank = attempt.Tasks.Count + i, RoleIndex = CountOf(task.Role) + added.Take(i).Count(other => other.Role == task.Role) })];
    }

    private static bool IsAllowed(JobSpec spec, IReadOnlyList<TaskPlacement> tasks) =>
        spec.Roles.All(role => tasks.Count(task => task.Role == role.Key) is var count && count >= role.Value.Replicas.Min && count <= role.Value.Replicas.Max)
        && tasks.All(task => spec.Roles.ContainsKey(task.Role));

    private static bool IsSamePlace(TaskPlacement one, TaskPlacement other) => one.Role == other.Role && one.Node == other.Node && one.Devices.SequenceEqual(other.Devices);
}
