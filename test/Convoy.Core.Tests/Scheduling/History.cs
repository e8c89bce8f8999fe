using Convoy.Core.Jobs;
using Convoy.Core.Queues;
using Convoy.Core.Scheduling;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>
/// A world that goes on: all that the scheduler plans is carried out under a virtual clock. Who is told to stop, or to give something up,
/// has done so after a grace, and goes on later from its last checkpoint, with its place in the order of submission. Promises are
/// carried from plan to plan. Every plan is proved.
/// </summary>
/// <param name="planned">Told of every plan and what it was made of, before it is carried out.</param>
/// <param name="told">Told what else becomes of jobs: <c>ends</c>, <c>has stopped</c>, and so on.</param>
internal sealed class History(IReadOnlyList<Node> nodes, SchedulingPolicy policy, Action<ClusterSnapshot, Plan> planned, Action<JobId, string>? told = null)
{
    /// <summary>Plans at one instant before it is certain that the scheduler does not come to rest.</summary>
    private const int MostRounds = 100;

    private readonly SortedDictionary<long, Life> lives = [];
    private readonly Dictionary<JobId, Life> byId = [];
    private readonly UsageAccounts usage = new(FairShare.DefaultHalfLife, Worlds.Now);
    private Node[] nodes = [.. nodes];
    private long revision;

    public DateTimeOffset Now { get; private set; } = Worlds.Now;

    public SchedulingPolicy Policy { get; set; } = policy;

    public Planner Planner { get; init; } = Scheduler.Plan;

    /// <summary>From being told to leave a place until it is free.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>While somebody waits, or may grow, it is planned at least so often: time alone changes what may be done.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMinutes(1);

    public int Cycles { get; private set; }

    /// <summary>In the order of submission.</summary>
    public IReadOnlyCollection<Life> Unfinished => lives.Values;

    public void Submit(PendingJob job, TimeSpan? work, TimeSpan? saves = null)
    {
        var life = new Life(job with { Revision = ++revision, SubmittedAt = Now }, work, saves);
        lives.Add(job.Standing.SubmitSequence, life);
        byId.Add(job.Standing.Id, life);
    }

    public void Cancel(JobId id)
    {
        if (!byId.TryGetValue(id, out var life)) return;
        if (life.Running is null) Forget(life);
        else Stop(life, Fate.Ends, null);
    }

    /// <summary>A node that is gone takes the gangs on it with it, whole.</summary>
    public void SetHealth(string name, NodeHealth health)
    {
        nodes = [.. nodes.Select(node => node.Name == name ? node with { Health = health } : node)];
        if (health != NodeHealth.Gone) return;
        foreach (var life in lives.Values.Where(life => life.Running is { } running && running.Places.Any(place => place.Node == name)).ToArray())
        {
            told?.Invoke(life.Id, $"loses {name} and stops");
            Stop(life, Fate.IsRepaired, null);
        }
    }

    /// <summary>All that happens before an instant, and what ends at it; what is decided at it comes with <see cref="Plan"/>.</summary>
    public void GoOnTo(DateTimeOffset until)
    {
        while (NextInstant() is { } next && next < until) GoOn(next);
        Now = until;
        Settle();
    }

    /// <summary>Until all have done their work that have an end.</summary>
    public void GoOnToRest()
    {
        while (lives.Values.Any(life => life.NextInstant is not null)) GoOn(NextInstant()!.Value);
    }

    /// <summary>Until there is nothing more to be decided at this instant.</summary>
    public void Plan()
    {
        for (var rounds = 0; PlanOnce(); rounds++) rounds.ShouldBeLessThan(MostRounds, $"the scheduler does not come to rest at {Now - Worlds.Now}");
    }

    public ClusterSnapshot Snapshot()
    {
        var shares = usage.Shares(QueueTree.Of(Policy.Queues).Tree!, nodes, Now);
        return new ClusterSnapshot(
            Cycles,
            nodes,
            [.. lives.Values.Where(life => life.Running is null).Select(life => life.Wish)],
            [.. lives.Values.Select(life => life.Running).OfType<RunningJob>().Select(job => job with { CheckpointedAt = byId[job.Standing.Id].CheckpointedAt(Now) })])
        {
            QueueShares = shares.Queues,
            UserShares = shares.Users,
        };
    }

    private void GoOn(DateTimeOffset next)
    {
        Now = next;
        Settle();
        Plan();
    }

    private DateTimeOffset? NextInstant()
    {
        var next = lives.Values.Min(life => life.NextInstant);
        var mayChange = lives.Values.Any(life => life.Running is null || life.MayGrow);
        if (!mayChange) return next;
        var tick = new DateTimeOffset(Now.Ticks - (Now.Ticks % Tick.Ticks) + Tick.Ticks, TimeSpan.Zero);
        return next is { } earlier && earlier < tick ? earlier : tick;
    }

    /// <summary>Whoever has done its work, or has had its grace, by now.</summary>
    private void Settle()
    {
        foreach (var life in lives.Values.Where(life => life.NextInstant <= Now).ToArray())
        {
            if (life.StopsAt is null)
            {
                told?.Invoke(life.Id, "ends");
                Leave(life);
                Forget(life);
            }
            else if (life.Running!.IsStopping)
            {
                told?.Invoke(life.Id, "has stopped");
                Leave(life);
                life.Stopped(Now, ++revision);
                if (life.Fate == Fate.Ends) Forget(life);
            }
            else
            {
                Resume(life, [.. life.Running.Places.Where(place => !place.IsLeaving).Select(place => place with { IsComing = false })]);
            }
        }
    }

    /// <summary>Whether anything was done.</summary>
    private bool PlanOnce()
    {
        Cycles++;
        var snapshot = Snapshot();
        var plan = Planner(snapshot, Policy, Now);
        planned(snapshot, plan);
        PlanChecker.Violations(snapshot, Policy, plan, Now).ShouldBeEmpty();
        var promises = plan.Promises(Now);
        foreach (var life in lives.Values) life.Promise(promises.GetValueOrDefault(life.Id));
        foreach (var eviction in plan.Evictions) Stop(byId[eviction.Victim], Fate.Waits, eviction);
        foreach (var resize in plan.Resizes) Resize(byId[resize.Job], resize);
        foreach (var gang in plan.Gangs.Where(gang => !plan.MustWait(gang.Job))) Start(byId[gang.Job], gang);
        return plan.Evictions.Count + plan.Resizes.Count > 0 || plan.Gangs.Any(gang => !plan.MustWait(gang.Job));
    }

    private void Start(Life life, PlannedGang gang)
    {
        life.Running.ShouldBeNull("a job that runs must not be started again");
        var each = life.Wish.Roles.ToDictionary(role => role.Role, role => role.Each);
        life.Start(gang.Cluster, gang.Accelerator, [.. gang.Tasks.Select(task => new HeldPlace(task.Node, each[task.Role], task.Devices) { Role = task.Role })], Now, ++revision);
        usage.Charge(AttemptUsage.Of(life.Running!, 0, null));
    }

    private void Stop(Life life, Fate fate, PlannedEviction? eviction) => life.Stop(fate, eviction, Now, Grace, ++revision);

    private void Resize(Life life, PlannedResize resize)
    {
        var each = life.Wish.Roles.ToDictionary(role => role.Role, role => role.Each);
        HeldPlace[] places = [.. resize.Tasks.Select(task => new HeldPlace(task.Node, each[task.Role], task.Devices) { Role = task.Role })];
        if (resize.For.Count == 0)
        {
            Resume(life, places);
            return;
        }

        if (resize.IsMove)
        {
            life.Move(places, Now, Grace, ++revision);
            return;
        }

        var stays = resize.Tasks.ToList();
        life.GiveUp([.. life.Running!.Places.Select(place => place with { IsLeaving = !Stays(place) })], Now, Grace, ++revision);

        bool Stays(HeldPlace place) => stays.RemoveAll(task => task.Role == place.Role && task.Node == place.Node && task.Devices.SequenceEqual(place.Devices)) > 0;
    }

    /// <summary>It goes on from its last checkpoint on other places.</summary>
    private void Resume(Life life, HeldPlace[] places)
    {
        var before = life.Running!;
        Leave(life);
        life.Stopped(Now, ++revision);
        life.Start(before.Cluster, before.Accelerator, places, Now, revision);
        usage.Charge(AttemptUsage.Of(life.Running!, 0, null));
    }

    private void Leave(Life life) => usage.End(AttemptUsage.Of(life.Running!, 0, Now));

    private void Forget(Life life)
    {
        lives.Remove(life.Wish.Standing.SubmitSequence);
        byId.Remove(life.Id);
    }
}

/// <summary>What becomes of a job that is told to stop.</summary>
internal enum Fate
{
    Waits,

    /// <summary>It waits, because it lost a node.</summary>
    IsRepaired,
    Ends,
}
