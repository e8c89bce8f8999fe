using Convoy.Core.Jobs;

namespace Convoy.Core.Scheduling;

/// <summary>What the plan before promised, and what is promised because of it.</summary>
internal sealed partial class SchedulingCycle
{
    /// <summary>
    /// Machines are chosen anew, so that fragments join; where somebody would come later by that, all keep those that they were promised.
    /// Whose promise yields comes last, behind whom it yields to.
    /// </summary>
    /// <param name="line">Equals, in their order.</param>
    private void KeepPromises(PendingJob[] line, bool isInside)
    {
        PromisedTurn[] inTurn = [.. InTurn(line, isInside)];
        if (Array.TrueForAll(inTurn, each => Reserve(each) is { } promise ? each.Yields || promise.From <= each.From || promise.From <= now : each.Job.Promised is null)) return;
        foreach (var each in inTurn) times.Withdraw(each.Job);
        var lost = Array.FindAll(inTurn, each => (each.Job.Promised is null ? Reserve(each) : times.Keep(each.Job, each.Choices, MakingWay(each.Job, isInside))) is null);
        foreach (var each in lost) Reserve(each);

        // By service only what others are leaving is kept for anybody.
        foreach (var promise in times.Reservations.Where(promise => promise.From > now && order.IsByService(promise.Job.Standing)).ToArray()) times.Withdraw(promise.Job);

        Reservation? Reserve(PromisedTurn turn) => times.Reserve(turn.Job, turn.Choices, MakingWay(turn.Job, isInside), turn.From);
    }

    private IEnumerable<PromisedTurn> InTurn(PendingJob[] line, bool isInside)
    {
        var promisedJobs = line.Index().Where(each => IsToBePromised(each.Item, isInside)).Select(each => (each.Index, Turn: new PromisedTurn(each.Item, ChoicesOf(each.Item, isInside), each.Item.PromisedFrom, false)))
            .Where(each => each.Turn.Choices.Length > 0)
            .OrderBy(each => each.Turn.From).ThenBy(each => each.Turn.Job.Standing.SubmitSequence).ThenBy(each => each.Turn.Job.Standing.Id.Value, StringComparer.Ordinal).ToArray();
        if (promisedJobs.Length == 0) return [];
        var lowest = promisedJobs.GroupBy(each => each.Turn.Job.Standing.Owner).ToDictionary(own => own.Key, own => own.Min(each => each.Turn.Job.Standing.Priority), StringComparer.Ordinal);
        var better = line.Index().Where(each => each.Item.Promised is null && (each.Item.WasEvicted || each.Item.Standing.Priority > lowest.GetValueOrDefault(each.Item.Standing.Owner, JobPriority.High)))
            .Where(each => !IsHeld(each.Item) && !begun.Contains(each.Item.Standing.Id) && times.PromiseOf(each.Item) is null && people.OverCap(each.Item) is null && !(isInside && CouldBorrow(each.Item))).Select(each => (each.Index, Job: each.Item, Choices: ChoicesOf(each.Item, isInside))).ToArray();
        if (better.Length == 0) return promisedJobs.Select(each => each.Turn);

        var (first, last, taken) = (new List<PromisedTurn>(), new List<PromisedTurn>(), new HashSet<JobId>());
        foreach (var (index, turn) in promisedJobs)
        {
            var ahead = better.Where(other => other.Index < index && YieldsTo(turn, other.Job, other.Choices)).ToArray();
            foreach (var other in ahead.Where(other => taken.Add(other.Job.Standing.Id))) last.Add(new PromisedTurn(other.Job, other.Choices, turn.From, true));
            if (ahead.Length == 0) first.Add(turn);
            else last.Add(turn with { Yields = true });
        }

        return first.Concat(last);
    }

    private bool IsToBePromised(PendingJob job, bool isInside) =>
        job.Promised is not null && !IsHeld(job) && times.PromiseOf(job) is null && !begun.Contains(job.Standing.Id) && !(isInside && CouldBorrow(job));

    /// <summary>
    /// Where a higher level evicted the one ahead, or who had a right to its machines, what was promised behind it counted on its running;
    /// and its owner's lesser jobs would be evicted by it as soon as they ran. What others are leaving for a job stays claimed.
    /// </summary>
    private bool YieldsTo(PromisedTurn turn, PendingJob ahead, (string Cluster, string? Accelerator)[] choices) =>
        turn.From > now
        && (ahead.WasEvicted || (ahead.Standing.Owner == turn.Job.Standing.Owner && ahead.Standing.Priority > turn.Job.Standing.Priority))
        && Array.Exists(choices, choice => choice.Cluster == turn.Job.Promised!.Gang.Cluster && (choice.Accelerator is null || turn.Job.Promised.Gang.Accelerator is null || choice.Accelerator == turn.Job.Promised.Gang.Accelerator));

    /// <summary>Somebody who is to be promised machines, of the plan before or instead of somebody who was.</summary>
    /// <param name="From">Not earlier: the instant that was promised to it, or to whoever yields to it.</param>
    /// <param name="Yields">It may come later than it was promised, or was promised nothing.</param>
    private sealed record PromisedTurn(PendingJob Job, (string Cluster, string? Accelerator)[] Choices, DateTimeOffset? From, bool Yields);

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
