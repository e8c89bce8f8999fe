using Convoy.Core.Queues;
using CsCheck;
using static Convoy.Core.Tests.Queues.QuotaWorlds;

namespace Convoy.Core.Tests.Queues;

public sealed class QuotaUsageProperties
{
    [Fact]
    public void Charges_refunds_and_rollbacks_leave_what_a_fresh_count_of_the_jobs_finds() => Gen.Select(Teams, Steps, Steps).Sample(
        (queues, steps, undone) =>
        {
            var (tree, usage, jobs) = Play(queues, steps);
            var outer = usage.Checkpoint();
            var kept = jobs.Count;
            Apply(tree, usage, queues, [.. jobs], undone);
            var inner = usage.Checkpoint();
            Apply(tree, usage, queues, [], undone);
            usage.Rollback(inner);
            usage.Rollback(outer);
            jobs.Count.ShouldBe(kept);
            AgreesWithOracle(tree, usage, queues, jobs);
        },
        iter: 3000);

    [Fact]
    public void Charges_in_another_order_lead_to_the_same() => Gen.Select(Teams, Steps, Gen.Int).Sample(
        (queues, steps, seed) =>
        {
            var (tree, usage, jobs) = Play(queues, steps);
            var other = new QuotaUsage(tree, Types, [Capacity, Capacity]);
            foreach (var (queue, type, devices) in jobs.Select((job, i) => (job, Key: (i ^ seed) & 15)).OrderBy(pair => pair.Key).Select(pair => pair.job)) other.Charge(tree.IdOf(queue), type, devices);
            Facts(tree, other).ShouldBe(Facts(tree, usage));
        },
        iter: 2000);

    /// <summary>Every charge is counted once: the pools' devices sum to the jobs'.</summary>
    [Fact]
    public void Sums_are_conserved_and_capacity_set_later_is_capacity_given_first() => Gen.Select(Teams, Steps, Gen.Long[0, 60]).Sample(
        (queues, steps, capacity) =>
        {
            var (tree, usage, jobs) = Play(queues, steps);
            for (var type = 0; type < 2; type++)
            {
                usage.SetCapacity(type, capacity);
                Enumerable.Range(0, tree.Count).Where(queue => usage.PoolOf(queue, type) == queue).Sum(queue => usage.UsedOf(queue, type))
                    .ShouldBe(jobs.Where(job => job.Type == type).Sum(job => job.Devices));
            }

            var fresh = new QuotaUsage(tree, Types, [capacity, capacity]);
            foreach (var (queue, type, devices) in jobs) fresh.Charge(tree.IdOf(queue), type, devices);
            Facts(tree, usage).ShouldBe(Facts(tree, fresh));
        },
        iter: 2000);

    [Fact]
    public void While_nobody_borrows_every_gang_inside_nominal_fits_at_once() => Gen.Select(Teams, Steps, Gen.Int[0, 7], Gen.Int[0, 1], Gen.Int[0, 12]).Sample(
        (queues, steps, pick, type, devices) =>
        {
            var (tree, usage, _) = Play(queues, steps);
            DropBorrowers(tree, usage);
            var queue = tree.IdOf(NameOf(queues, pick));
            var answer = usage.Ask(queue, type, devices, mayBorrow: false);
            answer.IsInside.ShouldBe(devices <= usage.RightOf(queue, type) - usage.UsedOf(queue, type));
            if (answer.IsInside) answer.Verdict.ShouldBe(QuotaVerdict.Inside);
        },
        iter: 4000);

    /// <summary>Guarantee 4: whatever was borrowed on the way, a right that is lent out fits once borrowers are gone.</summary>
    [Fact]
    public void Borrowers_stand_in_nobodys_way_once_they_are_gone() => Gen.Select(Teams, Steps, Gen.Int[0, 7], Gen.Int[0, 1], Gen.Int[0, 12]).Sample(
        (queues, steps, pick, type, devices) =>
        {
            var (tree, usage, _) = Play(queues, steps, onlyWhatFits: true);
            var queue = tree.IdOf(NameOf(queues, pick));
            var before = usage.Ask(queue, type, devices, mayBorrow: true);
            DropBorrowers(tree, usage);
            if (before.IsInside) usage.Ask(queue, type, devices, mayBorrow: true).Verdict.ShouldBe(QuotaVerdict.Inside);
        },
        iter: 4000);

    [Fact]
    public void Whatever_starts_because_it_fits_keeps_every_borrow_and_lend_limit() => Gen.Select(Teams, Steps).Sample(
        (queues, steps) =>
        {
            var (_, _, jobs) = Play(queues, steps, onlyWhatFits: true);
            for (var type = 0; type < 2; type++) Oracle(queues, type, jobs).Holds.ShouldBeTrue();
        },
        iter: 3000);

    private static (QueueTree Tree, QuotaUsage Usage, List<(string Queue, int Type, long Devices)> Jobs) Play(QueueSpec[] queues, (int Queue, int Type, int Devices)[] steps, bool onlyWhatFits = false)
    {
        var tree = Trees.Tree(queues);
        var usage = new QuotaUsage(tree, Types, [Capacity, Capacity]);
        var jobs = new List<(string Queue, int Type, long Devices)>();
        Apply(tree, usage, queues, jobs, steps, onlyWhatFits);
        return (tree, usage, jobs);
    }

    private static void Apply(QueueTree tree, QuotaUsage usage, QueueSpec[] queues, List<(string Queue, int Type, long Devices)> jobs, (int Queue, int Type, int Devices)[] steps, bool onlyWhatFits = false)
    {
        foreach (var (pick, type, devices) in steps)
        {
            if (devices < 0 && jobs.Count > 0)
            {
                var gone = jobs[-devices % jobs.Count];
                jobs.Remove(gone);
                usage.Refund(tree.IdOf(gone.Queue), gone.Type, gone.Devices);
            }
            else if (devices >= 0 && (!onlyWhatFits || usage.Ask(tree.IdOf(NameOf(queues, pick)), type, devices, mayBorrow: true).Fits))
            {
                jobs.Add((NameOf(queues, pick), type, devices));
                usage.Charge(tree.IdOf(NameOf(queues, pick)), type, devices);
            }
        }
    }

    private static void DropBorrowers(QueueTree tree, QuotaUsage usage)
    {
        for (var type = 0; type < 2; type++)
        {
            for (var queue = 0; queue < tree.Count; queue++) usage.Refund(queue, type, usage.BorrowedBy(queue, type));
        }
    }

    private static NaiveQuota Oracle(QueueSpec[] queues, int type, List<(string Queue, int Type, long Devices)> jobs) =>
        new(queues, Types[type], Capacity, [.. jobs.Where(job => job.Type == type).Select(job => (job.Queue, job.Devices))]);

    private static void AgreesWithOracle(QueueTree tree, QuotaUsage usage, QueueSpec[] queues, List<(string Queue, int Type, long Devices)> jobs)
    {
        foreach (var (queue, type) in queues.Select(queue => queue.Name).Append("default").Append("alice").SelectMany(name => new[] { (name, 0), (name, 1) }))
        {
            var oracle = Oracle(queues, type, jobs);
            var (id, pool) = (tree.IdOf(queue), oracle.PoolOf(queue));
            tree[usage.PoolOf(id, type)].Name.ShouldBe(pool);
            usage.RightOf(id, type).ShouldBe(oracle.Right(pool));
            usage.UsedOf(id, type).ShouldBe(oracle.Used(pool));
            var room = usage.RoomOf(id, type);
            oracle.MayAdd(queue, room).ShouldBeTrue();
            oracle.MayAdd(queue, room + 1).ShouldBeFalse();
            for (var devices = 1; devices <= 14; devices += 3) Verdict(usage.Ask(id, type, devices, mayBorrow: true), oracle, queue, devices);
        }
    }

    private static void Verdict(QuotaAnswer answer, NaiveQuota oracle, string queue, long devices)
    {
        var inside = oracle.Used(oracle.PoolOf(queue)) + devices <= oracle.Right(oracle.PoolOf(queue));
        answer.Needed.ShouldBe(devices);
        answer.IsInside.ShouldBe(inside);
        answer.Fits.ShouldBe(oracle.MayAdd(queue, devices));
        if (inside || answer.Fits) return;
        if (answer.Verdict == QuotaVerdict.WaitingForDevices) answer.Queue.ShouldBe(QueueTree.Root);
        else (answer.Verdict == QuotaVerdict.ExceedsQueueQuota).ShouldBe(!oracle.WhereNothingRuns.MayAdd(queue, devices));
    }

    private static string Facts(QueueTree tree, QuotaUsage usage) => string.Join(' ',
        from queue in Enumerable.Range(0, tree.Count)
        from type in new[] { 0, 1 }
        select $"{usage.UsedOf(queue, type)}/{usage.RightOf(queue, type)}+{usage.RoomOf(queue, type)}");
}
