using System.Text.Json;
using Convoy.Core.Jobs;
using Convoy.Core.Scheduling;
using Convoy.Core.Scheduling.Checking;
using CsCheck;

namespace Convoy.Core.Tests.Scheduling;

/// <summary>Guarantees of histories: what no single plan can show. Every plan of every history here is proved as well (<see cref="History"/>).</summary>
public sealed class HistoryProperties
{
    private static readonly TimeSpan Coarse = TimeSpan.FromMinutes(10);

    /// <summary>Whoever waits for others to leave starts so much later than it is planned, and ends so much later.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    [Fact]
    public void Guarantee_1_Whoever_runs_has_its_minimum_whole_at_every_instant() => Gen.Select(Histories.Policies, Histories.Of(25, hasEnd: true)).Sample((policy, happenings) =>
        Go(policy, happenings, (snapshot, _) =>
        {
            foreach (var job in snapshot.Running.Where(job => !job.IsStopping))
            {
                foreach (var role in job.Roles) job.Places.Count(place => place.Role == role.Role && !place.IsLeaving).ShouldBeInRange(role.Min, role.Max);
            }
        }), iter: 100);

    [Fact]
    public void Guarantee_6_What_was_freed_is_claimed_for_whom_it_was_freed_until_it_starts_or_is_cancelled_or_outranked() => Gen.Select(Histories.Policies, Histories.Of(25, hasEnd: true)).Sample((policy, happenings) =>
    {
        // While somebody waits for victims that have been told to go, nobody is told to go for it again, unless it was outranked since:
        // by a higher level, by who lost a node, by who has a right to what it only borrows, or by who has had less in a queue by service.
        var waiting = new HashSet<JobId>();
        Go(policy, happenings, (snapshot, plan) =>
        {
            var pending = snapshot.Pending.ToDictionary(job => job.Standing.Id);
            var begun = plan.Gangs.Concat(plan.Claims).Select(gang => pending[gang.Job]).ToArray();
            var nominal = new CheckedWorld(snapshot, policy, plan, Worlds.Now).Nominal;
            waiting.RemoveWhere(id => pending.TryGetValue(id, out var job) && Array.Exists(begun, other => other != job && (Outranks(other, job) || (HasRight(other) && !HasRight(job)))));
            foreach (var id in plan.Evictions.Select(eviction => eviction.For).Distinct()) waiting.Add(id).ShouldBeTrue("somebody else took what had been freed for it");
            foreach (var gang in plan.Gangs.Where(gang => !plan.MustWait(gang.Job))) waiting.Remove(gang.Job);

            bool HasRight(PendingJob job) => nominal.IsInside(job, "A100-80G", job.MinTotal.MilliDevices, []);
        });

        bool Outranks(PendingJob one, PendingJob other) => one.IsRepair || policy.LevelOf(one.Standing).Rank > policy.LevelOf(other.Standing).Rank
            || policy.Queues.Any(queue => queue.Name == other.Standing.Queue && queue.Ordering == Core.Queues.QueueOrdering.Las);
    }, iter: 100);

    [Fact]
    public void Guarantee_8_With_no_arrivals_evictions_and_shrinks_stop() => Gen.Select(Histories.Policies, Histories.Of(20, hasEnd: false)).Sample((policy, happenings) =>
    {
        // Who outstays what was expected of it may still make way for an older job, once for each; going to and fro takes far more turns than that.
        var (isOver, changes, most) = (false, 0, 400);
        var history = New(policy with { Queues = [.. policy.Queues.Select(queue => queue with { Ordering = Core.Queues.QueueOrdering.Fair })] }, (snapshot, plan) =>
        {
            changes += isOver ? plan.Evictions.Count + plan.Resizes.Count : 0;
            changes.ShouldBeLessThanOrEqualTo(most, $"evicts or resizes for ever: {string.Join(", ", plan.Evictions)} {string.Join(", ", plan.Resizes)}");
        }).Play(happenings);
        isOver = true;
        history.GoOnTo(history.Now + TimeSpan.FromDays(6));
    }, iter: 50);

    [Fact]
    public void Guarantee_8_Who_is_moved_goes_on_there_at_once_and_is_not_moved_again_the_same_day()
    {
        var moves = 0;
        Gen.Select(Histories.Policies, Histories.Of(25, hasEnd: true)).Sample((policy, happenings) => Interlocked.Add(ref moves, MovesIn(policy, happenings)), iter: 100);
        if (Sampling.DrawsAll) moves.ShouldBeGreaterThan(0);
    }

    private static int MovesIn(SchedulingPolicy policy, Happening[] happenings)
    {
        var moves = 0;
        var moved = new Dictionary<JobId, (DateTimeOffset At, PlannedResize Move)>();
        History? history = null;
        history = New(policy, (snapshot, plan) =>
        {
            foreach (var job in snapshot.Running.Where(job => !job.IsStopping && job.MovedAt == job.StartedAt - Grace))
            {
                job.Places.Select(place => place.Node).ShouldBe(moved[job.Standing.Id].Move.Tasks.Select(task => task.Node));
            }

            foreach (var move in plan.Resizes.Where(resize => resize.IsMove))
            {
                if (moved.TryGetValue(move.Job, out var before)) (history!.Now - before.At).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromDays(1));
                moved[move.Job] = (history!.Now, move);
                moves++;
            }
        });
        history.Play(happenings).GoOnToRest();
        return moves;
    }

    [Fact]
    public void Guarantee_9_Who_is_promised_machines_has_them_by_then_whatever_equals_come_later() => Histories.Truthful(40).Sample(happenings =>
    {
        var promised = new Dictionary<JobId, DateTimeOffset>();
        var late = TimeSpan.Zero;
        var history = New(Histories.OneLevel, (snapshot, plan) =>
        {
            // Whoever makes way for its owner's more important job, or moves, goes after its grace, which nobody has foreseen.
            late += plan.Evictions.Count > 0 || plan.Resizes.Any(resize => resize.IsMove) ? Grace : TimeSpan.Zero;
            foreach (var promise in plan.Reservations)
            {
                if (promised.TryGetValue(promise.Gang.Job, out var before) && !IsBehindItsOwners(snapshot, promise.Gang.Job)) promise.From.ShouldBeLessThanOrEqualTo(before + late, $"{promise.Gang.Job}'s promise is moved");
                promised[promise.Gang.Job] = promise.From;
            }

            // Whoever has started has had what was promised, even if its owner's own more important job sends it away again.
            foreach (var gang in plan.Gangs) promised.Remove(gang.Job);

            foreach (var waiting in plan.Waiting)
            {
                if (promised.TryGetValue(waiting.Job, out var from)) plan.Promises(Worlds.Now).ShouldContainKey(waiting.Job, $"{waiting.Job} is promised nothing any more, and {from} before");
            }
        }).Play(happenings);
        history.GoOnToRest();
        history.Unfinished.ShouldBeEmpty();
    }, iter: 300);

    /// <summary>Whether a more important job of its owner waits too, which would evict it as soon as it ran.</summary>
    private static bool IsBehindItsOwners(ClusterSnapshot snapshot, JobId id)
    {
        var own = snapshot.Pending.Single(job => job.Standing.Id == id).Standing;
        return snapshot.Pending.Any(job => job.Standing.Owner == own.Owner && job.Standing.Priority > own.Priority);
    }

    [Fact]
    public void Guarantee_9_A_big_gang_starts_when_those_have_ended_who_ran_as_it_came() => Gen.Select(Histories.Truthful(15), Gen.Select(Gen.Int[0, 15], Gen.OneOf(1, 2, 4, 8), Gen.Int[5, 60]).Array[60]).Sample((before, small) =>
    {
        DateTimeOffset? started = null;
        var big = Worlds.Pending(1000, 4, 8, "zoe") with { MaxDuration = TimeSpan.FromHours(1), Standing = Worlds.Standing(1000, "zoe") with { Queue = "default", Priority = JobPriority.Low } };
        var history = New(Histories.OneLevel, (_, plan) => started ??= plan.Gangs.Any(gang => gang.Job == big.Standing.Id) ? Worlds.Now : null).Play(before);
        history.Submit(big, TimeSpan.FromHours(1));

        // All that has been promised or runs by now: none takes more than five hours, one after the other at worst.
        var bound = history.Now + (TimeSpan.FromHours(5) * (before.Length + 1));
        history.Plan();
        for (var i = 0; started is null; i++)
        {
            history.Now.ShouldBeLessThan(bound, "the gang starves");
            var (gap, gpus, minutes) = small[i % small.Length];
            history.GoOnTo(history.Now + TimeSpan.FromMinutes(gap + 1));
            var job = Worlds.Pending(2000 + i, 1, gpus, "sam") with { MaxDuration = TimeSpan.FromMinutes(minutes) };
            history.Submit(job with { Standing = job.Standing with { Queue = "default", Priority = JobPriority.High } }, TimeSpan.FromMinutes(minutes));
            history.Plan();
        }
    }, iter: 50);

    [Fact]
    public void Guarantee_11_The_same_history_gives_the_same_plans_in_whatever_order_things_are_listed_and_with_or_without_a_memory() => Gen.Select(Histories.Policies, Histories.Of(20, hasEnd: true), Gen.Int).Sample((policy, happenings, seed) =>
    {
        var (random, scheduler) = (new Random(seed), new Scheduler());
        Plan PlanTwice(ClusterSnapshot snapshot, SchedulingPolicy rules, DateTimeOffset now)
        {
            var plan = scheduler.PlanNext(snapshot, rules, now);
            var shuffled = snapshot with { Nodes = SchedulerProperties.Shuffled(snapshot.Nodes, random), Pending = SchedulerProperties.Shuffled(snapshot.Pending, random), Running = SchedulerProperties.Shuffled(snapshot.Running, random) };
            JsonSerializer.Serialize(Scheduler.Plan(shuffled, rules, now)).ShouldBe(JsonSerializer.Serialize(plan));
            return plan;
        }

        new History(Histories.Nodes, policy, (_, _) => { }) { Tick = Coarse, Planner = PlanTwice }.Play(happenings).GoOnToRest();
    }, iter: 50);

    [Fact]
    public void Guarantee_12_Nothing_stays_on_a_lost_node_beyond_its_grace_and_nothing_new_comes() => Gen.Select(Histories.Policies, Histories.Of(25, hasEnd: true)).Sample((policy, happenings) =>
        Go(policy, happenings, (snapshot, plan) =>
        {
            var lost = snapshot.Nodes.Where(node => node.Health == NodeHealth.Gone).Select(node => node.Name).ToHashSet();
            foreach (var job in snapshot.Running.Where(job => job.Places.Any(place => lost.Contains(place.Node)))) job.IsStopping.ShouldBeTrue();
            foreach (var task in plan.Gangs.Concat(plan.Claims).SelectMany(gang => gang.Tasks)) lost.ShouldNotContain(task.Node);
        }), iter: 100);

    [Fact]
    public void Guarantee_13_No_job_is_ever_started_while_it_runs_and_none_is_lost() => Gen.Select(Histories.Policies, Histories.Of(25, hasEnd: true)).Sample((policy, happenings) =>
        Go(policy, happenings, (snapshot, plan) =>
        {
            var running = snapshot.Running.Select(job => job.Standing.Id).ToHashSet();
            running.Count.ShouldBe(snapshot.Running.Count);
            foreach (var gang in plan.Gangs) running.ShouldNotContain(gang.Job);
            plan.Gangs.Select(gang => gang.Job).ShouldBeUnique();
            plan.Gangs.Select(gang => gang.Job).Concat(plan.Waiting.Select(waiting => waiting.Job)).ShouldBe(snapshot.Pending.Select(job => job.Standing.Id), ignoreOrder: true);
        }), iter: 100);

    private static History New(SchedulingPolicy policy, Action<ClusterSnapshot, Plan> planned) => new(Histories.Nodes, policy, planned) { Tick = Coarse };

    /// <summary>Until all is done that can be; lost nodes are found again at last.</summary>
    private static void Go(SchedulingPolicy policy, Happening[] happenings, Action<ClusterSnapshot, Plan> planned) => New(policy, planned).Play(happenings).GoOnToRest();
}
