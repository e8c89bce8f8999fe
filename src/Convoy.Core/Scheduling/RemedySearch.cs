using Convoy.Core.Jobs;
using Convoy.Core.Queues;

namespace Convoy.Core.Scheduling;

/// <summary>
/// Looks for the least painful change with which a waiting job starts in the very next plan, by making that plan. What its owner can
/// change comes before what only an administrator can, and one change before several. Amounts are found by halving.
/// </summary>
public sealed class RemedySearch
{
    /// <summary>Plans that one search may make; what is not found by then is not found.</summary>
    public const int MostPlans = 120;

    private readonly PlanningCase world;
    private readonly PendingJob job;
    private readonly Remedies remedies;
    private readonly Planner planner;
    private int plansLeft = MostPlans;

    private RemedySearch(PlanningCase world, PendingJob job, IReadOnlyList<string> queues, Planner planner)
    {
        (this.world, this.job, this.planner) = (world, job, planner);
        remedies = new Remedies(world, job, queues);
    }

    /// <summary>Null where nothing was found, or the job does not wait.</summary>
    /// <param name="queues">Queues that the job's owner may use.</param>
    /// <param name="likely">What helped a job of the same shape: looked at first.</param>
    public static Remedy? Find(PlanningCase world, JobId id, IReadOnlyList<string> queues, Planner planner, Remedy? likely = null) =>
        world.Snapshot.Pending.FirstOrDefault(job => job.Standing.Id == id) is { } job ? new RemedySearch(world, job, queues, planner).Find(likely) : null;

    private Remedy? Find(Remedy? likely)
    {
        var plan = Plan(world);
        if (EvictedFor(plan) is not null) return new Remedy.Wait(null);
        if (plan.Waiting.FirstOrDefault(waiting => waiting.Job == job.Standing.Id)?.Reason is not { } reason) return null;
        if (reason.Token is WaitingToken.Held or WaitingToken.WaitingForPreemption or WaitingToken.DatasetNotReady) return new Remedy.Wait(reason.Until);
        if (likely is not null and not Remedy.Wait && Tried(likely is Remedy.Several several ? several.Changes : [likely]) is { } again) return again;

        Knob[] owners = [.. remedies.ByOwner().Where(knob => knob.Positions > 0)];
        Knob[] administrators = [.. remedies.ByAdministrator(plan, reason).Where(knob => knob.Positions > 0)];
        Knob[] loose = [.. remedies.AnyPlace(), .. owners.Where(knob => !knob.IsAlternative)];
        return Alone(owners) ?? Together(loose) ?? Alone(administrators) ?? Together([.. loose, .. administrators.Where(knob => !knob.IsAlternative)]);
    }

    /// <summary>The first change that helps by itself.</summary>
    private Remedy? Alone(IEnumerable<Knob> knobs)
    {
        foreach (var knob in knobs)
        {
            if (Turned(knob, []) is var (_, found)) return found;
        }

        return null;
    }

    /// <summary>All changes at once; then without those that can be done without, the most painful left out first, and with no more of the others than it takes.</summary>
    private Remedy? Together(IReadOnlyList<Knob> knobs)
    {
        var changes = knobs.Select(knob => (Knob: knob, Change: knob.At(0))).ToList();
        if (knobs.Count < 2 || Tried(Changes()) is not { } found) return null;
        for (var i = changes.Count - 1; i >= 0 && changes.Count > 1; i--)
        {
            var left = changes[i];
            changes.RemoveAt(i);
            if (Tried(Changes()) is { } fewer) found = fewer;
            else changes.Insert(i, left);
        }

        for (var i = changes.Count - 1; i >= 0; i--)
        {
            var knob = changes[i].Knob;
            if (Turned(knob, [.. Changes().Where((_, other) => other != i)]) is var (position, _)) changes[i] = (knob, knob.At(position));
        }

        return Tried(Changes()) ?? found;

        Remedy[] Changes() => [.. changes.Select(each => each.Change)];
    }

    /// <summary>The least turn of the knob that helps, beside other changes; null where none does.</summary>
    private (long Position, Remedy Found)? Turned(Knob knob, IReadOnlyList<Remedy> others)
    {
        if (Tried([.. others, knob.At(0)]) is not { } best) return null;
        var (enough, tooLittle) = (0L, knob.Positions);
        while (tooLittle - enough > 1)
        {
            var middle = (enough + tooLittle) / 2;
            if (Tried([.. others, knob.At(middle)]) is { } better) (enough, best) = (middle, better);
            else tooLittle = middle;
        }

        return (enough, best);
    }

    /// <summary>The changes, if they help; they have to help alone, which costs little to see, then among all other jobs, and from the end of the line if the owner submits again.</summary>
    private Remedy? Tried(IReadOnlyList<Remedy> changes)
    {
        Remedy remedy = changes is [var only] ? only : new Remedy.Several(changes);
        var trial = remedy.In(world, job.Standing.Id);
        if (trial.Policy.Queues != world.Policy.Queues && QueueTreeValidator.Problems(trial.Policy.Queues).Count > 0) return null;
        if (EvictedFor(Plan(With(trial, trial.Snapshot.Pending.Where(other => other.Standing.Id == job.Standing.Id)))) is null) return null;
        if (EvictedFor(Plan(trial)) is not { } evicted) return null;
        return changes.Any(change => change is Remedy.JobChange) && EvictedFor(Plan(With(trial, trial.Snapshot.Pending.Select(Last)))) is null ? null : remedy with { Evicts = evicted };
    }

    private static PlanningCase With(PlanningCase trial, IEnumerable<PendingJob> pending) => trial with { Snapshot = trial.Snapshot with { Pending = [.. pending] } };

    private PendingJob Last(PendingJob other) => other.Standing.Id != job.Standing.Id ? other
        : other with { Standing = other.Standing with { SubmitSequence = long.MaxValue, Served = TimeSpan.Zero }, Promised = null, SubmittedAt = world.Now, IsRepair = false, WasEvicted = false };

    /// <summary>How many others make way for the job in this plan; null where it does not start.</summary>
    private int? EvictedFor(Plan plan) => plan.Gangs.Any(gang => gang.Job == job.Standing.Id) ? plan.Evictions.Count(eviction => eviction.For == job.Standing.Id) : null;

    /// <summary>Out of steps, nothing starts.</summary>
    private Plan Plan(PlanningCase trial) => plansLeft-- > 0 ? planner(trial.Snapshot, trial.Policy, trial.Now) : new Plan(trial.Snapshot.Revision, [], [], []);
}
