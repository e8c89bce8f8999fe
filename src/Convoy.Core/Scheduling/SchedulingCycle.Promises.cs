using Convoy.Core.Jobs;

namespace Convoy.Core.Scheduling;

/// <summary>What the plan before promised, and what is promised because of it.</summary>
internal sealed partial class SchedulingCycle
{
    /// <summary>
    /// Whose promises are kept only after others of the line have had their turn: behind somebody whom a higher level evicted, for
    /// what was promised as it ran was promised behind it; and behind their owner's more important job, which would evict them as soon as they ran.
    /// </summary>
    /// <returns>Those jobs, and how many from the first in line have their turn before.</returns>
    private (IReadOnlyCollection<PendingJob> Jobs, int YieldedTo) Yielding(PendingJob[] line)
    {
        if (!Array.Exists(line, job => job.Promised is not null)) return ([], 0);
        var (yielding, yieldedTo) = (new HashSet<PendingJob>(ReferenceEqualityComparer.Instance), 0);
        var (evicted, owners) = (0, new Dictionary<string, (JobPriority Priority, int Higher, int Last)>(StringComparer.Ordinal));
        foreach (var (index, job) in line.Index())
        {
            var own = owners.GetValueOrDefault(job.Standing.Owner, (job.Standing.Priority, Higher: 0, Last: 0));
            if (own.Priority != job.Standing.Priority) own = (job.Standing.Priority, own.Last, own.Last);
            if (job.Promised is not null && Math.Max(evicted, own.Higher) is > 0 and var ahead)
            {
                yielding.Add(job);
                yieldedTo = Math.Max(yieldedTo, ahead);
            }

            if (IsHeld(job) || begun.Contains(job.Standing.Id)) continue;
            if (job.WasEvicted) evicted = index + 1;
            owners[job.Standing.Owner] = own with { Last = index + 1 };
        }

        return (yielding, yieldedTo);
    }

    /// <summary>Machines are chosen anew, so that fragments join; where somebody would come later by that, all keep those that they were promised.</summary>
    private void KeepPromises(IEnumerable<PendingJob> jobs, bool isInside)
    {
        var waiting = jobs.Where(job => job.Promised is not null && !IsHeld(job) && times.Reservations.All(promise => promise.Job != job) && !begun.Contains(job.Standing.Id) && !(isInside && CouldBorrow(job)));
        var inTurn = waiting.OrderBy(job => job.PromisedFrom).ThenBy(job => job.Standing.SubmitSequence).ThenBy(job => job.Standing.Id.Value, StringComparer.Ordinal).Select(job => (Job: job, Choices: ChoicesOf(job, isInside))).Where(each => each.Choices.Length > 0).ToArray();
        if (Array.TrueForAll(inTurn, each => times.Reserve(each.Job, each.Choices, MakingWay(each.Job, isInside), each.Job.PromisedFrom) is { } promise && (promise.From <= each.Job.PromisedFrom || promise.From <= now))) return;
        foreach (var (job, _) in inTurn) times.Withdraw(job);
        var lost = Array.FindAll(inTurn, each => times.Keep(each.Job, each.Choices, MakingWay(each.Job, isInside)) is null);
        foreach (var (job, choices) in lost) times.Reserve(job, choices, MakingWay(job, isInside), job.PromisedFrom);

        // By service only what others are leaving is kept for anybody.
        foreach (var promise in times.Reservations.Where(promise => promise.From > now && order.IsByService(promise.Job.Standing)).ToArray()) times.Withdraw(promise.Job);
    }

    /// <summary>Whoever waited only for a promise that has been kept, unless its turn in this pass is still to come.</summary>
    private void TakeTurnsAgain(IEnumerable<PendingJob> jobs, JobId holder, bool isInside)
    {
        foreach (var job in jobs.Where(job => hadTurn.Contains(job.Standing.Id) && !begun.Contains(job.Standing.Id) && waiting.GetValueOrDefault(job.Standing.Id) is { Token: WaitingToken.Reserved } its && its.BlockedBy == holder))
        {
            if (isInside) Conclude(job, Try(job, isInside));
            else Reconsider(job);
        }
    }

    /// <summary>Where lower levels have a minimum run time: who of them can be made to leave before it is expected to end, and from when.</summary>
    private IReadOnlyDictionary<JobId, DateTimeOffset> MakingWay(PendingJob job, bool isInside)
    {
        var rank = order.RankOf(job.Standing);
        if (!policy.Levels.Any(level => level.Rank < rank && level.MinRunTime > TimeSpan.Zero) || (!isInside && !order.MayBeEvicted(job.Standing, job.Preemptible))) return Reservation.Nobody;
        var from = running.Below(job.Standing, withEquals: false).SelectMany(level => level.Tenants).Select(other => (other.Job.Standing.Id, From: rules.ByLevelFrom(job, isInside, other.Job)));
        return from.Where(each => each.From is not null).ToDictionary(each => each.Id, each => each.From!.Value);
    }
}
